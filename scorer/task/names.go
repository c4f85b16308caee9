package task

import (
	"strings"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// names gives strings that many terminals share small numbers, so that state
// holds no pointers. 0 is the empty string. What is in it comes from the
// network, not from terminals; nothing is ever taken out.
type names struct {
	strings []string
	numbers map[string]uint32
}

// newNames returns an empty pool.
func newNames() names {
	return names{strings: []string{""}, numbers: map[string]uint32{}}
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
