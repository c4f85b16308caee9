package feature

import (
	"slices"

	"cordon/scorer/pane"
)

// Contacts counts first contacts of one kind of protocol: destinations that
// the terminal was not seen to contact before.
type Contacts struct {
	Failed   int32 // no answer, or a refusal only
	Answered int32
}

// Amount is a measured amount per pane, and how many panes it stands for.
type Amount struct {
	Value        uint64
	Observations int32 // 1..pane.MaxObservations
}

// Suspect is a destination that belongs to the evidence of a pane: a failed
// first contact, or one that is not known and left uplink unanswered.
type Suspect struct {
	pane.Key
	Flows   uint64 // reports towards it
	UL      uint64 // bytes towards it
	Packets uint64 // unanswered packets towards it
	Contact bool   // it is a first contact
	Service bool   // it is infrastructure
}

// Vector is what one pane of one terminal says.
type Vector struct {
	Pane  pane.Number
	TCP   Contacts // first contacts over TCP
	Other Contacts // first contacts over UDP and all else but ICMP
	Held  int32    // failed first contacts excused by an outage

	UnansweredBytes   Amount // uplink to destinations not known, without an answer
	UnansweredPackets Amount
	Uplink            Amount // bytes, less what acknowledges the downlink
	Starts            Amount // flow starts, thousandths

	Suspects  []Suspect  // in order of the destinations' hashes
	Answering []pane.Key // destinations that answer, likewise

	Totals *pane.Totals // sums over everything, kept or not
	Seen   []Seen       // every kept destination, in order of the hashes
	Events []pane.Event // of the control plane and device management, the earliest first

	holds []Hold // of failing known destinations in this pane
}

// Seen is a kept destination of a pane with what is remembered and known of it.
type Seen struct {
	*pane.Destination      // as it lies in the pane
	Known             bool // answered on at least two occasions 24 h apart
	Met               bool // remembered at all: no first contact
	Held              bool // its failure is excused by an outage (3.12, 8)
	Flooded           bool // it left uplink unanswered: it counts in UnansweredBytes
	Failed            bool // it is a first contact that failed: it counts in TCP or Other
	Before            bool // it answered before
	Today             bool // it answered before within this generation of a day
	Vouched           bool // somebody says that it is harmless
	// Peers is what the other terminals of the partition say of it.
	Peers Shared
}

// Shared is what other terminals say of a destination.
type Shared struct {
	// Members is how many terminals the peer group has; below 200 nothing follows
	// from it, and shipped priors serve.
	Members int64
	// Users is how many of them used the destination more than 24 h ago: aged, so
	// that a live mass attack cannot make its own victim popular.
	Users int64
	// Usual is what a new destination is worth less where they are common in the
	// group, milli-nats: ln(1 + 24 × P99.9 of first contacts per terminal-hour).
	Usual int32
	// Down: a fifth of those who know the destination fail to reach it in these
	// minutes. The failure is not the terminal's.
	Down bool
	// Common: as many of the group as an update or a change of servers moves began
	// to use the destination within 24 h.
	Common bool
}

// Limits are the settings features depend on.
type Limits struct {
	// AckPermille of the downlink is subtracted from the uplink: the
	// acknowledgements of a download (3.12, 12: 40).
	AckPermille uint64
}

// Reader reads panes. It holds scratch memory; the zero Reader is ready.
type Reader struct {
	Limits Limits
	kept   []*pane.Destination
}

// Pane is one terminal's pane, open or closed, where it lies.
type Pane struct {
	Number pane.Number
	Table  *pane.Table
	Slot   *pane.Slot
}

// Read writes into v what the pane says, given the memory of what was before
// it. It changes nothing else.
func (r *Reader) Read(p Pane, m *Memory, v *Vector) {
	*v = Vector{
		Pane: p.Number, Suspects: v.Suspects[:0], Answering: v.Answering[:0], holds: v.holds[:0],
		Seen: v.Seen[:0], Events: v.Events[:0],
	}
	v.Totals = &p.Slot.Totals
	v.Events = p.Table.Events(p.Slot, v.Events)
	r.kept = p.Table.Destinations(p.Slot, r.kept[:0])
	r.readVolume(p.Slot, v)
	for _, d := range r.kept {
		if d.Began > 0 && d.Answered == 0 && !d.Service && d.Remote() && m.Known(d.Hash) {
			v.holds = append(v.holds, Hold{Until: p.Number + holdSpan, Port: d.Port, Protocol: d.Protocol})
		}
	}
	flood := sampleOf(p.Slot)
	for _, d := range r.kept {
		s := Seen{Destination: d, Known: m.Known(d.Hash), Today: m.answered[0].has(d.Hash)}
		s.Before = s.Known || s.Today || m.answered[1].has(d.Hash) || m.answered[2].has(d.Hash)
		s.Met = s.Before || m.contacted[0].has(d.Hash) || m.contacted[1].has(d.Hash)
		if !d.Remote() {
			v.Seen = append(v.Seen, s)
			continue
		}
		s.Held = d.Began > 0 && d.Answered == 0 && v.held(d, m)
		failed := v.contact(d, m)
		unanswered := flood.take(d, m)
		s.Flooded, s.Failed = unanswered, failed
		v.Seen = append(v.Seen, s)
		switch {
		case failed || unanswered:
			v.Suspects = append(v.Suspects, Suspect{
				Key: d.Key, Flows: uint64(d.Flows), UL: d.UL, Packets: d.UnansweredPackets, Contact: failed, Service: d.Service,
			})
		case d.Answered > 0:
			v.Answering = append(v.Answering, d.Key)
		}
	}
	flood.write(v)
}

// readVolume fills in the amounts of the whole pane. Reports of whole sessions
// include the flows, so the larger of the two counts.
func (r *Reader) readVolume(s *pane.Slot, v *Vector) {
	v.Starts = Amount{s.Starts, observations(s.StartsWeighted, s.Starts)}
	v.Uplink = Amount{less(s.UL, s.DL*r.Limits.AckPermille/1000), observations(s.ULWeighted, s.UL)}
	if usage := less(s.UsageUL, s.UsageDL*r.Limits.AckPermille/1000); usage > v.Uplink.Value {
		v.Uplink = Amount{usage, observations(s.UsageULWeighted, s.UsageUL)}
	}
}

// less returns a − b, or 0.
func less(a, b uint64) uint64 { return a - min(a, b) }

// observations returns the mean number of panes an amount stands for, rounded.
func observations(weighted, amount uint64) int32 {
	if amount == 0 {
		return 1
	}
	return int32(min(max((weighted+amount/2)/amount, 1), pane.MaxObservations))
}

// contact counts the destination where it is a first contact, and reports
// whether it is one that failed and is not excused.
func (v *Vector) contact(d *pane.Destination, m *Memory) bool {
	if d.Service || d.Protocol == pane.ICMP || d.Protocol == pane.ICMPv6 || m.Met(d.Hash) {
		return false
	}
	kind := v.Contacts(d.Protocol)
	if d.Answered > 0 {
		kind.Answered++
		return false
	}
	if d.Began == 0 {
		return false
	}
	if v.held(d, m) {
		v.Held++
		return false
	}
	kind.Failed++
	return true
}

// Excuse takes a failed first contact back: the destination is down for others too.
func (v *Vector) Excuse(s *Seen) {
	if !s.Failed {
		return
	}
	s.Failed, s.Held = false, true
	v.Contacts(s.Protocol).Failed--
	v.Held++
	for i := range v.Suspects {
		if v.Suspects[i].Key == s.Key {
			v.Suspects[i].Contact = false
			if !s.Flooded {
				v.Suspects = slices.Delete(v.Suspects, i, i+1)
			}
			return
		}
	}
}

// Contacts returns the count that a protocol belongs to.
func (v *Vector) Contacts(protocol uint8) *Contacts {
	if protocol == pane.TCP {
		return &v.TCP
	}
	return &v.Other
}

// held reports whether an outage excuses the failure of d.
func (v *Vector) held(d *pane.Destination, m *Memory) bool {
	for _, h := range v.holds {
		if h.Port == d.Port && h.Protocol == d.Protocol {
			return true
		}
	}
	for _, h := range m.holds {
		if h.Port == d.Port && h.Protocol == d.Protocol && v.Pane < h.Until {
			return true
		}
	}
	return false
}

// Learn puts into memory what the pane that was read last shows, after
// Memory.Age. New destinations become known only while trusted: not while there is evidence
// against the terminal (3.8, 5).
func (r *Reader) Learn(v *Vector, m *Memory, trusted bool) {
	for _, h := range v.holds {
		m.hold(h, v.Pane)
	}
	strangers := 0
	for _, d := range r.kept {
		if d.Inbound { // strangers must not make a terminal forget
			if strangers++; strangers > strangersLearned {
				continue
			}
		}
		switch {
		case d.Service || d.Form == pane.FormName && d.Answered == 0:
		case d.Answered > 0:
			m.answer(d.Hash, v.Pane, trusted)
		case d.Began > 0 && !v.held(d, m):
			m.contacted[0].add(d.Hash)
		}
	}
}

// strangersLearned is how many that connected to the terminal in one pane are
// remembered.
const strangersLearned = 4

// answer remembers that a destination answered in pane n.
func (m *Memory) answer(hash uint64, n pane.Number, trusted bool) {
	old := m.answered[2].has(hash) && n-m.answeredEnd >= answeredSpan
	if m.Known(hash) || (trusted && old) {
		m.known[0].add(hash)
	}
	m.answered[0].add(hash)
}

// hold puts h in the place of the same protocol and port, or of the one that
// ends first.
func (m *Memory) hold(h Hold, n pane.Number) {
	place := 0
	for i := range m.holds {
		if m.holds[i].Port == h.Port && m.holds[i].Protocol == h.Protocol && m.holds[i].Until > n {
			place = i
			break
		}
		if m.holds[i].Until < m.holds[place].Until {
			place = i
		}
	}
	m.holds[place] = h
}
