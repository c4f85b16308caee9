package ladder

import "cordon/internal/record"

// Rules are what the life cycle depends on besides the events.
type Rules struct {
	Policy Policy
	// Mode stamps every command.
	Mode record.Mode
	// Durations is how long a measure lasts, by how often the terminal had one
	// before; the last holds for all further ones. Microseconds, not empty,
	// whole seconds.
	Durations []record.Micros
	// Probation is how long after CLEARED a measure stays. Microseconds.
	Probation record.Micros
	// Memory is how long a terminal is remembered after its last event; then it
	// starts over with the first duration. Microseconds.
	Memory record.Micros
}

// Event is something that happens to a case.
type Event struct {
	Kind EventKind
	At   record.Micros // event time
	// Paused reports that a person paused the enforcer.
	Paused bool
	// Stale reports that who believed the verdict has lost the memory of it: the
	// measure is not renewed.
	Stale bool
	// Until ends an Exempted; 0: a person does.
	Until record.Micros
}

// Cause is why a command is given.
type Cause uint8

// Causes of a command.
const (
	NoCommand      Cause = iota
	CauseIsolate         // the terminal had no measure in force
	CauseChange          // another measure replaces the one in force
	CauseRenew           // its time is over and the case is still open
	CauseExpire          // its time is over and the case is not
	CauseProbation       // the case was cleared and stayed so
	CauseShield          // no machine may isolate the terminal (any more)
	CauseOperator        // a person ended it
	CauseMode            // the enforcer was started in another mode
)

var causeNames = []string{"NONE", "ISOLATE", "CHANGE", "RENEW", "EXPIRE", "PROBATION", "SHIELD", "OPERATOR", "MODE"}

// String returns the name used in the audit.
func (c Cause) String() string {
	if int(c) >= len(causeNames) {
		return "UNKNOWN"
	}
	return causeNames[c]
}

// Outcome is what an event led to.
type Outcome struct {
	Before State
	After  State
	Event  EventKind // that moved it: what a verdict or an end amounts to
	At     record.Micros
	// Cause tells why Command is to be sent; NoCommand: there is none.
	Cause   Cause
	Command record.IsolationCommand // its Fence is the sender's to set
}

// Step applies one event to a case and returns what it led to.
func (r *Rules) Step(c *Case, e Event) Outcome {
	asked := e.Kind
	e.Kind = c.prepare(e)
	before := c.State
	next, act := transition(before, e.Kind, facts{
		person:  NeedsPerson(c.Belief.Want.Action),
		changed: !covers(c.Force.Measure, c.Belief.Want),
		wanted:  c.opinion(e.At) == Wanted && !e.Stale,
		paused:  e.Paused,
	})
	r.keepTimes(c, e, next)
	c.State = next
	o := Outcome{Before: before, After: next, Event: e.Kind, At: e.At}
	switch act {
	case order:
		o.Cause = orderCause(before, e.Kind)
		o.Command = r.issue(c, e.At, o.Cause)
	case undo:
		o.Cause = undoCause(asked, e.Kind)
		o.Command = r.release(c, e.At, o.Cause)
	}
	return o
}

// prepare applies what an event says about the case as such and returns the
// event that its state moves by.
func (c *Case) prepare(e Event) EventKind {
	switch e.Kind {
	case Freed:
		c.Waived = c.Belief.Open
		return Shielded
	case Refused:
		c.Waived = c.Waived || c.State.Waits() && c.Belief.Open
	case Exempted:
		c.Exempt, c.ExemptUntil = true, e.Until
		return Shielded
	case Believed:
		return c.opinion(e.At)
	case ExemptEnded, ExemptOver:
		c.Exempt, c.ExemptUntil = false, 0
		return c.opinion(e.At)
	}
	return e.Kind
}

// keepTimes updates the times of the case before its state becomes next.
func (r *Rules) keepTimes(c *Case, e Event, next State) {
	c.Touched = max(c.Touched, e.At)
	if next.Waits() && !c.State.Waits() {
		c.WaitsSince, c.DeferralTold = e.At, false
	}
	if !next.Waits() {
		c.WaitsSince, c.DeferralTold = 0, false
	}
	if c.State.InForce() && !next.InForce() {
		c.EndedAt, c.ProbationEnds, c.AppliedAt = e.At, 0, 0
		return
	}
	switch {
	case e.Kind == Wanted:
		c.ProbationEnds = 0
	case e.Kind == Cleared && next.InForce() && c.ProbationEnds == 0:
		c.ProbationEnds = e.At + r.Probation
	case e.Kind == AckedApplied && next == Applied:
		c.AppliedAt = e.At
	}
}

func orderCause(before State, e EventKind) Cause {
	switch {
	case !before.InForce():
		return CauseIsolate
	case e == TimeOver:
		return CauseRenew
	}
	return CauseChange
}

func undoCause(asked, e EventKind) Cause {
	switch {
	case asked == Freed || asked == Exempted:
		return CauseOperator
	case e == ProbationOver:
		return CauseProbation
	case e == TimeOver:
		return CauseExpire
	case e == ModeChanged:
		return CauseMode
	}
	return CauseShield
}

// duration returns how long the next measure lasts and counts it.
func (r *Rules) duration(c *Case, at record.Micros, cause Cause) record.Micros {
	if cause == CauseIsolate && at-c.EndedAt > r.Memory {
		c.Offences = 0
	}
	if cause != CauseChange {
		c.Offences = min(c.Offences+1, int32(len(r.Durations)))
	}
	return r.Durations[max(c.Offences, 1)-1]
}
