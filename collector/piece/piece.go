// Package piece remembers which parts of a state changed since the last
// committed cut.
//
// What it promises: a part marked before a cut is handed out by that cut, and
// again by the next one until a cut is committed; the order is that of the
// marks, so equal histories give equal cuts; marking what is marked already
// costs one map access and no memory.
//
// What it does not: it holds no values. A Set is used by one goroutine.
package piece

// Set holds the names of the changed parts. The zero Set is ready.
type Set[K comparable] struct {
	marked  map[K]bool
	order   []K
	pending []K // handed out by the last cut, outcome unknown
}

// Mark says that the part changed or went away.
func (s *Set[K]) Mark(k K) {
	if s.marked[k] {
		return
	}
	if s.marked == nil {
		s.marked = map[K]bool{}
	}
	s.marked[k] = true
	s.order = append(s.order, k)
}

// Forget takes a mark back: the part is gone and no cut ever held it.
func (s *Set[K]) Forget(k K) {
	if s.marked[k] {
		s.marked[k] = false
	}
}

// Cut hands out every marked part, once, and starts anew.
func (s *Set[K]) Cut(yield func(K)) {
	for _, k := range s.order {
		if s.marked[k] {
			s.marked[k] = false // it may stand in order twice: forgotten, then marked again
			yield(k)
			s.pending = append(s.pending, k)
		}
	}
	clear(s.marked)
	s.order = s.order[:0]
}

// Settle tells whether the last cut was committed.
func (s *Set[K]) Settle(committed bool) {
	if !committed {
		for _, k := range s.pending {
			s.Mark(k)
		}
	}
	s.pending = s.pending[:0]
}

// Len returns how many names are remembered, forgotten ones included.
func (s *Set[K]) Len() int { return len(s.order) }
