package recordbatch

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"unsafe"
)

// cursor reads the fields of a record. A field that does not fit sets bad, and
// everything read after it is zero; the caller asks once per record.
type cursor struct {
	b   []byte
	i   int
	bad bool
}

// left returns how many bytes were not read yet.
func (c *cursor) left() int { return len(c.b) - c.i }

// fail sets bad and moves to the end.
func (c *cursor) fail() {
	c.bad, c.i = true, len(c.b)
}

// byte reads one byte.
func (c *cursor) byte() byte {
	if c.i >= len(c.b) {
		c.fail()
		return 0
	}
	c.i++
	return c.b[c.i-1]
}

// uvarint reads an unsigned varint. Most lengths and deltas take one byte.
func (c *cursor) uvarint() uint64 {
	if c.i < len(c.b) && c.b[c.i] < 0x80 {
		c.i++
		return uint64(c.b[c.i-1])
	}
	v, n := binary.Uvarint(c.b[c.i:])
	if n <= 0 {
		c.fail()
		return 0
	}
	c.i += n
	return v
}

// varlong reads a zigzag varint of 64 bits.
func (c *cursor) varlong() int64 {
	v := c.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

// varint reads a zigzag varint of 32 bits.
func (c *cursor) varint() int32 {
	v := c.uvarint()
	if v > math.MaxUint32 {
		c.fail()
		return 0
	}
	return int32(v>>1) ^ -int32(v&1)
}

// field reads a length and as many bytes. Any negative length is null, as for
// the Java client: brokers let them pass, and a reader that stops at what
// others read can be stopped by anybody who may produce.
func (c *cursor) field() []byte {
	n := int(c.varint())
	if n < 0 || c.bad {
		return nil
	}
	if n > c.left() {
		c.fail()
		return nil
	}
	c.i += n
	return c.b[c.i-n : c.i : c.i]
}

// headerArena holds the headers of all records of the current batch, and the
// names seen so far.
type headerArena struct {
	all   []Header
	limit int // most headers of a batch
	names map[string]string
}

// headerSize is the memory one header takes.
const headerSize = int(unsafe.Sizeof(Header{}))

// Names are kept so that a topic's few header names cost no allocation per
// record; the bounds keep a hostile producer from filling the memory with them.
const (
	maxNames   = 256 // names kept
	maxNameLen = 64  // bytes of a name that is kept
)

// reset empties the arena for the next batch, whose headers may take limit
// bytes of memory. A header may take 2 bytes in the batch and 40 here.
func (a *headerArena) reset(limit int) {
	a.all, a.limit = a.all[:0], limit/headerSize
}

// read reads the headers of one record.
func (a *headerArena) read(c *cursor) ([]Header, error) {
	count := int(c.varint())
	if count == 0 {
		return nil, nil
	}
	if count < 0 || count > c.left()/2 { // two lengths each
		c.fail()
		return nil, nil
	}
	at := len(a.all)
	if count > a.limit-at {
		return nil, fmt.Errorf("%w: more than %d headers in a batch", ErrTooLarge, a.limit)
	}
	for range count {
		key := c.field()
		if key == nil {
			c.fail()
			return nil, nil
		}
		a.all = append(a.all, Header{Key: a.name(key), Value: c.field()})
	}
	return slices.Clip(a.all[at:]), nil
}

// name returns key as a string.
func (a *headerArena) name(key []byte) string {
	if s, ok := a.names[string(key)]; ok {
		return s
	}
	s := string(key)
	if len(a.names) < maxNames && len(key) <= maxNameLen {
		if a.names == nil {
			a.names = make(map[string]string)
		}
		a.names[s] = s
	}
	return s
}
