package feature

import (
	"encoding/binary"
	"errors"

	"cordon/scorer/pane"
)

// ErrShort is returned for a piece of state that is cut short.
var ErrShort = errors.New("memory of destinations is cut short")

// Append appends the memory in its stored form. Empty filters take one byte.
func (m *Memory) Append(b []byte) []byte {
	for _, f := range m.filters() {
		b = f.append(b)
	}
	for _, n := range m.numbers() {
		b = binary.LittleEndian.AppendUint32(b, uint32(*n))
	}
	for _, h := range m.holds {
		b = binary.LittleEndian.AppendUint32(b, uint32(h.Until))
		b = binary.LittleEndian.AppendUint16(b, h.Port)
		b = append(b, h.Protocol)
	}
	return b
}

// Restore reads what Append wrote and returns the rest.
func (m *Memory) Restore(b []byte) ([]byte, error) {
	var err error
	for _, f := range m.filters() {
		if b, err = f.restore(b); err != nil {
			return nil, err
		}
	}
	if len(b) < 4*len(m.numbers())+7*len(m.holds) {
		return nil, ErrShort
	}
	for _, n := range m.numbers() {
		*n = pane.Number(binary.LittleEndian.Uint32(b))
		b = b[4:]
	}
	for i := range m.holds {
		m.holds[i] = Hold{Until: pane.Number(binary.LittleEndian.Uint32(b)), Port: binary.LittleEndian.Uint16(b[4:]), Protocol: b[6]}
		b = b[7:]
	}
	return b, nil
}

// filters lists the filters in stored order.
func (m *Memory) filters() [7]*filter {
	return [...]*filter{&m.contacted[0], &m.contacted[1], &m.answered[0], &m.answered[1], &m.answered[2], &m.known[0], &m.known[1]}
}

// numbers lists the times in stored order.
func (m *Memory) numbers() [4]*pane.Number {
	return [...]*pane.Number{&m.contactedSince, &m.answeredSince, &m.answeredEnd, &m.knownSince}
}

// append stores a filter as a mask of its non-zero words, and these.
func (f *filter) append(b []byte) []byte {
	at := len(b)
	b = append(b, 0)
	for i, w := range f {
		if w != 0 {
			b[at] |= 1 << i
			b = binary.LittleEndian.AppendUint64(b, w)
		}
	}
	return b
}

// restore reads a stored filter and returns the rest.
func (f *filter) restore(b []byte) ([]byte, error) {
	if len(b) == 0 {
		return nil, ErrShort
	}
	mask := b[0]
	b = b[1:]
	*f = filter{}
	for i := range f {
		if mask&(1<<i) == 0 {
			continue
		}
		if len(b) < 8 {
			return nil, ErrShort
		}
		f[i] = binary.LittleEndian.Uint64(b)
		b = b[8:]
	}
	return b, nil
}
