package task

import (
	"slices"

	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/scorer/detect"
	"cordon/scorer/feature"
	"cordon/scorer/judge"
	"cordon/scorer/pane"
)

// trusted is the evidence below which a terminal's destinations may become
// known: more, and an attacker would teach us his own (reference 3.8).
const trusted = 6 * detect.Nat

// follow lets the watermark go where the clocks allow, judging every pane it
// passes. A run of panes is one step with one Progress; what is decided in it
// does not depend on how the run is cut.
func (t *Task) follow(out *stream.Effects) {
	to, moves := t.clock.next()
	if !moves {
		return
	}
	if !t.clock.running {
		t.clock.running = true
		t.ring.Jump(pane.Of(to))
	}
	t.clock.watermark = to
	last := pane.Of(to)
	passed := t.ring.First() < last
	for t.ring.First() < last {
		t.skip(last)
		t.release(out) // before its pane is closed, where a gap was skipped up to it
		if t.ring.First() < last {
			t.close(out)
		}
	}
	t.release(out)
	t.coverage.reach(t.ring.First() - 1)
	if passed {
		t.progress(out)
	}
}

// skip goes over panes in which nothing can happen: no terminal has one open,
// no record waits for one, no case has its turn, nobody may be missed and no change
// is due.
func (t *Task) skip(last pane.Number) {
	if !t.ring.Empty() {
		return
	}
	if n, some := t.waiting.earliest(); some {
		last = min(last, n)
	}
	if n, some := t.cases.first(); some {
		last = min(last, n)
	}
	if n, some := t.vigils.first(); some {
		last = min(last, n)
	}
	if n, some := t.changes.First(); some {
		last = min(last, n)
	}
	t.ring.Jump(max(last, t.ring.First()))
}

// release adds the waiting records whose pane is open now.
func (t *Task) release(out *stream.Effects) {
	if len(t.waiting.records) == 0 {
		return
	}
	for _, h := range t.waiting.take(t.ring.First() + pane.Width) {
		if t.decoder.DecodeTelemetry(h.value, &t.telemetry) == nil { // it was decoded when it came
			t.place(h.pane, out)
		}
	}
}

// close judges the first open pane: its terminals, those whose open case has its
// turn and those that are missed, in the order of their pseudonyms.
func (t *Task) close(out *stream.Effects) {
	n := t.ring.First()
	table := t.ring.Table(n)
	t.order = t.order[:0]
	for i := range table.Len() {
		t.enlist(table.Slot(i).Owner)
	}
	t.amend(n)
	t.turns = t.cases.due(n, t.turns[:0])
	for _, number := range t.turns {
		if t.ring.Find(n, &t.roster.look(number).open) == nil {
			t.enlist(number)
		}
	}
	missed := t.listen(n)
	t.arrange()
	if missed { // some may have their turn as well
		t.order = slices.Compact(t.order)
	}
	t.census.advance(n)
	t.coverage.reach(n)
	t.survey(n)
	for i, o := range t.order {
		if i%ahead == 0 {
			t.fetch(n, t.order[i:min(i+ahead, len(t.order))])
		}
		t.step(n, o.number, out)
	}
	t.peers.End()
	t.ring.Close()
}

// step judges one terminal at the end of pane n: features, evidence, case,
// memory, in this order.
func (t *Task) step(n pane.Number, number int32, out *stream.Effects) {
	term := t.roster.at(number)
	slot := t.ring.Find(n, &term.open)
	if slot != nil && term.first != 0 && term.expired(n) {
		t.renew(number)
	}
	if c := t.roster.caseOf(term); c != nil {
		c.Idle(t.roster.standing(term), n-1)
	}
	if slot != nil {
		term.open[n%pane.Width] = 0
		idle := n - term.last
		t.see(term, slot, n)
		t.weigh(term, feature.Pane{Number: n, Table: t.ring.Table(n), Slot: slot})
		t.pause(term, n, idle)
	}
	t.judge(n, number, out)
	if slot != nil {
		t.learn(term, n)
		t.vigil(number)
	}
	t.touch(number)
}

// learn lets memory take in what the pane that was judged shows.
func (t *Task) learn(term *terminal, n pane.Number) {
	levels := t.levels
	if term.parts.file != 0 { // the judge may have lowered them
		levels = t.roster.standing(term).At(n)
	}
	calm := t.calm(term, &levels)
	t.teach(term, calm)
	t.reader.Learn(&t.vector, &term.memory, calm)
	if calm {
		term.habit.Learn(n, detect.Amounts{Value: t.vector.Uplink.Value, Normal: t.normal[0].Value},
			detect.Amounts{Value: t.vector.Starts.Value, Normal: t.normal[1].Value})
	}
	t.roster.forget(term, n)
}

// calm reports whether a terminal may teach: little stands against it, and no case
// is open.
func (t *Task) calm(term *terminal, standing *detect.Levels) bool {
	c := t.roster.cases.look(term.parts.file)
	return (c == nil || !c.Open) && standing.OutsideVolume() < trusted
}

// renew forgets what is too old to be kept, as if the terminal were new. Its
// open panes stay.
func (t *Task) renew(number int32) {
	term := t.roster.at(number)
	t.cases.remove(number)
	t.vigils.remove(number)
	t.roster.dropParts(term)
	t.census.leave(term)
	*term = terminal{id: term.id, open: term.open, flags: term.flags &^ flagEmergency}
}

// see notes that the terminal was there, and where.
func (t *Task) see(term *terminal, slot *pane.Slot, n pane.Number) {
	t.census.leave(term)
	if term.first == 0 {
		term.first = n
	}
	term.last = n
	t.census.enter(term)
	before := term.context
	overlay(&term.context, &slot.Context)
	t.recast(term, &before)
	if on, off := slot.Context.EmergencyOn, slot.Context.EmergencyOff; on|off != 0 && term.is(flagEmergency) != (on >= off) {
		term.set(flagEmergency, on >= off)
		if c := t.roster.caseOf(term); c != nil {
			c.Changed = true
		}
	}
}

// weigh turns a pane into evidence and puts it into the terminal's case, which
// begins with the first evidence outside the volume family.
func (t *Task) weigh(term *terminal, p feature.Pane) {
	term.memory.Age(p.Number)
	t.reader.Read(p, t.vouched(term, p), &t.vector)
	before := t.roster.standing(term).At(p.Number - 1)
	term.habit.Advance(p.Number)
	t.peers.Enter(&term.member, t.kind(&term.context), p.Number)
	t.compareWithPeers(term, p.Number)
	t.vouch(term)
	t.consult()
	ref := t.reference(term, p.Number, &before)
	t.detect(term, &ref)
	t.normal = [2]detect.Normal{ref.Uplink, ref.Starts}
	after := t.roster.standing(term).At(p.Number)
	t.levels = after
	c := t.roster.caseOf(term)
	switch {
	case worthACase(&before, &after) && (c == nil || c.Stale(before, p.Number)):
		c = t.roster.cases.open(&term.parts.file)
		c.Begin(before, p.Number)
	case c != nil && after.OutsideVolume()+after.Malfunction() == 0 && c.Stale(before, p.Number):
		t.roster.cases.drop(&term.parts.file)
		c = nil
	}
	if c != nil {
		seen := judge.Seen{Vector: &t.vector, Uplink: ref.Uplink, Starts: ref.Starts, Before: &before}
		if d := t.roster.destinations.look(term.parts.destinations); d != nil {
			seen.Suspect, seen.Named = d.Blamed(p.Number)
		}
		c.Take(&t.rule, seen)
	}
}

// worthACase reports whether a pane gave cause to write down what is held against
// the terminal: contacts that fail and unanswered uplink from the first on, for
// their evidence is told by its counts; the rest, which tells of itself, when half
// of what makes a case stands.
func worthACase(before, after *detect.Levels) bool {
	for _, f := range [...]detect.Family{detect.Scanning, detect.Flooding} {
		if after.Of[f] > before.Of[f] {
			return true
		}
	}
	return after.OutsideVolume() > max(before.OutsideVolume(), trusted) || after.Malfunction() > max(before.Malfunction(), trusted)
}

// judge lets the case of a terminal go on, and tells what became of it.
func (t *Task) judge(n pane.Number, number int32, out *stream.Effects) {
	term := t.roster.at(number)
	c := t.roster.caseOf(term)
	if c == nil {
		return
	}
	standing := t.editable(term)
	status := t.rule.Step(c, standing, n)
	if status != record.StatusUnknown {
		term.told = n
		term.sequence++
		if status == record.StatusRaised {
			term.habit.Forget()
		}
		t.tell(term, status, n, out)
		c.Told(standing, n)
	}
	switch {
	case !c.Open:
		t.cases.remove(number)
	case term.last == n: // most likely it goes on
		t.cases.set(number, n+1)
	default:
		t.cases.set(number, t.rule.Wake(c, standing, n))
	}
}
