package peer

import (
	"bytes"
	"cmp"
	"slices"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// gate is the common-mode gate of destinations: what a fifth of those who know one
// fail to reach is down, and its failures are nobody's fault (detection reference
// 3.6). Destinations that somebody fails to reach are watched for some minutes, for
// most terminals call seldom: a loop that calls every second must not outvote them.
type gate struct {
	watched [watchLimit]watch
	tags    [watchTags / 64]uint64 // bits of the watched ones' hashes: most others are told apart by them
	downTo  pane.Number            // first pane in which none is down
	now     pane.Number
	failing []failure // of this pane, at destinations that are not watched
	runs    []run
}

// watch is a destination that is watched.
type watch struct {
	key    pane.Key
	hash   uint64
	since  pane.Number // 0: the place is free
	last   pane.Number // of the last failure
	until  pane.Number // first pane in which it is no longer taken to be down
	turn   pane.Number // ten minutes that failed[0] and ok[0] stand for
	failed [2]voters   // who failed to reach it, in these ten minutes and the ten before
	ok     [2]voters   // who reached it
}

// failure is a destination that a terminal failed to reach.
type failure struct {
	key            pane.Key
	hash, terminal uint64
}

const (
	watchLimit = 128
	watchTags  = 2048
	// failingLimit bounds the failures of a pane at destinations that are not watched
	// yet; they come again.
	failingLimit = 1 << 16
	turnLength   = pane.Number(10 * record.Minute / pane.Length)
	downSpan     = pane.Number(30 * record.Minute / pane.Length)
	watchSpan    = pane.Number(20 * record.Minute / pane.Length) // after the last failure
	downAfter    = pane.Number(2 * record.Minute / pane.Length)  // of watching
	downLeast    = 5                                             // who fail, at least
	downShare    = 5                                             // one in so many of those who tried
	usersShare   = 20                                            // and one in so many of those who use it in a day
)

// begin lets time go to a pane.
func (g *gate) begin(n pane.Number) {
	g.now, g.failing = n, g.failing[:0]
	for i := range g.watched {
		w := &g.watched[i]
		if w.since == 0 {
			continue
		}
		if n-w.last >= watchSpan && w.until <= n {
			*w = watch{}
			continue
		}
		if turn := n / turnLength; turn != w.turn {
			w.failed[1], w.ok[1] = w.failed[0], w.ok[0]
			if turn > w.turn+1 {
				w.failed[1], w.ok[1] = voters{}, voters{}
			}
			w.failed[0], w.ok[0], w.turn = voters{}, voters{}, turn
		}
	}
	g.tag()
}

// tag notes which hashes are watched, and until when anything is down.
func (g *gate) tag() {
	g.tags, g.downTo = [watchTags / 64]uint64{}, 0
	for i := range g.watched {
		if w := &g.watched[i]; w.since != 0 {
			g.tags[w.hash/64%(watchTags/64)] |= 1 << (w.hash % 64)
			g.downTo = max(g.downTo, w.until)
		}
	}
}

// find returns a watched destination, or nil.
func (g *gate) find(k *pane.Key, hash uint64) *watch {
	if g.tags[hash/64%(watchTags/64)]&(1<<(hash%64)) == 0 {
		return nil
	}
	for i := range g.watched {
		if w := &g.watched[i]; w.hash == hash && w.since != 0 && w.key == *k {
			return w
		}
	}
	return nil
}

// Counts reports whether Count may take note of a destination in the pane of Begin:
// somebody fails to reach it, in this pane or lately.
func (p *Peers) Counts(d *pane.Destination) bool {
	if d.Answered == 0 {
		return d.Began > 0
	}
	return p.gate.find(&d.Key, hashOf(&d.Key)) != nil
}

// Count takes a destination that a terminal has known to answer. The terminal is
// named by a hash.
func (p *Peers) Count(terminal uint64, d *pane.Destination) {
	fails := d.Answered == 0 && d.Began > 0
	if !fails && d.Answered == 0 {
		return
	}
	hash := hashOf(&d.Key)
	switch w := p.gate.find(&d.Key, hash); {
	case w == nil && fails && len(p.gate.failing) < failingLimit:
		p.gate.failing = append(p.gate.failing, failure{d.Key, hash, terminal})
	case w != nil && fails:
		w.failed[0].add(terminal)
		w.last = p.gate.now
	case w != nil:
		w.ok[0].add(terminal)
	}
}

// Decide ends the first pass: what enough fail to reach is down for half an hour.
func (p *Peers) Decide(n pane.Number) {
	p.gate.admit(n)
	for i := range p.gate.watched {
		w := &p.gate.watched[i]
		if w.last != n || w.since == 0 || n-w.since < downAfter {
			continue
		}
		failed, ok := w.failed[0].or(w.failed[1]).count(), w.ok[0].or(w.ok[1]).count()
		if failed >= downLeast && failed*downShare >= failed+ok && p.serves(networkOf(&w.key), failed, n) {
			w.until = n + downSpan
		}
	}
	p.gate.tag()
}

// serves reports whether a destination is a service that so many are part of the
// users of: one in twenty at least, and once that is known it must have had as many
// the day before yesterday or earlier as make it down. Else the command and control
// of a botnet that is taken down would be excused.
func (p *Peers) serves(hash uint64, failed int64, n pane.Number) bool {
	users := p.uses.of(p.uses.useOf(all, hash))
	most := max(users[today], users[yesterday], users[earlier])
	return failed*usersShare >= int64(most) && (users[earlier] >= downLeast || !p.uses.tells(n))
}

// compare orders failures by destination.
func (f *failure) compare(o *failure) int {
	a, b := &f.key, &o.key
	return cmp.Or(cmp.Compare(f.hash, o.hash), bytes.Compare(a.Address[:], b.Address[:]), cmp.Compare(a.Port, b.Port),
		cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Form, b.Form))
}

// run is the failures of a pane at one destination.
type run struct{ from, to, failed int32 }

// admit begins to watch what failed in this pane: first what most failed to reach.
// What only one or two do makes room, the longest ago first.
func (g *gate) admit(n pane.Number) {
	slices.SortFunc(g.failing, func(a, b failure) int { return a.compare(&b) })
	g.runs = g.runs[:0]
	for i := range g.failing {
		if i == 0 || g.failing[i].compare(&g.failing[i-1]) != 0 {
			g.runs = append(g.runs, run{from: int32(i)})
		}
		g.runs[len(g.runs)-1].to = int32(i) + 1
	}
	for i := range g.runs {
		who := g.voters(g.runs[i])
		g.runs[i].failed = int32(who.count())
	}
	slices.SortStableFunc(g.runs, func(a, b run) int { return cmp.Compare(b.failed, a.failed) })
	for _, r := range g.runs[:min(len(g.runs), watchLimit)] {
		if w := g.room(n, int64(r.failed)); w != nil {
			first := &g.failing[r.from]
			*w = watch{key: first.key, hash: first.hash, since: n, last: n, turn: n / turnLength}
			w.failed[0] = g.voters(r)
		}
	}
}

// voters returns who failed at the destination of a run.
func (g *gate) voters(r run) (v voters) {
	for _, f := range g.failing[r.from:r.to] {
		v.add(f.terminal)
	}
	return v
}

// lonely is how many may fail at a destination while it still makes room for one at
// which as many do.
const lonely = 2

// room returns a free place, or the one of those whom fewest failed to reach, the
// longest ago, if they are no more than a number and it is not down.
func (g *gate) room(n pane.Number, failed int64) *watch {
	var found *watch
	few := max(failed, lonely) + 1
	for i := range g.watched {
		w := &g.watched[i]
		if w.since == 0 {
			return w
		}
		if w.until > n || w.last == n {
			continue
		}
		count := w.failed[0].or(w.failed[1]).count()
		if count < few || found != nil && count == few && cmp.Or(cmp.Compare(w.last, found.last), cmp.Compare(w.hash, found.hash)) < 0 {
			found, few = w, count
		}
	}
	return found
}

// isDown reports whether a destination is down.
func (g *gate) isDown(k *pane.Key, hash uint64, n pane.Number) bool {
	if g.downTo <= n {
		return false
	}
	w := g.find(k, hash)
	return w != nil && w.until > n
}
