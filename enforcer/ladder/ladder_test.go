package ladder

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
)

func testRules() *Rules {
	return &Rules{
		Policy:    Policy{Rows: DefaultRows(), RateLimit: RateLimit{8_000, 64_000}},
		Mode:      record.ModeEnforce,
		Durations: []record.Micros{10 * record.Minute, record.Hour, record.Day, 7 * record.Day},
		Probation: 5 * record.Minute,
		Memory:    30 * record.Day,
	}
}

// verdictOf returns a verdict of a MALICIOUS case with the given exception and
// number of destinations.
func verdictOf(id record.ExceptionID, destinations int) *record.Verdict {
	v := &record.Verdict{
		VerdictID: record.ID{1}, Terminal: record.Pseudonym{7}, StateGeneration: 1, Sequence: 1,
		Status: record.StatusRaised, Class: record.ClassMalicious, Criticality: record.CriticalityNormal,
		Exceptions: []record.Exception{{ExceptionID: id, Level: 80, Trend: record.TrendUp}},
		Score:      900, Evidence: 25_500, DNN: "iot", SNSSAI: "1",
		Reasons: []record.Reason{{
			Feature: "unansweredUplink", Family: "flood", Value: 412, Unit: "flows", Expected: 12,
			Reference: record.ReferencePrior, Contribution: 21_300, Samples: []string{"203.0.113.9:80"},
		}},
	}
	for i := range destinations {
		v.Destinations = append(v.Destinations, record.Destination{
			Protocol: 6, Address: netip.AddrFrom4([4]byte{203, 0, 113, byte(destinations - i)}), Port: 80, Flows: int64(10 - i),
		})
	}
	return v
}

func TestPolicy(t *testing.T) {
	edit := func(v *record.Verdict, f func(v *record.Verdict)) *record.Verdict { f(v); return v }
	for name, c := range map[string]struct {
		verdict *record.Verdict
		want    record.Action
	}{
		"flood on one victim":      {verdictOf(record.SuspicionOfDDoSAttack, 1), record.ActionBlockDestination},
		"flood on eight victims":   {verdictOf(record.SuspicionOfDDoSAttack, 8), record.ActionBlockDestination},
		"flood on nine victims":    {verdictOf(record.SuspicionOfDDoSAttack, 9), record.ActionRateLimit},
		"flood on no named victim": {verdictOf(record.SuspicionOfDDoSAttack, 0), record.ActionRateLimit},
		"scan":                     {verdictOf(record.WrongDestinationAddress, 3), record.ActionRateLimit},
		"radio faults":             {verdictOf(record.UnexpectedRadioLinkFailures, 0), record.ActionObserve},
		"ping-pong":                {verdictOf(record.PingPongAcrossCells, 0), record.ActionObserve},
		"watched": {edit(verdictOf(record.SuspicionOfDDoSAttack, 1), func(v *record.Verdict) {
			v.Class = record.ClassWatch
		}), record.ActionObserve},
		"malfunctioning": {edit(verdictOf(record.SuspicionOfDDoSAttack, 1), func(v *record.Verdict) {
			v.Class = record.ClassMalfunctioning
		}), record.ActionObserve},
		"class of a newer scorer": {edit(verdictOf(record.SuspicionOfDDoSAttack, 1), func(v *record.Verdict) {
			v.Class = record.ClassUnknown
		}), record.ActionObserve},
		"scan and flood": {edit(verdictOf(record.WrongDestinationAddress, 2), func(v *record.Verdict) {
			v.Exceptions = append(v.Exceptions, record.Exception{ExceptionID: record.SuspicionOfDDoSAttack})
		}), record.ActionBlockDestination},
	} {
		p := testRules().Policy
		if got := p.Measure(c.verdict); got.Action != c.want {
			t.Errorf("%s: got %v, want %v", name, got.Action, c.want)
		}
	}
}

// A policy that asks for too much does not get it.
//
// TS 23.502 4.2.2.3.3: with an emergency PDU session "the AMF shall not
// initiate Deregistration"; we release no session either.
func TestCeiling(t *testing.T) {
	harsh := Policy{Rows: []Row{
		{record.ClassMalicious, record.ExceptionUnknown, 0, 0, record.ActionReleaseSession},
		{record.ClassMalicious, record.ExceptionUnknown, 0, 0, record.ActionRateLimit},
		{record.ClassMalfunctioning, record.ExceptionUnknown, 0, 0, record.ActionQuarantineDNN},
		{record.ClassMalfunctioning, record.ExceptionUnknown, 0, 0, record.ActionSignallingBackoff},
		{record.ClassWatch, record.ExceptionUnknown, 0, 0, record.ActionRateLimit},
	}}
	for _, c := range []struct {
		class     record.Class
		emergency bool
		want      record.Action
	}{
		{record.ClassMalicious, false, record.ActionReleaseSession},
		{record.ClassMalicious, true, record.ActionRateLimit},
		{record.ClassMalfunctioning, false, record.ActionSignallingBackoff},
		{record.ClassWatch, false, record.ActionObserve},
	} {
		v := verdictOf(record.SuspicionOfDDoSAttack, 1)
		v.Class, v.EmergencySession = c.class, c.emergency
		if got := harsh.Measure(v).Action; got != c.want {
			t.Errorf("%v, emergency session %v: got %v, want %v", c.class, c.emergency, got, c.want)
		}
	}
}

func TestOnlyNormalTerminalsAreIsolated(t *testing.T) {
	for criticality, want := range map[record.Criticality]State{
		record.CriticalityNormal: Issued, record.CriticalityProtected: Idle,
		record.CriticalityExempt: Idle, record.CriticalityUnknown: Idle,
	} {
		s := newScript(t)
		v := verdictOf(record.SuspicionOfDDoSAttack, 1)
		v.Criticality = criticality
		s.believe(0, v)
		if s.c.State != want {
			t.Errorf("criticality %v: got %v, want %v", criticality, s.c.State, want)
		}
	}
}

// script drives one case and gathers its commands.
type script struct {
	t        *testing.T
	r        *Rules
	c        Case
	commands []record.IsolationCommand
	sequence int64
}

func newScript(t *testing.T) *script {
	return &script{t: t, r: testRules(), c: Case{Terminal: record.Pseudonym{7}}}
}

func (s *script) step(at record.Micros, kind EventKind) Outcome {
	o := s.r.Step(&s.c, Event{Kind: kind, At: at})
	if o.Cause != NoCommand {
		s.commands = append(s.commands, o.Command)
	}
	if s.c.State == Deferred {
		o = s.step(at, Admitted)
	}
	return o
}

func (s *script) believe(at record.Micros, v *record.Verdict) {
	s.sequence++
	v.Sequence, v.DecidedAt, v.VerdictID = s.sequence, at, record.ID{1, byte(s.sequence)}
	if !s.c.Newer(v) {
		s.t.Fatalf("verdict %d is not newer than %d", v.Sequence, s.c.Belief.Sequence)
	}
	if traffic := s.r.Believe(&s.c, v, 0); traffic != NoEvent {
		s.r.Step(&s.c, Event{Kind: traffic, At: at})
	}
	o := s.r.Step(&s.c, Event{Kind: Believed, At: at})
	if o.Cause != NoCommand {
		s.commands = append(s.commands, o.Command)
	}
	if v.Criticality == record.CriticalityNormal && s.c.State == Deferred {
		s.step(at, Admitted)
	}
}

// clock fires what is due up to a time.
func (s *script) clock(to record.Micros) {
	for {
		due, kind := s.r.Next(&s.c)
		if kind == NoEvent || kind == Forgotten || due > to {
			return
		}
		s.step(due, kind)
	}
}

func (s *script) want(lines ...string) {
	s.t.Helper()
	var got []string
	for _, c := range s.commands {
		got = append(got, fmt.Sprintf("%v %v for %ds", c.IssuedAt.Duration(), c.Action, c.ValidForSeconds))
	}
	if !reflect.DeepEqual(got, lines) {
		s.t.Errorf("commands\n got %s\nwant %s", strings.Join(got, "; "), strings.Join(lines, "; "))
	}
}

func cleared() *record.Verdict {
	v := verdictOf(record.SuspicionOfDDoSAttack, 1)
	v.Status = record.StatusCleared
	return v
}

const minute = record.Minute

func TestProbationReleases(t *testing.T) {
	s := newScript(t)
	s.believe(0, verdictOf(record.SuspicionOfDDoSAttack, 1))
	s.believe(2*minute, cleared())
	s.believe(3*minute, cleared()) // a second CLEARED does not prolong it
	s.clock(9 * minute)
	s.want("0s BLOCK_DESTINATION for 600s", "7m0s RELEASE for 0s")
	if s.c.State != Releasing {
		t.Errorf("state %v, want %v", s.c.State, Releasing)
	}
	s.clock(10 * minute)
	if s.c.State != Expired {
		t.Errorf("without an answer, past its end: state %v, want %v", s.c.State, Expired)
	}
}

func TestRaiseInProbationCancelsIt(t *testing.T) {
	s := newScript(t)
	s.believe(0, verdictOf(record.SuspicionOfDDoSAttack, 1))
	s.believe(2*minute, cleared())
	s.believe(4*minute, verdictOf(record.SuspicionOfDDoSAttack, 1))
	s.clock(9 * minute)
	s.want("0s BLOCK_DESTINATION for 600s")
	s.clock(10 * minute)
	s.want("0s BLOCK_DESTINATION for 600s", "10m0s BLOCK_DESTINATION for 3600s")
}

func TestOpenCaseIsRenewedWithTheNextDuration(t *testing.T) {
	s := newScript(t)
	s.believe(0, verdictOf(record.WrongDestinationAddress, 0))
	s.clock(16 * record.Day)
	s.want("0s RATE_LIMIT for 600s", "10m0s RATE_LIMIT for 3600s", "1h10m0s RATE_LIMIT for 86400s",
		"25h10m0s RATE_LIMIT for 604800s", "193h10m0s RATE_LIMIT for 604800s", "361h10m0s RATE_LIMIT for 604800s")
	for i, c := range s.commands[1:] {
		if c.Supersedes != s.commands[i].CommandID || c.Sequence != int64(i+2) {
			t.Errorf("command %d: supersedes %v, sequence %d; want %v, %d", i+1, c.Supersedes, c.Sequence, s.commands[i].CommandID, i+2)
		}
	}
}

func TestCaseThatIsOnlyWatchedEndsAtExpiry(t *testing.T) {
	s := newScript(t)
	s.believe(0, verdictOf(record.WrongDestinationAddress, 0))
	v := verdictOf(record.WrongDestinationAddress, 0)
	v.Class, v.Status = record.ClassWatch, record.StatusUpdated
	s.believe(minute, v)
	s.clock(record.Hour)
	s.want("0s RATE_LIMIT for 600s", "10m0s RELEASE for 0s")
}

func TestRepeatOffenderIsIsolatedLonger(t *testing.T) {
	s := newScript(t)
	s.believe(0, verdictOf(record.WrongDestinationAddress, 0))
	s.believe(minute, cleared())
	s.clock(6 * minute)
	s.believe(record.Day, verdictOf(record.WrongDestinationAddress, 0))
	s.believe(record.Day+minute, cleared())
	s.clock(2 * record.Day)
	s.believe(40*record.Day, verdictOf(record.WrongDestinationAddress, 0))
	s.want("0s RATE_LIMIT for 600s", "6m0s RELEASE for 0s", "24h0m0s RATE_LIMIT for 3600s",
		"24h6m0s RELEASE for 0s", "960h0m0s RATE_LIMIT for 600s")
}

func TestNewVictimsSupersede(t *testing.T) {
	s := newScript(t)
	s.believe(0, verdictOf(record.SuspicionOfDDoSAttack, 2))
	s.believe(minute, verdictOf(record.SuspicionOfDDoSAttack, 1)) // a part of the former
	s.want("0s BLOCK_DESTINATION for 600s")
	s.believe(2*minute, verdictOf(record.SuspicionOfDDoSAttack, 3))
	s.want("0s BLOCK_DESTINATION for 600s", "2m0s BLOCK_DESTINATION for 600s")
	if n := len(s.commands[1].Target.Destinations); n != 3 {
		t.Errorf("the new command blocks %d destinations, want 3", n)
	}
	s.clock(11 * minute)
	s.want("0s BLOCK_DESTINATION for 600s", "2m0s BLOCK_DESTINATION for 600s")
}

func TestProtectionEndsAMeasureAtOnce(t *testing.T) {
	s := newScript(t)
	s.believe(0, verdictOf(record.SuspicionOfDDoSAttack, 1))
	v := verdictOf(record.SuspicionOfDDoSAttack, 1)
	v.Criticality = record.CriticalityProtected
	s.believe(minute, v)
	s.want("0s BLOCK_DESTINATION for 600s", "1m0s RELEASE for 0s")
}

func TestOperatorsReleaseHoldsUntilCleared(t *testing.T) {
	s := newScript(t)
	s.believe(0, verdictOf(record.SuspicionOfDDoSAttack, 1))
	s.step(minute, Freed)
	s.believe(2*minute, verdictOf(record.SuspicionOfDDoSAttack, 3))
	s.want("0s BLOCK_DESTINATION for 600s", "1m0s RELEASE for 0s")
	s.believe(3*minute, cleared())
	s.believe(4*minute, verdictOf(record.SuspicionOfDDoSAttack, 1))
	s.want("0s BLOCK_DESTINATION for 600s", "1m0s RELEASE for 0s", "4m0s BLOCK_DESTINATION for 3600s")
}

func TestExemptionEnds(t *testing.T) {
	s := newScript(t)
	s.r.Step(&s.c, Event{Kind: Exempted, At: 0, Until: 5 * minute})
	s.believe(minute, verdictOf(record.SuspicionOfDDoSAttack, 1))
	s.want([]string(nil)...)
	s.clock(6 * minute)
	s.want("5m0s BLOCK_DESTINATION for 600s")
}

func TestTelemetryVerifiesABlock(t *testing.T) {
	s := newScript(t)
	traffic := func(at record.Micros, flows int64) {
		v := verdictOf(record.SuspicionOfDDoSAttack, 1)
		v.Status, v.Forbidden = record.StatusUpdated, record.Some(record.Forbidden{Flows: flows})
		s.believe(at, v)
	}
	s.believe(0, verdictOf(record.SuspicionOfDDoSAttack, 1))
	s.step(10*record.Second, AckedAccepted)
	s.step(20*record.Second, AckedApplied)
	for _, c := range []struct {
		at    record.Micros
		flows int64
		want  State
	}{
		{minute, 90, Applied}, // may have been sent before the block
		{2 * minute, 5, Applied},
		{3 * minute, 5, Drifted},
		{4 * minute, 0, Verified},
		{5 * minute, 1, Drifted},
	} {
		if traffic(c.at, c.flows); s.c.State != c.want {
			t.Errorf("at %v with %d forbidden flows: %v, want %v", c.at.Duration(), c.flows, s.c.State, c.want)
		}
	}
}

func TestModeChangeUndoesInTheOldMode(t *testing.T) {
	s := newScript(t)
	s.believe(0, verdictOf(record.SuspicionOfDDoSAttack, 1))
	s.r.Mode = record.ModeDryRun
	s.step(minute, ModeChanged)
	s.want("0s BLOCK_DESTINATION for 600s", "1m0s RELEASE for 0s", "1m0s BLOCK_DESTINATION for 600s")
	var modes []record.Mode
	for _, c := range s.commands {
		modes = append(modes, c.Mode)
	}
	if want := []record.Mode{record.ModeEnforce, record.ModeEnforce, record.ModeDryRun}; !reflect.DeepEqual(modes, want) {
		t.Errorf("modes %v, want %v", modes, want)
	}
}

func TestCommandSaysWhy(t *testing.T) {
	s := newScript(t)
	s.believe(0, verdictOf(record.SuspicionOfDDoSAttack, 1))
	c := s.commands[0]
	const want = "MALICIOUS: 25.500 nats of evidence, score 900 of 1000. SUSPICION_OF_DDOS_ATTACK level 80 UP. " +
		"Seen: uplink that nobody answered: 412 flows, normal is at most 12 (21.300 nats)"
	if c.Reason.Text != want {
		t.Errorf("text\n got %s\nwant %s", c.Reason.Text, want)
	}
	if !strings.Contains(c.Lever, "flowStatus=DISABLED") || c.ExpiresAt != 10*minute || c.Target.DNN != "iot" {
		t.Errorf("lever %q, expires %v, dnn %q", c.Lever, c.ExpiresAt.Duration(), c.Target.DNN)
	}
}

// Everything that tells commands apart changes the id; what differs between
// runs does not.
func TestCommandID(t *testing.T) {
	base := func() record.IsolationCommand {
		return record.IsolationCommand{
			Terminal: record.Pseudonym{1}, Sequence: 1, Action: record.ActionBlockDestination,
			Target: record.Target{Destinations: []record.TargetDestination{{Protocol: 6, Address: netip.MustParseAddr("203.0.113.9"), Port: 80}}},
		}
	}
	seen := map[record.ID]string{}
	for name, edit := range map[string]func(c *record.IsolationCommand){
		"as it is": func(*record.IsolationCommand) {}, "terminal": func(c *record.IsolationCommand) { c.Terminal[0]++ },
		"verdict":  func(c *record.IsolationCommand) { c.Reason.VerdictID[0]++ },
		"action":   func(c *record.IsolationCommand) { c.Action = record.ActionRelease },
		"issued":   func(c *record.IsolationCommand) { c.IssuedAt++ },
		"sequence": func(c *record.IsolationCommand) { c.Sequence++ },
		"port":     func(c *record.IsolationCommand) { c.Target.Destinations[0].Port++ },
		"dnn":      func(c *record.IsolationCommand) { c.Target.DNN = "1" },
		"slice":    func(c *record.IsolationCommand) { c.Target.SNSSAI = "1" },
		"session":  func(c *record.IsolationCommand) { c.Target.PDUSessionID = record.Some[int32](0) },
		"uplink":   func(c *record.IsolationCommand) { c.Target.UplinkBitsPerSecond = record.Some[int64](0) },
		"downlink": func(c *record.IsolationCommand) { c.Target.DownlinkBitsPerSecond = record.Some[int64](0) },
	} {
		c := base()
		edit(&c)
		id := commandID(&c)
		if other, taken := seen[id]; taken {
			t.Errorf("%q and %q give the same id %v", name, other, id)
		}
		seen[id] = name
	}
	fenced := base()
	fenced.Fence, fenced.SealedIdentity, fenced.KeyID = 9, []byte{1}, [8]byte{2}
	if seen[commandID(&fenced)] != "as it is" {
		t.Error("fence or sealed identity change the id")
	}
}

func TestEveryActionHasALever(t *testing.T) {
	for a := record.ActionObserve; a < record.ActionRelease; a++ {
		if Lever(a) == "" {
			t.Errorf("%v has no lever", a)
		}
	}
}

// TestLaws: whatever happens, a measure in force has an end and is undone or
// renewed at it; sequences rise by one; nobody shielded gets a measure; the
// case is ready for every event in every state.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, c := testRules(), Case{Terminal: record.Pseudonym{7}}
		at, sequence := record.Micros(0), int64(0)
		for range rapid.IntRange(1, 60).Draw(t, "events") {
			at += record.Micros(rapid.Int64Range(0, 400).Draw(t, "pause")) * record.Second
			e := Event{Kind: EventKind(rapid.IntRange(0, EventKinds-1).Draw(t, "event")), At: at, Paused: rapid.Bool().Draw(t, "paused")}
			shielded := false
			if due, kind := r.Next(&c); kind != NoEvent && kind != Forgotten && due <= at {
				e.Kind, e.At = kind, due
			} else if e.Kind == Believed {
				sequence++
				v := verdictOf(record.ExceptionID(rapid.IntRange(1, 9).Draw(t, "exception")), rapid.IntRange(0, 9).Draw(t, "destinations"))
				v.Sequence, v.DecidedAt = sequence, at
				v.Status = record.VerdictStatus(rapid.IntRange(0, 3).Draw(t, "status"))
				v.Class = record.Class(rapid.IntRange(0, 3).Draw(t, "class"))
				v.Criticality = record.Criticality(rapid.IntRange(0, 3).Draw(t, "criticality"))
				r.Believe(&c, v, 0)
				shielded = v.Criticality != record.CriticalityNormal
			} else if e.Kind == Wanted || e.Kind == Admitted && c.State != Deferred || e.Kind == TimeOver || e.Kind == ProbationOver || e.Kind == ExemptOver {
				continue // only a verdict, the guards and the clock say these
			}
			before := c
			o := r.Step(&c, e)
			checkStep(t, before, c, o)
			if shielded && c.State.InForce() {
				t.Fatalf("%v on %+v: a shielded terminal is isolated: %+v", e.Kind, before, c)
			}
		}
	})
}

func checkStep(t *rapid.T, before, after Case, o Outcome) {
	commands := int64(0)
	if o.Cause != NoCommand {
		commands = 1
		c := o.Command
		if c.Mode == record.ModeUnknown || c.CommandID.IsZero() || c.CommandID != after.Force.CommandID || c.Reason.Text == "" {
			t.Fatalf("%v → %v: incomplete command %+v", before.State, after.State, c)
		}
		if (c.Action == record.ActionRelease) != (c.ValidForSeconds == 0) || c.ExpiresAt-c.IssuedAt != record.Micros(c.ValidForSeconds)*record.Second {
			t.Fatalf("%v → %v: %v issued %v expires %v valid %d s", before.State, after.State, c.Action, c.IssuedAt, c.ExpiresAt, c.ValidForSeconds)
		}
	}
	if after.Sequence != before.Sequence+commands {
		t.Fatalf("%v → %v: sequence %d after %d with %d commands", before.State, after.State, after.Sequence, before.Sequence, commands)
	}
	if before.State.InForce() && !after.State.InForce() && (o.Cause == NoCommand || o.Command.Action != record.ActionRelease) {
		t.Fatalf("%v → %v: no release", before.State, after.State)
	}
	if !before.State.InForce() && after.State.InForce() && o.Cause != CauseIsolate {
		t.Fatalf("%v → %v: in force without an order", before.State, after.State)
	}
	if _, kind := testRules().Next(&after); after.State.InForce() && (kind == NoEvent || kind == Forgotten) {
		t.Fatalf("%v: a measure without an end: %+v", after.State, after)
	}
}

func ExampleRules_Step() {
	r := &Rules{
		Policy: Policy{Rows: DefaultRows()}, Mode: record.ModeDryRun,
		Durations: []record.Micros{10 * record.Minute}, Probation: 5 * record.Minute, Memory: 30 * record.Day,
	}
	c := Case{Terminal: record.Pseudonym{7}}
	v := verdictOf(record.SuspicionOfDDoSAttack, 1)
	r.Believe(&c, v, 0)
	for _, kind := range []EventKind{Believed, Admitted, AckedApplied} {
		o := r.Step(&c, Event{Kind: kind})
		fmt.Println(o.Before, "→", o.After, o.Cause)
	}
	due, kind := r.Next(&c)
	fmt.Println(kind, "after", due.Duration())
	// Output:
	// IDLE → DEFERRED NONE
	// DEFERRED → ISSUED ISOLATE
	// ISSUED → APPLIED NONE
	// time over after 10m0s
}
