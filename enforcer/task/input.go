package task

import (
	"bytes"
	"slices"

	"cordon/enforcer/ladder"
	"cordon/internal/record"
)

// verdict moves the clock to its decision, which fires every earlier timer of
// the partition, then lets the terminal's case take it in.
func (t *Task) verdict(v *record.Verdict) {
	t.counters.Verdicts++
	p := t.input.Partition
	t.advance(p, v.DecidedAt)
	x := t.terminalOf(v)
	if !x.Newer(v) {
		t.counters.VerdictsRepeated++
		return
	}
	at := t.parts[p].clock
	traffic := t.rules.Believe(&x.Case, v, t.input.Offset)
	if traffic != ladder.NoEvent {
		t.step(x, ladder.Event{Kind: traffic, At: at})
	}
	t.step(x, ladder.Event{Kind: ladder.Believed, At: at})
}

// terminalOf returns the terminal of a verdict. After a key rotation what was
// known under the previous pseudonym goes on under the new one.
func (t *Task) terminalOf(v *record.Verdict) *terminal {
	x := t.terminals[v.Terminal]
	if x == nil || x.Belief.VerdictID.IsZero() {
		if former := t.terminals[v.PreviousTerminal]; former != nil {
			exempt := x != nil && x.Exempt
			t.drop(former)
			former.Terminal = v.Terminal
			if exempt {
				former.Exempt, former.ExemptUntil = true, x.ExemptUntil
			}
			x = former
		}
	}
	if x == nil {
		x = &terminal{Case: ladder.Case{Terminal: v.Terminal}, partition: unknownPartition}
	}
	t.terminals[v.Terminal] = x
	t.move(x, t.input.Partition)
	return x
}

// move lets a terminal follow the clock of a partition. It has one for life, as
// long as nobody changes what the log holds.
func (t *Task) move(x *terminal, to int32) {
	if from := x.partition; from != to && from != unknownPartition {
		t.parts[from].timers.Remove(x.Terminal)
		t.parts[from].waiting.Remove(x.Terminal)
	}
	x.partition = to
	t.schedule(x)
}

// drop forgets a terminal under its present name.
func (t *Task) drop(x *terminal) {
	delete(t.terminals, x.Terminal)
	if x.partition != unknownPartition {
		t.parts[x.partition].timers.Remove(x.Terminal)
		t.parts[x.partition].waiting.Remove(x.Terminal)
	}
	t.dirty.add(pieceKey{kind: pieceTerminal, terminal: x.Terminal})
}

// progress moves the clock of its partition.
func (t *Task) progress(g *record.Progress) {
	t.counters.Progress++
	p := t.input.Partition
	t.parts[p].seen = g.Terminals
	t.parts[p].generation = max(t.parts[p].generation, g.StateGeneration)
	t.guard.Seen(p, g.Terminals)
	t.advance(p, g.Time)
	t.dirty.add(pieceKey{kind: piecePartition, partition: p})
	if t.guard.Forget(t.watermark()) {
		t.dirty.add(pieceKey{kind: pieceGuard})
	}
}

// advance moves a partition's clock to a time, never backwards, and fires what
// is due on the way. During each timer the clock shows its due time.
func (t *Task) advance(p int32, to record.Micros) {
	part := &t.parts[p]
	for {
		turn, ok := part.timers.First()
		if !ok || turn.at > to {
			break
		}
		part.clock = max(part.clock, turn.at)
		t.fire(t.terminals[turn.id])
	}
	if to > part.clock {
		part.clock = to
		t.dirty.add(pieceKey{kind: piecePartition, partition: p})
	}
}

func (t *Task) fire(x *terminal) {
	due, kind := t.rules.Next(&x.Case)
	if kind == ladder.Forgotten {
		t.drop(x)
		return
	}
	t.step(x, ladder.Event{Kind: kind, At: due})
}

// ackEvents are what the states of an acknowledgement mean to a case.
var ackEvents = [...]ladder.EventKind{
	record.AckUnknown:  ladder.NoEvent,
	record.AckAccepted: ladder.AckedAccepted,
	record.AckApplied:  ladder.AckedApplied,
	record.AckRejected: ladder.AckedRejected,
	record.AckFailed:   ladder.AckedFailed,
	record.AckReleased: ladder.AckedReleased,
}

// ack takes a policy system's answer to the newest command about a terminal;
// answers to commands that were superseded no longer matter.
func (t *Task) ack(a *record.CommandAck) {
	t.counters.Acks++
	x := t.terminals[a.Terminal]
	if x == nil || a.CommandID.IsZero() || a.CommandID != x.Force.CommandID || int(a.State) >= len(ackEvents) {
		t.counters.AcksUnmatched++
		return
	}
	t.step(x, ladder.Event{Kind: ackEvents[a.State], At: t.clockOf(x)})
}

// clockOf returns the event time that a terminal lives in.
func (t *Task) clockOf(x *terminal) record.Micros {
	if x.partition == unknownPartition {
		return 0
	}
	return t.parts[x.partition].clock
}

// drain lets deferred terminals pass in the order in which they were first
// wanted, as far as the guards have room. A partition whose own minute is full
// does not hold back the others. What the record at hand deferred and stays
// deferred is audited, once.
func (t *Task) drain() {
	if p, _ := t.nextWaiting(nil); p < 0 {
		t.fresh = t.fresh[:0]
		return
	}
	blocked := make([]bool, len(t.parts))
	for {
		p, turn := t.nextWaiting(blocked)
		if p < 0 {
			break
		}
		at := t.parts[p].clock
		if refusal := t.admission(at); refusal != 0 {
			if refusal.ForAll() {
				break
			}
			blocked[p] = true
			continue
		}
		x, kind := t.terminals[turn.id], ladder.Admitted
		if t.stale(x) {
			kind = ladder.Unwanted
		}
		t.step(x, ladder.Event{Kind: kind, At: at})
	}
	for _, x := range t.fresh {
		t.tellDeferral(x)
	}
	t.fresh = t.fresh[:0]
}

// nextWaiting returns whose turn it is among the partitions not blocked, and
// the partition; -1 where nobody waits.
func (t *Task) nextWaiting(blocked []bool) (int, entry) {
	best, first := -1, entry{}
	for p := range t.parts {
		if turn, ok := t.parts[p].waiting.First(); ok && (blocked == nil || !blocked[p]) && (best < 0 || turn.before(first)) {
			best, first = p, turn
		}
	}
	return best, first
}

// stale reports whether a terminal's verdict is of a state that the scorer has
// lost. It says its open cases again when it only starts a new generation.
func (t *Task) stale(x *terminal) bool {
	return x.partition != unknownPartition && x.Belief.Generation < t.parts[x.partition].generation
}

// switchMode undoes what was ordered in the other mode, terminal by terminal.
func (t *Task) switchMode() {
	for _, x := range t.active() {
		if x.State.InForce() && x.Force.Mode != t.rules.Mode {
			t.step(x, ladder.Event{Kind: ladder.ModeChanged, At: t.clockOf(x)})
		}
	}
}

// active returns the terminals with a measure in force or wanted, by name. All
// of them stand in an agenda.
func (t *Task) active() []*terminal {
	var list []*terminal
	for p := range t.parts {
		for _, agenda := range []*agenda{&t.parts[p].timers, &t.parts[p].waiting} {
			for _, turn := range agenda.entries {
				if x := t.terminals[turn.id]; x.State.InForce() || x.State.Waits() {
					list = append(list, x)
				}
			}
		}
	}
	slices.SortFunc(list, func(a, b *terminal) int { return bytes.Compare(a.Terminal[:], b.Terminal[:]) })
	return slices.Compact(list)
}
