package peer

import "cordon/scorer/pane"

// hashOf returns the hash of a destination that is the same for all terminals.
func hashOf(k *pane.Key) uint64 { return k.Hash(pane.Seed{}) }

// networkOf returns the hash of the network that a destination lies in, with its
// protocol and port: a service that moves to another address mostly stays in its /24
// (/64 of IPv6), and sixteen addresses of a content network would else be sixteen
// strangers, each with too few users to be known.
func networkOf(k *pane.Key) uint64 {
	n := *k
	switch n.Form {
	case pane.FormIPv4:
		n.Address[15] = 0
	case pane.FormIPv6:
		clear(n.Address[8:])
	}
	return hashOf(&n)
}

// prevalence counts, by group and destination, the terminals that used it: on this
// day, on the one before, and earlier. It is a count-min sketch: collisions make a
// destination look better known than it is, by a few terminals, and never less.
type prevalence struct {
	cells   []cell       // nil: all are 0
	secret  uint64       // of the partition: which cells are whose; 0: none yet
	day     pane.Number  // that counts as today, since 1970
	since   pane.Number  // first whole day of which anything is known; 0: none
	changed [shards]bool // since the last cut
	fresh   []use        // of the pane at hand, not counted yet; empty between panes
}

// cell counts terminals by age, in 8 bytes.
type cell [ages + 1]uint16

// Ages of what is counted.
const (
	today = iota
	yesterday
	earlier // the day before yesterday and all before, the older the less
	ages
)

const (
	// cells, 8 bytes each: with a hundred thousand destinations of groups a day
	// collisions add a terminal to one in six.
	cells = 1 << 19
	// block: the two cells of a destination are neighbours, in one line of the cache.
	block = 8
	// shardCells are stored together.
	shardCells = 64
	shards     = cells / shardCells
)

// use is a destination as a group sees it: its cells.
type use [2]uint32

// useOf returns the cells of a destination, by its hash, in a group.
func (p *prevalence) useOf(group, hash uint64) use {
	h := mix(hash^p.secret, group)
	first, one := uint32(h>>7)%cells&^(block-1), uint32(h>>40)%block
	other := (one + 1 + uint32(h>>48)%(block-1)) % block
	return use{first + one, first + other}
}

// roll begins the day that a pane lies in.
func (p *prevalence) roll(n pane.Number) {
	day := n / panesPerDay
	if p.since == 0 {
		p.since, p.day = wholeDay(n), day
	}
	for range min(day-p.day, forgotten) {
		p.age()
	}
	p.day = max(p.day, day)
}

// wholeDay returns the first day that is known as a whole where pane n is the first
// one. What lies before it is too little to know everybody's destinations by.
func wholeDay(n pane.Number) pane.Number {
	return (n + panesPerDay - panesPerHour) / panesPerDay // an hour less is whole enough
}

// forgotten is the number of days after which nothing is left of the largest count.
const forgotten = 90

// age makes a day older. What was used last a week ago counts four tenths.
func (p *prevalence) age() {
	for i := range p.cells {
		c := &p.cells[i]
		if *c == (cell{}) {
			continue
		}
		old := c[earlier] - (c[earlier]+7)/8
		*c = cell{today: 0, yesterday: c[today], earlier: max(old, c[yesterday])}
		p.changed[i/shardCells] = true
	}
}

// settled is how many days must have passed before what nobody used is news: on the
// first days everything is.
const settled = 2

// tells reports whether enough is known.
func (p *prevalence) tells(n pane.Number) bool {
	return p.since != 0 && n/panesPerDay-p.since >= settled
}

// note counts a terminal once the pane is over.
func (p *prevalence) note(u use) { p.fresh = append(p.fresh, u) }

// settle counts what a pane noted.
func (p *prevalence) settle() {
	for _, u := range p.fresh {
		p.add(u)
	}
	if p.fresh = p.fresh[:0]; cap(p.fresh) > freshKept {
		p.fresh = nil // the first pane of a day has the most by far
	}
}

// freshKept is for how many uses room is kept from pane to pane.
const freshKept = 1 << 14

// add counts a terminal.
func (p *prevalence) add(u use) {
	if p.cells == nil {
		p.cells = make([]cell, cells)
	}
	for _, at := range u {
		if c := &p.cells[at]; c[today] < 1<<16-1 {
			c[today]++
		}
		p.changed[at/shardCells] = true
	}
}

// of returns how many terminals used the destination, by age.
func (p *prevalence) of(u use) cell {
	if p.cells == nil {
		return cell{}
	}
	c, o := p.cells[u[0]], p.cells[u[1]]
	for age := range c {
		c[age] = min(c[age], o[age])
	}
	return c
}
