package task

import (
	"cordon/enforcer/ladder"
	"cordon/internal/record"
)

// decision carries out what an operator decided, and audits it whether it can
// be carried out or not.
func (t *Task) decision(d *record.OperatorDecision) {
	t.counters.Decisions++
	if !t.carryOut(d) {
		t.counters.Unsupported++
		t.auditDecision(d, "NOT_SUPPORTED "+d.Kind.String())
		return
	}
	t.auditDecision(d, d.Kind.String())
}

// carryOut reports whether the decision is one that the enforcer knows how to
// follow; one that changes nothing counts as followed.
func (t *Task) carryOut(d *record.OperatorDecision) bool {
	one := !d.Terminal.IsZero()
	all := !one && d.InternalGroupID == "" && d.TypeAllocationCode == "" && d.Destination == ""
	switch d.Kind {
	case record.DecisionExempt:
		return one && t.exempt(d)
	case record.DecisionEndExempt:
		return one && t.tell(d.Terminal, ladder.ExemptEnded)
	case record.DecisionRelease:
		return one && t.tell(d.Terminal, ladder.Freed)
	case record.DecisionReleaseAll:
		return all && t.releaseAll()
	case record.DecisionPause:
		return all && t.setPause(pause{on: true, until: d.Until.Or(0)})
	case record.DecisionResume:
		return all && t.setPause(pause{})
	case record.DecisionBenign, record.DecisionEndBenign, record.DecisionAllow, record.DecisionEndAllow:
		return true // the collector's and the scorer's to follow
	}
	return false
}

// exempt remembers an exemption also of a terminal that nothing was heard of.
func (t *Task) exempt(d *record.OperatorDecision) bool {
	x := t.terminals[d.Terminal]
	if x == nil {
		x = &terminal{Case: ladder.Case{Terminal: d.Terminal}, partition: unknownPartition}
		t.terminals[d.Terminal] = x
	}
	if until := d.Until.Or(0); until != 0 && until <= t.clockOf(x) {
		return true
	}
	t.step(x, ladder.Event{Kind: ladder.Exempted, At: t.clockOf(x), Until: d.Until.Or(0)})
	return true
}

// tell hands an event to a terminal, if anything is known of it.
func (t *Task) tell(id record.Pseudonym, kind ladder.EventKind) bool {
	if x := t.terminals[id]; x != nil {
		t.step(x, ladder.Event{Kind: kind, At: t.clockOf(x)})
	}
	return true
}

func (t *Task) releaseAll() bool {
	for _, x := range t.active() {
		t.step(x, ladder.Event{Kind: ladder.Freed, At: t.clockOf(x)})
	}
	return true
}

func (t *Task) setPause(p pause) bool {
	t.pause = p
	t.dirty.add(pieceKey{kind: piecePause})
	return true
}
