package peer

import (
	"cordon/scorer/pane"
)

// Peers is what a partition knows.
type Peers struct {
	groups  []group
	index   map[uint64]int32
	uses    prevalence
	gate    gate
	leaving leaving
}

// New returns Peers that know nothing.
func New() Peers { return Peers{index: map[uint64]int32{}} }

// Member is what is kept of a terminal for its group, 8 bytes.
type Member struct {
	day            pane.Number // that firsts and the levels are of, since 1970; 0: none
	firsts         uint8       // new destinations that answered
	usual          uint8       // of them on its days before, the older the less
	uplink, starts uint8       // highest levels per pane
}

// Today is what a pane of a terminal adds to its day.
type Today struct {
	Firsts         int
	Uplink, Starts uint8 // levels, see detect.LevelOf
	Trusted        bool  // nothing stands against the terminal: it may teach
}

// find returns a group, which is made where it is new and there is room.
func (p *Peers) find(key uint64, n pane.Number) *group {
	at, known := p.index[key]
	if !known {
		if key == 0 || len(p.groups) >= groupLimit {
			return nil
		}
		at = int32(len(p.groups))
		p.groups = append(p.groups, group{key: key, day: n / panesPerDay})
		p.index[key] = at
	}
	g := &p.groups[at]
	g.roll(n)
	return g
}

// Enter notes that a terminal is there, and what its last day was like when a new
// one begins.
func (p *Peers) Enter(m *Member, k Kind, n pane.Number) {
	day := n / panesPerDay
	if m.day == day {
		return
	}
	for _, key := range k.wider() {
		if g := p.find(key, n); g != nil {
			g.members[0]++
			g.changed = true
			if m.day != 0 {
				g.firsts.add(firstsLevel(m.firsts))
				g.uplink.add(m.uplink)
				g.starts.add(m.starts)
			}
		}
	}
	*m = Member{day: day, usual: max(m.firsts, m.usual/2)}
}

// firstsLevel spreads counts over the levels of a histogram: one bin each up to 62.
func firstsLevel(count uint8) uint8 { return min(count, 63) * 4 }

// Usual returns how many new destinations a day are usual for a terminal of the
// group: P99.9 of it, or what the terminal itself had lately, if that is less. A
// group of all kinds knows terminals that meet strangers all day; a meter among them
// does not.
func (m *Member) Usual(g *Group) uint8 { return min(g.Usual, m.usual) }

// Tells reports whether the terminal's destinations are worth counting: whoever
// meets strangers all day knows everybody, and would fill the counts with them.
func (m *Member) Tells() bool { return m.firsts < tellsMost }

// tellsMost is how many new destinations a terminal tells of in a day.
const tellsMost = 16

// Add adds a pane to the terminal's day.
func (m *Member) Add(t Today) {
	m.firsts = uint8(min(int(m.firsts)+t.Firsts, 255))
	if t.Trusted {
		m.uplink, m.starts = max(m.uplink, t.Uplink), max(m.starts, t.Starts)
	}
}

// Group is the narrowest group of a terminal that has enough members.
type Group struct {
	key     uint64
	Members int64 // 0: there is none that has enough
	All     int64 // terminals of any kind
	// Usual is what a new destination is worth less where they are common:
	// P99.9 of new ones in a terminal-day.
	Usual uint8
	// Uplink and Starts are levels: P99.9 and P99.99 of the highest amounts per pane
	// of a terminal-day; 0: not known.
	Uplink, Starts         uint8
	UplinkMost, StartsMost uint8
}

// Of returns the group of a terminal.
func (p *Peers) Of(k Kind, n pane.Number) Group {
	for _, key := range k.wider() {
		at, known := p.index[key]
		if !known {
			continue
		}
		g := &p.groups[at]
		g.roll(n)
		if g.size() < Needed {
			continue
		}
		found := Group{key: key, Members: g.size(), All: g.size()}
		if at, known := p.index[all]; known {
			found.All = p.groups[at].size()
		}
		if level, total := g.firsts.above(1000); total >= Needed {
			found.Usual = level/4 - 1
			found.Uplink, _ = g.uplink.above(1000)
			found.UplinkMost, _ = g.uplink.above(10_000)
			found.Starts, _ = g.starts.above(1000)
			found.StartsMost, _ = g.starts.above(10_000)
		}
		return found
	}
	return Group{}
}
