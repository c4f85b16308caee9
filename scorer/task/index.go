package task

import (
	"encoding/binary"

	"cordon/internal/record"
	"cordon/scorer/page"
)

// index finds the number of a terminal by its pseudonym: a table with open places,
// for a pseudonym is random as it is and needs no hashing, and a million terminals
// cost no pointers. What it says is always held against the terminal itself.
type index struct {
	places []place // a power of two of them
	used   int     // places that are not free
	live   int     // of them, those that are in use
}

// place is one place: the low bits of a pseudonym and a number, 0 where it is free.
type place struct {
	tag    uint32
	number int32 // + 1; gone where it was removed
}

// gone marks a place whose terminal was removed: whoever looks for another one goes
// on behind it.
const gone = -1

// leastPlaces of an index.
const leastPlaces = 64

// sum returns the bits of a pseudonym that name its place, and its tag.
func sum(id *record.Pseudonym) uint64 { return binary.LittleEndian.Uint64(id[8:]) }

// find returns the place of a terminal, or -1.
func (x *index) find(id *record.Pseudonym, terminals *page.List[terminal]) int {
	if len(x.places) == 0 {
		return -1
	}
	s := sum(id)
	mask := uint64(len(x.places) - 1)
	for at := s & mask; ; at = (at + 1) & mask {
		p := &x.places[at]
		switch {
		case p.number == 0:
			return -1
		case p.number > 0 && p.tag == uint32(s>>32) && terminals.At(p.number-1).id == *id:
			return int(at)
		}
	}
}

// touch reads the place at which the search for a terminal begins.
func (x *index) touch(id *record.Pseudonym) byte {
	if len(x.places) == 0 {
		return 0
	}
	return byte(x.places[sum(id)&uint64(len(x.places)-1)].tag)
}

// add puts a terminal in that is not there.
func (x *index) add(number int32, terminals *page.List[terminal]) {
	if 4*(x.used+1) > 3*len(x.places) {
		x.grow(terminals)
	}
	x.put(sum(&terminals.At(number).id), number)
}

func (x *index) put(s uint64, number int32) {
	mask := uint64(len(x.places) - 1)
	at := s & mask
	for x.places[at].number > 0 {
		at = (at + 1) & mask
	}
	if x.places[at].number == 0 {
		x.used++
	}
	x.live++
	x.places[at] = place{uint32(s >> 32), number + 1}
}

// grow makes room, without the places that are gone.
func (x *index) grow(terminals *page.List[terminal]) {
	old := x.places
	size := leastPlaces
	for 2*(x.live+1) > size {
		size *= 2
	}
	*x = index{places: make([]place, size)}
	for _, p := range old {
		if p.number > 0 {
			x.put(sum(&terminals.At(p.number-1).id), p.number-1)
		}
	}
}

// remove takes the terminal at a place out.
func (x *index) remove(at int) {
	x.places[at].number = gone
	x.live--
}
