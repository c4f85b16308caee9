package detect

import (
	"cordon/internal/record"
	"cordon/internal/record/wire"
	"cordon/scorer/pane"
)

// Append appends what is kept in its stored form: panes by their distance from the
// one the terminal was last seen in.
func (c *Control) Append(b []byte, last pane.Number) []byte {
	for _, n := range c.panes() {
		b = pane.AppendNumber(b, *n, last)
	}
	for _, n := range c.numbers() {
		b = wire.AppendInt(b, *n)
	}
	b = wire.AppendLong(wire.AppendLong(b, int64(c.than)), c.excused)
	b = append(b, byte(c.worst))
	for i := range c.cells {
		b = wire.AppendLong(wire.AppendInt(b, int32(c.cells[i].label)), c.cells[i].since)
	}
	for i := range c.hour {
		for _, n := range c.hour[i].counts() {
			b = wire.AppendInt(b, int32(*n))
		}
	}
	for i := range c.sessions {
		b = c.sessions[i].append(b)
	}
	return b
}

// Read reads what Append wrote, and reports whether it could.
func (c *Control) Read(r *wire.Reader, last pane.Number) bool {
	for _, n := range c.panes() {
		*n = pane.ReadNumber(r, last)
	}
	for _, n := range c.numbers() {
		*n = r.Int()
	}
	c.than, c.excused = record.Micros(r.Long()), r.Long()
	var b [1]byte
	r.Fixed(b[:])
	c.worst = min(limit(b[0]), limitInitial)
	for i := range c.cells {
		c.cells[i] = cell{uint32(r.Int()), r.Long()}
	}
	for i := range c.hour {
		for _, n := range c.hour[i].counts() {
			*n = uint16(r.Int())
		}
	}
	for i := range c.sessions {
		c.sessions[i].read(r)
	}
	return !r.Failed()
}

// panes lists the points in time in stored order.
func (c *Control) panes() [7]*pane.Number {
	return [...]*pane.Number{&c.churn.At, &c.part, &c.seen, &c.lastChurn, &c.lastAccess, &c.lastRadio, &c.lastPing}
}

// numbers lists the counts in stored order.
func (c *Control) numbers() [11]*int32 {
	return [...]*int32{
		(*int32)(&c.churn.Value), &c.closed, &c.short, &c.count, &c.allowed, &c.radio, &c.pings,
		(*int32)(&c.access), (*int32)(&c.radioOf), (*int32)(&c.pingsOf), (*int32)(&c.left),
	}
}

// counts lists the requests in stored order.
func (h *requests) counts() [9]*uint16 {
	return [...]*uint16{&h.established, &h.permanent, &h.temporary, &h.unanswered, &h.registered, &h.paged, &h.initial, &h.radio, &h.pings}
}

// Bits of a stored session.
const (
	sessionUsed = 1 << iota
	sessionExcused
)

func (s *session) append(b []byte) []byte {
	if !s.used {
		return append(b, 0)
	}
	tells := byte(sessionUsed)
	if s.excused {
		tells |= sessionExcused
	}
	b = wire.AppendInt(wire.AppendInt(append(b, tells), int32(s.slice)), int32(s.id))
	return wire.AppendLong(wire.AppendLong(b, s.since), s.released)
}

func (s *session) read(r *wire.Reader) {
	var b [1]byte
	r.Fixed(b[:])
	*s = session{}
	if b[0]&sessionUsed == 0 {
		return
	}
	s.used, s.excused = true, b[0]&sessionExcused != 0
	s.slice, s.id = uint32(r.Int()), uint16(r.Int())
	s.since, s.released = r.Long(), r.Long()
}
