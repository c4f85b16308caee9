package ladder

import (
	"strings"
	"testing"
)

// lifeCycle is the whole table, state by event: one row per state, one column
// per event, "." where nothing moves. "!" marks a command with a measure, "-"
// one that undoes. All facts are false; rows with facts follow.
const lifeCycle = `
                 wanted   unwanted cleared  shielded    gone     persists admitted acc      applied  rejected failed   released probation   time        approved refused mode
IDLE             DEFERRED .        .        .           .        .        .        .        .        .        .        .        .           .           .        .       .
PENDING_APPROVAL DEFERRED IDLE     IDLE     IDLE        .        .        .        .        .        .        .        .        .           .           DEFERRED IDLE    .
DEFERRED         .        IDLE     IDLE     IDLE        .        .        ISSUED!  .        .        .        .        .        .           .           .        IDLE    .
ISSUED           .        .        .        RELEASING-  .        .        .        ACCEPTED APPLIED  REJECTED FAILED   DRIFTED  RELEASING-  EXPIRED-    .        .       EXPIRED-
ACCEPTED         .        .        .        RELEASING-  .        .        .        .        APPLIED  REJECTED FAILED   DRIFTED  RELEASING-  EXPIRED-    .        .       EXPIRED-
APPLIED          .        .        .        RELEASING-  VERIFIED DRIFTED  .        .        .        REJECTED FAILED   DRIFTED  RELEASING-  EXPIRED-    .        .       EXPIRED-
VERIFIED         .        .        .        RELEASING-  .        DRIFTED  .        .        .        REJECTED FAILED   DRIFTED  RELEASING-  EXPIRED-    .        .       EXPIRED-
DRIFTED          .        .        .        RELEASING-  VERIFIED .        .        .        APPLIED  REJECTED FAILED   .        RELEASING-  EXPIRED-    .        .       EXPIRED-
REJECTED         .        .        .        RELEASING-  .        .        .        .        APPLIED  .        FAILED   DRIFTED  RELEASING-  EXPIRED-    .        .       EXPIRED-
FAILED           .        .        .        RELEASING-  .        .        .        .        APPLIED  REJECTED .        DRIFTED  RELEASING-  EXPIRED-    .        .       EXPIRED-
RELEASING        DEFERRED .        .        .           .        .        .        .        RELEASED .        .        RELEASED .           EXPIRED     .        .       .
RELEASED         DEFERRED .        .        .           .        .        .        .        .        .        .        .        .           .           .        .       .
EXPIRED          DEFERRED .        .        .           .        .        .        .        .        .        .        .        .           .           .        .       .
`

var columns = []EventKind{
	Wanted, Unwanted, Cleared, Shielded, Gone, Persists, Admitted, AckedAccepted, AckedApplied, AckedRejected,
	AckedFailed, AckedReleased, ProbationOver, TimeOver, Approved, Refused, ModeChanged,
}

func TestLifeCycle(t *testing.T) {
	rows := strings.Split(strings.TrimSpace(lifeCycle), "\n")[1:]
	if len(rows) != States {
		t.Fatalf("the table has %d states, the program %d", len(rows), States)
	}
	for s, row := range rows {
		cells := strings.Fields(row)
		if cells[0] != State(s).String() || len(cells) != len(columns)+1 {
			t.Fatalf("row %d: %q, want state %v and %d events", s, row, State(s), len(columns))
		}
		for i, e := range columns {
			want := cells[i+1]
			if want == "." {
				want = cells[0]
			}
			next, act := transition(State(s), e, facts{})
			if got := next.String() + []string{"", "!", "-"}[act]; got != want {
				t.Errorf("%v, %v: got %s, want %s", State(s), e, got, want)
			}
		}
	}
}

func TestLifeCycleWithFacts(t *testing.T) {
	inForce := []State{Issued, Accepted, Applied, Verified, Drifted, Rejected, Failed}
	resting := []State{Idle, Releasing, Released, Expired}
	for _, c := range []struct {
		states []State
		event  EventKind
		facts  facts
		next   State // Idle: as before
		act    act
	}{
		{resting, Wanted, facts{person: true}, PendingApproval, nothing},
		{[]State{PendingApproval, Deferred}, Wanted, facts{person: true}, PendingApproval, nothing},
		{inForce, Wanted, facts{changed: true}, Issued, order},
		{inForce, Wanted, facts{changed: true, paused: true}, Idle, nothing},
		{inForce, Wanted, facts{changed: true, person: true}, Idle, nothing},
		{inForce, TimeOver, facts{wanted: true}, Issued, order},
		{inForce, TimeOver, facts{wanted: true, paused: true}, Expired, undo},
		{inForce, TimeOver, facts{wanted: true, person: true}, Expired, undo},
		{inForce, ModeChanged, facts{wanted: true}, Deferred, undo},
		{inForce, ModeChanged, facts{wanted: true, person: true}, PendingApproval, undo},
		{inForce, Shielded, facts{wanted: true, paused: true}, Releasing, undo},
		{inForce, ProbationOver, facts{paused: true}, Releasing, undo},
	} {
		for _, s := range c.states {
			want := c.next
			if want == Idle {
				want = s
			}
			next, act := transition(s, c.event, c.facts)
			if next != want || act != c.act {
				t.Errorf("%v, %v, %+v: got %v act %d, want %v act %d", s, c.event, c.facts, next, act, want, c.act)
			}
		}
	}
}

// No pair outside the table's columns moves anything: those events become one
// of the columns before they reach the transition, or never reach it.
func TestOtherEventsMoveNothing(t *testing.T) {
	for s := range State(States) {
		for e := range EventKind(EventKinds) {
			known := false
			for _, c := range columns {
				known = known || c == e
			}
			if next, act := transition(s, e, facts{changed: true, wanted: true}); !known && (next != s || act != nothing) {
				t.Errorf("%v, %v: got %v act %d, want no move", s, e, next, act)
			}
		}
	}
}

func TestNamesAreComplete(t *testing.T) {
	if len(stateNames) != States || len(eventNames) != EventKinds || len(causeNames) != int(CauseMode)+1 {
		t.Fatalf("%d names of %d states, %d of %d events, %d of %d causes",
			len(stateNames), States, len(eventNames), EventKinds, len(causeNames), int(CauseMode)+1)
	}
}
