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
const fixedSize = 5*4 + 2 + 5 + 4 + 4*trendPanes + 15*4 + 6*8 + 2*9 + 1

// formerSize is that of layout 3: without faults, exceptions and the families
// beyond three.
const formerSize = fixedSize - 5 - 2*9 - (15-formerCounts)*4

// formerCounts is how many counts it had.
const formerCounts = 12

// destinationSize is the stored size of one destination.
const destinationSize = 16 + 2 + 1 + 1 + 8 + 8 + 4

// formerDestination is that of layout 3, which did not say when it was last heard of.
const formerDestination = destinationSize - 4

// Append appends the case in its stored form: all but Level and Trend, which
// every Step finds anew.
func (c *Case) Append(b []byte) []byte {
	le := binary.LittleEndian
	for _, n := range c.panes() {
		b = le.AppendUint32(b, uint32(*n))
	}
	b = append(b, uint8(c.Class), flag(c.Open, 3)|flag(c.Changed, 4)|flag(c.Reported, 5)|flag(c.Aimed, 6)|flag(c.Pressed, 7))
	b = le.AppendUint16(le.AppendUint16(append(b, c.Faults), c.Families), c.Exceptions)
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
	for _, n := range c.Measured.normals() {
		b = append(le.AppendUint64(b, n.Value), uint8(n.From))
	}
	b = append(b, c.used)
	for _, d := range c.destinations[:c.used] {
		b = append(b, d.Address[:]...)
		b = le.AppendUint16(b, d.Port)
		b = append(b, d.Protocol, uint8(d.Form)|flag(d.Inbound, 7))
		b = le.AppendUint64(b, d.Flows)
		b = le.AppendUint64(b, d.UL)
		b = le.AppendUint32(b, uint32(d.Last))
	}
	return b
}

// Restore reads what Append wrote, or, where former is set, what it wrote in
// layout 3, and returns the rest.
func (c *Case) Restore(b []byte, former bool) ([]byte, error) {
	*c = Case{}
	if len(b) < formerSize || !former && len(b) < fixedSize {
		return nil, ErrShort
	}
	le := binary.LittleEndian
	for _, n := range c.panes() {
		*n, b = pane.Number(le.Uint32(b)), b[4:]
	}
	flags := b[1]
	c.Class = record.Class(b[0])
	c.Open, c.Changed, c.Reported, c.Aimed = flags&(1<<3) != 0, flags&(1<<4) != 0, flags&(1<<5) != 0, flags&(1<<6) != 0
	c.Pressed = flags&(1<<7) != 0
	b = b[2:]
	if former {
		c.formerFamilies(flags)
	} else {
		c.Faults, c.Families, c.Exceptions = b[0], le.Uint16(b[1:]), le.Uint16(b[3:])
		b = b[5:]
	}
	c.told, b = int32(le.Uint32(b)), b[4:]
	for i := range c.history {
		c.history[i], b = detect.Nats(le.Uint32(b)), b[4:]
	}
	for i, n := range c.Measured.counts() {
		if !former || i < formerCounts {
			*n, b = int32(le.Uint32(b)), b[4:]
		}
	}
	for _, n := range c.amounts() {
		*n, b = le.Uint64(b), b[8:]
	}
	for _, n := range c.Measured.normals() {
		if !former {
			n.Value, n.From, b = le.Uint64(b), min(record.Reference(b[8]), record.ReferencePrior), b[9:]
		}
	}
	return c.restoreDestinations(b, former)
}

// formerFamilies sets the families of layout 3, which had the same order, and
// what they are called.
func (c *Case) formerFamilies(flags uint8) {
	c.Families = uint16(flags & 7)
	if c.has(detect.Scanning) {
		c.call(record.WrongDestinationAddress)
	}
	if c.has(detect.Volume) {
		c.call(record.UnexpectedLargeRateFlow)
	}
}

// restoreDestinations reads the destinations of a stored case.
func (c *Case) restoreDestinations(b []byte, former bool) ([]byte, error) {
	used := b[0]
	b = b[1:]
	size := destinationSize
	if former {
		size = formerDestination
	}
	if used > DestinationLimit || len(b) < int(used)*size {
		return nil, ErrShort
	}
	c.used = used
	le := binary.LittleEndian
	for i := range c.destinations[:used] {
		d := &c.destinations[i]
		copy(d.Address[:], b)
		d.Port, d.Protocol, d.Form, d.Inbound = le.Uint16(b[16:]), b[18], min(pane.Form(b[19]&127), pane.FormName), b[19]&128 != 0
		d.Flows, d.UL, d.Last = le.Uint64(b[20:]), le.Uint64(b[28:]), c.judged
		if !former {
			d.Last = pane.Number(le.Uint32(b[36:]))
		}
		b = b[size:]
	}
	return b, nil
}

// panes lists the points in time in stored order.
func (c *Case) panes() [5]*pane.Number {
	return [...]*pane.Number{&c.First, &c.Verdict, &c.Cleared, &c.raised, &c.judged}
}

// counts lists the counts in stored order.
func (m *Measured) counts() [15]*int32 {
	c := &m.Carried
	return [...]*int32{
		(*int32)(&c.Scan), (*int32)(&c.Flood), (*int32)(&c.Volume), (*int32)(&c.Uplink), (*int32)(&c.Starts),
		&m.TCP.Failed, &m.TCP.Answered, &m.Other.Failed, &m.Other.Answered, &m.FloodPanes, &m.UplinkPanes, &m.StartsPanes,
		(*int32)(&m.FloodNats), (*int32)(&m.UplinkNats), (*int32)(&m.StartsNats),
	}
}

// normals lists what volume was held against in stored order.
func (m *Measured) normals() [2]*detect.Normal {
	return [...]*detect.Normal{&m.UplinkNormal, &m.StartsNormal}
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
