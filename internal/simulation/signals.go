package simulation

import (
	"net/netip"

	"cordon/internal/record"
)

// signals are what the control plane and device management say of a terminal, so
// that every part of the scorer's state is there to be lost: registrations in cells
// that change, sessions on two slices, radio failures, what the device says of
// itself, strangers that connect and names that are asked for. One terminal storms:
// it is called MALFUNCTIONING.
func (g *generator) signals(t *terminal, all *[]observation) {
	for at := g.from + g.dice.between(record.Second, 20*record.Second); at < t.stop; at += g.dice.between(2*record.Second, 30*record.Second) {
		if g.silent(at) {
			continue
		}
		o := observation{source: g.sessions}
		o.OccurredAt, o.SUPI, o.DNN = at, t.supi, "iot"
		o.TrackingAreaCode = []string{"000a", "000b"}[g.dice.IntN(2)]
		o.CellID = []string{"0a1", "0a2", "0b1"}[g.dice.IntN(3)]
		g.signal(t, &o)
		*all = append(*all, o)
	}
}

// signal makes up one record.
func (g *generator) signal(t *terminal, o *observation) {
	switch g.dice.IntN(6) {
	case 0:
		o.Kind = record.KindRegistration
		o.Registration = record.Registration{Event: record.Handover, Outcome: record.OutcomeSuccess, Count: 1}
	case 1:
		o.Kind = record.KindRegistration
		o.Registration = record.Registration{Event: record.MobilityRegistration, Outcome: record.OutcomeRejected, CauseClass: record.CausePermanent, Count: 1}
		if t.number == 5 {
			o.Registration.Count = 20
		}
	case 2:
		o.Kind, o.SNSSAI, o.PDUSessionID = record.KindSession, []string{"1", "2"}[g.dice.IntN(2)], record.Some(int32(5))
		o.Session.Event = []record.SessionEvent{record.SessionEstablished, record.SessionReleased}[g.dice.IntN(2)]
		o.Session.CauseClass = record.CauseNone
	case 3:
		o.Kind = record.KindDeviceStatus
		o.DeviceStatus.CPULoad, o.DeviceStatus.RebootCount = record.Some(int32(g.dice.IntN(100))), record.Some(int32(g.dice.IntN(4)))
	case 4:
		o.Kind = record.KindRadioFailure
		o.RadioFailure = record.RadioFailure{NgApCauseGroup: 1, NgApCauseValue: 21, Count: int32(1 + g.dice.IntN(5))}
	default:
		g.reached(t, o)
	}
}

// reached is a flow that a stranger opened, or a question for a name.
func (g *generator) reached(t *terminal, o *observation) {
	fresh := g.flow(t, o.OccurredAt, 53)
	f := &fresh.Flow.Flow
	if g.dice.one(2) {
		f.Protocol, f.Domain, f.DomainSource, f.DNSResponse = udp, "example.org", record.DomainDNSQName, record.Some[int32](3)
		answer(&fresh, 160, 90)
	} else {
		f.Direction, f.RemoteAddress = record.DirectionDownlink, netip.AddrFrom4([4]byte{198, 51, 100, byte(g.dice.IntN(4))})
		answer(&fresh, 900, 40_000)
	}
	*o = fresh
}
