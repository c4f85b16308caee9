package judge

import (
	"encoding/binary"
	"errors"

	"cordon/internal/record"
	"cordon/scorer/detect"
	"cordon/scorer/pane"
)

// ErrShort is returned for a piece of state that is cut short.
var ErrShort = errors.New("case is cut short")

// fixedSize is the stored size of a case without its destinations.
const fixedSize = 5*4 + 2 + 4 + 4*trendPanes + 12*4 + 6*8 + 1

// destinationSize is the stored size of one destination.
const destinationSize = 16 + 2 + 1 + 1 + 8 + 8

// Append appends the case in its stored form: all but Level and Trend, which
// every Step finds anew.
func (c *Case) Append(b []byte) []byte {
	le := binary.LittleEndian
	for _, n := range c.panes() {
		b = le.AppendUint32(b, uint32(*n))
	}
	b = append(b, uint8(c.Class), c.Families|flag(c.Open, 3)|flag(c.Changed, 4)|flag(c.Reported, 5)|flag(c.Aimed, 6))
	b = le.AppendUint32(b, uint32(c.told))
	for _, e := range c.history {
		b = le.AppendUint32(b, uint32(e))
	}
	for _, n := range c.Measured.counts() {
		b = le.AppendUint32(b, uint32(*n))
	}
	for _, n := range c.amounts() {
		b = le.AppendUint64(b, *n)
	}
	b = append(b, c.used)
	for _, d := range c.destinations[:c.used] {
		b = append(b, d.Address[:]...)
		b = le.AppendUint16(b, d.Port)
		b = append(b, d.Protocol, uint8(d.Form))
		b = le.AppendUint64(b, d.Flows)
		b = le.AppendUint64(b, d.UL)
	}
	return b
}

// Restore reads what Append wrote and returns the rest.
func (c *Case) Restore(b []byte) ([]byte, error) {
	*c = Case{}
	if len(b) < fixedSize {
		return nil, ErrShort
	}
	le := binary.LittleEndian
	for _, n := range c.panes() {
		*n, b = pane.Number(le.Uint32(b)), b[4:]
	}
	flags := b[1]
	c.Class, c.Families = record.Class(b[0]), flags&7
	c.Open, c.Changed, c.Reported, c.Aimed = flags&(1<<3) != 0, flags&(1<<4) != 0, flags&(1<<5) != 0, flags&(1<<6) != 0
	c.told = int32(le.Uint32(b[2:]))
	b = b[6:]
	for i := range c.history {
		c.history[i], b = detect.Nats(le.Uint32(b)), b[4:]
	}
	for _, n := range c.Measured.counts() {
		*n, b = int32(le.Uint32(b)), b[4:]
	}
	for _, n := range c.amounts() {
		*n, b = le.Uint64(b), b[8:]
	}
	return c.restoreDestinations(b)
}

// restoreDestinations reads the destinations of a stored case.
func (c *Case) restoreDestinations(b []byte) ([]byte, error) {
	used := b[0]
	b = b[1:]
	if used > DestinationLimit || len(b) < int(used)*destinationSize {
		return nil, ErrShort
	}
	c.used = used
	le := binary.LittleEndian
	for i := range c.destinations[:used] {
		d := &c.destinations[i]
		copy(d.Address[:], b)
		d.Port, d.Protocol, d.Form = le.Uint16(b[16:]), b[18], pane.Form(b[19])
		d.Flows, d.UL = le.Uint64(b[20:]), le.Uint64(b[28:])
		b = b[destinationSize:]
	}
	return b, nil
}

// panes lists the points in time in stored order.
func (c *Case) panes() [5]*pane.Number {
	return [...]*pane.Number{&c.First, &c.Verdict, &c.Cleared, &c.raised, &c.judged}
}

// counts lists the counts in stored order.
func (m *Measured) counts() [12]*int32 {
	c := &m.Carried
	return [...]*int32{
		(*int32)(&c.Scan), (*int32)(&c.Flood), (*int32)(&c.Volume), (*int32)(&c.Uplink), (*int32)(&c.Starts),
		&m.TCP.Failed, &m.TCP.Answered, &m.Other.Failed, &m.Other.Answered, &m.FloodPanes, &m.UplinkPanes, &m.StartsPanes,
	}
}

// amounts lists the amounts in stored order.
func (c *Case) amounts() [6]*uint64 {
	m := &c.Measured
	return [...]*uint64{&m.UnansweredBytes, &m.UnansweredPackets, &m.Uplink, &m.Starts, &c.ForbiddenFlows, &c.ForbiddenUL}
}

// flag returns the bit where it is set.
func flag(set bool, bit uint) uint8 {
	if set {
		return 1 << bit
	}
	return 0
}
