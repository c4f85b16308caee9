package feature

import (
	"encoding/binary"
	"errors"

	"cordon/scorer/pane"
)

// ErrShort is returned for a piece of state that is cut short.
var ErrShort = errors.New("memory of destinations is cut short")

// RestoreFormer reads a memory of layout 2 and returns the rest.
func (m *Memory) RestoreFormer(b []byte) ([]byte, error) {
	var err error
	for _, f := range [...]*filter{
		&m.contacted[0], &m.contacted[1], &m.answered[0], &m.answered[1], &m.answered[2], &m.known[0], &m.known[1],
	} {
		if b, err = f.restoreFormer(b); err != nil {
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

// restoreFormer reads a filter of layout 2, a mask of its words that are not 0
// and these, and returns the rest.
func (f *filter) restoreFormer(b []byte) ([]byte, error) {
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
