package judge

import (
	"bytes"
	"cmp"
	"slices"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// DestinationLimit is how many destinations a case keeps (contracts: 8).
const DestinationLimit = 8

// Destination is a remote end of a case and what was sent to it.
type Destination struct {
	pane.Key
	Flows uint64      // reports
	UL    uint64      // bytes
	Last  pane.Number // of the last of them
}

// staleSpan is how long a destination stays with the case after the last traffic
// towards it. A case may be open for weeks; what was flooded yesterday must neither
// hide today's victim nor stay blocked for it.
const staleSpan = pane.Number(record.Hour / pane.Length)

// age takes out the destinations that got nothing for long.
func (c *Case) age(n pane.Number) {
	for i := int(c.used) - 1; i >= 0; i-- {
		if n-c.destinations[i].Last >= staleSpan {
			c.remove(i)
		}
	}
}

// remove takes a destination out.
func (c *Case) remove(i int) {
	c.used--
	c.destinations[i] = c.destinations[c.used]
	c.destinations[c.used] = Destination{}
}

// find returns where a destination stands, by itself or with its port left
// open; -1 where it does not.
func (c *Case) find(k pane.Key) int {
	for i := range c.destinations[:c.used] {
		if d := c.destinations[i].Key; d == k || d == k.AnyPort() {
			return i
		}
	}
	return -1
}

// enter makes room for a destination: with another port of the same address
// both become one with any port; when full it replaces the smallest, if that
// is smaller.
func (c *Case) enter(fresh Destination) {
	least := 0
	for i := range c.destinations[:c.used] {
		d := &c.destinations[i]
		if d.AnyPort() == fresh.AnyPort() {
			*d = Destination{d.AnyPort(), d.Flows + fresh.Flows, d.UL + fresh.UL, fresh.Last}
			c.Changed = true
			return
		}
		if compare(*d, c.destinations[least]) < 0 {
			least = i
		}
	}
	switch {
	case c.used < DestinationLimit:
		c.destinations[c.used] = fresh
		c.used++
	case heavier(fresh, c.destinations[least]) > 0:
		c.destinations[least] = fresh
	default:
		return
	}
	c.Changed = true
}

// pardon takes a destination out.
func (c *Case) pardon(k pane.Key) {
	for i := range c.destinations[:c.used] {
		if c.destinations[i].Key == k {
			c.remove(i)
			c.Changed = true
			return
		}
	}
}

// Destinations returns the destinations of the case, largest first.
func (c *Case) Destinations() []Destination {
	list := slices.Clone(c.destinations[:c.used])
	slices.SortFunc(list, func(a, b Destination) int { return compare(b, a) })
	return list
}

// heavier compares by bytes, then by flows: a flood can be a single flow, and
// must not lose its place to the contacts of a scan beside it.
func heavier(a, b Destination) int {
	return cmp.Or(cmp.Compare(a.UL, b.UL), cmp.Compare(a.Flows, b.Flows))
}

// compare orders destinations by weight; equal ones by key, so that the order
// is total.
func compare(a, b Destination) int {
	return cmp.Or(heavier(a, b), bytes.Compare(a.Address[:], b.Address[:]), cmp.Compare(a.Port, b.Port), cmp.Compare(a.Protocol, b.Protocol))
}
