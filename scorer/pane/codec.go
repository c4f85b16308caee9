package pane

import (
	"encoding/binary"
	"errors"
)

// ErrShort is returned for a piece of state that is cut short or impossible.
var ErrShort = errors.New("open pane is cut short")

// destinationSize is the stored size of one destination.
const destinationSize = 16 + 2 + 1 + 1 + 8 + 3*4 + 3*8 + 1

// contextSize is the stored size of what a context holds by itself; its
// interned strings are written by their owner.
const contextSize = 4 + 3*2

// AppendSlot appends a terminal's pane in its stored form, without the
// interned strings of its context.
func (t *Table) AppendSlot(b []byte, s *Slot) []byte {
	le := binary.LittleEndian
	for _, n := range s.Totals.amounts() {
		b = le.AppendUint64(b, *n)
	}
	b = s.Context.Append(b)
	b = append(b, byte(s.kept))
	for at := s.head; at != 0; at = t.destinations[at-1].next {
		d := &t.destinations[at-1]
		b = append(b, d.Address[:]...)
		b = le.AppendUint16(b, d.Port)
		b = append(b, d.Protocol, byte(d.Form))
		b = le.AppendUint64(b, d.Hash)
		for _, n := range d.counts() {
			b = le.AppendUint32(b, *n)
		}
		for _, n := range d.amounts() {
			b = le.AppendUint64(b, *n)
		}
		service := byte(0)
		if d.Service {
			service = 1
		}
		b = append(b, service)
	}
	return b
}

// RestoreSlot reads what AppendSlot wrote into a fresh slot and returns the
// rest.
func (t *Table) RestoreSlot(b []byte, s *Slot) ([]byte, error) {
	le := binary.LittleEndian
	amounts := s.Totals.amounts()
	if len(b) < 8*len(amounts)+contextSize+1 {
		return nil, ErrShort
	}
	for _, n := range amounts {
		*n, b = le.Uint64(b), b[8:]
	}
	b, err := s.Context.Restore(b)
	if err != nil {
		return nil, err
	}
	kept := int(b[0])
	b = b[1:]
	if kept > Sample || len(b) < kept*destinationSize {
		return nil, ErrShort
	}
	for range kept { // from the largest hash to the smallest
		t.destinations = append(t.destinations, restoreDestination(b))
		at := int32(len(t.destinations))
		if s.kept == 0 {
			s.head = at
		} else {
			t.destinations[at-2].next = at
		}
		s.kept++
		b = b[destinationSize:]
	}
	return b, nil
}

// restoreDestination reads one stored destination; b is long enough.
func restoreDestination(b []byte) Destination {
	var d Destination
	le := binary.LittleEndian
	copy(d.Address[:], b)
	d.Port, d.Protocol, d.Form = le.Uint16(b[16:]), b[18], Form(b[19])
	d.Hash = le.Uint64(b[20:])
	b = b[28:]
	for _, n := range d.counts() {
		*n, b = le.Uint32(b), b[4:]
	}
	for _, n := range d.amounts() {
		*n, b = le.Uint64(b), b[8:]
	}
	d.Service = b[0] != 0
	return d
}

// Append appends what the context holds but for its interned strings.
func (c *Context) Append(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(b, uint32(c.KeyEpoch))
	b = le.AppendUint16(b, c.PDUSession)
	b = le.AppendUint16(b, c.EmergencyOn)
	return le.AppendUint16(b, c.EmergencyOff)
}

// Restore reads what Append wrote and returns the rest.
func (c *Context) Restore(b []byte) ([]byte, error) {
	if len(b) < contextSize {
		return nil, ErrShort
	}
	le := binary.LittleEndian
	c.KeyEpoch = int32(le.Uint32(b))
	c.PDUSession, c.EmergencyOn, c.EmergencyOff = le.Uint16(b[4:]), le.Uint16(b[6:]), le.Uint16(b[8:])
	return b[contextSize:], nil
}

// Names lists the interned strings of a context in stored order.
func (c *Context) Names() [5]*uint32 {
	return [...]*uint32{&c.TypeAllocationCode, &c.InternalGroupID, &c.DNN, &c.SNSSAI, &c.TrackingAreaCode}
}

// amounts lists the sums in stored order.
func (t *Totals) amounts() [12]*uint64 {
	return [...]*uint64{
		&t.Records, &t.UL, &t.ULWeighted, &t.DL, &t.Starts, &t.StartsWeighted,
		&t.UnansweredUL, &t.UnansweredPackets, &t.UnansweredWeighted, &t.UsageUL, &t.UsageULWeighted, &t.UsageDL,
	}
}

// counts lists the counts in stored order.
func (d *Destination) counts() [3]*uint32 { return [...]*uint32{&d.Flows, &d.Began, &d.Answered} }

// amounts lists the sums in stored order.
func (d *Destination) amounts() [3]*uint64 {
	return [...]*uint64{&d.UL, &d.UnansweredUL, &d.UnansweredPackets}
}
