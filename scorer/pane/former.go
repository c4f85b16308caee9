package pane

import (
	"encoding/binary"
	"errors"
)

// ErrShort is returned for a piece of state that is cut short or impossible.
var ErrShort = errors.New("open pane is cut short")

// Sizes in layout 2.
const (
	formerDestinationSize = 16 + 2 + 1 + 1 + 8 + 3*4 + 3*8 + 1
	// formerContextSize is what a context held by itself; its strings were written
	// by their owner.
	formerContextSize = 4 + 3*2
)

// RestoreFormerSlot reads a slot of layout 2 into a fresh one, without the
// strings of its context, and returns the rest.
func (t *Table) RestoreFormerSlot(b []byte, s *Slot) ([]byte, error) {
	le := binary.LittleEndian
	amounts := s.Totals.amounts()
	if len(b) < 8*len(amounts)+formerContextSize+1 {
		return nil, ErrShort
	}
	for _, n := range amounts {
		*n, b = le.Uint64(b), b[8:]
	}
	b, err := s.Context.RestoreFormer(b)
	if err != nil {
		return nil, err
	}
	kept := int(b[0])
	b = b[1:]
	if kept > Sample || len(b) < kept*formerDestinationSize {
		return nil, ErrShort
	}
	for range kept { // from the largest hash to the smallest
		d := formerDestination(b)
		t.append(s, &d)
		b = b[formerDestinationSize:]
	}
	t.end(s)
	return b, nil
}

// formerDestination reads one destination of layout 2; b is long enough.
func formerDestination(b []byte) Destination {
	var d Destination
	le := binary.LittleEndian
	copy(d.Address[:], b)
	d.Port, d.Protocol, d.Form = le.Uint16(b[16:]), b[18], Form(b[19])
	d.Hash = le.Uint64(b[20:])
	b = b[28:]
	for _, n := range [...]*uint32{&d.Flows, &d.Began, &d.Answered} {
		*n, b = le.Uint32(b), b[4:]
	}
	for _, n := range [...]*uint64{&d.UL, &d.UnansweredUL, &d.UnansweredPackets} {
		*n, b = le.Uint64(b), b[8:]
	}
	d.Service = b[0] != 0
	return d
}

// RestoreFormer reads a context of layout 2 but for its strings and returns the
// rest.
func (c *Context) RestoreFormer(b []byte) ([]byte, error) {
	if len(b) < formerContextSize {
		return nil, ErrShort
	}
	le := binary.LittleEndian
	c.KeyEpoch = int32(le.Uint32(b))
	c.PDUSession, c.EmergencyOn, c.EmergencyOff = le.Uint16(b[4:]), le.Uint16(b[6:]), le.Uint16(b[8:])
	return b[formerContextSize:], nil
}
