package feature

import (
	"math/bits"

	"cordon/internal/record/wire"
	"cordon/scorer/pane"
)

// Append appends the memory in its stored form: times by their distance from
// the pane that the terminal was last seen in, filters by what distinguishes
// each from the one before it. A terminal that keeps to its services has the
// same in most of them.
func (m *Memory) Append(b []byte, last pane.Number) []byte {
	for _, n := range m.numbers() {
		b = pane.AppendNumber(b, *n, last)
	}
	at := len(b)
	b = append(b, 0, 0)
	before := filter{}
	for i, f := range m.filters() {
		if differs := f.apart(&before); differs != (filter{}) {
			b[at] |= 1 << i
			b = differs.append(b)
		}
		before = *f
	}
	for i, h := range m.holds {
		if h != (Hold{}) {
			b[at+1] |= 1 << i
			b = append(wire.AppendInt(pane.AppendNumber(b, h.Until, last), int32(h.Port)), h.Protocol)
		}
	}
	return b
}

// Read reads what Append wrote. The caller asks the reader whether that failed.
func (m *Memory) Read(r *wire.Reader, last pane.Number) {
	for _, n := range m.numbers() {
		*n = pane.ReadNumber(r, last)
	}
	var tells [2]byte
	r.Fixed(tells[:])
	before := filter{}
	for i, f := range m.filters() {
		var differs filter
		if tells[0]&(1<<i) != 0 {
			differs.read(r)
		}
		*f = before.apart(&differs)
		before = *f
	}
	for i := range m.holds {
		m.holds[i] = Hold{}
		if tells[1]&(1<<i) != 0 {
			var protocol [1]byte
			m.holds[i].Until, m.holds[i].Port = pane.ReadNumber(r, last), uint16(r.Int())
			r.Fixed(protocol[:])
			m.holds[i].Protocol = protocol[0]
		}
	}
}

// filters lists the filters in stored order: those that say the same side by
// side.
func (m *Memory) filters() [7]*filter {
	return [...]*filter{&m.contacted[1], &m.contacted[0], &m.known[1], &m.known[0], &m.answered[2], &m.answered[1], &m.answered[0]}
}

// numbers lists the times in stored order.
func (m *Memory) numbers() [4]*pane.Number {
	return [...]*pane.Number{&m.contactedSince, &m.answeredSince, &m.answeredEnd, &m.knownSince}
}

// apart returns the bits that only one of two filters has.
func (f *filter) apart(g *filter) filter {
	var out filter
	for i := range f {
		out[i] = f[i] ^ g[i]
	}
	return out
}

// A filter is stored in two halves, whose bits have numbers of one byte: how many
// are set and these, or, where that would be longer than the half, the half.
const (
	halves   = 2
	halfSize = words * 8 / halves
	whole    = 255 // in place of the count
)

// append appends the bits of a filter.
func (f *filter) append(b []byte) []byte {
	for half := range halves {
		part := f[half*words/halves : (half+1)*words/halves]
		count := 0
		for _, w := range part {
			count += bits.OnesCount64(w)
		}
		if count > halfSize {
			b = append(b, whole)
			for _, w := range part {
				for shift := 0; shift < 64; shift += 8 {
					b = append(b, byte(w>>shift))
				}
			}
			continue
		}
		b = append(b, byte(count))
		for i, w := range part {
			for ; w != 0; w &= w - 1 {
				b = append(b, byte(64*i+bits.TrailingZeros64(w)))
			}
		}
	}
	return b
}

// read reads what append wrote into an empty filter.
func (f *filter) read(r *wire.Reader) {
	var buffer [halfSize]byte
	for half := range halves {
		part := f[half*words/halves : (half+1)*words/halves]
		r.Fixed(buffer[:1])
		if buffer[0] == whole {
			r.Fixed(buffer[:])
			for i, b := range buffer {
				part[i/8] |= uint64(b) << (i % 8 * 8)
			}
			continue
		}
		set := buffer[:min(buffer[0], halfSize)]
		r.Fixed(set)
		for _, bit := range set {
			part[bit/64] |= 1 << (bit % 64)
		}
	}
}
