package resolve

import "cordon/collector/piece"

// maxSlots bounds the number of a slot that a piece of state may name: more
// than HeldBytes at its largest has room for.
const maxSlots = 1 << 25

// slots number the records that wait. The number names the record's piece of
// state and is used again as soon as the record has left: most wait for a moment
// only, and with a name for each the state topic would consist of removals, which
// the log keeps for a while (measured: 828,000 of them after 4 minutes at 4,000
// records a second).
type slots struct {
	held    []*Held // by number, nil: free
	free    []int32 // the last to leave is the first to be used
	named   []bool  // by number: the log may have a piece of that name
	removed []int32 // by the cut that is not settled
	moved   piece.Set[int32]

	former, leaving []int64 // names of the layout before, to be removed; in the cut that is not settled
}

// enter gives a record a number.
func (s *slots) enter(h *Held) {
	if n := len(s.free); n > 0 {
		h.slot, s.free = s.free[n-1], s.free[:n-1]
	} else {
		h.slot = int32(len(s.held))
		s.grow(h.slot)
	}
	s.held[h.slot] = h
	s.moved.Mark(h.slot)
}

func (s *slots) grow(to int32) {
	for int32(len(s.held)) <= to {
		s.held, s.named = append(s.held, nil), append(s.named, false)
	}
}

// leave takes it back.
func (s *slots) leave(h *Held) {
	s.held[h.slot] = nil
	s.free = append(s.free, h.slot)
	if s.named[h.slot] {
		s.moved.Mark(h.slot)
	} else {
		s.moved.Forget(h.slot)
	}
}

// restore puts a record back under its number, and reports whether that was free.
func (s *slots) restore(h *Held) bool {
	if h.slot < 0 || h.slot >= maxSlots {
		return false
	}
	s.grow(h.slot)
	if s.held[h.slot] != nil {
		return false
	}
	s.held[h.slot], s.named[h.slot] = h, true
	return true
}

// restored finds the numbers that are free.
func (s *slots) restored() {
	s.free = s.free[:0]
	for n := len(s.held) - 1; n >= 0; n-- {
		if s.held[n] == nil {
			s.free = append(s.free, int32(n))
		}
	}
}

// cut hands out every number whose record changed; nil: it is free.
func (s *slots) cut(yield func(slot int32, h *Held)) {
	s.moved.Cut(func(slot int32) {
		h := s.held[slot]
		if h == nil {
			s.removed = append(s.removed, slot)
		}
		s.named[slot] = true
		yield(slot, h)
	})
}

// settle tells whether the cut was committed.
func (s *slots) settle(committed bool) {
	if committed {
		for _, slot := range s.removed {
			s.named[slot] = false // nothing was cut since
		}
		s.leaving = nil
	}
	s.former, s.leaving = append(s.leaving, s.former...), nil
	s.removed = s.removed[:0]
	s.moved.Settle(committed)
}
