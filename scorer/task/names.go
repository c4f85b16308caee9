package task

import (
	"strings"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// names gives strings that many terminals share small numbers, so that state
// holds no pointers. 0 is the empty string.
type names struct {
	strings []string
	numbers map[string]uint32
	swept   int // strings in use when it was last swept
}

// newNames returns an empty pool.
func newNames() names {
	return names{strings: []string{""}, numbers: map[string]uint32{}}
}

// spareNames is how many strings out of use are kept before the first sweep.
const spareNames = 4096

// full reports whether the pool may be mostly out of use. A type allocation
// code comes from the terminal: one that claims another with every registration
// would fill the memory.
func (n *names) full() bool { return len(n.strings) > 2*n.swept+spareNames }

// sweepNames keeps only the strings that terminals and their open panes have.
func (t *Task) sweepNames() {
	old := t.names.strings
	t.names = newNames()
	keep := func(c *pane.Context) {
		for _, number := range c.Names() {
			*number = t.names.number(old[*number], 0)
		}
	}
	for number := range t.roster.used {
		keep(&t.roster.at(number).context)
	}
	for n := t.ring.First(); n < t.ring.First()+pane.Width; n++ {
		table := t.ring.Table(n)
		for i := range table.Len() {
			keep(&table.Slot(i).Context)
		}
	}
	t.names.swept = len(t.names.strings)
}

// number returns the number of a string; near is a likely one.
func (n *names) number(s string, near uint32) uint32 {
	if n.strings[near] == s {
		return near
	}
	if s == "" {
		return 0
	}
	if number, known := n.numbers[s]; known {
		return number
	}
	s = strings.Clone(s)
	n.strings = append(n.strings, s)
	n.numbers[s] = uint32(len(n.strings) - 1)
	return uint32(len(n.strings) - 1)
}

// larger returns the one of two numbers whose string is larger.
func (n *names) larger(a, b uint32) uint32 {
	if a == b || n.strings[a] >= n.strings[b] {
		return a
	}
	return b
}

// widen takes what a record says of the terminal's attachment into the context
// of its pane: of each field the largest, so that order does not matter.
func (n *names) widen(c *pane.Context, t *record.PseudonymisedTelemetry, near *pane.Context) {
	c.TypeAllocationCode = n.larger(c.TypeAllocationCode, n.number(t.TypeAllocationCode, near.TypeAllocationCode))
	c.InternalGroupID = n.larger(c.InternalGroupID, n.number(t.InternalGroupID, near.InternalGroupID))
	c.DNN = n.larger(c.DNN, n.number(t.DNN, near.DNN))
	c.SNSSAI = n.larger(c.SNSSAI, n.number(t.SNSSAI, near.SNSSAI))
	c.TrackingAreaCode = n.larger(c.TrackingAreaCode, n.number(t.TrackingAreaCode, near.TrackingAreaCode))
	c.KeyEpoch = max(c.KeyEpoch, t.KeyEpoch)
	if id := t.PDUSessionID.Or(-1); id >= 0 && id <= 255 {
		c.PDUSession = max(c.PDUSession, uint16(id)+1)
	}
	if t.Kind == record.KindSession && t.Session.Emergency {
		widenEmergency(c, t)
	}
}

// widenEmergency notes the start or end of an emergency session.
func widenEmergency(c *pane.Context, t *record.PseudonymisedTelemetry) {
	at := uint16((t.OccurredAt-t.OccurredAt.Floor(pane.Length))/record.Millisecond) + 1
	switch t.Session.Event {
	case record.SessionEstablished, record.SessionActivated:
		c.EmergencyOn = max(c.EmergencyOn, at)
	case record.SessionReleased:
		c.EmergencyOff = max(c.EmergencyOff, at)
	}
}

// overlay puts what a pane says over what was known before.
func overlay(known *pane.Context, fresh *pane.Context) {
	from := fresh.Names()
	for i, to := range known.Names() {
		if *from[i] != 0 {
			*to = *from[i]
		}
	}
	known.KeyEpoch = max(known.KeyEpoch, fresh.KeyEpoch)
	if fresh.PDUSession != 0 {
		known.PDUSession = fresh.PDUSession
	}
}
