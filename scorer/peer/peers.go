package peer

import (
	"cordon/scorer/pane"
)

// Peers is what a partition knows. New returns one that knows nothing.
type Peers struct {
	groups  []group
	index   map[uint64]int32 // places in groups
	answers map[Kind]Group   // of this hour: what Of found, which no pane of it changes
	hour    pane.Number      // since 1970; 0: none yet
	uses    prevalence
	gate    gate
	storms  storms
	gone    []uint64 // groups that were forgotten since the last committed cut
	leaving leaving
}

// New returns Peers that know nothing.
func New() Peers { return Peers{index: map[uint64]int32{}, answers: map[Kind]Group{}} }

// Begin begins the first pass over a pane, later than all before it. The secret is
// taken once in the life of a partition: it must be something that no terminal
// knows, such as the pseudonym of one, so that nobody can choose a destination that
// is counted together with a popular one.
func (p *Peers) Begin(n pane.Number, secret uint64) {
	if hour := n / panesPerHour; hour != p.hour {
		p.hour = hour
		p.refresh(n)
	}
	p.uses.roll(n)
	if p.uses.secret == 0 {
		p.uses.secret = secret | 1
	}
	p.gate.begin(n)
}

// End ends a pane: what its terminals used and reported counts from now on. Within the
// pane it would count for those alone who are judged after them.
func (p *Peers) End() { p.uses.settle() }

// panesPerHour turns panes into hours.
const panesPerHour = panesPerDay / 24

// refresh settles what groups say for an hour, so that it does not depend on who of
// a pane asks first.
func (p *Peers) refresh(n pane.Number) {
	clear(p.answers)
	for i := range p.groups {
		p.groups[i].refresh(n)
	}
}

// answersLimit bounds what is remembered of an hour: kinds are what terminals claim.
const answersLimit = 4096

// Of returns the group of a terminal as of the first pane of this hour.
func (p *Peers) Of(k Kind) Group {
	if found, known := p.answers[k]; known {
		return found
	}
	if len(p.answers) >= answersLimit {
		clear(p.answers)
	}
	found := p.search(k)
	p.answers[k] = found
	return found
}

// search looks for the narrowest group that has enough members, of those that know
// what is usual in them if there is one.
func (p *Peers) search(k Kind) (found Group) {
	everybody := int64(0)
	if at, known := p.index[all]; known {
		everybody = int64(p.groups[at].told.members)
	}
	for _, key := range k.wider() {
		at, known := p.index[key]
		if !known || p.groups[at].told.members < Needed {
			continue
		}
		told := &p.groups[at].told
		if found.Members == 0 || told.known {
			found = Group{
				key: key, Members: int64(told.members), All: everybody, Known: told.known, Usual: told.usual,
				Uplink: told.uplink, UplinkMost: told.uplinkMost, Starts: told.starts, StartsMost: told.startsMost,
			}
		}
		if told.known {
			break
		}
	}
	return found
}

// find returns a group, which is made where it is new and there is room.
func (p *Peers) find(key uint64, n pane.Number) *group {
	if key == 0 {
		return nil
	}
	at, known := p.index[key]
	if !known {
		if len(p.groups) >= groupLimit {
			p.reap(n)
		}
		if len(p.groups) >= groupLimit {
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

// reap forgets the groups that nobody was there of for a day, once a day.
func (p *Peers) reap(n pane.Number) {
	kept := p.groups[:0]
	for i := range p.groups {
		g := &p.groups[i]
		g.roll(n)
		if g.size() == 0 && g.key != all {
			p.gone = append(p.gone, g.key)
			delete(p.index, g.key)
			continue
		}
		p.index[g.key] = int32(len(kept))
		kept = append(kept, *g)
	}
	p.groups = kept
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
	m.day, m.usual = day, max(m.firsts, m.usual/2)
	m.firsts, m.uplink, m.starts = 0, 0, 0
}
