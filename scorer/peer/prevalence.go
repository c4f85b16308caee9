package peer

import (
	"cordon/scorer/pane"
)

// prevalence counts, by group and destination, the terminals that used it: on this
// day, on the one before, and earlier. It is a count-min sketch: collisions make a
// destination look better known than it is, by a few terminals, and never less.
type prevalence struct {
	counts  [ages][]uint16 // by cell; nil: all are 0
	day     pane.Number    // of counts[0], since 1970
	since   pane.Number    // first day of which anything is known; 0: none
	changed [shards]bool   // since the last cut, of any age
}

// Ages of what is counted.
const (
	today = iota
	yesterday
	earlier // the day before yesterday and all before, the older the less
	ages
)

const (
	// cells of each age, 1 MiB: with a hundred thousand destinations of groups a day
	// collisions add a terminal to one in ten.
	cells = 1 << 19
	rows  = 2
	// shardCells are stored together.
	shardCells = 256
	shards     = cells / shardCells
)

// Use is a destination as a group sees it.
type use struct{ at [rows]uint32 }

// useOf returns the cells of a destination in a group.
func useOf(group uint64, k pane.Key) use {
	h := k.Hash(pane.Seed{})
	a := mix(h, group)
	b := mix(a, h^group)
	return use{[rows]uint32{uint32(a>>7) % cells, uint32(b>>7) % cells}}
}

// roll begins the day that a pane lies in.
func (p *prevalence) roll(n pane.Number) {
	day := n / panesPerDay
	if p.since == 0 {
		p.since, p.day = day, day
	}
	for range min(day-p.day, 3) {
		p.age()
	}
	p.day = max(p.day, day)
}

// age makes a day older. What was used last a week ago counts a third.
func (p *prevalence) age() {
	if p.counts[yesterday] != nil && p.counts[earlier] == nil {
		p.counts[earlier] = make([]uint16, cells)
	}
	for i := range p.counts[earlier] {
		old := p.counts[earlier][i]
		if old -= (old + 7) / 8; p.counts[yesterday] != nil {
			old = max(old, p.counts[yesterday][i])
		}
		p.counts[earlier][i] = old
	}
	p.counts[yesterday], p.counts[today] = p.counts[today], p.counts[yesterday]
	clear(p.counts[today])
	for i := range p.changed {
		p.changed[i] = true
	}
}

// settled is how many days must have passed before what nobody used is news: on the
// first days everything is.
const settled = 2

// tells reports whether enough is known.
func (p *prevalence) tells(n pane.Number) bool {
	return p.since != 0 && n/panesPerDay-p.since >= settled
}

// add counts a terminal.
func (p *prevalence) add(u use) {
	if p.counts[today] == nil {
		p.counts[today] = make([]uint16, cells)
	}
	for _, at := range u.at {
		if c := &p.counts[today][at]; *c < 1<<16-1 {
			*c++
		}
		p.changed[at/shardCells] = true
	}
}

// of returns how many terminals used the destination at an age.
func (p *prevalence) of(u use, age int) int64 {
	if p.counts[age] == nil {
		return 0
	}
	least := int64(1 << 16)
	for _, at := range u.at {
		least = min(least, int64(p.counts[age][at]))
	}
	return least
}
