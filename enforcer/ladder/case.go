package ladder

import "cordon/internal/record"

// Case is all that is known about one terminal. The zero Case is a terminal
// nothing was heard of.
type Case struct {
	Terminal record.Pseudonym

	State  State
	Belief Belief // what the newest verdict says
	Force  Order  // the newest command; its measure is in force while State.InForce

	// Sequence is that of the newest command; it rises by one per command.
	Sequence int64
	// Offences is how many durations of Rules.Durations were used up, counting
	// renewals; it starts over after Rules.Memory without a measure.
	Offences int32
	// WaitsSince is when the measure that State.Waits for was first wanted:
	// deferred terminals get their turn in this order. Event time.
	WaitsSince record.Micros
	// DeferralTold reports that the audit knows of the deferral.
	DeferralTold bool
	// ProbationEnds is when the terminal is released after CLEARED; 0: none.
	ProbationEnds record.Micros
	// AppliedAt is when the policy system said APPLIED, on the clock of the
	// terminal's partition; 0: it did not.
	AppliedAt record.Micros
	// EndedAt is when the last measure ended; 0: there was none.
	EndedAt record.Micros
	// Waived reports that a person ended the measure of this case: no machine
	// orders another one before the case is cleared.
	Waived bool
	// Exempt reports that a person exempted the terminal, until ExemptUntil
	// (event time; 0: until they end it).
	Exempt      bool
	ExemptUntil record.Micros
	// Touched is when anything last happened, for forgetting. Event time.
	Touched record.Micros
}

// Belief is what the enforcer keeps of a verdict.
type Belief struct {
	Generation, Sequence int64 // order of verdicts
	VerdictID            record.ID
	Offset               int64 // of the verdict in its partition, for the audit
	DecidedAt            record.Micros
	KeyEpoch             int32
	Previous             record.Pseudonym
	Class                record.Class
	Open                 bool   // not CLEARED
	Protected            bool   // no machine may isolate the terminal
	Text                 string // why, in words and numbers
	Want                 Measure
}

// Order is a measure that was ordered.
type Order struct {
	CommandID record.ID
	Measure   Measure
	Mode      record.Mode
	IssuedAt  record.Micros // event time
	ExpiresAt record.Micros // event time
}

// Newer reports whether v replaces what is believed: the contract orders
// verdicts by (stateGeneration, sequence), and a repeat changes nothing.
func (c *Case) Newer(v *record.Verdict) bool {
	b := &c.Belief
	if b.VerdictID.IsZero() {
		return true
	}
	if v.StateGeneration != b.Generation {
		return v.StateGeneration > b.Generation
	}
	return v.Sequence > b.Sequence
}

// Believe takes over a newer verdict that lies at offset. It returns what the
// verdict says of the traffic that the measure in force forbids (Gone, Persists
// or NoEvent); a Believed has to follow.
func (r *Rules) Believe(c *Case, v *record.Verdict, offset int64) EventKind {
	traffic := c.traffic(v)
	c.Belief = Belief{
		Generation: v.StateGeneration, Sequence: v.Sequence, VerdictID: v.VerdictID, Offset: offset,
		DecidedAt: v.DecidedAt, KeyEpoch: v.KeyEpoch, Previous: v.PreviousTerminal, Class: v.Class,
		Open: v.Status != record.StatusCleared,
		// Only a terminal known to be NORMAL may be isolated: a criticality this
		// program does not know fails closed.
		Protected: v.Criticality != record.CriticalityNormal,
	}
	c.Waived = c.Waived && c.Belief.Open
	if c.Belief.Open && v.Status != record.StatusUnknown {
		c.Belief.Want = r.Policy.Measure(v)
		c.Belief.Text = explain(v)
	}
	return traffic
}

// opinion is the event that the belief amounts to at a time.
func (c *Case) opinion(at record.Micros) EventKind {
	b := &c.Belief
	switch {
	case b.Protected && (b.Open || c.State.InForce()), c.Waived && b.Open, c.exempt(at):
		return Shielded
	case !b.Open:
		return Cleared
	case b.Want.Wants():
		return Wanted
	}
	return Unwanted
}

func (c *Case) exempt(at record.Micros) bool {
	return c.Exempt && (c.ExemptUntil == 0 || at < c.ExemptUntil)
}

// VerifyAfter is how long after APPLIED the telemetry is not believed yet: a
// verdict counts traffic of panes that end lateness (20 s) before decidedAt,
// and its partition's clock is up to a pane, the clock interval and the
// patience behind (10 + 5 + 20 s); rounded up.
const VerifyAfter = record.Minute

// traffic judges the forbidden traffic, which v counts since the former
// verdict, where all of it was sent with the block in force.
func (c *Case) traffic(v *record.Verdict) EventKind {
	if c.Force.Measure.Action != record.ActionBlockDestination || !v.Forbidden.Set || c.AppliedAt == 0 ||
		c.Belief.DecidedAt < c.AppliedAt+VerifyAfter {
		return NoEvent
	}
	if v.Forbidden.Value == (record.Forbidden{}) {
		return Gone
	}
	return Persists
}

// Next returns the next event of the clock and when it is due; NoEvent where
// there is none.
func (r *Rules) Next(c *Case) (record.Micros, EventKind) {
	due, kind := record.Micros(0), NoEvent
	offer := func(at record.Micros, k EventKind) {
		if kind == NoEvent || at < due {
			due, kind = at, k
		}
	}
	if c.Exempt && c.ExemptUntil != 0 {
		offer(c.ExemptUntil, ExemptOver)
	}
	if c.State.InForce() && c.ProbationEnds != 0 {
		offer(c.ProbationEnds, ProbationOver)
	}
	if c.State.InForce() || c.State == Releasing {
		offer(c.Force.ExpiresAt, TimeOver)
	}
	if kind == NoEvent && !c.State.Waits() && !c.Exempt {
		offer(c.Touched+r.remembers(c), Forgotten)
	}
	return due, kind
}

// retention is how long isolation.commands keeps a command (architecture
// section 2).
const retention = 30 * record.Day

// remembers returns how long a case is kept. One with commands stays while these
// are kept: a sequence that starts over would be refused as an older one.
func (r *Rules) remembers(c *Case) record.Micros {
	if c.Sequence == 0 {
		return r.Memory
	}
	return max(r.Memory, retention)
}
