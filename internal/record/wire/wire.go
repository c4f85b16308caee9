// Package wire reads and writes the primitive types of Avro's binary encoding
// (Avro 1.12 "Binary Encoding") for the codecs that are written out by hand.
//
// What it promises: no allocation but the growth of the destination; every read
// is checked against the end of the input; after the first fault a Reader
// stays failed and gives zero values, so that a codec asks once, at its end.
// It accepts what github.com/twmb/avro accepts: longer forms of a number that
// fits, any boolean byte (only 1 is true), any bytes in a string.
//
// What it does not: it knows no schema and no record. A Reader is for one
// goroutine; strings it gives alias its input.
package wire

import (
	"net/netip"
	"unsafe"
)

// Reader reads values from the front of its input.
type Reader struct {
	input  []byte
	next   int
	failed bool
}

// NewReader returns a Reader of input.
func NewReader(input []byte) Reader { return Reader{input: input} }

// Done reports whether every read was good and the input is used up.
func (r *Reader) Done() bool { return !r.failed && r.next == len(r.input) }

// Failed reports whether a read failed.
func (r *Reader) Failed() bool { return r.failed }

func (r *Reader) fail() {
	r.failed = true
	r.next = len(r.input)
}

// Int reads an int.
func (r *Reader) Int() int32 {
	if r.next < len(r.input) && r.input[r.next] < 0x80 {
		u := uint32(r.input[r.next])
		r.next++
		return int32(u>>1) ^ -int32(u&1)
	}
	return r.longInt()
}

// longInt reads an int of more than one byte: at most five, the last of which
// adds four bits.
func (r *Reader) longInt() int32 {
	var u uint32
	for shift := uint(0); shift < 35; shift += 7 {
		if r.next >= len(r.input) {
			break
		}
		b := r.input[r.next]
		r.next++
		if shift == 28 && b > 0x0f {
			break
		}
		u |= uint32(b&0x7f) << shift
		if b < 0x80 {
			return int32(u>>1) ^ -int32(u&1)
		}
	}
	r.fail()
	return 0
}

// Long reads a long.
func (r *Reader) Long() int64 {
	if r.next < len(r.input) && r.input[r.next] < 0x80 {
		u := uint64(r.input[r.next])
		r.next++
		return int64(u>>1) ^ -int64(u&1)
	}
	return r.longLong()
}

// longLong reads a long of more than one byte: at most ten, the last of which
// adds one bit.
func (r *Reader) longLong() int64 {
	var u uint64
	for shift := uint(0); shift < 70; shift += 7 {
		if r.next >= len(r.input) {
			break
		}
		b := r.input[r.next]
		r.next++
		if shift == 63 && b > 0x01 {
			break
		}
		u |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return int64(u>>1) ^ -int64(u&1)
		}
	}
	r.fail()
	return 0
}

// Bool reads a boolean.
func (r *Reader) Bool() bool {
	if r.next >= len(r.input) {
		r.fail()
		return false
	}
	b := r.input[r.next]
	r.next++
	return b == 1
}

// Bytes reads bytes; they alias the input.
func (r *Reader) Bytes() []byte {
	n := r.Long()
	if n < 0 || n > int64(len(r.input)-r.next) {
		r.fail()
		return nil
	}
	b := r.input[r.next : r.next+int(n)]
	r.next += int(n)
	return b
}

// String reads a string; it aliases the input, which must not change while the
// string is in use.
func (r *Reader) String() string {
	b := r.Bytes()
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// Fixed fills dst.
func (r *Reader) Fixed(dst []byte) {
	if len(r.input)-r.next < len(dst) {
		r.fail()
		return
	}
	copy(dst, r.input[r.next:])
	r.next += len(dst)
}

// Enum reads an enum of count symbols, the last of which is UNKNOWN, as the
// value of its Go type: one above the index, zero for UNKNOWN.
func (r *Reader) Enum(count int32) uint8 {
	index := r.Int()
	if uint32(index) >= uint32(count) {
		r.fail()
		return 0
	}
	if index == count-1 {
		return 0
	}
	return uint8(index + 1)
}

// Some reads the index of a union with null, and reports whether a value
// follows.
func (r *Reader) Some() bool {
	index := r.Int()
	if uint32(index) > 1 {
		r.fail()
		return false
	}
	return index == 1
}

// OptString reads a string that may be null; null is the empty string.
func (r *Reader) OptString() string {
	if !r.Some() {
		return ""
	}
	return r.String()
}

// Addr reads the bytes of an address: 4 or 16, or none for no address.
func (r *Reader) Addr() netip.Addr {
	b := r.Bytes()
	switch len(b) {
	case 4:
		return netip.AddrFrom4([4]byte(b))
	case 16:
		return netip.AddrFrom16([16]byte(b))
	case 0:
		return netip.Addr{}
	}
	r.fail()
	return netip.Addr{}
}

// OptAddr reads the bytes of an address that may be null.
func (r *Reader) OptAddr() netip.Addr {
	if !r.Some() {
		return netip.Addr{}
	}
	return r.Addr()
}
