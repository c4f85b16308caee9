package peer

import (
	"cordon/internal/record"
	"cordon/scorer/pane"
)

// Needed is how many members a group must have before anything follows from it
// (detection reference 3.2), on this day or the one before.
const Needed = 200

// groupLimit bounds the groups of a partition: a type allocation code comes from the
// terminal, and one that claims another every hour must not fill the memory. Groups
// that nobody was there of for a day make room.
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
	told    told        // what it says in this hour
	changed bool        // since the last cut
	firsts  histogram   // first contacts of a terminal in a day, by level
	uplink  histogram   // a terminal's highest uplink per pane of a day, by level
	starts  histogram   // the same of flow starts
}

// told is what a group says, see Group.
type told struct {
	members            uint32
	known              bool // the rest, from the days of as many as are needed
	usual              uint8
	uplink, uplinkMost uint8
	starts, startsMost uint8
}

// size returns how many members the group has.
func (g *group) size() uint32 { return max(g.members[0], g.members[1]) }

// roll begins the day that a pane lies in. Every seven days counts halve.
func (g *group) roll(n pane.Number) {
	day := n / panesPerDay
	if day <= g.day {
		return
	}
	g.members[1] = g.members[0]
	if day > g.day+1 {
		g.members[1] = 0
	}
	g.members[0], g.changed = 0, true
	for range min(day/7-g.day/7, 32) {
		g.firsts.age()
		g.uplink.age()
		g.starts.age()
	}
	g.day = day
}

// refresh settles what the group says for an hour.
func (g *group) refresh(n pane.Number) {
	g.roll(n)
	now := told{members: g.size()}
	if total := g.firsts.total(); now.members >= Needed && total >= Needed {
		now.known = true
		days := (total + uint64(now.members) - 1) / uint64(now.members)
		rare, rarest := max(loneLimit*days, total/1000), max(loneLimit*days, total/10_000)
		now.usual = uint8(g.firsts.above(rare))
		now.uplink, now.uplinkMost = levelOf(g.uplink.above(rare)), levelOf(g.uplink.above(rarest))
		now.starts, now.startsMost = levelOf(g.starts.above(rare)), levelOf(g.starts.above(rarest))
	}
	if now != g.told {
		g.told, g.changed = now, true
	}
}

// loneLimit is how many terminals of a group shape nothing, each counted on each of
// its days: in a small one P99.9 would be what a single terminal likes to send.
const loneLimit = 2

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

// total returns how many terminal-days are counted.
func (h *histogram) total() uint64 {
	total := uint64(0)
	for _, n := range h {
		total += uint64(n)
	}
	return total
}

// above returns the last bin but for so many terminal-days.
func (h *histogram) above(left uint64) int {
	for i := len(h) - 1; i > 0; i-- {
		if uint64(h[i]) > left {
			return i
		}
		left -= uint64(h[i])
	}
	return 0
}

// levelOf returns the highest level of a bin; 0 for the lowest one, in which nothing
// was sent to speak of.
func levelOf(bin int) uint8 {
	if bin == 0 {
		return 0
	}
	return uint8(min(bin*4+4, 255))
}
