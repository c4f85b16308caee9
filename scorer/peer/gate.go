package peer

import (
	"math/bits"

	"cordon/internal/record"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// gate is the common-mode gate of destinations: what a fifth of those who know one
// fail to reach is down, and its failures are nobody's fault (detection reference
// 3.6). Destinations that somebody fails to reach are watched for some minutes, for
// most terminals call seldom: a loop that calls every second must not outvote them.
type gate struct{ watched [watchLimit]watch }

// watch is a destination that is watched.
type watch struct {
	key    pane.Key
	since  pane.Number // 0: the place is free
	last   pane.Number // of the last failure
	until  pane.Number // first pane in which it is no longer taken to be down
	failed [2]voters   // who failed to reach it, in these ten minutes and the ten before
	ok     [2]voters   // who reached it
	turn   pane.Number // ten minutes that failed[0] stands for
}

// voters is a set of terminals by hash: linear counting, exact enough up to some
// hundred and full beyond.
type voters [4]uint64

func (v *voters) add(terminal uint64) { v[terminal>>6%4] |= 1 << (terminal % 64) }

func (v voters) or(w voters) voters {
	for i := range v {
		v[i] |= w[i]
	}
	return v
}

// count estimates how many there are: −256 ln(free ÷ 256), by the harmonic numbers.
func (v voters) count() int64 {
	set := 0
	for _, word := range v {
		set += bits.OnesCount64(word)
	}
	sum := int64(0)
	for i := range min(set, 255) {
		sum += 256 * 1000 / int64(256-i)
	}
	return (sum + 500) / 1000
}

const (
	watchLimit = 64
	turnLength = pane.Number(10 * record.Minute / pane.Length)
	downSpan   = pane.Number(30 * record.Minute / pane.Length)
	watchSpan  = pane.Number(20 * record.Minute / pane.Length) // after the last failure
	downAfter  = pane.Number(2 * record.Minute / pane.Length)  // of watching
	downLeast  = 5                                             // who fail, at least
	downShare  = 5                                             // one in so many of those who tried
	usersShare = 20                                            // and one in so many of those who use it in a day
	commonMost = 20
	commonPart = 500
)

// Begin begins the first pass over a pane.
func (p *Peers) Begin(n pane.Number) {
	p.uses.roll(n)
	for i := range p.gate.watched {
		w := &p.gate.watched[i]
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
}

// Count takes a destination that a terminal has known to answer.
func (p *Peers) Count(terminal uint64, d *pane.Destination, n pane.Number) {
	fails := d.Answered == 0 && d.Began > 0
	w := p.gate.find(d.Key)
	switch {
	case !fails && (w == nil || d.Answered == 0):
		return
	case !fails:
		w.ok[0].add(terminal)
		return
	case w == nil:
		if w = p.gate.free(); w == nil {
			return
		}
		*w = watch{key: d.Key, since: n, turn: n / turnLength}
	}
	w.last = n
	w.failed[0].add(terminal)
}

// find returns a watched destination, or nil.
func (g *gate) find(k pane.Key) *watch {
	for i := range g.watched {
		if w := &g.watched[i]; w.since != 0 && w.key == k {
			return w
		}
	}
	return nil
}

// free returns a free place, or nil.
func (g *gate) free() *watch {
	for i := range g.watched {
		if g.watched[i].since == 0 {
			return &g.watched[i]
		}
	}
	return nil
}

// Decide ends the first pass: what enough fail to reach is down for half an hour.
func (p *Peers) Decide(n pane.Number) {
	for i := range p.gate.watched {
		w := &p.gate.watched[i]
		if w.last != n || w.since == 0 || n-w.since < downAfter {
			continue
		}
		failed, ok := w.failed[0].or(w.failed[1]).count(), w.ok[0].or(w.ok[1]).count()
		u := useOf(all, w.key)
		users := max(p.uses.of(u, today), p.uses.of(u, yesterday), p.uses.of(u, earlier))
		if failed >= downLeast && failed*downShare >= failed+ok && failed*usersShare >= users {
			w.until = n + downSpan
		}
	}
}

// isDown reports whether a destination is down, or a fallback for one: the same
// protocol and port, failing as well.
func (g *gate) isDown(d *pane.Destination, n pane.Number) bool {
	for i := range g.watched {
		k := &g.watched[i].key
		if g.watched[i].until > n && (*k == d.Key || d.Answered == 0 && k.Port == d.Port && k.Protocol == d.Protocol) {
			return true
		}
	}
	return false
}

// Shared returns what the other terminals of a group say of a destination.
func (p *Peers) Shared(g *Group, s *feature.Seen, n pane.Number) feature.Shared {
	shared := feature.Shared{Down: p.gate.isDown(s.Destination, n)}
	if g.Members < Needed {
		return shared
	}
	known := p.uses.tells(n)
	u := useOf(g.key, s.Key)
	fresh := max(p.uses.of(u, today), p.uses.of(u, yesterday))
	if known {
		shared.Members, shared.Users = g.Members, p.uses.of(u, earlier)
		// What nobody at all uses surprises more than what nobody of the group does.
		if users := p.uses.of(useOf(all, s.Key), earlier); g.All*(1+shared.Users) > g.Members*(1+users) {
			shared.Members, shared.Users = g.All, users
		}
	}
	// Upstream-heavy is not excused: what many send much to may be where it goes.
	shared.Common = s.Answered > 0 && s.UL <= 4*s.DL+commonBytes && fresh >= max(commonMost, g.Members/commonPart)
	return shared
}

// commonBytes of uplink are never heavy.
const commonBytes = 1 << 16

// Use counts a terminal that used a destination for the first time in a day.
func (p *Peers) Use(k Kind, d *pane.Destination) {
	for _, key := range k.wider() {
		if key != 0 {
			p.uses.add(useOf(key, d.Key))
		}
	}
}
