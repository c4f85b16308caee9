package task

import (
	"encoding/binary"
	"slices"

	"cordon/scorer/detect"
	"cordon/scorer/pane"
	"cordon/scorer/peer"
)

// survey looks at what all terminals of a pane did, before any of them is judged:
// what befalls many at once is done to them. The order of the terminals is settled.
func (t *Task) survey(n pane.Number) {
	t.releases.Begin(n)
	table := t.ring.Table(n)
	secret := uint64(0)
	if len(t.order) > 0 {
		secret = t.order[0].prefix
	}
	t.peers.Begin(n, secret)
	for _, o := range t.concerned(n) {
		term := t.roster.look(o.number)
		slot := t.ring.Find(n, &term.open)
		terminal := binary.LittleEndian.Uint64(term.id[8:])
		if slot.Happened > 0 {
			t.events = table.Events(slot, t.events[:0])
			t.releases.Add(t.events)
			t.peers.CountEvents(terminal, t.events)
		}
		t.kept = table.Destinations(slot, t.kept[:0])
		for _, d := range t.kept {
			if d.Remote() && term.memory.Answered(d.Hash) {
				t.peers.Count(terminal, d)
			}
		}
	}
	t.peers.Decide(n)
	t.gate.Sessions = t.settings.Gate.Enabled && t.releases.Hold(t.census.total())
}

// concerned returns the terminals of a pane that survey has to look at, in the order
// of their pseudonyms: those to which something happened and those whose destinations
// peers count. That is told from the panes, which lie side by side; the terminals
// themselves, of which most have nothing to tell, do not.
func (t *Task) concerned(n pane.Number) []ordered {
	table := t.ring.Table(n)
	t.looked = t.looked[:0]
	for i := range table.Len() {
		slot := table.Slot(i)
		t.kept = table.Destinations(slot, t.kept[:0])
		if slot.Happened > 0 || slices.ContainsFunc(t.kept, t.peers.Counts) {
			t.looked = append(t.looked, t.ordered(slot.Owner))
		}
	}
	slices.SortFunc(t.looked, t.compare)
	return t.looked
}

// kind returns what a terminal is grouped by.
func (t *Task) kind(c *pane.Context) peer.Kind {
	return peer.Kind{
		TypeAllocationCode: t.names.label(c.TypeAllocationCode), DNN: t.names.label(c.DNN),
		SNSSAI: t.names.label(c.SNSSAI), InternalGroup: t.names.label(c.InternalGroupID),
	}
}

// compareWithPeers fills in what the other terminals say of the destinations of the
// pane that was read, and takes back what is nobody's fault.
func (t *Task) compareWithPeers(term *terminal, n pane.Number) {
	t.peers.Report(&term.member, t.vector.Events)
	t.group = peer.Group{}
	if t.settings.Peers.Enabled {
		t.group = t.peers.Of(t.kind(&term.context))
	}
	seed := pane.SeedOf(term.id)
	outage := t.peers.Outage(func(k pane.Key) bool { return term.memory.Answered(k.Hash(seed)) }, n)
	for i := range t.vector.Seen {
		s := &t.vector.Seen[i]
		if s.Known && s.Answered > 0 || s.Inbound {
			continue
		}
		s.Peers = t.peers.Shared(&t.group, s, n)
		s.Peers.Down = s.Peers.Down || outage.Excuses(s.Destination)
		if s.Peers.Members > 0 {
			s.Peers.Usual = int32(detect.Ln(uint64(term.member.Usual(&t.group)) + 1))
		}
		if !t.settings.Gate.Enabled {
			s.Peers.Down, s.Peers.Common = false, false
		}
		if s.Peers.Down {
			t.vector.Excuse(s)
		}
	}
}

// unusual is the share of a group, one in so many, that may use a destination while
// it still surprises: what more of them use is no stranger.
const unusual = 20

// teach lets the group of a terminal know what its pane was like.
func (t *Task) teach(term *terminal, trusted bool) {
	today := peer.Today{Uplink: detect.LevelOf(t.vector.Uplink.Value), Starts: detect.LevelOf(t.vector.Starts.Value), Trusted: trusted}
	for i := range t.vector.Seen {
		s := &t.vector.Seen[i]
		if s.Answered == 0 || s.Inbound || s.Service {
			continue
		}
		if !s.Met && s.Peers.Users*unusual <= s.Peers.Members {
			today.Firsts++
		}
		if trusted && !s.Today && term.member.Tells() {
			t.peers.Use(t.kind(&term.context), s.Destination)
		}
	}
	term.member.Add(today)
}
