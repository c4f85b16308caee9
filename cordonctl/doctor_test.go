package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/internal/stream/kafka"
)

// look runs doctor and returns its lines.
func look(t *testing.T, at []string, code int) []diagnosis {
	t.Helper()
	o := run(t, append([]string{"doctor", "--json"}, at...)...)
	o.expect(t, code)
	var all []diagnosis
	for line := range strings.Lines(o.out) {
		var one diagnosis
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all = append(all, one)
	}
	return all
}

// wants fails unless a line has the state, is about what, and holds the text.
func wants(t *testing.T, all []diagnosis, state, what, text string) {
	t.Helper()
	for _, one := range all {
		if one.State == state && one.What == what && strings.Contains(one.Text, text) {
			if state != stateOK && one.Remedy == "" {
				t.Errorf("%s %s: no remedy: %s", state, what, one.Text)
			}
			return
		}
	}
	t.Errorf("no line %q about %q with %q in %+v", state, what, text, all)
}

func TestDoctorTopicsMissing(t *testing.T) {
	at := deployed(t)
	wants(t, look(t, at, 1), stateProblem, "topics", "telemetry.raw")
	run(t, append([]string{"doctor"}, at...)...).expect(t, 1, "topics create --partitions 8 --prefix "+at[3], "1 problem and 0 warnings")
}

func TestDoctorNothingRuns(t *testing.T) {
	at := deployed(t)
	create(t, at, "2")
	all := look(t, at, 1)
	wants(t, all, stateOK, "topics", "all 18 are there, 2 raw and 2 telemetry partitions")
	wants(t, all, stateOK, "settings", "as topics create makes them")
	wants(t, all, stateProblem, "collector", "never said anything")
	wants(t, all, stateWarning, "scorer", "no checkpoint yet")
	wants(t, all, stateOK, "verdicts 1", "no telemetry yet")
	wants(t, all, stateOK, "mode", "only rehearses")
	wants(t, all, stateOK, "dead letters", "none")
}

func TestDoctorWrongTopics(t *testing.T) {
	at := deployed(t)
	var spoilt []kafka.TopicSpec
	for _, s := range specs(3) {
		switch s.Topic {
		case stream.Verdicts:
			s.Partitions = 2
		case stream.EnforcerState:
			s.Partitions = 2
		case stream.Telemetry:
			s.Config["message.timestamp.type"] = "CreateTime"
		case stream.Audit:
			s.Config["retention.ms"] = "1000"
		case stream.IsolationCommands:
			s.Config["cleanup.policy"] = "delete,compact" // the order means nothing
		}
		spoilt = append(spoilt, s)
	}
	if _, err := client(t, at).Create(t.Context(), spoilt, 1); err != nil {
		t.Fatal(err)
	}
	all := look(t, at, 1)
	wants(t, all, stateProblem, "topics", "telemetry 3, verdicts 2, verdicts.early 3, scorer.state 3")
	wants(t, all, stateProblem, "topics", "enforcer.state has 2 partitions")
	wants(t, all, stateProblem, "settings", `telemetry: message.timestamp.type is "CreateTime", should be "LogAppendTime"`)
	wants(t, all, stateWarning, "settings", `audit: retention.ms is "1000"`)
	for _, one := range all {
		if strings.Contains(one.Text, "cleanup.policy") {
			t.Errorf("it complains of %s", one.Text)
		}
	}
}

// The programs run, a fleet with an outbreak is replayed, and all is well; when
// they stop, doctor says so.
func TestDoctorOfARunningDeployment(t *testing.T) {
	at := deployed(t)
	create(t, at, "2")
	stop := runPrograms(t, client(t, at))
	dir := t.TempDir()
	path := filepath.Join(dir, "fleet.jsonl")
	run(t, "simulate", "--terminals", "30", "--duration", "8m", "--attack", "scan:1@3m", "--out", path).expect(t, 0)
	o := run(t, append([]string{"replay", "--wait", "--timeout", "2m", path}, at...)...)
	o.expect(t, 0, "1 MALICIOUS", "MALICIOUS  ", "imsi-")
	all := look(t, at, 0)
	wants(t, all, stateOK, "broker", "no TLS, no SASL")
	wants(t, all, stateOK, "raw 0", "ACTIVE, reported up to 2026-01-09T00:0")
	wants(t, all, stateOK, "collector", "0 records behind it")
	wants(t, all, stateOK, "verdicts 1", "coverage 1000 ‰")
	wants(t, all, stateOK, "enforcer", "0 records behind it")
	wants(t, all, stateOK, "mode", "DRY_RUN: isolations are only rehearsed")

	run(t, append([]string{"replay", path}, at...)...).expect(t, 2, "clock of this deployment stands at")
	stop()
}

// What programs left behind, written by hand: each sign of trouble has its line.
func TestDoctorReadsTheSigns(t *testing.T) {
	at := deployed(t)
	create(t, at, "4")
	now := record.MicrosOf(time.Now())
	var sends []stream.Send
	for p, state := range map[int32]record.ClockState{0: record.ClockActive, 1: record.ClockStalled, 2: record.ClockDataLoss} {
		s := record.SourceClock{RawPartition: p, RawPartitions: 4, Time: now, State: state}
		sends = append(sends, encoded(t, stream.Progress, 0, []byte{byte(p)}, &s))
	}
	header, err := json.Marshal(stream.Header{
		Version: stream.HeaderVersion, Partitions: map[stream.Topic]int32{stream.Telemetry: 3},
		Positions: []stream.Position{{Topic: stream.Telemetry, Partition: 1, Next: 7}},
	})
	if err != nil {
		t.Fatal(err)
	}
	sends = append(sends, stream.Send{Topic: stream.ScorerState, Partition: 1, Key: []byte(stream.HeaderKey), Value: header})
	late := record.Progress{Time: now - record.Hour, Terminals: 5, Coverage: record.Coverage{Permille: 1000}}
	poor := record.Progress{Time: now, Terminals: 5, Coverage: record.Coverage{Permille: 700}}
	sends = append(sends, encoded(t, stream.Verdicts, 0, []byte("progress"), &late), encoded(t, stream.Verdicts, 1, []byte("progress"), &poor))
	for range 3 {
		letter := record.DeadLetter{Reason: record.DeadFutureTime, At: now}
		sends = append(sends, encoded(t, stream.DeadLetters, 2, nil, &letter))
	}
	order := record.IsolationCommand{Action: record.ActionRateLimit, Mode: record.ModeEnforce, IssuedAt: now}
	sends = append(sends, encoded(t, stream.IsolationCommands, 3, []byte("terminal"), &order))
	appendTo(t, at, sends...)

	all := look(t, at, 1)
	wants(t, all, stateOK, "raw 0", "ACTIVE")
	wants(t, all, stateWarning, "raw 1", "STALLED")
	wants(t, all, stateWarning, "raw 2", "deleted before they were read")
	wants(t, all, stateProblem, "raw 3", "no collector has said anything")
	wants(t, all, stateProblem, "scorer", "telemetry has 4 partitions, its checkpoints were made with 3")
	wants(t, all, stateProblem, "scorer", "offset 7 of telemetry[1], which ends at 0")
	wants(t, all, stateWarning, "verdicts 0", "1h0m0s behind the oldest raw partition")
	wants(t, all, stateWarning, "verdicts 1", "coverage 700 ‰")
	wants(t, all, stateProblem, "verdicts 2", "though probes have reported")
	wants(t, all, stateProblem, "enforcer", "never made a checkpoint")
	wants(t, all, stateOK, "mode", "ENFORCE")
	wants(t, all, stateWarning, "dead letters", "3 FUTURE_TIME")
}

// The newest record is found however far from the end it lies.
func TestNewestLooksBack(t *testing.T) {
	at := deployed(t)
	create(t, at, "1")
	wanted := record.Progress{Time: 7}
	sends := []stream.Send{encoded(t, stream.Verdicts, 0, nil, &record.Progress{Time: 6}), encoded(t, stream.Verdicts, 0, nil, &wanted)}
	v := verdicts()[0]
	for range 3000 {
		sends = append(sends, encoded(t, stream.Verdicts, 0, v.Terminal[:], &v))
	}
	appendTo(t, at, sends...)
	d := &doctor{client: client(t, at)}
	p := stream.Partition{Topic: stream.Verdicts}
	got, err := newest[record.Progress](t.Context(), d, p, "Progress")
	if err != nil || !got.Found || got.Record.Time != 7 {
		t.Errorf("got %v, %v, error %v; want time 7", got.Found, got.Record.Time, err)
	}
	if none, err := newest[record.EarlyWarning](t.Context(), d, p, "EarlyWarning"); none.Found || err != nil {
		t.Errorf("a record that is not there: found %v, error %v", none.Found, err)
	}
	if n, err := d.count(t.Context(), p, 3000, 3002); n != 2 || err != nil {
		t.Errorf("count of the last two: %d, error %v", n, err)
	}
}

// Age, lag and what is made of them.
func TestDoctorMoves(t *testing.T) {
	now := record.Day
	for _, c := range []struct {
		unread int64
		age    record.Micros
		want   string
	}{
		{0, record.Hour, stateOK}, // an idle program writes no checkpoint
		{5, record.Second, stateOK},
		{5, slowAfter + 1, stateWarning},
		{5, stuckAfter + 1, stateProblem},
	} {
		d := &doctor{now: now}
		d.moves(scorerFlow, &standing{headers: 1, unread: c.unread, newest: now - c.age, oldest: now - c.age})
		if got := d.findings[0]; got.State != c.want {
			t.Errorf("%d unread, checkpoint %v old: %+v, want %s", c.unread, c.age.Duration(), got, c.want)
		}
	}
}
