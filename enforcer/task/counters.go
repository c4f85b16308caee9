package task

import (
	"cordon/enforcer/guard"
	"cordon/enforcer/ladder"
	"cordon/internal/record"
)

// Counters are the figures of a task: records and acts since it was made, then
// where it stands.
type Counters struct {
	Verdicts         int64
	VerdictsRepeated int64 // not newer than what was known
	Progress         int64
	EarlyWarnings    int64 // not answered
	NetworkVerdicts  int64 // not answered
	Acks             int64
	AcksUnmatched    int64 // of no command that stands
	Decisions        int64
	Unsupported      int64 // decisions that are not carried out yet
	Tombstones       int64
	DeadLetters      int64
	Unencodable      int64 // records of our own that could not be written: a defect
	AuditEvents      int64
	Dropped          int64 // deferrals whose case ended before they had their turn

	Commands [record.ActionRelease + 1]int64 // by action
	Causes   [ladder.CauseMode + 1]int64     // commands by cause
	Deferred [guard.Paused + 1]int64         // by the guard that held back

	Terminals int64         // in state
	Isolated  int64         // with a measure in force
	Room      int64         // how many may be
	Waiting   int64         // deferred
	Paused    bool          // by an operator
	Clock     record.Micros // of the partition that is furthest behind
}

// Counts tells the figures to the program's metrics. It implements
// stream.Counted.
func (t *Task) Counts(add func(name, label string, value int64)) {
	c := t.Counters()
	const records = "enforcer_records_total"
	add(records, "verdict", c.Verdicts)
	add(records, "verdict_repeated", c.VerdictsRepeated)
	add(records, "progress", c.Progress)
	add(records, "early_warning", c.EarlyWarnings)
	add(records, "network_verdict", c.NetworkVerdicts)
	add(records, "ack", c.Acks)
	add(records, "ack_unmatched", c.AcksUnmatched)
	add(records, "decision", c.Decisions)
	add(records, "decision_unsupported", c.Unsupported)
	add(records, "tombstone", c.Tombstones)
	add(records, "dead_letter", c.DeadLetters)
	add("enforcer_unencodable_total", "", c.Unencodable)
	add("enforcer_audit_events_total", "", c.AuditEvents)
	add("enforcer_deferred_dropped_total", "", c.Dropped)
	for action := record.ActionObserve; action <= record.ActionRelease; action++ {
		add("enforcer_commands_total", action.String(), c.Commands[action])
	}
	for cause := ladder.CauseIsolate; cause <= ladder.CauseMode; cause++ {
		add("enforcer_command_causes_total", cause.String(), c.Causes[cause])
	}
	for refusal := guard.NoPopulation; refusal <= guard.Paused; refusal++ {
		add("enforcer_deferred_total", refusal.String(), c.Deferred[refusal])
	}
	add("enforcer_terminals", "known", c.Terminals)
	add("enforcer_terminals", "isolated", c.Isolated)
	add("enforcer_terminals", "room", c.Room)
	add("enforcer_terminals", "waiting", c.Waiting)
	paused := int64(0)
	if c.Paused {
		paused = 1
	}
	add("enforcer_paused", "", paused)
	add("enforcer_clock_seconds", "", int64(c.Clock/record.Second))
}
