package clock

import (
	"errors"

	"cordon/internal/record"
	"cordon/internal/record/wire"
)

// ErrState reports a stored piece that this version cannot read.
var ErrState = errors.New("state of the partition clock is of another layout")

// AppendPartition appends what is stored of the partition as a whole.
func (c *Clock) AppendPartition(dst []byte) []byte {
	for _, m := range []record.Micros{c.newest, c.passed, c.swept, c.lastEvent, c.lastAppend, c.stated, c.open} {
		dst = wire.AppendLong(dst, int64(m))
	}
	return wire.AppendBool(c.others.append(dst), c.lost)
}

// RestorePartition takes back what AppendPartition stored. A piece of the
// layout before ends in front of the note about lost records.
func (c *Clock) RestorePartition(r *wire.Reader) error {
	for _, m := range []*record.Micros{&c.newest, &c.passed, &c.swept, &c.lastEvent, &c.lastAppend, &c.stated, &c.open} {
		*m = record.Micros(r.Long())
	}
	if !c.others.restore(r) || c.others.id != "" {
		return ErrState
	}
	c.lost = !r.Done() && r.Bool()
	return nil
}

// CutSources hands out every source that changed and the name of every source
// that was given up since the last call.
func (c *Clock) CutSources(changed func(*Source), removed func(id string)) {
	for _, id := range c.removed {
		if c.byID[id] == nil {
			removed(id)
		}
	}
	c.removed = c.removed[:0]
	for _, s := range c.sources {
		if s.Changed {
			s.Changed = false
			changed(s)
		}
	}
}

// ByID returns the entry of a source, nil if there is none.
func (c *Clock) ByID(id string) *Source { return c.byID[id] }

// Append appends what is stored of a source.
func (s *Source) Append(dst []byte) []byte { return s.append(dst) }

func (s *Source) append(dst []byte) []byte {
	dst = wire.AppendString(dst, s.id)
	dst = wire.AppendBool(wire.AppendBool(dst, s.started), s.clocked)
	dst = wire.AppendLong(dst, int64(s.time))
	dst = wire.AppendInt(s.former.append(s.window.append(dst)), s.since)
	dst = wire.AppendInt(dst, int32(len(s.panes)))
	for _, p := range s.panes {
		dst = wire.AppendLong(dst, int64(p.start))
		for _, n := range p.counts {
			dst = wire.AppendLong(dst, n)
		}
	}
	return dst
}

// RestoreSource takes back one source.
func (c *Clock) RestoreSource(r *wire.Reader) error {
	s := &Source{}
	if !s.restore(r) || s.id == "" || c.byID[s.id] != nil || len(c.sources) >= MaxSources {
		return ErrState
	}
	c.add(s)
	return nil
}

func (s *Source) restore(r *wire.Reader) bool {
	s.id = r.String()
	s.started, s.clocked = r.Bool(), r.Bool()
	s.time = record.Micros(r.Long())
	s.window.restore(r)
	s.former.restore(r)
	s.since = r.Int()
	for n := r.Int(); n > 0 && !r.Failed(); n-- {
		p := paneCount{start: record.Micros(r.Long())}
		for i := range p.counts {
			p.counts[i] = r.Long()
		}
		s.panes = append(s.panes, p)
	}
	return !r.Failed()
}

func (w *window) append(dst []byte) []byte {
	if dst = wire.AppendBool(dst, w.used); !w.used {
		return dst
	}
	dst = wire.AppendLong(dst, w.high)
	for _, word := range w.bits {
		dst = wire.AppendLong(dst, int64(word))
	}
	return dst
}

func (w *window) restore(r *wire.Reader) {
	if w.used = r.Bool(); !w.used {
		return
	}
	w.high = r.Long()
	for i := range w.bits {
		w.bits[i] = uint64(r.Long())
	}
}
