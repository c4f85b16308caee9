package pane

import (
	"math"

	"cordon/scorer/page"
)

// Sample is how many destinations are kept per terminal and pane: those with
// the smallest hashes, a uniform sample of the distinct ones. Seven failed
// first contacts reach 20 nats, so 32 leave a scanner visible among four times
// as many answered destinations.
const Sample = 32

// Destination is one kept destination of a terminal in a pane.
type Destination struct {
	Key
	next              int32  // the one with the next smaller hash, index + 1
	Hash              uint64 // keyed by the terminal
	Flows             uint32 // reports
	Began             uint32 // of these, flows that began: attempts
	Answered          uint32 // of Flows, those with an answer
	Time              int32  // when the first of its flows began, or was reported, ms from the start of the pane; it may be before it
	Sampled           uint32 // packets in sampled reports without an answer: see Silent
	UL, DL            uint64 // bytes
	UnansweredUL      uint64 // bytes in reports without an answer
	UnansweredPackets uint64 // packets in the same
	Service           bool   // infrastructure: no first contact
}

// Remote reports whether the destination is a remote end that the terminal itself
// turned to: neither a name that it asked for nor somebody who turned to it.
func (d *Destination) Remote() bool { return !d.Inbound && d.Form != FormName }

// Totals are the sums of a terminal's pane over everything, kept or not.
// A field that ends in Weighted is the sum of amount times observations:
// divided by the amount it is how many panes the pane stands for.
type Totals struct {
	Records            uint64
	UL, ULWeighted     uint64 // bytes of flows
	DL                 uint64 // bytes of flows
	Starts             uint64 // flow starts, thousandths
	StartsWeighted     uint64
	UnansweredUL       uint64 // bytes sent in reports without an answer
	UnansweredPackets  uint64
	UnansweredWeighted uint64 // of UnansweredPackets
	UsageUL            uint64 // bytes of whole sessions, which include the flows
	UsageULWeighted    uint64
	UsageDL            uint64
	Happened           uint64 // events, kept or not
}

// Slot is the pane of one terminal.
type Slot struct {
	Totals
	Context  Context
	Owner    int32 // the caller's number of the terminal
	head     int32 // the kept destination with the largest hash, index + 1
	kept     int32
	happened int32 // the kept event that comes last, index + 1
	events   int32 // kept events
}

// Context is what the records of a pane say about where the terminal is
// attached. Each field is the largest of the pane (by the caller's order of
// the interned strings), so that the order of records cannot matter; 0 is
// absent.
type Context struct {
	TypeAllocationCode uint32
	InternalGroupID    uint32
	DNN                uint32
	SNSSAI             uint32
	TrackingAreaCode   uint32
	KeyEpoch           int32
	Equipment          uint32 // first bytes of the token of the device
	PDUSession         uint16 // session id + 1
	Unsampled          uint8  // the largest share of traffic that a record left unmeasured, per cent
	// EmergencyOn and EmergencyOff are the latest start and end of an emergency
	// session, in milliseconds from the start of the pane + 1.
	EmergencyOn, EmergencyOff uint16
}

// Table holds one pane of all its terminals.
type Table struct {
	slots        page.List[Slot]
	destinations page.List[Destination]
	events       page.List[Event]
	spare        *spare // of the ring; nil in a table by itself
}

// spare is the memory of closed panes, for those that open next.
type spare struct {
	slots        page.Spare[Slot]
	destinations page.Spare[Destination]
	events       page.Spare[Event]
}

// Len returns how many terminals have the pane.
func (t *Table) Len() int { return int(t.slots.Len()) }

// Slot returns one terminal's pane to be read, valid until one is opened.
func (t *Table) Slot(index int) *Slot { return t.slots.At(int32(index)) }

// add adds a destination and returns its index + 1.
func (t *Table) add(d *Destination) int32 {
	var pages *page.Spare[Destination]
	if t.spare != nil {
		pages = &t.spare.destinations
	}
	index := t.destinations.Add(pages)
	*t.destinations.Edit(index) = *d
	return index + 1
}

// share makes to a copy of the table.
func (t *Table) share(to *Table) {
	t.slots.Share(&to.slots)
	t.destinations.Share(&to.destinations)
	t.events.Share(&to.events)
}

// unshare says that the copy is gone.
func (t *Table) unshare(from *Table) {
	t.slots.Unshare(&from.slots)
	t.destinations.Unshare(&from.destinations)
	t.events.Unshare(&from.events)
}

// Add adds a report to a terminal's pane. It returns whether the sample
// changed: a destination entered it.
func (t *Table) Add(s *Slot, r *Report, hash uint64) bool {
	weight := uint64(r.Observations)
	s.Records++
	if r.Usage {
		s.UsageUL += r.UL
		s.UsageULWeighted += r.UL * weight
		s.UsageDL += r.DL
		return false
	}
	s.UL += r.UL
	s.ULWeighted += r.UL * weight
	s.DL += r.DL
	s.Starts += r.Starts
	s.StartsWeighted += r.Starts * weight
	if !r.Contact && !r.Destination.Inbound {
		return false
	}
	if !r.Answered {
		s.UnansweredUL += r.UL
		s.UnansweredPackets += r.ULPackets
		s.UnansweredWeighted += r.ULPackets * weight
	}
	index, entered := t.keep(s, r, hash)
	if index >= 0 {
		t.destinations.Edit(index).add(r)
	}
	return entered
}

// AddName adds what a report says of the domain that it asked for; hash is that
// of r.Name.
func (t *Table) AddName(s *Slot, r *Report, hash uint64) {
	named := *r
	named.Destination, named.Service = r.Name, false
	if index, _ := t.keep(s, &named, hash); index >= 0 {
		t.destinations.Edit(index).add(&named)
	}
}

// add sums up a report.
func (d *Destination) add(r *Report) {
	if d.Flows == 0 || r.Time < d.Time {
		d.Time = r.Time
	}
	d.Flows++
	d.UL += r.UL
	d.DL += r.DL
	if r.Began {
		d.Began++
	}
	if r.Answered {
		d.Answered++
		return
	}
	d.UnansweredUL += r.UL
	d.UnansweredPackets += r.ULPackets
	d.Sampled += min(r.Sampled, math.MaxUint32-d.Sampled)
}

// keep finds the destination in the sample or lets it in; -1 where it is none
// of the smallest. The list runs from the largest hash to the smallest, so a
// destination that is out is seen to be out at once.
func (t *Table) keep(s *Slot, r *Report, hash uint64) (int32, bool) {
	full := s.kept == Sample
	if full && hash > t.destinations.At(s.head-1).Hash {
		return -1, false
	}
	before := int32(0)
	for at := s.head; at != 0; at = t.destinations.At(at - 1).next {
		d := t.destinations.At(at - 1)
		if d.Hash == hash {
			return at - 1, false
		}
		if d.Hash < hash {
			break
		}
		before = at
	}
	fresh := Destination{Key: r.Destination, Hash: hash, Service: r.Service}
	if !full {
		at := t.add(&fresh)
		s.kept++
		t.link(s, before, at)
		return at - 1, true
	}
	evicted := s.head
	s.head = t.destinations.At(evicted - 1).next
	if before == evicted {
		before = 0
	}
	*t.destinations.Edit(evicted - 1) = fresh
	t.link(s, before, evicted)
	return evicted - 1, true
}

// link puts the destination at (index + 1) behind another one, or first.
func (t *Table) link(s *Slot, before, at int32) {
	if before == 0 {
		t.destinations.Edit(at - 1).next = s.head
		s.head = at
		return
	}
	behind := t.destinations.Edit(before - 1)
	t.destinations.Edit(at - 1).next = behind.next
	behind.next = at
}

// Destinations appends pointers to the sample of a terminal's pane, from the
// largest hash to the smallest; they are valid until the next Add.
func (t *Table) Destinations(s *Slot, to []*Destination) []*Destination {
	for at := s.head; at != 0; {
		d := t.destinations.At(at - 1)
		to, at = append(to, d), d.next
	}
	return to
}

// Kept returns how many destinations are in the sample.
func (s *Slot) Kept() int { return int(s.kept) }
