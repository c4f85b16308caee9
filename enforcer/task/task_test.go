package task

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/record"
	"cordon/internal/stream"
)

func TestVerdictToReleaseInDryRun(t *testing.T) {
	b := newBench(t, 2, DefaultSettings())
	b.give(stream.Verdicts, 1, clock(0, 50), flood(7, 1, 20*second), clock(10*second, 50))
	b.give(stream.Verdicts, 1, cleared(7, 2, minute), clock(20*minute, 50))
	b.want("20s 7: BLOCK_DESTINATION", "6m0s 7: RELEASE")
	b.wantAudit("ISOLATE BLOCK_DESTINATION 7", "RELEASE PROBATION 7")
	for i, c := range b.commands {
		if b.topics[i] != stream.IsolationRehearsal || c.Mode != record.ModeDryRun || c.Fence != 1 || c.Sequence != int64(i+1) {
			t.Errorf("command %d: on %s, mode %v, fence %d, sequence %d", i, b.topics[i], c.Mode, c.Fence, c.Sequence)
		}
	}
	want := []record.InputPosition{{Topic: "verdicts", Partition: 1, Offset: 1}}
	if got := b.audit[0].Inputs; !slices.Equal(got, want) {
		t.Errorf("inputs of the isolation: %v, want %v", got, want)
	}
	want = []record.InputPosition{{Topic: "verdicts", Partition: 1, Offset: 3}, {Topic: "verdicts", Partition: 1, Offset: 4}}
	if got := b.audit[1].Inputs; !slices.Equal(got, want) {
		t.Errorf("inputs of the release: %v, want %v (the verdict, and what moved the clock)", got, want)
	}
}

func TestRepeatsAndOlderVerdictsChangeNothing(t *testing.T) {
	b := newBench(t, 1, generous())
	late := flood(7, 1, 0)
	late.StateGeneration, late.Sequence = 0, 99
	b.give(stream.Verdicts, 0, clock(0, 50), flood(7, 2, second), flood(7, 2, second), cleared(7, 1, second), late)
	b.give(stream.Verdicts, 0, clock(9*minute, 50))
	b.want("1s 7: BLOCK_DESTINATION")
	if got := b.task().Counters().VerdictsRepeated; got != 3 {
		t.Errorf("repeats: %d, want 3", got)
	}
}

// What is due up to a verdict's decision comes before it, at its own time, with
// no Progress between.
func TestTimersComeBeforeALaterVerdict(t *testing.T) {
	b := newBench(t, 1, generous())
	b.give(stream.Verdicts, 0, clock(0, 50), flood(7, 1, 20*second), cleared(7, 2, minute))
	b.give(stream.Verdicts, 0, flood(7, 3, 6*minute)) // as probation ends
	b.want("20s 7: BLOCK_DESTINATION", "6m0s 7: RELEASE", "6m0s 7: BLOCK_DESTINATION")
	b.give(stream.Verdicts, 0, flood(8, 1, 2*record.Hour))
	b.want("20s 7: BLOCK_DESTINATION", "6m0s 7: RELEASE", "6m0s 7: BLOCK_DESTINATION",
		"1h6m0s 7: BLOCK_DESTINATION", "2h0m0s 8: BLOCK_DESTINATION")
}

func TestTimersFireInDueOrder(t *testing.T) {
	b := newBench(t, 1, generous())
	b.give(stream.Verdicts, 0, clock(0, 50), flood(9, 1, 20*second), flood(5, 1, 20*second), flood(7, 1, 10*second))
	b.give(stream.Verdicts, 0, clock(11*minute, 50))
	b.want("20s 9: BLOCK_DESTINATION", "20s 5: BLOCK_DESTINATION", "20s 7: BLOCK_DESTINATION",
		"10m20s 5: BLOCK_DESTINATION", "10m20s 7: BLOCK_DESTINATION", "10m20s 9: BLOCK_DESTINATION")
}

func TestNoPopulationNoIsolation(t *testing.T) {
	b := newBench(t, 1, generous())
	b.give(stream.Verdicts, 0, flood(7, 1, 20*second))
	b.wantAudit("DEFER NO_POPULATION 7")
	b.give(stream.Verdicts, 0, clock(30*second, 50))
	b.want("30s 7: BLOCK_DESTINATION")
	b.wantAudit("DEFER NO_POPULATION 7", "ISOLATE BLOCK_DESTINATION 7")
}

func TestShareHoldsBackInOrder(t *testing.T) {
	b := newBench(t, 2, DefaultSettings()) // 1 % of 150: two
	b.give(stream.Verdicts, 0, clock(0, 100))
	b.give(stream.Verdicts, 1, clock(0, 50))
	b.give(stream.Verdicts, 0, flood(9, 1, 20*second), flood(8, 1, 30*second), flood(5, 1, 40*second))
	b.give(stream.Verdicts, 1, flood(6, 1, 40*second), flood(4, 1, 35*second))
	b.give(stream.Verdicts, 0, flood(5, 2, 50*second)) // told once
	b.want("20s 9: BLOCK_DESTINATION", "30s 8: BLOCK_DESTINATION")
	b.give(stream.Verdicts, 1, cleared(4, 2, 45*second)) // dropped: it waits no longer
	b.give(stream.Verdicts, 0, clock(minute, 150))
	b.want("20s 9: BLOCK_DESTINATION", "30s 8: BLOCK_DESTINATION")
	b.give(stream.Verdicts, 0, clock(2*minute, 250)) // 1 % of 300: room for the next
	b.want("20s 9: BLOCK_DESTINATION", "30s 8: BLOCK_DESTINATION", "2m0s 5: BLOCK_DESTINATION")
	b.give(stream.Verdicts, 0, cleared(9, 2, 3*minute), clock(9*minute, 250))
	b.want("20s 9: BLOCK_DESTINATION", "30s 8: BLOCK_DESTINATION", "2m0s 5: BLOCK_DESTINATION",
		"8m0s 9: RELEASE", "45s 6: BLOCK_DESTINATION")
	b.wantAudit("ISOLATE BLOCK_DESTINATION 9", "ISOLATE BLOCK_DESTINATION 8", "DEFER SHARE 5", "DEFER SHARE 6",
		"DEFER SHARE 4", "DROP cleared 4", "ISOLATE BLOCK_DESTINATION 5", "RELEASE PROBATION 9", "ISOLATE BLOCK_DESTINATION 6")
	if c := b.task().Counters(); c.Isolated != 3 || c.Waiting != 0 || c.Dropped != 1 || c.Room != 3 {
		t.Errorf("isolated %d, waiting %d, dropped %d, room %d; want 3, 0, 1, 3", c.Isolated, c.Waiting, c.Dropped, c.Room)
	}
}

func TestRateOfOnePartitionDoesNotHoldBackAnother(t *testing.T) {
	s := generous()
	s.IsolationsPerMinute = 1
	b := newBench(t, 2, s)
	b.give(stream.Verdicts, 0, clock(0, 100), flood(1, 1, second), flood(2, 1, 2*second))
	b.give(stream.Verdicts, 1, clock(0, 100), flood(3, 1, 10*minute))
	b.want("1s 1: BLOCK_DESTINATION", "10m0s 3: BLOCK_DESTINATION")
	b.give(stream.Verdicts, 0, clock(70*second, 100))
	b.want("1s 1: BLOCK_DESTINATION", "10m0s 3: BLOCK_DESTINATION", "1m10s 2: BLOCK_DESTINATION")
	b.wantAudit("ISOLATE BLOCK_DESTINATION 1", "DEFER RATE 2", "ISOLATE BLOCK_DESTINATION 3", "ISOLATE BLOCK_DESTINATION 2")
}

func TestAcksMoveTheCase(t *testing.T) {
	b := newBench(t, 1, generous())
	b.give(stream.Verdicts, 0, clock(0, 50), flood(7, 1, 20*second))
	b.cut(true)
	ack := func(id record.ID, s record.AckState) {
		b.give(stream.IsolationAcks, 0, &record.CommandAck{CommandID: id, Terminal: record.Pseudonym{7}, State: s, System: "pcf-1"})
	}
	block := b.commands[0].CommandID
	ack(record.ID{9}, record.AckApplied)
	for _, s := range []record.AckState{record.AckAccepted, record.AckApplied, record.AckFailed, record.AckRejected, record.AckReleased, record.AckUnknown} {
		ack(block, s)
	}
	b.give(stream.Verdicts, 0, cleared(7, 2, minute), clock(7*minute, 50))
	b.cut(true)
	ack(block, record.AckReleased) // of the command before: no longer matters
	ack(b.commands[1].CommandID, record.AckReleased)
	b.wantAudit("ISOLATE BLOCK_DESTINATION 7", "FAILED ack failed 7", "REJECTED ack rejected 7",
		"DRIFTED ack released 7", "RELEASE PROBATION 7")
	if got := b.task().terminals[record.Pseudonym{7}].State.String(); got != "RELEASED" {
		t.Errorf("state %s, want RELEASED", got)
	}
	if c := b.task().Counters(); c.Acks != 9 || c.AcksUnmatched != 2 {
		t.Errorf("acks %d, unmatched %d; want 9, 2", c.Acks, c.AcksUnmatched)
	}
}

func decide(kind record.DecisionKind, terminal byte) *record.OperatorDecision {
	d := &record.OperatorDecision{DecisionID: record.ID{1}, Kind: kind, Operator: "alice", ReasonCode: "FALSE_POSITIVE", Ticket: "T-9", At: 99}
	if terminal != 0 {
		d.Terminal = record.Pseudonym{terminal}
	}
	return d
}

func TestOperatorExemptsAndReleases(t *testing.T) {
	b := newBench(t, 1, generous())
	b.give(stream.OperatorDecisions, 0, decide(record.DecisionExempt, 7)) // before anything is known of it
	b.give(stream.Verdicts, 0, clock(0, 50), flood(7, 1, 20*second), flood(8, 1, 30*second), flood(9, 1, 40*second))
	b.give(stream.OperatorDecisions, 0, decide(record.DecisionRelease, 8), decide(record.DecisionEndExempt, 7))
	b.give(stream.Verdicts, 0, flood(8, 2, 50*second))
	b.want("30s 8: BLOCK_DESTINATION", "40s 9: BLOCK_DESTINATION", "40s 8: RELEASE", "40s 7: BLOCK_DESTINATION")
	b.give(stream.OperatorDecisions, 0, decide(record.DecisionReleaseAll, 0))
	b.give(stream.Verdicts, 0, flood(9, 2, minute), clock(15*minute, 50))
	b.want("30s 8: BLOCK_DESTINATION", "40s 9: BLOCK_DESTINATION", "40s 8: RELEASE", "40s 7: BLOCK_DESTINATION",
		"50s 7: RELEASE", "50s 9: RELEASE")
	for _, e := range b.audit {
		if e.Kind == "RELEASE_ALL" && (e.Actor != "alice" || e.Ticket != "T-9" || e.At != 99 || len(e.Inputs) != 1) {
			t.Errorf("audit of the operator's act: %+v", e)
		}
	}
}

func TestPauseStopsIsolationsNotReleases(t *testing.T) {
	b := newBench(t, 1, generous())
	b.give(stream.Verdicts, 0, clock(0, 50), flood(7, 1, 20*second))
	b.give(stream.OperatorDecisions, 0, decide(record.DecisionPause, 0))
	b.give(stream.Verdicts, 0, flood(8, 1, 30*second), clock(11*minute, 50))
	b.cut(true)
	b.restart() // a pause outlives the program
	b.give(stream.Verdicts, 0, clock(12*minute, 50))
	b.want("20s 7: BLOCK_DESTINATION", "10m20s 7: RELEASE")
	b.give(stream.OperatorDecisions, 0, decide(record.DecisionResume, 0))
	b.want("20s 7: BLOCK_DESTINATION", "10m20s 7: RELEASE", "12m0s 8: BLOCK_DESTINATION")
	b.wantAudit("ISOLATE BLOCK_DESTINATION 7", "PAUSE FALSE_POSITIVE 0", "DEFER PAUSED 8", "RELEASE EXPIRE 7",
		"RESUME FALSE_POSITIVE 0", "ISOLATE BLOCK_DESTINATION 8")
}

func TestUnsupportedDecisionsAreAuditedAsSuch(t *testing.T) {
	b := newBench(t, 1, generous())
	group := decide(record.DecisionExempt, 0)
	group.InternalGroupID = "meters"
	b.give(stream.OperatorDecisions, 0, decide(record.DecisionIsolate, 7), decide(record.DecisionSetCap, 0), group, decide(record.DecisionBenign, 7))
	b.wantAudit("NOT_SUPPORTED ISOLATE FALSE_POSITIVE 7", "NOT_SUPPORTED SET_CAP FALSE_POSITIVE 0",
		"NOT_SUPPORTED EXEMPT FALSE_POSITIVE 0", "BENIGN FALSE_POSITIVE 7")
	if c := b.task().Counters(); c.Decisions != 4 || c.Unsupported != 3 {
		t.Errorf("decisions %d, unsupported %d; want 4, 3", c.Decisions, c.Unsupported)
	}
}

func TestModeChange(t *testing.T) {
	b := newBench(t, 1, generous())
	b.give(stream.Verdicts, 0, clock(0, 50), flood(7, 1, 20*second), flood(8, 1, 30*second), cleared(8, 2, 40*second))
	b.cut(true)
	s := generous()
	s.Mode = record.ModeEnforce.String()
	b.settings(s)
	b.restart()
	b.owner.Tick(stream.Now{})
	b.want("20s 7: BLOCK_DESTINATION", "30s 8: BLOCK_DESTINATION", "40s 7: RELEASE", "40s 8: RELEASE", "40s 7: BLOCK_DESTINATION")
	want := []stream.Topic{stream.IsolationRehearsal, stream.IsolationRehearsal, stream.IsolationRehearsal, stream.IsolationRehearsal, stream.IsolationCommands}
	if !slices.Equal(b.topics, want) {
		t.Errorf("topics %v, want %v", b.topics, want)
	}
	if got := b.commands[4].Fence; got != 2 {
		t.Errorf("fence of the second enforcer: %d, want 2", got)
	}
}

func TestLostStateKeepsFenceAndChain(t *testing.T) {
	b := newBench(t, 1, generous())
	b.give(stream.Verdicts, 0, clock(0, 50), flood(7, 1, 20*second))
	b.cut(true)
	b.restart()
	b.give(stream.Verdicts, 0, cleared(7, 2, 30*second), clock(9*minute, 50))
	b.cut(true)
	b.state = nil
	b.restart()
	b.give(stream.Verdicts, 0, clock(0, 50), flood(7, 1, 20*second))
	b.cut(true) // verifies the chain
	if got := b.commands[2].Fence; got != 3 {
		t.Errorf("fence after the state was lost: %d, want 3", got)
	}
	if b.audit[2].PreviousHash != b.audit[1].Hash {
		t.Error("the chain does not go on after the state was lost")
	}
}

func TestKeyRotationCarriesTheMeasureOver(t *testing.T) {
	b := newBench(t, 1, generous())
	b.give(stream.Verdicts, 0, clock(0, 50), flood(7, 1, 20*second))
	v := cleared(77, 2, minute)
	v.PreviousTerminal, v.KeyEpoch = record.Pseudonym{7}, 1
	b.give(stream.Verdicts, 0, v)
	b.cut(true)
	b.restart()
	b.give(stream.Verdicts, 0, clock(20*minute, 50))
	b.want("20s 7: BLOCK_DESTINATION", "6m0s 77: RELEASE")
	c := b.commands[1]
	if c.PreviousTerminal != (record.Pseudonym{7}) || c.KeyEpoch != 1 || c.Sequence != 2 || c.Supersedes != b.commands[0].CommandID {
		t.Errorf("release after a key rotation: %+v", c)
	}
}

func TestForgetting(t *testing.T) {
	b := newBench(t, 1, generous())
	v := flood(7, 1, 0)
	v.Class = record.ClassWatch
	b.give(stream.Verdicts, 0, clock(0, 50), v, clock(30*record.Day-1, 50))
	if n := b.task().Counters().Terminals; n != 1 {
		t.Errorf("before 30 d: %d terminals, want 1", n)
	}
	b.cut(true)
	b.give(stream.Verdicts, 0, clock(30*record.Day, 50))
	b.cut(true)
	b.restart()
	if n := b.task().Counters().Terminals; n != 0 {
		t.Errorf("after 30 d and a restart: %d terminals, want 0", n)
	}
}

func TestBadRecordsAreDeadLetters(t *testing.T) {
	b := newBench(t, 1, generous())
	b.give(stream.Verdicts, 0, []byte("no record"), &record.CommandAck{}, &record.Verdict{}, clock(0, 50))
	truncated := encode(t, flood(7, 1, 0))
	b.give(stream.Verdicts, 0, truncated[:40])
	b.cut(true)
	var got []string
	for _, d := range b.dead {
		got = append(got, d.Reason.String())
	}
	if want := []string{"UNKNOWN_SCHEMA", "UNKNOWN_PAYLOAD", "UNKNOWN_PAYLOAD", "UNDECODABLE"}; !slices.Equal(got, want) {
		t.Errorf("reasons %v, want %v", got, want)
	}
	if d := b.dead[3]; d.SourceTopic != "verdicts" || d.SourceOffset != 4 || d.Stage != "enforcer" {
		t.Errorf("dead letter %+v", d)
	}
}

func TestWarningsAreCounted(t *testing.T) {
	b := newBench(t, 1, generous())
	b.give(stream.VerdictsEarly, 0, &record.EarlyWarning{Terminal: record.Pseudonym{7}})
	b.give(stream.VerdictsNetwork, 0, &record.NetworkVerdict{})
	if c := b.task().Counters(); c.EarlyWarnings != 1 || c.NetworkVerdicts != 1 || c.DeadLetters != 0 {
		t.Errorf("early %d, network %d, dead letters %d; want 1, 1, 0", c.EarlyWarnings, c.NetworkVerdicts, c.DeadLetters)
	}
}

func TestStartRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		start stream.Start
		want  string
	}{
		"another layout": {stream.Start{Restored: true, Header: stream.Header{StateVersion: 99},
			Partitions: map[stream.Topic]int32{stream.Verdicts: 1}}, "state version 99"},
		"no verdicts": {stream.Start{}, "no partitions"},
		"fewer partitions of commands": {stream.Start{Partitions: map[stream.Topic]int32{stream.Verdicts: 8, stream.IsolationCommands: 4}},
			"isolation.commands has 4 partitions"},
	} {
		if err := New(generous()).Start(c.start); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestRestoreRefusesWhatItCannotRead(t *testing.T) {
	for _, piece := range []stream.Piece{
		{Key: []byte("x"), Value: []byte{1}}, {Key: []byte{}, Value: nil}, {Key: []byte("p\xff\xff\xff\xff"), Value: []byte{0, 0}},
		{Key: append([]byte("t"), make([]byte, 16)...), Value: []byte{1, 2}}, {Key: []byte("s"), Value: []byte{0, 0, 0}},
	} {
		if err := New(generous()).Restore(piece.Key, piece.Value); !errors.Is(err, stream.ErrState) {
			t.Errorf("piece %q = %x: got %v, want %v", piece.Key, piece.Value, err, stream.ErrState)
		}
	}
}

func TestSettings(t *testing.T) {
	if err := DefaultSettings().Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
	for key, edit := range map[string]func(s *Settings){
		"mode":                func(s *Settings) { s.Mode = "enforce" },
		"durations":           func(s *Settings) { s.Durations = nil },
		"durations: number 2": func(s *Settings) { s.Durations = []time.Duration{time.Hour, time.Minute} },
		"durations: number 1": func(s *Settings) { s.Durations = []time.Duration{1500 * time.Millisecond} },
	} {
		s := DefaultSettings()
		edit(&s)
		if err := s.Validate(); err == nil || !strings.HasPrefix(err.Error(), key) {
			t.Errorf("%s: got %v, want an error that begins with the key", key, err)
		}
		if _, err := Stage(s); err == nil {
			t.Errorf("%s: the stage takes settings that are not valid", key)
		}
	}
}

func TestCountsTellWhatHappened(t *testing.T) {
	b := newBench(t, 1, DefaultSettings())
	b.give(stream.Verdicts, 0, clock(0, 50), flood(7, 1, 20*second), flood(8, 1, 30*second))
	got := map[string]int64{}
	b.task().Counts(func(name, label string, value int64) { got[name+" "+label] = value })
	for figure, want := range map[string]int64{
		"enforcer_records_total verdict": 2, "enforcer_commands_total BLOCK_DESTINATION": 1,
		"enforcer_deferred_total SHARE": 1, "enforcer_terminals isolated": 1, "enforcer_terminals room": 1,
		"enforcer_terminals waiting": 1, "enforcer_clock_seconds ": 30,
	} {
		if got[figure] != want {
			t.Errorf("%s: got %d, want %d", figure, got[figure], want)
		}
	}
}

var _ stream.Counted = (*Task)(nil)
