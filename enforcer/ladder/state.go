package ladder

// State is where a terminal stands in the life cycle of a measure.
type State uint8

// States of the life cycle. From Issued to Failed a measure counts as in force.
const (
	Idle            State = iota // nothing is wanted and nothing was ordered
	PendingApproval              // a measure is wanted that only a person may order
	Deferred                     // a measure is wanted; the guards have not let it pass
	Issued                       // ordered; no answer yet
	Accepted                     // the policy system will carry it out
	Applied                      // the policy system says it is in force
	Verified                     // the telemetry says so too: the forbidden traffic is gone
	Drifted                      // the policy system and the telemetry, or the order, disagree
	Rejected                     // the policy system refuses it
	Failed                       // the policy system could not do it; part of it may be in force
	Releasing                    // undo is ordered; no answer yet
	Released                     // the policy system says that it is undone
	Expired                      // its time is over: lifted by the policy system's own clock
)

var stateNames = []string{
	"IDLE", "PENDING_APPROVAL", "DEFERRED", "ISSUED", "ACCEPTED", "APPLIED", "VERIFIED",
	"DRIFTED", "REJECTED", "FAILED", "RELEASING", "RELEASED", "EXPIRED",
}

// States is how many states there are.
const States = int(Expired) + 1

// String returns the name used in the documentation and the audit.
func (s State) String() string {
	if int(s) >= len(stateNames) {
		return "UNKNOWN"
	}
	return stateNames[s]
}

// InForce reports whether a measure counts as being in force. A refused or
// failed one counts as well until its end: part of it may stand, and a policy
// system that fails must not make room for ever more isolations.
func (s State) InForce() bool { return s >= Issued && s <= Failed }

// Waits reports whether a measure is wanted and not ordered yet.
func (s State) Waits() bool { return s == PendingApproval || s == Deferred }

// EventKind is what happens to a case.
type EventKind uint8

// Events of a case: the scorer's, the guards', the policy system's, the
// clock's and the operator's.
const (
	NoEvent       EventKind = iota
	Believed                // a newer verdict: becomes one of the next four
	Wanted                  // the verdict wants a measure
	Unwanted                // the case is open and wants none
	Cleared                 // the case is closed
	Shielded                // no machine may isolate the terminal
	Gone                    // the forbidden traffic is gone
	Persists                // the forbidden traffic goes on
	Admitted                // the guards let the measure pass
	AckedAccepted           // the policy system answers …
	AckedApplied
	AckedRejected
	AckedFailed
	AckedReleased
	ProbationOver // the clock: the time after CLEARED has passed
	TimeOver      // the clock: the command ends
	ExemptOver    // the clock: an exemption ends
	Forgotten     // the clock: nothing happened for Rules.Memory
	Approved      // the operator allows a measure that needs a person
	Refused       // the operator does not
	Freed         // the operator ends the measure, until the case is cleared
	Exempted      // the operator exempts the terminal
	ExemptEnded   // the operator ends the exemption
	ModeChanged   // the enforcer was started in another mode
)

var eventNames = []string{
	"none", "believed", "wanted", "unwanted", "cleared", "shielded", "gone", "persists", "admitted",
	"ack accepted", "ack applied", "ack rejected", "ack failed", "ack released",
	"probation over", "time over", "exempt over", "forgotten",
	"approved", "refused", "freed", "exempted", "exempt ended", "mode changed",
}

// EventKinds is how many kinds of event there are.
const EventKinds = int(ModeChanged) + 1

// String returns the name used in the documentation.
func (k EventKind) String() string {
	if int(k) >= len(eventNames) {
		return "unknown"
	}
	return eventNames[k]
}

// act is what a transition orders.
type act uint8

const (
	nothing act = iota
	order       // a command with the wanted measure
	undo        // a RELEASE
)

// facts are what a transition depends on besides state and event.
type facts struct {
	person  bool // the wanted measure needs a person's approval
	changed bool // the wanted measure is not covered by the one in force
	wanted  bool // the case is open and wants a measure, nothing shields it, and it is not stale
	paused  bool // an operator paused the enforcer
}

// transition is the whole life cycle.
//
//	                  Wanted, needs a person          Approved
//	IDLE      ───────────────────────► PENDING_APPROVAL ─────┐
//	RELEASED                                                 ▼  Admitted
//	EXPIRED   ───────────── Wanted ─────────────────────► DEFERRED ────► ISSUED
//	RELEASING ◄─ (IDLE) ── Unwanted, Cleared, Shielded, Refused ┘           │
//	                                                                        ▼
//	┌─ in force ───────────────────────────────────────────────────────────────┐
//	│         ack ACCEPTED          ack APPLIED            Gone                │
//	│  ISSUED ───────────► ACCEPTED ───────────► APPLIED ───────► VERIFIED     │
//	│     │                                         │ Persists  Gone ▲ │       │
//	│     │ Wanted and changed, TimeOver and wanted └────► DRIFTED ──┘ │       │
//	│     └◄── from any (a new command)            ack RELEASED ▲ ◄────┘       │
//	│  from any: ack REJECTED ► REJECTED, ack FAILED ► FAILED   └ from any     │
//	└──────┬─────────────────────────────────┬─────────────────────────────────┘
//	       │ ProbationOver, Shielded         │ TimeOver and not wanted
//	       ▼ (RELEASE)        TimeOver       ▼ (RELEASE)
//	   RELEASING ─────────────────────────► EXPIRED
//	       │ ack RELEASED
//	       ▼
//	    RELEASED
//
// ModeChanged undoes what is in force under the old mode and starts over. A
// pair that is not drawn leaves the state as it is. While paused nothing is
// renewed or changed; undoing goes on. A measure that needs a person neither
// replaces another one nor is renewed without one.
func transition(s State, e EventKind, f facts) (State, act) {
	first := Deferred
	if f.person {
		first = PendingApproval
	}
	switch inForce := s.InForce(); {
	case !inForce && e == Wanted:
		return first, nothing
	case s == PendingApproval && e == Approved:
		return Deferred, nothing
	case s.Waits() && (e == Unwanted || e == Cleared || e == Shielded || e == Refused):
		return Idle, nothing
	case s == Deferred && e == Admitted:
		return Issued, order

	case inForce && e == Wanted && f.changed && !f.person && !f.paused:
		return Issued, order
	case inForce && e == TimeOver && f.wanted && !f.person && !f.paused:
		return Issued, order
	case inForce && e == TimeOver:
		return Expired, undo
	case inForce && (e == ProbationOver || e == Shielded):
		return Releasing, undo
	case inForce && e == ModeChanged && f.wanted:
		return first, undo
	case inForce && e == ModeChanged:
		return Expired, undo

	case s == Issued && e == AckedAccepted:
		return Accepted, nothing
	case inForce && s != Verified && e == AckedApplied:
		return Applied, nothing
	case inForce && e == AckedRejected:
		return Rejected, nothing
	case inForce && e == AckedFailed:
		return Failed, nothing
	case inForce && e == AckedReleased:
		return Drifted, nothing
	case (s == Applied || s == Drifted) && e == Gone:
		return Verified, nothing
	case (s == Applied || s == Verified) && e == Persists:
		return Drifted, nothing

	case s == Releasing && (e == AckedReleased || e == AckedApplied):
		return Released, nothing
	case s == Releasing && e == TimeOver:
		return Expired, nothing
	}
	return s, nothing
}
