package task

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
)

// ordered is a terminal to be judged, with the first bytes of its pseudonym.
type ordered struct {
	prefix uint64
	number int32
}

// ordered returns a terminal as it is put into an order.
func (t *Task) ordered(number int32) ordered {
	return ordered{binary.BigEndian.Uint64(t.roster.look(number).id[:]), number}
}

// enlist puts a terminal into the order of the pane at hand.
func (t *Task) enlist(number int32) { t.order = append(t.order, t.ordered(number)) }

// compare orders terminals by pseudonym.
func (t *Task) compare(a, b ordered) int {
	if a.prefix != b.prefix {
		return cmp.Compare(a.prefix, b.prefix)
	}
	return bytes.Compare(t.roster.look(a.number).id[:], t.roster.look(b.number).id[:])
}

// arrange puts the terminals of a pane into the order of their pseudonyms. These are
// random, so that their first bits alone leave a few in each heap to be compared.
func (t *Task) arrange() {
	shift := 64 - max(bits.Len(uint(len(t.order)))-2, 0)
	t.heaps = append(t.heaps[:0], make([]int32, 1<<(64-shift))...)
	for _, o := range t.order {
		t.heaps[o.prefix>>shift]++
	}
	end := int32(0)
	for i, size := range t.heaps {
		t.heaps[i], end = end, end+size
	}
	t.heaped = slices.Grow(t.heaped[:0], len(t.order))[:len(t.order)]
	for _, o := range t.order {
		heap := &t.heaps[o.prefix>>shift]
		t.heaped[*heap] = o
		*heap++
	}
	t.order, t.heaped = t.heaped, t.order
	from := int32(0)
	for _, to := range t.heaps {
		slices.SortFunc(t.order[from:to], t.compare)
		from = to
	}
}
