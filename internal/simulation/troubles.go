package simulation

import (
	"net/netip"

	"cordon/internal/record"
)

// Who does what on the last day of a Fleet input, by number. Their numbers are even,
// so that the outage of broker 2 is not theirs.
const (
	scanner    = 10
	silentBot  = 12 // its server never answers
	answered   = 14 // its server does
	leaker     = 16
	hopper     = 18
	offProfile = 22
	reported   = 24 // meets who is on a list
	vouched    = 26 // meets who is allowed
	exempt     = 28
	acquitted  = 30
	moved      = 32
	rebooting  = 34
)

// Who is part of what befalls many, and would be blamed if it befell him alone.
const (
	impatient = 61  // calls his broker twice a second while it is down
	stormy    = 60  // in the storm
	early     = 90  // keeps in touch with the server that is new to all
	updated   = 161 // keeps in touch with the one of the new firmware
)

// Destinations of that day.
var (
	illReputed = netip.AddrFrom4([4]byte{198, 51, 100, 66})
	allowed    = netip.AddrFrom4([4]byte{198, 51, 100, 20})
	newCloud   = netip.AddrFrom4([4]byte{192, 0, 2, 10})
)

// troubles are the last day's: what befalls many, and is not their fault, and what
// some do alone.
func (g *generator) troubles(day record.Micros, all *[]observation) {
	g.outage(day+4*record.Hour, all)
	g.storm(day+5*record.Hour, all)
	g.newCloud(day+6*record.Hour, all)
	at := day + 10*record.Hour
	g.call(scanner, calls{from: at, every: 2 * record.Second, times: 30, spread: true}, all)
	g.call(silentBot, calls{to: mate(1), from: at, every: record.Minute, times: 45}, all)
	g.call(answered, calls{to: mate(2), from: at, every: record.Minute, times: 45, up: 220, down: 180}, all)
	g.call(leaker, calls{to: mate(3), from: at, every: 10 * record.Second, times: 40, up: 2_000_000, down: 4_000}, all)
	g.call(offProfile, calls{to: mate(4), from: at, every: 10 * record.Minute, times: 4, up: 2_000, down: 900}, all)
	g.call(reported, calls{to: illReputed, from: at, every: record.Minute, times: 40, up: 220, down: 180}, all)
	g.call(vouched, calls{to: allowed, from: at, every: record.Minute, times: 40, up: 220, down: 180}, all)
	g.call(exempt, calls{to: mate(5), from: at, every: record.Minute, times: 40, up: 300, down: 180}, all)
	g.call(acquitted, calls{to: mate(6), from: at, every: record.Minute, times: 40, up: 300, down: 180}, all)
	g.hop(&g.terminals[hopper], at, all)
	g.depart(&g.terminals[moved], at, all)
	for n := range record.Micros(14) {
		o := g.note(&g.terminals[rebooting], at+n*5*record.Minute, record.KindDeviceStatus)
		o.DeviceStatus.RebootCount = record.Some(int32(3 + n))
		*all = append(*all, o)
	}
}

// mate is an address that nobody used before.
func mate(n byte) netip.Addr { return netip.AddrFrom4([4]byte{198, 51, 100, 100 + n}) }

// calls are flows to one destination, or each to another one.
type calls struct {
	to          netip.Addr
	from, every record.Micros
	times       int
	spread      bool
	up, down    int64 // down is 0: not answered
}

// call lets a terminal call.
func (g *generator) call(who int, c calls, all *[]observation) {
	t := &g.terminals[who]
	for n := range c.times {
		o := g.reading(t, c.from+record.Micros(n)*c.every+g.dice.between(0, c.every/10), c.to)
		if c.spread {
			o.Flow.RemoteAddress, o.Flow.RemotePort = netip.AddrFrom4([4]byte{198, 18, byte(who), byte(n)}), 23
		}
		if o.Flow.ULVolume, o.Flow.ULPackets, o.Flow.ULTCPFlags = 40, 1, record.Some[int32](tcpSYN); c.down > 0 {
			answer(&o, c.up, c.down)
		}
		*all = append(*all, o)
	}
}

// outage is that of one broker: a hundred terminals fail to reach it, some try a
// fallback as well. Nobody is to blame.
func (g *generator) outage(at record.Micros, all *[]observation) {
	g.call(impatient, calls{to: broker(&g.terminals[impatient]), from: at + 90*record.Second, every: 2 * record.Second, times: 90}, all)
	for i := 1; i < 60; i += 2 {
		down := calls{to: broker(&g.terminals[i]), from: at + g.dice.between(0, 20*record.Second), every: 40 * record.Second, times: 9}
		g.call(i, down, all)
		if i%6 == 1 {
			down.to, down.from = mate(byte(10+i)), down.from+4*record.Minute
			down.times = 3
			g.call(i, down, all)
		}
	}
}

// storm: in one cell many lose their radio link and register anew.
func (g *generator) storm(at record.Micros, all *[]observation) {
	for i := stormy; i < 90; i += 2 {
		for n := range record.Micros(4) {
			o := g.note(&g.terminals[i], at+n*record.Minute+g.dice.between(0, 30*record.Second), record.KindRadioFailure)
			o.CellID, o.RadioFailure = "0a1", record.RadioFailure{NgApCauseGroup: 1, NgApCauseValue: 21, Count: 6}
			*all = append(*all, o)
			o = g.note(&g.terminals[i], o.OccurredAt+5*record.Second, record.KindRegistration)
			o.CellID = "0a1"
			o.Registration = record.Registration{Event: record.InitialRegistration, Outcome: record.OutcomeSuccess, Count: 8}
			*all = append(*all, o)
		}
	}
}

// newCloud: a third of the fleet turns to a server that is new to all, and those with
// new firmware to one of their own.
func (g *generator) newCloud(at record.Micros, all *[]observation) {
	for i := early; i < 160; i++ {
		g.call(i, calls{to: newCloud, from: at + g.dice.between(0, 20*record.Minute), every: record.Minute, times: 2, up: 900, down: 4_000}, all)
	}
	keeping := calls{to: newCloud, from: at + 25*record.Minute, every: record.Minute, times: 45, up: 900, down: 4_000}
	g.call(early, keeping, all)
	keeping.to = mate(90)
	g.call(updated, keeping, all)
	for i := updated + 20; i < len(g.terminals); i += 20 {
		g.call(i, calls{to: mate(90), from: at + g.dice.between(0, 10*record.Minute), every: record.Minute, times: 3, up: 900, down: 4_000}, all)
	}
}

// hop opens session after session, each on another slice, and drops it.
func (g *generator) hop(t *terminal, at record.Micros, all *[]observation) {
	for n := range record.Micros(40) {
		for i, event := range [...]record.SessionEvent{record.SessionEstablished, record.SessionReleased} {
			o := g.note(t, at+n*20*record.Second+record.Micros(i)*12*record.Second, record.KindSession)
			o.SNSSAI, o.PDUSessionID = []string{"1-0000a1", "1-0000a2", "1-0000a3"}[n%3], record.Some(int32(5))
			o.Session.Event, o.Session.CauseClass = event, record.CauseNone
			*all = append(*all, o)
		}
	}
}

// depart has a terminal appear where its group is never expected, in another device.
func (g *generator) depart(t *terminal, at record.Micros, all *[]observation) {
	for n := range record.Micros(6) {
		o := g.note(t, at+n*5*record.Minute, record.KindRegistration)
		o.TrackingAreaCode, o.CellID, o.PEI = "000f", "0f1", "imei-356938031234560"
		o.Registration = record.Registration{Event: record.MobilityRegistration, Outcome: record.OutcomeSuccess, Count: 1}
		*all = append(*all, o)
	}
}
