package stream

import "cordon/internal/record"

// Send is one record to be written.
type Send struct {
	Topic     Topic
	Partition int32
	Key       []byte
	Value     []byte // nil: tombstone
}

// Effects collects what a task wants done. The caller empties it with Reset
// after it has carried the effects out; its memory is reused.
type Effects struct {
	sends []Send
	arena []byte
	size  int // bytes of keys and values
}

// Send adds a record; key and value are copied.
func (e *Effects) Send(s Send) {
	s.Key = e.copy(s.Key)
	s.Value = e.copy(s.Value)
	e.size += len(s.Key) + len(s.Value)
	e.sends = append(e.sends, s)
}

// copy moves b into the arena. When the arena is full a larger one takes its
// place; slices into the old one stay valid until Reset.
func (e *Effects) copy(b []byte) []byte {
	if b == nil {
		return nil
	}
	if len(e.arena)+len(b) > cap(e.arena) {
		e.arena = make([]byte, 0, max(2*cap(e.arena), len(b), 64<<10))
	}
	start := len(e.arena)
	e.arena = append(e.arena, b...)
	return e.arena[start:len(e.arena):len(e.arena)]
}

// Sends returns the records added since Reset, in order. The slice and what it
// points to are valid until Reset.
func (e *Effects) Sends() []Send { return e.sends }

// Size returns the bytes held, keys and values.
func (e *Effects) Size() int { return e.size }

// Reset forgets all effects.
func (e *Effects) Reset() {
	e.sends = e.sends[:0]
	e.arena = e.arena[:0]
	e.size = 0
}

// Piece is one keyed part of a task's state. A nil Value removes it.
type Piece struct {
	Key, Value []byte
}

// Cut is a consistent copy of what changed in one partition. The fields but
// for the pieces go into the Header, which says what they are.
type Cut struct {
	Watermark       record.Micros
	StateVersion    int
	StateGeneration int64
	ConfigDigest    record.Digest
	Fence           int64

	pieces []Piece
	arena  Effects
	later  []func(*Cut)
}

// Add copies one piece into the cut.
func (c *Cut) Add(key, value []byte) {
	c.pieces = append(c.pieces, Piece{Key: c.arena.copy(key), Value: c.arena.copy(value)})
}

// Later has encode called once with this Cut after Task.Cut has returned,
// perhaps by another goroutine while the task goes on. It may look at nothing
// but what Task.Cut copied for it, and adds the pieces. So a task stands still
// for a plain copy only.
func (c *Cut) Later(encode func(*Cut)) { c.later = append(c.later, encode) }

// Encode makes the pieces that were left for later.
func (c *Cut) Encode() {
	for _, encode := range c.later {
		encode(c)
	}
	c.later = c.later[:0]
}

// Pieces returns what was added, in order, valid until Reset.
func (c *Cut) Pieces() []Piece { return c.pieces }

// Reset empties the cut for its next use.
func (c *Cut) Reset() {
	c.pieces, c.later = c.pieces[:0], c.later[:0]
	c.arena.Reset()
}
