package task

import (
	"encoding/binary"

	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/scorer/detect"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
	"cordon/scorer/profile"
)

// kindChange is the kind of a change's piece: + its number, 8 bytes.
const kindChange = 'c'

// changes are what people say of terminals: profiles, decisions, destination lists.
// They wait in the table until the first pane that closes at or after their time.
type changes struct {
	profile.Table
	memory feature.Memory // scratch: of a terminal, with what is vouched for
	keys   []pane.Key     // scratch: what a case is about
}

// change takes one in.
func (t *Task) change(rec any, value []byte, origin position, out *stream.Effects) {
	t.counts.changes++
	switch t.changes.Add(rec, value) {
	case profile.Invalid:
		t.refuse(record.DeadOutOfRange, origin, out)
	case profile.Full:
		t.refuse(record.DeadHeldTooMany, origin, out)
	}
}

// amend lets changes take effect in pane n, before anybody is judged. Terminals with
// an open case that are concerned get their turn at once: their verdict tells of it.
func (t *Task) amend(n pane.Number) {
	for _, c := range t.changes.Apply(n) {
		t.eachOf(c.Subject, func(number int32) { t.concern(number, c, n) })
	}
}

// eachOf calls each for every terminal that a subject covers.
func (t *Task) eachOf(s profile.Subject, each func(number int32)) {
	if !s.Terminal.IsZero() {
		if number, known := t.roster.find(&s.Terminal); known {
			each(number)
		}
		return
	}
	for number := range t.roster.terminals.Len() {
		if term := t.roster.look(number); term.is(flagLive) && s.Covers(t.who(term)) {
			each(number)
		}
	}
}

// concern lets a change act on one terminal.
func (t *Task) concern(number int32, c profile.Change, n pane.Number) {
	term := t.roster.look(number)
	if c.Kind == profile.Benign && !c.Ended {
		t.acquit(number, c, n)
	}
	file := t.roster.cases.edit(term.parts.file)
	if file == nil || !file.Open || c.Kind == profile.Setting || c.Kind == profile.Allow {
		return
	}
	file.Changed = true
	t.cases.set(number, n)
}

// acquit takes away all that stands against a terminal, as an operator's BENIGN
// asks: its case is cleared in this pane, and it may learn again. What it learned
// before stays, and what the case was about is excused while the decision holds.
func (t *Task) acquit(number int32, c profile.Change, n pane.Number) {
	term := t.roster.at(number)
	t.changes.keys = t.changes.keys[:0]
	if d := t.roster.destinations.look(term.parts.destinations); d != nil {
		if blamed, some := d.Blamed(n - 1); some {
			t.changes.keys = append(t.changes.keys, blamed)
		}
	}
	if file := t.roster.caseOf(term); file != nil {
		file.Idle(t.roster.standing(term), n-1) // what stood until now is part of its trend
		for _, d := range file.Destinations() {
			t.changes.keys = append(t.changes.keys, d.Key)
		}
	}
	t.changes.Excuse(c, t.changes.keys)
	if d := t.roster.device.look(term.parts.device); d != nil && d.Missing() {
		term.set(flagLeft, true) // nobody misses it any more
	}
	term.evidence.Acquit()
	if d := t.roster.destinations.edit(term.parts.destinations); d != nil {
		term.habit.Accept(d)
		d.Acquit()
	}
	if c := t.roster.control.edit(term.parts.control); c != nil {
		c.Acquit()
	}
	if d := t.roster.device.edit(term.parts.device); d != nil {
		d.Acquit(t.names.label(term.context.TrackingAreaCode))
	}
	t.touch(number)
}

// who returns the names that changes know a terminal by.
func (t *Task) who(term *terminal) profile.Subject {
	return profile.Subject{
		Terminal:           term.id,
		InternalGroupID:    t.names.strings[term.context.InternalGroupID],
		TypeAllocationCode: t.names.strings[term.context.TypeAllocationCode],
	}
}

// vouched returns the memory that a pane is read with: the terminal's own, with the
// destinations that people vouch for as known ones. It is valid until the next call.
func (t *Task) vouched(term *terminal, p feature.Pane) *feature.Memory {
	if !t.changes.Allows() {
		return &term.memory
	}
	memory, who := &term.memory, t.who(term)
	t.kept = p.Table.Destinations(p.Slot, t.kept[:0])
	for _, d := range t.kept {
		if !t.changes.Allowed(who, d.Key) {
			continue
		}
		if memory == &term.memory {
			t.changes.memory = term.memory
			memory = &t.changes.memory
		}
		memory.Vouch(d.Hash)
	}
	return memory
}

// vouch marks the destinations of the pane that was read that people vouch for: no
// profile has to allow them.
func (t *Task) vouch(term *terminal) {
	if !t.changes.Allows() {
		return
	}
	who := t.who(term)
	for i := range t.vector.Seen {
		s := &t.vector.Seen[i]
		s.Vouched = t.changes.Allowed(who, s.Key)
	}
}

// consult holds the destinations of the pane that was read against the lists. One
// that is listed counts as a report of others, with the confidence as its level.
func (t *Task) consult() {
	if !t.changes.Lists() {
		return
	}
	e := pane.Event{Kind: record.KindExternalException, What: uint8(record.WrongDestinationAddress), Outcome: 1}
	for i := range t.vector.Seen {
		s := &t.vector.Seen[i]
		if s.Inbound || s.Flows == 0 {
			continue
		}
		if level := t.changes.Listed(s.Key); level > e.Count {
			e.Count, e.Cause, e.Session, e.Cell = level, s.Protocol, s.Port, s.End()
		}
	}
	if e.Count > 0 {
		t.vector.Events = append(t.vector.Events, e)
	}
}

// provision puts what is provisioned for a terminal into its reference.
func (t *Task) provision(term *terminal, ref *detect.Reference) {
	if t.changes.Len() == 0 {
		return
	}
	if ref.Profile = t.changes.Expected(t.who(term)); ref.Profile == nil {
		return
	}
	if limit := ref.Profile.Uplink; limit != 0 && limit < ref.Uplink.Value {
		ref.Uplink = detect.Normal{Value: limit, From: record.ReferenceProfile}
	}
}

// recast notes that a terminal has another group or type than before, for which
// another criticality may hold: an open case tells of it.
func (t *Task) recast(term *terminal, before *pane.Context) {
	now := &term.context
	if t.changes.Len() == 0 || now.InternalGroupID == before.InternalGroupID && now.TypeAllocationCode == before.TypeAllocationCode {
		return
	}
	if c := t.roster.caseOf(term); c != nil {
		c.Changed = true
	}
}

// criticality says whether a machine may isolate a terminal.
func (t *Task) criticality(term *terminal) record.Criticality {
	if t.changes.Len() == 0 {
		return record.CriticalityNormal
	}
	return t.changes.Criticality(t.who(term))
}

// addChanges adds the pieces of changes to a cut.
func addChanges(cut *stream.Cut, pieces []profile.Piece) {
	for _, p := range pieces {
		cut.Add(changeKey(p.Number), p.Value)
	}
}

// changeKey is the key of a change's piece.
func changeKey(number uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{kindChange}, number)
}
