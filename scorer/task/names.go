package task

import (
	"encoding/binary"
	"strings"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// names gives strings that many terminals share small numbers, so that state
// holds no pointers and a stored terminal few bytes. 0 is the empty string. Each
// string is a piece of the state by itself.
type names struct {
	strings []string // by number; empty where the number is free
	labels  []uint32 // pane.Label of each
	numbers map[string]uint32
	free    []uint32
	swept   int      // strings in use when it was last swept
	changed []uint32 // numbers whose string changed since the last committed cut
	leaving []uint32 // changed, of the cut that is not settled
}

// newNames returns an empty pool.
func newNames() names {
	return names{strings: []string{""}, labels: []uint32{0}, numbers: map[string]uint32{}}
}

// spareNames is how many strings out of use are kept before the first sweep.
const spareNames = 4096

// full reports whether the pool may be mostly out of use. A type allocation
// code comes from the terminal: one that claims another with every registration
// would fill the memory.
func (n *names) full() bool { return len(n.numbers) > 2*n.swept+spareNames }

// sweepNames keeps only the strings that terminals and their open panes have.
func (t *Task) sweepNames() {
	used := make([]bool, len(t.names.strings))
	keep := func(c pane.Context) {
		for _, number := range c.Names() {
			used[*number] = true
		}
	}
	for number := range t.roster.terminals.Len() {
		keep(t.roster.look(number).context)
	}
	for n := t.ring.First(); n < t.ring.First()+pane.Width; n++ {
		table := t.ring.Table(n)
		for i := range table.Len() {
			keep(table.Slot(i).Context)
		}
	}
	t.names.sweep(used)
}

// sweep frees the numbers that are not used.
func (n *names) sweep(used []bool) {
	for number := uint32(1); int(number) < len(used); number++ {
		if s := n.strings[number]; !used[number] && s != "" {
			delete(n.numbers, s)
			n.strings[number], n.labels[number] = "", 0
			n.free, n.changed = append(n.free, number), append(n.changed, number)
		}
	}
	n.swept = len(n.numbers)
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
	number := uint32(len(n.strings))
	if last := len(n.free) - 1; last >= 0 {
		number, n.free = n.free[last], n.free[:last]
		n.strings[number], n.labels[number] = s, pane.Label(s)
	} else if number == maxNames {
		return 0 // as if it had not been said
	} else {
		n.strings, n.labels = append(n.strings, s), append(n.labels, pane.Label(s))
	}
	n.numbers[s] = number
	n.changed = append(n.changed, number)
	return number
}

// label returns what stands for the string of a number (pane.Label).
func (n *names) label(number uint32) uint32 { return n.labels[number] }

// cut returns the strings that changed, which must be stored or removed.
func (n *names) cut() []storedName {
	n.leaving, n.changed = n.changed, nil
	list := make([]storedName, 0, len(n.leaving))
	for _, number := range n.leaving {
		list = append(list, storedName{number, n.strings[number]})
	}
	return list
}

// settle ends a cut.
func (n *names) settle(committed bool) {
	if !committed {
		n.changed = append(n.leaving, n.changed...)
	}
	n.leaving = nil
}

// storedName is a string as it is stored; an empty one is removed.
type storedName struct {
	number uint32
	text   string
}

// maxNames bounds the pool, and what a damaged key can make the program allocate:
// five strings for each of three million terminals.
const maxNames = 1 << 24

// restore takes a stored string, or its removal.
func (n *names) restore(stored storedName) bool {
	if stored.number == 0 || stored.number >= maxNames {
		return false
	}
	if missing := int(stored.number) + 1 - len(n.strings); missing > 0 {
		n.strings = append(n.strings, make([]string, missing)...)
		n.labels = append(n.labels, make([]uint32, missing)...)
	}
	n.strings[stored.number], n.labels[stored.number] = stored.text, pane.Label(stored.text)
	return true
}

// start follows the last stored string.
func (n *names) start() {
	for number, s := range n.strings {
		switch {
		case s != "":
			n.numbers[s] = uint32(number)
		case number > 0:
			n.free = append(n.free, uint32(number))
		}
	}
}

// hold reports whether all strings of a context are there.
func (n *names) hold(c *pane.Context) bool {
	for _, number := range c.Names() {
		if int(*number) >= len(n.strings) || *number != 0 && n.strings[*number] == "" {
			return false
		}
	}
	return true
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
	if t.EquipmentToken != (record.Token{}) {
		c.Equipment = max(c.Equipment, binary.BigEndian.Uint32(t.EquipmentToken[:4]))
	}
	if id := t.PDUSessionID.Or(-1); id >= 0 && id <= 255 {
		c.PDUSession = max(c.PDUSession, uint16(id)+1)
	}
	if ratio := t.SamplingRatio.Or(100); ratio >= 1 && ratio < 100 {
		c.Unsampled = max(c.Unsampled, uint8(100-ratio))
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
	known.Unsampled = fresh.Unsampled
	if fresh.Equipment != 0 {
		known.Equipment = fresh.Equipment
	}
	if fresh.PDUSession != 0 {
		known.PDUSession = fresh.PDUSession
	}
}
