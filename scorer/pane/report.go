package pane

import (
	"math/bits"

	"cordon/internal/record"
)

// Report is what one telemetry record adds to a pane. Amounts are per pane: a
// report over several panes is its mean rate, with the number of panes it
// stands for in Observations (contracts, TerminalTelemetry.intervalStart).
type Report struct {
	Destination  Key
	Contact      bool   // the terminal sent to Destination of its own accord, and it is beyond its own link
	Service      bool   // Destination is infrastructure: never a first contact
	Began        bool   // the flow began within the interval: an attempt
	Answered     bool   // the far end sent something other than a refusal, and the terminal took it up
	Usage        bool   // of the whole session: no destination, counted apart from flows
	Observations uint8  // panes it stands for, 1..MaxObservations
	UL, DL       uint64 // bytes
	Sampled      uint32 // packets sent in a sampled report without an answer: there may have been one
	ULPackets    uint64 // packets
	DLPackets    uint64 // packets
	Starts       uint64 // flow starts, in thousandths
	Time         int32  // when the flow began, or was reported where it began earlier: ms from the start of the pane
	Name         Key    // the domain that was asked for, if any: FormName
}

// MaxObservations bounds how many panes one report may stand for, so that a
// source that reports once an hour cannot decide anything with one record.
const MaxObservations = 6

// maxAmount caps one record's bytes or packets: above what any terminal can
// send in an interval, and small enough that sums of a pane never wrap.
const maxAmount = 1 << 40

// Flags of TCP (RFC 9293, 3.1).
const (
	flagSYN = 0x02
	flagRST = 0x04
	flagACK = 0x10
)

// Read writes into r what t adds to a pane. Kinds without traffic leave r
// zero but for its one observation.
func (r *Report) Read(t *record.PseudonymisedTelemetry, infrastructure *Infrastructure) {
	*r = Report{Observations: 1}
	scale := scaleOf(t)
	switch t.Kind {
	case record.KindFlow:
		r.Observations = scale.observations
		r.readFlow(&t.Flow, t, scale)
		r.Service = r.Contact && infrastructure.Service(r.Destination)
		r.readName(&t.Flow)
	case record.KindSessionUsage:
		r.Observations = scale.observations
		r.Usage = true
		u := &t.SessionUsage
		r.UL, r.DL = scale.bytes(u.ULVolume, u.ULPackets), scale.bytes(u.DLVolume, u.DLPackets)
	}
}

// readFlow fills in what a flow report says.
func (r *Report) readFlow(f *record.Flow, t *record.PseudonymisedTelemetry, scale scale) {
	r.Destination = KeyOf(f)
	if r.Destination.OnLink() {
		return
	}
	r.UL, r.DL = scale.bytes(f.ULVolume, f.ULPackets), scale.bytes(f.DLVolume, f.DLPackets)
	r.ULPackets = scale.least(f.ULPackets, f.ULPackets)
	r.DLPackets = scale.least(f.DLPackets, f.DLPackets)
	r.Began = began(f, t)
	r.Time = r.time(t)
	if f.Direction == record.DirectionDownlink {
		r.readInbound(f)
		return
	}
	if provoked(f) {
		r.Began = false
		return // what a stranger brings about must not be held against the terminal
	}
	if r.Began {
		r.Starts = scale.least(1000, 0) // a long flow is seen in any sample
	}
	r.Contact = f.ULPackets > 0
	r.Answered = f.DLPackets > 0 && !refused(f) && !abandoned(f)
	r.sample(f, scale)
}

// readInbound fills in what the far end opened: a stranger that is let in. What
// was refused, or never answered, says nothing about the terminal, and ICMP is no
// connection.
func (r *Report) readInbound(f *record.Flow) {
	began := r.Began
	r.Began = false
	if f.Protocol == ICMP || f.Protocol == ICMPv6 || f.ULPackets <= 0 || f.DLPackets <= 0 || f.ULTCPFlags.Or(0)&flagRST != 0 && f.ULTCPFlags.Or(0)&flagSYN == 0 {
		return
	}
	r.Destination.Port, r.Destination.Inbound = 0, true
	r.Began, r.Answered = began, true
}

// readName fills in the domain that a flow asked for.
func (r *Report) readName(f *record.Flow) {
	if r.Contact && f.Domain != "" && f.DomainSource == record.DomainDNSQName {
		r.Name = NameOf(f.Domain)
	}
}

// time returns when the flow began, or was reported where it began before the
// interval, from the start of the pane of the report.
func (r *Report) time(t *record.PseudonymisedTelemetry) int32 {
	at := t.OccurredAt
	if r.Began {
		at = min(t.Flow.StartTime.Or(at), at)
	}
	from := Of(t.OccurredAt).Start()
	return int32(max(at-from, -record.Hour) / record.Millisecond)
}

// provoked reports whether the terminal may have been made to send: ICMP that
// nobody opened are errors, which answer packets of other flows. If these
// counted, whoever sends datagrams to closed ports could have any terminal
// isolated.
func provoked(f *record.Flow) bool {
	return (f.Protocol == ICMP || f.Protocol == ICMPv6) && f.Direction != record.DirectionUplink
}

// began reports whether the flow is new in this report. A source that gives no
// start is believed to report a flow once.
func began(f *record.Flow, t *record.PseudonymisedTelemetry) bool {
	return !f.StartTime.Set || !t.IntervalStart.Set || f.StartTime.Value >= t.IntervalStart.Value
}

// refused reports whether all that came back is the reset of a connection that
// was never opened: to a scanner a closed port is as good as a silent one.
func refused(f *record.Flow) bool {
	flags := f.DLTCPFlags.Or(0)
	sent := f.ULTCPFlags.Or(flagSYN)
	return f.Protocol == TCP && flags&flagRST != 0 && flags&flagSYN == 0 && sent&flagSYN != 0
}

// abandoned reports whether the far end accepted a connection that the terminal
// never acknowledged. A client acknowledges at once (RFC 9293, 3.5); a SYN scan
// and a SYN flood do not, whether their target is up or not.
func abandoned(f *record.Flow) bool {
	const accepted = flagSYN | flagACK
	return f.Protocol == TCP && f.DLTCPFlags.Or(0)&accepted == accepted &&
		f.ULTCPFlags.Or(0)&accepted == flagSYN
}

// scale turns the amounts of a report into amounts per pane.
type scale struct {
	length       record.Micros // of the interval; Length where shorter
	sampling     uint64        // per cent that was measured
	observations uint8
}

// scaleOf returns the scale of a record. A sampling ratio outside 1..100 and an
// interval that ends before it starts count as absent.
func scaleOf(t *record.PseudonymisedTelemetry) scale {
	s := scale{length: Length, sampling: 100, observations: 1}
	if ratio := t.SamplingRatio.Or(100); ratio >= 1 && ratio <= 100 {
		s.sampling = uint64(ratio)
	}
	// Times that are no times at all give a length beyond MaxTime, with which
	// the scale would wrap.
	if length := t.OccurredAt - t.IntervalStart.Or(t.OccurredAt); length > Length {
		s.length = min(length, MaxTime)
		s.observations = uint8(min((s.length+Length/2)/Length, MaxObservations))
	}
	return s
}

// amount returns n per pane, in full where all was measured.
func (s scale) amount(n int64) uint64 {
	if n <= 0 {
		return 0
	}
	amount := min(uint64(n), maxAmount)
	if s.length == Length && s.sampling == 100 {
		return amount
	}
	high, low := bits.Mul64(amount, 100*uint64(Length))
	quotient, _ := bits.Div64(high, low, s.sampling*uint64(s.length))
	return min(quotient, maxAmount)
}
