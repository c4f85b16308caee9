// Package page holds long lists of small elements in pages, so that growing
// moves nothing and a copy of a whole list takes no longer than a list of its
// pages: the copy shares them, and a page that is written while a copy holds it
// is copied first.
//
// What it promises: what a copy says never changes, whatever is done to the list
// that it was made of, until that list is told that the copy is gone. Another
// goroutine may read a copy meanwhile. An element stays where it is until the
// first Edit of its page after Share.
//
// What it does not: it keeps one copy at a time, and no order but that of the
// indices. A list belongs to one goroutine.
package page

import "unsafe"

// Size is how many elements a page has. A page is the least that is copied when
// one of its elements is written: small enough that a task that goes on after a
// cut never stands still for it.
const Size = 16

// List is a list of elements by index. The zero List is empty and ready.
type List[T any] struct {
	pages  []*[Size]T
	shared []bool // by page: a copy holds it as well
	length int32
}

// Len returns how many elements there are.
func (l *List[T]) Len() int32 { return l.length }

// At returns an element to be read. It is valid until the next Edit.
func (l *List[T]) At(index int32) *T { return &l.pages[index/Size][index%Size] }

// Touch reads a byte of every line of the cache that an element lies in, so that they
// are there when it is used. The bytes themselves mean nothing; a caller that reads
// many elements so before it uses the first one waits once for all of them.
func (l *List[T]) Touch(index int32) (read byte) {
	element := l.At(index)
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(element)), unsafe.Sizeof(*element))
	for i := 0; i < len(bytes); i += cacheLine {
		read |= bytes[i]
	}
	return read
}

// cacheLine of the processors that matter, in bytes.
const cacheLine = 64

// Edit returns an element to be read and written. It is valid until the next
// Share.
func (l *List[T]) Edit(index int32) *T {
	if at := index / Size; l.shared[at] {
		own := *l.pages[at]
		l.pages[at], l.shared[at] = &own, false
	}
	return &l.pages[index/Size][index%Size]
}

// Add appends a zero element and returns its index. A page it needs is taken
// from the spare ones, if there are any; spare may be nil.
func (l *List[T]) Add(spare *Spare[T]) int32 {
	index := l.length
	if index%Size == 0 {
		l.pages, l.shared = append(l.pages, spare.take()), append(l.shared, false)
	}
	l.length++
	return index
}

// Reset empties the list. Pages that no copy holds become spare ones; spare may
// be nil.
func (l *List[T]) Reset(spare *Spare[T]) {
	for at, p := range l.pages {
		if spare != nil && !l.shared[at] {
			spare.pages = append(spare.pages, p)
		}
	}
	clear(l.pages)
	l.pages, l.shared, l.length = l.pages[:0], l.shared[:0], 0
}

// Share makes to a copy of the list, in the memory of a former one. The copy
// must only be read, and must not be written over before Unshare.
func (l *List[T]) Share(to *List[T]) {
	to.pages, to.length = append(to.pages[:0], l.pages...), l.length
	for at := range l.shared {
		l.shared[at] = true
	}
}

// Unshare says that nobody reads the copy any more, and empties it.
func (l *List[T]) Unshare(from *List[T]) {
	clear(l.shared)
	clear(from.pages)
	from.pages, from.length = from.pages[:0], 0
}

// Spare keeps pages that no list uses, for the lists that share it.
type Spare[T any] struct{ pages []*[Size]T }

// Keep lets go of spare pages beyond a number of elements.
func (s *Spare[T]) Keep(elements int32) {
	if most := int(elements/Size) + 1; len(s.pages) > most {
		clear(s.pages[most:])
		s.pages = s.pages[:most]
	}
}

// take returns a spare page, or a new one: zero in either case.
func (s *Spare[T]) take() *[Size]T {
	if s == nil || len(s.pages) == 0 {
		return new([Size]T)
	}
	last := len(s.pages) - 1
	p := s.pages[last]
	s.pages[last], s.pages = nil, s.pages[:last]
	*p = [Size]T{}
	return p
}
