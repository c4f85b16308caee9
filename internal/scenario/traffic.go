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
	doSignal        // an event of the control plane, of the device, or what others say
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
	rhythm
	verb        verb
	protocol    int32
	to          destinations
	scatter     bool  // each terminal begins at another destination
	up, down    int64 // bytes per report
	packets     int64 // uplink packets per report; 0: as many as up needs
	downPackets int64 // likewise
	outcome     outcome
	inbound     bool // the far end opened it
	domains     []string
	rcode       record.Opt[int32]
	span        record.Micros // what one report covers
	grid        record.Micros // flows are reported when their end is rounded up to this; 0: at once

	address netip.Addr // session: the address given; else instead of the terminal's
	signal  raw.Telemetry
	json    string
	fills   []fill // what the line says of all records
}

// fill sets fields of the i-th record of a terminal, after everything else.
type fill func(i uint64, t *raw.Telemetry)

// reports calls yield for every report of one terminal, in order. The identity
// is not in it yet. The seed is the terminal's and the line's: each terminal, and
// each scan, begins at another destination.
func (tr *traffic) reports(at record.Micros, seed uint64, yield func(i uint64, t raw.Telemetry)) {
	began, salt := at, uint64(0)
	if tr.scatter {
		salt = seed % (1 << 32)
	}
	tr.starts(at, seed, func(i uint64, start record.Micros) {
		if i == 0 {
			began = start
		}
		t := raw.Telemetry{OccurredAt: start + tr.span, IntervalStart: record.Some(start)}
		switch tr.verb {
		case doFlow:
			tr.flow(&t, start, i+salt)
			tr.wait(&t)
		case doStream:
			tr.flow(&t, began, salt)
			t.Flow.Ended = start+tr.span >= began+tr.lasts
		case doUsage:
			t.Kind = record.KindSessionUsage
			t.SessionUsage = record.SessionUsage{ULVolume: tr.up, DLVolume: tr.down, ULPackets: packets(tr.up), DLPackets: packets(tr.down)}
		case doSignal:
			t = tr.signal
			t.OccurredAt = start
		case doVerbatim:
			t = raw.Telemetry{}
			_ = raw.ParseJSON([]byte(tr.json), &t) // the parser has tried it
			t.OccurredAt = start
		}
		yield(i, t)
	})
}

// wait lets a flow be told with the next report of a probe that reports rarely.
func (tr *traffic) wait(t *raw.Telemetry) {
	if tr.grid == 0 {
		return
	}
	t.IntervalStart = record.Some(t.IntervalStart.Value.Floor(tr.grid))
	t.OccurredAt = (t.OccurredAt + tr.grid - 1).Floor(tr.grid)
}

// flow fills in the report of a connection that began at began.
func (tr *traffic) flow(t *raw.Telemetry, began record.Micros, n uint64) {
	t.Kind = record.KindFlow
	f := &t.Flow.Flow
	f.Protocol, f.Direction = tr.protocol, record.DirectionUplink
	f.RemoteAddress, f.RemotePort = tr.to.nth(n)
	f.StartTime, f.Ended = record.Some(began), true
	f.DNSResponse = tr.rcode
	if len(tr.domains) > 0 {
		f.Domain, f.DomainSource = tr.domains[n%uint64(len(tr.domains))], domainSource(f.RemotePort)
	}
	there, back := tr.ends()
	f.ULVolume, f.ULPackets, f.ULTCPFlags = there.volume, there.packets, there.flags
	f.DLVolume, f.DLPackets, f.DLTCPFlags = back.volume, back.packets, back.flags
	if tr.inbound {
		f.Direction = record.DirectionDownlink
	}
}

// end is what one end of a flow sent.
type end struct {
	volume, packets int64
	flags           record.Opt[int32]
}

// ends returns what terminal and far end sent. Where the attempt failed, the
// opener sent it all.
func (tr *traffic) ends() (terminal, far end) {
	up := end{volume: tr.up, packets: or(tr.packets, packets(tr.up))}
	down := end{volume: tr.down, packets: or(tr.downPackets, packets(tr.down))}
	tcp := tr.protocol == protocols["tcp"]
	if tr.outcome == answered {
		if tcp {
			up.flags, down.flags = record.Some[int32](tcpSYN|tcpACK), record.Some[int32](tcpSYN|tcpACK)
		}
		return up, down
	}
	opener, other := up, end{}
	if tr.inbound {
		opener = end{volume: max(tr.down, attemptSize), packets: max(down.packets, 1)}
	}
	if tcp {
		opener.flags = record.Some[int32](tcpSYN)
	}
	if tcp && tr.outcome == refused {
		other = end{volume: attemptSize, packets: 1, flags: record.Some[int32](tcpRST | tcpACK)}
	}
	if tr.inbound {
		return other, opener
	}
	return opener, other
}

// or returns a number that was written, else the one that follows from others.
func or(written, follows int64) int64 {
	if written > 0 {
		return written
	}
	return follows
}

// domainSource is where a probe reads a name, by the port of the far end.
func domainSource(port int32) record.DomainSource {
	switch port {
	case 53:
		return record.DomainDNSQName
	case 80:
		return record.DomainHTTPHost
	}
	return record.DomainTLSSNI
}

// packets returns how many packets a volume takes.
func packets(volume int64) int64 { return (volume + packetSize - 1) / packetSize }
