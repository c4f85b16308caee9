package peer

import (
	"cordon/internal/record"
	"cordon/scorer/pane"
)

// Needed is how many members a group must have before anything follows from it
// (detection reference 3.2), on this day or the one before.
const Needed = 200

// groupLimit bounds the groups of a partition: a type allocation code comes from the
// terminal, and one that claims another every hour must not fill the memory.
const groupLimit = 1024

// panesPerDay turns panes into days.
const panesPerDay = pane.Number(record.Day / pane.Length)

// Kind is what terminals are grouped by, as labels of the names; 0: not known.
type Kind struct{ TypeAllocationCode, DNN, SNSSAI, InternalGroup uint32 }

// wider lists the groups of a kind, the narrowest first: the kind itself, its type
// allocation code on its slice, the code alone, all terminals. Without an internal
// group the first two are one; 0 is in its second place then.
func (k Kind) wider() [4]uint64 {
	narrow := mix(uint64(k.TypeAllocationCode)<<32|uint64(k.DNN), uint64(k.SNSSAI)<<32|uint64(k.InternalGroup))
	slice := mix(uint64(k.TypeAllocationCode)<<32|uint64(k.DNN), uint64(k.SNSSAI)<<32)
	if narrow == slice {
		slice = 0
	}
	return [4]uint64{narrow, slice, mix(uint64(k.TypeAllocationCode)<<32, 1), all}
}

// all names the group of all terminals.
const all = 1

// mix folds two words into one that is no small number.
func mix(a, b uint64) uint64 {
	h := (a ^ 0x9e3779b97f4a7c15) * 0xff51afd7ed558ccd
	h = (h ^ h>>32 ^ b) * 0xc4ceb9fe1a85ec53
	return h ^ h>>29 | 2
}

// group is what is known of like terminals.
type group struct {
	key     uint64
	members [2]uint32   // that were there on this day, and on the one before
	day     pane.Number // of members[0], since 1970
	firsts  histogram   // first contacts of a terminal in a day, by level
	uplink  histogram   // a terminal's highest uplink per pane of a day, by level
	starts  histogram   // the same of flow starts
	changed bool        // since the last cut
}

// histogram counts terminal-days by level (see detect.Habit), in halves of an octave.
type histogram [64]uint32

// add counts a level.
func (h *histogram) add(level uint8) { h[level/4]++ }

// age halves the counts, so that the last days count most.
func (h *histogram) age() {
	for i := range h {
		h[i] /= 2
	}
}

// above returns the highest level of all but one in so many, and the counts behind it.
func (h *histogram) above(one uint64) (level uint8, total uint64) {
	for _, n := range h {
		total += uint64(n)
	}
	left := total / one
	for i := len(h) - 1; i >= 0; i-- {
		if uint64(h[i]) > left {
			return uint8(min(i*4+4, 255)), total
		}
		left -= uint64(h[i])
	}
	return 0, total
}

// size returns how many members the group has.
func (g *group) size() int64 { return int64(max(g.members[0], g.members[1])) }

// roll begins the day that a pane lies in.
func (g *group) roll(n pane.Number) {
	day := n / panesPerDay
	if day == g.day {
		return
	}
	g.members[1] = g.members[0]
	if day > g.day+1 {
		g.members[1] = 0
	}
	g.members[0], g.day, g.changed = 0, day, true
	if day%7 == 0 {
		g.firsts.age()
		g.uplink.age()
		g.starts.age()
	}
}
