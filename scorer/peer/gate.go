package peer

import (
	"cordon/internal/record"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// gate is the common-mode gate of destinations: what a fifth of those who know one
// fail to reach at once is down, and its failures are nobody's fault (detection
// reference 3.6).
type gate struct {
	votes map[pane.Key]vote // of the pane at hand
	down  [downLimit]down
}

// vote is how those who know a destination fared with it in a pane.
type vote struct{ failed, ok int32 }

// down is a destination that is down.
type down struct {
	key   pane.Key
	until pane.Number // first pane in which it is no longer taken to be
}

const (
	downLimit  = 64
	downSpan   = pane.Number(30 * record.Minute / pane.Length)
	downLeast  = 5 // who fail, at least
	downShare  = 5 // one in so many of those who tried
	commonMost = 20
	commonPart = 500
)

// Begin begins the first pass over a pane.
func (p *Peers) Begin(n pane.Number) {
	p.uses.roll(n)
	if p.gate.votes == nil {
		p.gate.votes = map[pane.Key]vote{}
	}
	clear(p.gate.votes)
}

// Count takes a destination that the terminal has known to answer.
func (p *Peers) Count(d *pane.Destination) {
	v := p.gate.votes[d.Key]
	if d.Answered > 0 {
		v.ok++
	} else if d.Began > 0 {
		v.failed++
	}
	p.gate.votes[d.Key] = v
	if v.failed >= downLeast { // it may be down: noted once all have voted
		p.gate.suspect(d.Key)
	}
}

// suspect notes a destination whose votes are to be looked at.
func (g *gate) suspect(k pane.Key) {
	oldest := 0
	for i := range g.down {
		if g.down[i].key == k {
			return
		}
		if less(&g.down[i], &g.down[oldest]) {
			oldest = i
		}
	}
	if g.down[oldest].until == 0 {
		g.down[oldest] = down{key: k}
	}
}

// less orders places by how soon they are free.
func less(a, b *down) bool { return a.until < b.until }

// Decide ends the first pass: those that a fifth fail to reach are down for half an
// hour.
func (p *Peers) Decide(n pane.Number) {
	for i := range p.gate.down {
		d := &p.gate.down[i]
		if v := p.gate.votes[d.key]; v.failed >= downLeast && v.failed*downShare >= v.failed+v.ok {
			d.until = n + downSpan
		}
		if d.until <= n {
			*d = down{}
		}
	}
}

// isDown reports whether a destination is down, or a fallback for one: the same
// protocol and port, failing as well.
func (g *gate) isDown(d *pane.Destination, n pane.Number) bool {
	for i := range g.down {
		k := &g.down[i].key
		if g.down[i].until > n && (*k == d.Key || d.Answered == 0 && k.Port == d.Port && k.Protocol == d.Protocol) {
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
	aged := p.uses.of(u, earlier)
	fresh := max(p.uses.of(u, today), p.uses.of(u, yesterday))
	if known {
		shared.Members, shared.Users = g.Members, aged
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
		p.uses.add(useOf(key, d.Key))
	}
}
