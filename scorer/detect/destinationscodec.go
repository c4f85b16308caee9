package detect

import (
	"cordon/internal/record/wire"
	"cordon/scorer/pane"
)

// Append appends what is kept in its stored form: panes by their distance from the
// one the terminal was last seen in.
func (d *Destinations) Append(b []byte, last pane.Number) []byte {
	t := &d.retries
	b = wire.AppendInt(wire.AppendInt(b, int32(d.retry.Value)), t.attempts)
	b = wire.AppendInt(wire.AppendInt(b, t.panes), int32(t.patience))
	for _, n := range [...]pane.Number{d.retry.At, t.last, d.last, d.blamed.last} {
		b = pane.AppendNumber(b, n, last)
	}
	if d.blamed.last != 0 {
		b = d.blamed.append(b)
	}
	for i := range d.slots {
		b = d.slots[i].append(b, last)
	}
	return d.repetition.append(d.outage.append(b, last), last)
}

// Read reads what Append wrote, and reports whether it could.
func (d *Destinations) Read(r *wire.Reader, last pane.Number) bool {
	*d = Destinations{}
	d.retry.Value = Nats(r.Int())
	d.retries.attempts, d.retries.panes, d.retries.patience = r.Int(), r.Int(), uint32(r.Int())
	for _, n := range [...]*pane.Number{&d.retry.At, &d.retries.last, &d.last, &d.blamed.last} {
		*n = pane.ReadNumber(r, last)
	}
	if d.blamed.last != 0 {
		d.blamed.read(r)
	}
	for i := range d.slots {
		d.slots[i].read(r, last)
	}
	d.outage.read(r, last)
	d.repetition.read(r, last)
	return !r.Failed()
}

// Bits of what a stored slot or evidence tells.
const (
	tellsUsed = 1 << iota
	tellsExcused
	tellsCustomary
	tellsVictim
	tellsAnswered
	tellsRich
	tellsPeers
	tellsFlooded
)

// tellsProven is in place of tellsAnswered in a slot.
const tellsProven = tellsAnswered

// bit returns a bit where it is set.
func bit(set bool, b byte) byte {
	if set {
		return b
	}
	return 0
}

func (v *verdictOn) append(b []byte) []byte {
	b = append(b, bit(v.answered, tellsAnswered)|bit(v.rich, tellsRich)|bit(v.peers, tellsPeers)|bit(v.victim, tellsFlooded))
	b = v.key.Append(b)
	for _, n := range v.nats {
		b = wire.AppendInt(b, int32(n))
	}
	c := &v.count
	for _, n := range [...]uint64{uint64(c.tried), uint64(c.ok), uint64(c.flows), uint64(c.gaps), uint64(c.mean), c.ul, c.dl, c.normal} {
		b = wire.AppendLong(b, int64(n))
	}
	b = append(wire.AppendInt(wire.AppendInt(b, int32(c.rhythm)), int32(c.surprise)), c.limit)
	return c.peers.append(b)
}

func (p *prevalence) append(b []byte) []byte {
	return wire.AppendInt(wire.AppendInt(wire.AppendInt(b, int32(p.members)), int32(p.users)), int32(p.usual))
}

func (p *prevalence) read(r *wire.Reader) {
	p.members, p.users, p.usual = uint32(r.Int()), uint32(r.Int()), Nats(r.Int())
}

func (v *verdictOn) read(r *wire.Reader) {
	var b [1]byte
	r.Fixed(b[:])
	v.answered, v.rich, v.peers = b[0]&tellsAnswered != 0, b[0]&tellsRich != 0, b[0]&tellsPeers != 0
	v.victim = b[0]&tellsFlooded != 0
	v.key.Read(r)
	for i := range v.nats {
		v.nats[i] = Nats(r.Int())
	}
	c := &v.count
	c.tried, c.ok, c.flows = uint32(r.Long()), uint32(r.Long()), uint32(r.Long())
	c.gaps, c.mean = int32(r.Long()), int32(r.Long())
	c.ul, c.dl, c.normal = uint64(r.Long()), uint64(r.Long()), uint64(r.Long())
	c.rhythm, c.surprise = Nats(r.Int()), Nats(r.Int())
	r.Fixed(b[:])
	c.limit = b[0]
	c.peers.read(r)
}

func (s *slot) append(b []byte, last pane.Number) []byte {
	if !s.used {
		return append(b, 0)
	}
	b = append(b, tellsUsed|bit(s.excused, tellsExcused)|bit(s.customary, tellsCustomary)|bit(s.victim, tellsVictim)|bit(s.proven, tellsProven), s.failedPanes, s.okPanes)
	b = s.key.Append(b)
	b = pane.AppendNumber(pane.AppendNumber(b, s.first, last), s.last, last)
	for _, n := range [...]int64{
		s.contact, int64(s.mean), int64(s.gaps), int64(s.rhythm), int64(s.tried), int64(s.ok),
		int64(s.early[0]), int64(s.early[1]), int64(s.flows), int64(s.ul), int64(s.dl),
	} {
		b = wire.AppendLong(b, n)
	}
	return s.peers.append(b)
}

func (s *slot) read(r *wire.Reader, last pane.Number) {
	var b [3]byte
	r.Fixed(b[:1])
	*s = slot{}
	if b[0]&tellsUsed == 0 {
		return
	}
	r.Fixed(b[1:])
	s.used, s.excused, s.customary, s.victim = true, b[0]&tellsExcused != 0, b[0]&tellsCustomary != 0, b[0]&tellsVictim != 0
	s.proven = b[0]&tellsProven != 0
	s.failedPanes, s.okPanes = b[1], b[2]
	s.key.Read(r)
	s.first, s.last = pane.ReadNumber(r, last), pane.ReadNumber(r, last)
	s.contact, s.mean, s.gaps = r.Long(), int32(r.Long()), int32(r.Long())
	s.rhythm, s.tried, s.ok = Nats(r.Long()), uint32(r.Long()), uint32(r.Long())
	s.early = [2]uint16{uint16(r.Long()), uint16(r.Long())}
	s.flows, s.ul, s.dl = uint32(r.Long()), uint64(r.Long()), uint64(r.Long())
	s.peers.read(r)
}
