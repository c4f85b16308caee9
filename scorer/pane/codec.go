package pane

import "cordon/internal/record/wire"

// Known is what a stored slot leaves out, for its terminal has it.
type Known struct {
	Context *Context // where the terminal is attached
	Seed    Seed     // of its hashes
	Former  bool     // layout 3, to be read: without downlink, times, names and events
}

// AppendNumber appends a pane by its distance from another one: the panes of a
// terminal lie near together, or are 0 for never.
func AppendNumber(b []byte, n, from Number) []byte {
	if n == 0 {
		return wire.AppendLong(b, 0)
	}
	distance := int64(n) - int64(from)
	if distance >= 0 {
		distance++ // 0 is taken
	}
	return wire.AppendLong(b, distance)
}

// ReadNumber reads what AppendNumber wrote.
func ReadNumber(r *wire.Reader, from Number) Number {
	distance := r.Long()
	switch {
	case distance == 0:
		return 0
	case distance > 0:
		distance--
	}
	return Number(int64(from) + distance)
}

// AppendSlot appends a terminal's pane in its stored form.
func (t *Table) AppendSlot(b []byte, s *Slot, known Known) []byte {
	b = s.Totals.append(b)
	b = s.Context.Append(b, known.Context)
	b = wire.AppendInt(b, s.kept)
	for at := s.head; at != 0; {
		d := t.destinations.At(at - 1)
		b, at = d.append(b), d.next
	}
	return t.appendEvents(b, s)
}

// ReadSlot reads what AppendSlot wrote into a fresh slot, and reports whether it
// could.
func (t *Table) ReadSlot(r *wire.Reader, s *Slot, known Known) bool {
	s.Totals.read(r)
	s.Context.Read(r, known.Context)
	kept := r.Int()
	if kept < 0 || kept > Sample {
		return false
	}
	for range kept { // from the largest hash to the smallest
		var d Destination
		d.read(r, known.Former)
		d.Hash = d.Key.Hash(known.Seed)
		t.append(s, &d)
	}
	t.end(s)
	return (known.Former || t.readEvents(r, s)) && !r.Failed()
}

// append adds a destination with a smaller hash than all before it to a slot
// that is being read; end ends them.
func (t *Table) append(s *Slot, d *Destination) {
	at := t.add(d)
	if s.kept == 0 {
		s.head = at
	}
	t.destinations.Edit(at - 1).next = at + 1
	s.kept++
}

// end ends the destinations of a slot that is being read.
func (t *Table) end(s *Slot) {
	if s.kept > 0 {
		t.destinations.Edit(t.destinations.Len() - 1).next = 0
	}
}

// append appends the sums that are not 0, behind a mask of them. A weighted sum
// is stored less its amount: it is the same in panes of 10-s reports.
func (t *Totals) append(b []byte) []byte {
	less := *t
	less.ULWeighted -= t.UL
	less.StartsWeighted -= t.Starts
	less.UnansweredWeighted -= t.UnansweredPackets
	less.UsageULWeighted -= t.UsageUL
	mask := int32(0)
	for i, n := range less.amounts() {
		if *n != 0 {
			mask |= 1 << i
		}
	}
	b = wire.AppendInt(b, mask)
	for _, n := range less.amounts() {
		if *n != 0 {
			b = wire.AppendLong(b, int64(*n))
		}
	}
	return b
}

// read reads what append wrote.
func (t *Totals) read(r *wire.Reader) {
	mask := r.Int()
	for i, n := range t.amounts() {
		if mask&(1<<i) != 0 {
			*n = uint64(r.Long())
		}
	}
	t.ULWeighted += t.UL
	t.StartsWeighted += t.Starts
	t.UnansweredWeighted += t.UnansweredPackets
	t.UsageULWeighted += t.UsageUL
}

// amounts lists the sums in stored order.
func (t *Totals) amounts() [13]*uint64 {
	return [...]*uint64{
		&t.Records, &t.UL, &t.ULWeighted, &t.DL, &t.Starts, &t.StartsWeighted,
		&t.UnansweredUL, &t.UnansweredPackets, &t.UnansweredWeighted, &t.UsageUL, &t.UsageULWeighted, &t.UsageDL,
		&t.Happened,
	}
}

// Bits of what a stored context tells, behind those of its names.
const (
	contextEpoch = 1 << (iota + 5)
	contextSession
	contextEmergency
	contextEquipment
	contextUnsampled
)

// Append appends what the context says other than a known one, behind a mask of
// it.
func (c *Context) Append(b []byte, known *Context) []byte {
	mask, names, other := int32(0), c.Names(), known.Names()
	for i, n := range names {
		if *n != *other[i] {
			mask |= 1 << i
		}
	}
	if c.KeyEpoch != known.KeyEpoch {
		mask |= contextEpoch
	}
	if c.PDUSession != known.PDUSession {
		mask |= contextSession
	}
	if c.EmergencyOn|c.EmergencyOff != 0 {
		mask |= contextEmergency
	}
	if c.Equipment != known.Equipment {
		mask |= contextEquipment
	}
	if c.Unsampled != known.Unsampled {
		mask |= contextUnsampled
	}
	b = wire.AppendInt(b, mask)
	for i, n := range names {
		if mask&(1<<i) != 0 {
			b = wire.AppendInt(b, int32(*n))
		}
	}
	if mask&contextEpoch != 0 {
		b = wire.AppendInt(b, c.KeyEpoch)
	}
	if mask&contextSession != 0 {
		b = wire.AppendInt(b, int32(c.PDUSession))
	}
	if mask&contextEmergency != 0 {
		b = wire.AppendInt(wire.AppendInt(b, int32(c.EmergencyOn)), int32(c.EmergencyOff))
	}
	if mask&contextEquipment != 0 {
		b = wire.AppendInt(b, int32(c.Equipment))
	}
	if mask&contextUnsampled != 0 {
		b = append(b, c.Unsampled)
	}
	return b
}

// Read reads what Append wrote.
func (c *Context) Read(r *wire.Reader, known *Context) {
	*c = *known
	c.EmergencyOn, c.EmergencyOff = 0, 0
	mask := r.Int()
	for i, n := range c.Names() {
		if mask&(1<<i) != 0 {
			*n = uint32(r.Int())
		}
	}
	if mask&contextEpoch != 0 {
		c.KeyEpoch = r.Int()
	}
	if mask&contextSession != 0 {
		c.PDUSession = uint16(r.Int())
	}
	if mask&contextEmergency != 0 {
		c.EmergencyOn, c.EmergencyOff = uint16(r.Int()), uint16(r.Int())
	}
	if mask&contextEquipment != 0 {
		c.Equipment = uint32(r.Int())
	}
	if mask&contextUnsampled != 0 {
		var b [1]byte
		r.Fixed(b[:])
		c.Unsampled = min(b[0], 99)
	}
}

// Names lists the interned strings of a context in stored order.
func (c *Context) Names() [5]*uint32 {
	return [...]*uint32{&c.TypeAllocationCode, &c.InternalGroupID, &c.DNN, &c.SNSSAI, &c.TrackingAreaCode}
}
