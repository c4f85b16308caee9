// Package guard limits how many terminals may be isolated: at once, as a share
// of those seen, and per minute.
//
// What it promises: no sliding minute of event time holds more new isolations
// than the limit, in whatever order the partitions advance; a limit that cannot
// be evaluated admits nobody. The threat: a wrong threshold or a poisoned feed
// makes the scorer call a whole fleet malicious, and a machine that believes it
// is worse than any botnet.
//
// What it does not: it keeps no queue (the caller asks again) and is not safe
// for concurrent use.
package guard

import (
	"slices"

	"cordon/internal/record"
)

// Limits bound what the machine may isolate.
type Limits struct {
	// PerMinute is how many terminals may be newly isolated in any minute of
	// event time. At least 1.
	PerMinute int64
	// SharePermille is how many of 1,000 terminals seen in 24 h may be isolated
	// at once; the number is rounded up. 1 to 1000.
	SharePermille int64
}

// Refusal is why a terminal is not isolated now.
type Refusal uint8

// Refusals.
const (
	Admitted     Refusal = iota
	NoPopulation         // no partition said how many terminals it sees
	Share                // the share of terminals isolated at once is used up
	Rate                 // the minute around this time is full
	Forgotten            // so far behind that its minute is not remembered
	Paused               // an operator paused the enforcer
)

var refusalNames = []string{"ADMITTED", "NO_POPULATION", "SHARE", "RATE", "FORGOTTEN", "PAUSED"}

// String returns the name used in the audit.
func (r Refusal) String() string {
	if int(r) >= len(refusalNames) {
		return "UNKNOWN"
	}
	return refusalNames[r]
}

// ForAll reports whether the refusal holds for every terminal, not only for
// those of one partition's clock.
func (r Refusal) ForAll() bool { return r == NoPopulation || r == Share }

// window is the length of the rate limit's window.
const window = record.Minute

// remembered is how many isolations are remembered. Only a partition whose
// clock stands still for that many keeps them (11 h at 100 a minute, 0.5 MB);
// what lies before is then refused.
const remembered = 1 << 16

// Guard counts isolations.
type Guard struct {
	Limits Limits

	seen     []int64 // terminals per partition; -1: not known
	isolated int64
	issues   []record.Micros // event times of isolations, sorted
	floor    record.Micros   // no isolation before it is remembered
}

// New returns a guard over a number of partitions of which nothing is known.
func New(limits Limits, partitions int32) *Guard {
	g := &Guard{Limits: limits, seen: make([]int64, partitions)}
	for i := range g.seen {
		g.seen[i] = -1
	}
	return g
}

// most bounds what a partition is believed to see, so that sums cannot wrap.
const most = 1 << 36

// Seen tells how many terminals a partition sees.
func (g *Guard) Seen(partition int32, terminals int64) { g.seen[partition] = min(terminals, most) }

// Room returns how many terminals may be isolated at once, and whether that is
// known. A partition that has not spoken yet counts as empty, which only makes
// the room smaller.
func (g *Guard) Room() (int64, bool) {
	total, known := int64(0), false
	for _, n := range g.seen {
		if n >= 0 {
			total, known = total+n, true
		}
	}
	return (total*g.Limits.SharePermille + 999) / 1000, known
}

// Isolated returns how many terminals are isolated.
func (g *Guard) Isolated() int64 { return g.isolated }

// Check says whether one more terminal may be isolated at a time.
func (g *Guard) Check(at record.Micros) Refusal {
	room, known := g.Room()
	switch {
	case !known:
		return NoPopulation
	case g.isolated >= room:
		return Share
	case g.floor != 0 && at < g.floor+window:
		return Forgotten
	case g.full(at):
		return Rate
	}
	return Admitted
}

// full reports whether some minute that contains at holds the limit already.
// Partitions advance one by one, so an isolation may come before others in
// event time; every run of PerMinute neighbours is looked at, not only the past.
func (g *Guard) full(at record.Micros) bool {
	limit := int(g.Limits.PerMinute)
	i, _ := slices.BinarySearch(g.issues, at)
	for first := max(0, i-limit); first <= i && first+limit <= len(g.issues); first++ {
		from, to := at, at
		if first < i {
			from = g.issues[first]
		}
		if last := first + limit - 1; last >= i {
			to = g.issues[last]
		}
		if to-from < window {
			return true
		}
	}
	return false
}

// Isolate counts a terminal that is newly isolated at a time.
func (g *Guard) Isolate(at record.Micros) {
	g.isolated++
	i, _ := slices.BinarySearch(g.issues, at)
	g.issues = slices.Insert(g.issues, i, at)
	if len(g.issues) > remembered {
		g.floor = g.issues[0] + 1
		g.issues = slices.Delete(g.issues, 0, 1)
	}
}

// Restored counts a terminal that is isolated already.
func (g *Guard) Restored() { g.isolated++ }

// Free counts a terminal that is isolated no longer.
func (g *Guard) Free() { g.isolated-- }

// Forget drops what no isolation from a time on can share a minute with, and
// reports whether there was anything.
func (g *Guard) Forget(from record.Micros) bool {
	n, _ := slices.BinarySearch(g.issues, from-window+1)
	g.issues = slices.Delete(g.issues, 0, n)
	return n > 0
}

// Windows returns what the rate limit remembers: the sorted event times of
// isolations and the time before which none is known. The slice is the guard's.
func (g *Guard) Windows() (issues []record.Micros, floor record.Micros) { return g.issues, g.floor }

// SetWindows restores what Windows returned.
func (g *Guard) SetWindows(issues []record.Micros, floor record.Micros) {
	g.issues, g.floor = slices.Clone(issues), floor
}
