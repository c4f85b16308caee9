package peer

import (
	"cmp"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// storms is the common-mode gate of cells and tracking areas: where three times as
// many terminals as usual lose their radio link or register anew, the cause is not in
// the terminal (detection reference 3.6). It counts terminals, not events: a loud one
// is one.
type storms struct {
	places  [stormPlaces]place
	changed [stormShards]bool // since the last cut
	until   pane.Number       // first pane in which there is no storm anywhere
}

// place is a cell or area, and what happens there.
type place struct {
	where uint64      // 0: free
	turn  pane.Number // ten minutes that who stands for
	until pane.Number // first pane without a storm
	usual uint32      // terminals in ten minutes, in parts of usualParts
	who   voters
}

// What happens, and where: the high half of where.
const (
	radioInCell = (iota + 1) << 32
	radioInArea
	registeredInCell
	registeredInArea
)

const (
	stormPlaces = 1024
	stormWays   = 4 // places that a cell or area may have
	stormShards = 16
	stormTimes  = 3 // of what is usual
	stormLeast  = 5 // terminals: fewer make no storm
	stormSpan   = pane.Number(10 * record.Minute / pane.Length)
	// usualParts: usual follows with a mean life of so many ten minutes, 21 h.
	usualParts = 128
	// calmTurns is after how many turns without anything usual is 0.
	calmTurns = 2048
)

// CountEvents takes what happened to a terminal in the pane of Begin. The terminal
// is named by a hash.
func (p *Peers) CountEvents(terminal uint64, events []pane.Event) {
	for i := range events {
		for _, where := range placesOf(&events[i]) {
			if where != 0 {
				p.storms.add(where, terminal, p.gate.now)
			}
		}
	}
}

// placesOf returns where an event counts; 0: nowhere.
func placesOf(e *pane.Event) (where [2]uint64) {
	switch {
	case e.Kind == record.KindRadioFailure:
		where = [2]uint64{radioInCell, radioInArea}
	case e.Kind == record.KindRegistration && record.RegistrationEvent(e.What) == record.InitialRegistration:
		where = [2]uint64{registeredInCell, registeredInArea}
	default:
		return where
	}
	for i, label := range [...]uint32{e.Cell, e.Area} {
		if where[i] |= uint64(label); label == 0 {
			where[i] = 0
		}
	}
	return where
}

// add counts a terminal.
func (s *storms) add(where, terminal uint64, n pane.Number) {
	at := s.room(where, n)
	if at < 0 {
		return
	}
	p := &s.places[at]
	p.roll(n / turnLength)
	p.who.add(terminal)
	s.changed[at/(stormPlaces/stormShards)] = true
	if count := p.who.count(); count >= stormLeast && count*usualParts >= stormTimes*int64(p.usual) {
		p.until = n + stormSpan
		s.until = max(s.until, p.until)
	}
}

// room returns the place of a cell or area. A new one takes a free place or that of
// the one that was quiet for longest; −1: there is none.
func (s *storms) room(where uint64, n pane.Number) int {
	first := setOf(where)
	best := -1
	for i := first; i < first+stormWays; i++ {
		p := &s.places[i]
		if p.where == where {
			return i
		}
		if p.where != 0 && (p.turn >= n/turnLength || p.until > n) {
			continue
		}
		if best < 0 || cmp.Or(cmp.Compare(p.turn, s.places[best].turn), cmp.Compare(p.where, s.places[best].where)) < 0 {
			best = i
		}
	}
	if best >= 0 {
		s.places[best] = place{where: where, turn: n / turnLength}
	}
	return best
}

// setOf returns the first place that a cell or area may have.
func setOf(where uint64) int { return int(mix(where, 0)>>8%(stormPlaces/stormWays)) * stormWays }

// roll begins ten minutes. What is usual takes in at most twice itself and a few: a
// storm does not become usual while it lasts.
func (p *place) roll(turn pane.Number) {
	if turn <= p.turn {
		return
	}
	seen := min(p.who.count(), 2*int64(p.usual)/usualParts+stormLeast)
	p.usual += uint32(seen) - (p.usual+usualParts-1)/usualParts
	for range min(turn-p.turn-1, calmTurns) {
		p.usual -= (p.usual + usualParts - 1) / usualParts
	}
	p.who, p.turn = voters{}, turn
}

// Storm reports whether one of the events was in a storm: many terminals had the
// same there.
func (p *Peers) Storm(events []pane.Event) bool {
	n := p.gate.now
	if p.storms.until <= n {
		return false
	}
	for i := range events {
		for _, where := range placesOf(&events[i]) {
			if where != 0 && p.storms.stormy(where, n) {
				return true
			}
		}
	}
	return false
}

// stormy reports whether there is a storm at a cell or area.
func (s *storms) stormy(where uint64, n pane.Number) bool {
	first := setOf(where)
	for i := range s.places[first : first+stormWays] {
		if p := &s.places[first+i]; p.where == where {
			return p.until > n
		}
	}
	return false
}
