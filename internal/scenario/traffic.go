package scenario

import (
	"net/netip"

	"cordon/internal/raw"
	"cordon/internal/record"
)

// verb is what a terminal does.
type verb uint8

const (
	noTraffic  verb = iota
	doFlow          // connections of their own, each reported once
	doStream        // one long connection, reported as it goes on
	doUsage         // volume of the whole session
	doSession       // session management
	doVerbatim      // a record as plain JSON
)

// outcome is what comes back.
type outcome uint8

const (
	answered outcome = iota
	unanswered
	refused // by a TCP RST, or an ICMP message that is no answer
)

// unansweredAfter is when a probe gives up waiting for an answer and reports
// the attempt (contracts, section 8).
const unansweredAfter = 5 * record.Second

// Sizes of what a probe sees of a failed attempt: a SYN or RST without options.
const attemptSize = 40

// packetSize is how many bytes a packet of ordinary traffic has.
const packetSize = 1000

// Flags of TCP (RFC 9293, 3.1).
const (
	tcpSYN = 0x02
	tcpRST = 0x04
	tcpACK = 0x10
)

// Protocols by name (IANA).
var protocols = map[string]int32{"tcp": 6, "udp": 17, "icmp": 1}

// traffic is what the terminals of a step do.
type traffic struct {
	verb     verb
	protocol int32
	to       destinations
	scatter  bool  // each terminal begins at another destination
	up, down int64 // bytes per report
	packets  int64 // uplink packets per report; 0: as many as up needs
	outcome  outcome
	inbound  bool // the far end opened it
	domain   string
	every    record.Micros // from one start to the next
	lasts    record.Micros // for how long flows start, or a stream goes on
	span     record.Micros // what one report covers

	event     record.SessionEvent
	address   netip.Addr // session: the address given; flow: instead of the terminal's
	former    netip.Addr // session moved: the address before
	emergency bool
	json      string
}

// reports calls yield for every report of one terminal, in order. The identity
// is not in it yet.
func (tr *traffic) reports(at record.Micros, salt uint64, yield func(raw.Telemetry)) {
	for i := uint64(0); i == 0 || tr.every > 0 && record.Micros(i)*tr.every < tr.lasts; i++ {
		start := at + record.Micros(i)*tr.every
		t := raw.Telemetry{OccurredAt: start + tr.span, IntervalStart: record.Some(start)}
		switch tr.verb {
		case doFlow:
			tr.flow(&t, start, i+salt)
		case doStream:
			tr.flow(&t, at, salt)
			t.Flow.Ended = start+tr.span >= at+tr.lasts
		case doUsage:
			t.Kind = record.KindSessionUsage
			t.SessionUsage = record.SessionUsage{ULVolume: tr.up, DLVolume: tr.down, ULPackets: packets(tr.up), DLPackets: packets(tr.down)}
		case doSession:
			t.Kind, t.IntervalStart = record.KindSession, record.Opt[record.Micros]{}
			t.Session = raw.Session{
				Session:        record.Session{Event: tr.event, CauseClass: record.CauseNone, Emergency: tr.emergency},
				OtherUEAddress: tr.former,
			}
		case doVerbatim:
			t.OccurredAt, t.IntervalStart = start, record.Opt[record.Micros]{}
			_ = raw.ParseJSON([]byte(tr.json), &t) // the parser has tried it
			t.OccurredAt = start
		}
		yield(t)
	}
}

// flow fills in the report of a connection that began at began.
func (tr *traffic) flow(t *raw.Telemetry, began record.Micros, n uint64) {
	t.Kind = record.KindFlow
	f := &t.Flow.Flow
	f.Protocol, f.Direction = tr.protocol, record.DirectionUplink
	f.RemoteAddress, f.RemotePort = tr.to.nth(n)
	f.StartTime, f.Ended = record.Some(began), true
	f.ULVolume, f.ULPackets = tr.up, packets(tr.up)
	if tr.packets > 0 {
		f.ULPackets = tr.packets
	}
	if tr.inbound {
		f.Direction = record.DirectionDownlink
	}
	if tr.domain != "" {
		f.Domain, f.DomainSource = tr.domain, record.DomainTLSSNI
	}
	if tr.protocol == protocols["tcp"] {
		f.ULTCPFlags = record.Some[int32](tcpSYN)
	}
	switch {
	case tr.outcome == answered:
		f.DLVolume, f.DLPackets = tr.down, packets(tr.down)
		if f.ULTCPFlags.Set {
			f.ULTCPFlags, f.DLTCPFlags = record.Some[int32](tcpSYN|tcpACK), record.Some[int32](tcpSYN|tcpACK)
		}
	case tr.outcome == refused && f.ULTCPFlags.Set:
		f.DLVolume, f.DLPackets = attemptSize, 1
		f.DLTCPFlags = record.Some[int32](tcpRST | tcpACK)
	}
}

// packets returns how many packets a volume takes.
func packets(volume int64) int64 { return (volume + packetSize - 1) / packetSize }
