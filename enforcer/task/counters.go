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
