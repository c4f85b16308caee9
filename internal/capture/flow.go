package capture

import (
	"net/netip"

	"cordon/internal/record"
)

// Waits of flow assembly (contracts section 8 unless said otherwise).
const (
	// answerWait is how long an attempt may stay unanswered before it is
	// reported.
	answerWait = 5 * record.Second
	// silence ends a flow, datagramSilence one of UDP or ICMP.
	silence         = 60 * record.Second
	datagramSilence = 30 * record.Second
	// finWait is how long the last acknowledgement of a FIN exchange may be
	// missing from the capture.
	finWait = record.Second
	// memory is how long an answered TCP or UDP flow that fell silent is
	// remembered: connections of terminals live on keep-alives, whose customary
	// longest period is two hours (RFC 9293 3.8.4). Without it each keep-alive
	// would be a new flow, and a push of the server an inbound one.
	memory = 2 * record.Hour
)

// TCP flags.
const (
	flagFIN = 0x01
	flagSYN = 0x02
	flagRST = 0x04
	flagACK = 0x10
)

// flowKey names a flow by its two ends, the lower one first.
type flowKey struct {
	end   [2]netip.AddrPort
	proto uint8
}

// keyOf returns the key of the packet's flow and which end sent it.
func keyOf(p *packet) (flowKey, int) {
	from, to := netip.AddrPortFrom(p.src, p.srcPort), netip.AddrPortFrom(p.dst, p.dstPort)
	if from.Compare(to) > 0 {
		return flowKey{end: [2]netip.AddrPort{to, from}, proto: p.proto}, 1
	}
	return flowKey{end: [2]netip.AddrPort{from, to}, proto: p.proto}, 0
}

// stage is where a flow is in its life:
//
//	open ──FIN exchange, RST──▶ closed ──silence──▶ gone
//	  │ ▲
//	  │ └─────packets──────┐
//	  └─silence─▶ remembered ──memory──▶ gone        (unanswered: gone at once)
type stage uint8

const (
	open       stage = iota
	closed           // reported as ended; stragglers still belong to it
	remembered       // reported as ended by silence
	gone             // no longer in the table
)

// moved counts what one end sent since the last report.
type moved struct {
	bytes, packets int64
	flags          uint8 // OR of the TCP flags
}

// flow is one 5-tuple under observation.
type flow struct {
	key    flowKey
	local  [2]bool // which ends are terminals
	stage  stage
	opener int8 // the end that opened it, or opener unknown

	start  record.Micros // first packet of the flow: startTime
	base   record.Micros // report times are base + k intervals
	since  record.Micros // end of the last interval
	last   record.Micros // last packet
	finned record.Micros // when both ends had sent FIN; 0: not yet

	moved    [2]moved // by sender, since the last report
	sent     [2]bool  // by sender, ever
	fin      [2]bool  // by sender
	isn      uint32   // sequence number of the opener's SYN
	opened   bool     // isn is known
	overdue  bool     // reported as unanswered
	searched uint8    // segments of the opener that were searched for a name

	named  sighting // TLS and HTTP: for good; DNS: since the last report
	asking bool     // named holds what DNS was asked

	due          record.Micros // when the table looks at it again
	number       uint64        // order of creation: ties of due
	place        int           // index in the heap of due times
	older, newer *flow         // neighbours by last packet
}

const openerUnknown = -1

// openerOf says which end opened a flow whose first packet was sent by from.
func openerOf(p *packet, key *flowKey, from int) int8 {
	other := int8(1 - from)
	switch p.proto {
	case protoTCP:
		if p.flags&flagSYN != 0 {
			if p.flags&flagACK != 0 {
				return other
			}
			return int8(from)
		}
		// The flow was under way when the capture began. Ports below 1024 are
		// those of services (RFC 6335 6).
		if src, dst := key.end[from].Port() < 1024, key.end[other].Port() < 1024; src && !dst {
			return other
		}
	case protoICMP:
		return icmpOpener(p.icmpType, int8(from), [...]uint8{0, 14}, [...]uint8{3, 4, 5, 11, 12})
	case protoICMPv6:
		return icmpOpener(p.icmpType, int8(from), [...]uint8{129, 136}, [...]uint8{1, 2, 3, 4, 137})
	}
	return int8(from)
}

// icmpOpener: a reply was asked for by the other end, an error speaks of a
// packet of another flow.
func icmpOpener(kind uint8, from int8, replies [2]uint8, errors [5]uint8) int8 {
	for _, k := range replies {
		if k == kind {
			return 1 - from
		}
	}
	for _, k := range errors {
		if k == kind {
			return openerUnknown
		}
	}
	return from
}

// answered reports whether both ends have sent something.
func (f *flow) answered() bool { return f.sent[0] && f.sent[1] }

// patience returns the silence that ends the flow.
func (f *flow) patience() record.Micros {
	switch f.key.proto {
	case protoUDP, protoICMP, protoICMPv6:
		return datagramSilence
	}
	return silence
}

// count adds the packet to the interval.
func (f *flow) count(p *packet, from int, now record.Micros) {
	m := &f.moved[from]
	m.bytes += p.length
	m.packets++
	m.flags |= p.flags
	f.sent[from] = true
	f.last = now
}

// restarts reports whether the packet begins a new flow of the same 5-tuple. A
// SYN with another sequence number does, but not while the flow has had no
// answer: then it is the same attempt, so that a SYN flood from one port stays
// one flow.
func (f *flow) restarts(p *packet) bool {
	if p.proto != protoTCP || p.flags&(flagSYN|flagACK) != flagSYN {
		return false
	}
	return f.stage != open || f.answered() && !(f.opened && f.isn == p.sequence)
}

// resume opens a remembered flow again. A TCP connection is still the same; a
// UDP exchange is a new one, opened by whoever opened the former.
func (f *flow) resume(now record.Micros) {
	f.stage, f.base, f.since = open, now, now
	if f.key.proto != protoTCP {
		f.start, f.overdue, f.sent = now, false, [2]bool{}
	}
}

// follow takes note of what the packet means for the connection and reports
// whether it ended the flow.
func (f *flow) follow(p *packet, from int, now record.Micros) bool {
	if p.proto != protoTCP {
		return false
	}
	if p.flags&(flagSYN|flagACK) == flagSYN && !f.opened {
		f.isn, f.opened = p.sequence, true
	}
	if p.flags&flagRST != 0 {
		return true
	}
	if p.flags&flagFIN != 0 {
		f.fin[from] = true
	}
	if f.finned != 0 {
		return p.flags&flagACK != 0
	}
	if f.fin[0] && f.fin[1] {
		f.finned = now
	}
	return false
}

// look searches the payload for a name.
func (f *flow) look(p *packet, from int) {
	const segments = 3 // a name comes with the first data of the client or not at all
	switch {
	case len(p.payload) == 0:
	case p.proto == protoUDP && (p.srcPort == dnsPort || p.dstPort == dnsPort):
		f.note(readDNS(p.payload))
	case p.proto == protoTCP && (p.srcPort == dnsPort || p.dstPort == dnsPort) && len(p.payload) > 2:
		f.note(readDNS(p.payload[2:])) // behind the length (RFC 1035 4.2.2)
	case p.proto == protoTCP && int8(from) == f.opener && f.named.domain == "" && f.searched < segments:
		f.searched++
		if s, ok := readStreamName(p.payload); ok {
			f.named = s
		}
	}
}

// note keeps one question of an interval: the first that failed, else the
// first. Failing names are what a scorer looks for.
func (f *flow) note(s sighting, ok bool) {
	if !ok {
		return
	}
	failed := s.rcode.Or(0) != 0 && f.named.rcode.Or(0) == 0
	answers := s.rcode.Set && !f.named.rcode.Set && s.domain == f.named.domain
	if !f.asking || failed || answers {
		f.named, f.asking = s, true
	}
}
