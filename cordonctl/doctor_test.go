package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cordon/collector/clock"
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

	wants(t, all, stateOK, "alignment", "2 of 2 raw partitions waited for")
	run(t, append([]string{"replay", path}, at...)...).expect(t, 2, "clock of this deployment stands at", "--prefix", "--start-at now")
	stop()
}

// What programs left behind, written by hand: each sign of trouble has its line.
func TestDoctorReadsTheSigns(t *testing.T) {
	at := deployed(t)
	create(t, at, "4")
	now := record.MicrosOf(time.Now())
	var sends []stream.Send
	for p, state := range map[int32]record.ClockState{0: record.ClockActive, 1: record.ClockStalled, 2: record.ClockDataLoss} {
		s := record.SourceClock{RawPartition: p, RawPartitions: 4, Time: now, State: state, NextOffset: 1}
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
	wants(t, all, stateOK, "alignment", "2 of 4 raw partitions waited for")
}

// What the clocks of raw partitions look like, and what is made of it.
func TestDoctorReadsTheClocks(t *testing.T) {
	now := record.Day
	many := make([]record.SourceCount, clock.MaxSources)
	for i := range many {
		many[i].SourceID, many[i].State = fmt.Sprint("s", i), record.SourceActive
	}
	skewed := []record.SourceCount{{SourceID: "upf-1", State: record.SourceActive}}
	for i := range 8 {
		skewed = append(skewed, record.SourceCount{SourceID: fmt.Sprint("slow-", i), State: record.SourceSkewed})
	}
	active := record.SourceClock{Time: now, State: record.ClockActive, NextOffset: 9, Sources: skewed[:1]}
	for _, c := range []struct {
		name        string
		heard       []record.SourceClock // of raw 0, in order
		age         record.Micros
		state, text string
	}{
		{"active", []record.SourceClock{active}, 0, stateOK, "ACTIVE, reported up to 1970-01-02T00:00:00.000000Z, 1 source, said 0s ago"},
		{"silent collector", []record.SourceClock{active}, 91 * record.Second, stateProblem, "the collector is silent"},
		{"empty", []record.SourceClock{{State: record.ClockEmpty}}, 0, stateOK, "EMPTY, no probe"},
		{"idle", []record.SourceClock{{Time: now, State: record.ClockIdle, Sources: skewed[:1]}}, 0, stateOK, "IDLE, reported up to 1970-01-02T00:00:00.000000Z, 1 source, said 0s ago: its probes are silent"},
		{"stalled", []record.SourceClock{{Time: now, State: record.ClockStalled, NextOffset: 9}}, 0, stateWarning, "stopped writing Clocks"},
		{"stalled, another says", []record.SourceClock{active, {State: record.ClockStalled}}, 0, stateProblem,
			"STALLED, reported up to 1970-01-02T00:00:00.000000Z, 1 source, said 0s ago: not waited for; nothing was read of it yet, or its collector is silent"},
		{"lost", []record.SourceClock{{Time: now, State: record.ClockDataLoss, NextOffset: 9}}, 0, stateWarning, "deleted before they were read"},
		{"skewed", []record.SourceClock{{Time: now, State: record.ClockActive, Sources: skewed}}, 0, stateWarning, "not waited for: slow-0, slow-1, slow-2, slow-3, slow-4, and 3 more"},
		{"waits after that", []record.SourceClock{{Time: now, State: record.ClockActive, Sources: skewed}, {Time: now, State: record.ClockActive}}, 0, stateWarning, "9 sources"},
		{"too many sources", []record.SourceClock{{Time: now, State: record.ClockActive, Sources: many}}, 0, stateWarning, "sources beyond 4096 share one clock"},
	} {
		d := &doctor{now: now, clocks: map[int32]said[record.SourceClock]{}}
		for i := range c.heard {
			d.hear(&c.heard[i], now-c.age)
		}
		d.rawPartition(0)
		got := d.findings[0]
		if shown := got.Text + got.Remedy; got.State != c.state || !strings.Contains(shown, c.text) && !strings.Contains(got.Remedy, c.text) {
			t.Errorf("%s: got %+v, want %s with %q", c.name, got, c.state, c.text)
		}
	}
}

// Whom the others wait for.
func TestDoctorReadsTheAlignment(t *testing.T) {
	at := func(r int32, seconds record.Micros, state record.ClockState) record.SourceClock {
		return record.SourceClock{RawPartition: r, Time: seconds * record.Second, State: state}
	}
	for _, c := range []struct {
		name        string
		heard       []record.SourceClock
		state, text string
	}{
		{"none", []record.SourceClock{at(0, 0, record.ClockEmpty), at(1, 900, record.ClockStalled)}, stateOK, "no raw partition is waited for"},
		{"in step", []record.SourceClock{at(0, 900, record.ClockActive), at(1, 880, record.ClockIdle), at(2, 0, record.ClockEmpty)}, stateOK,
			"2 of 3 raw partitions waited for; raw 1 is the slowest, 20s behind the newest; telemetry before 1970-01-01T00:15:00.000000Z is refused by replay"},
		{"backlog", []record.SourceClock{at(0, 900, record.ClockActive), at(1, 300, record.ClockActive), at(2, 0, record.ClockEmpty)}, stateWarning, "raw 1 is the slowest, 10m0s behind"},
	} {
		d := &doctor{counts: map[stream.Topic]int32{stream.TelemetryRaw: 3}, clocks: map[int32]said[record.SourceClock]{}}
		for i := range c.heard {
			d.hear(&c.heard[i], record.Hour)
		}
		d.alignment()
		if got := d.findings[0]; got.State != c.state || !strings.Contains(got.Text, c.text) {
			t.Errorf("%s: got %+v, want %s with %q", c.name, got, c.state, c.text)
		}
	}
}

// A raw partition that a scorer tells as STALLED though its collector does not
// was too slow for the scorer's room.
func TestDoctorFindsWhoIsTooSlow(t *testing.T) {
	d := &doctor{clocks: map[int32]said[record.SourceClock]{}}
	for r, state := range []record.ClockState{record.ClockActive, record.ClockActive, record.ClockStalled, record.ClockIdle} {
		d.hear(&record.SourceClock{RawPartition: int32(r), State: state}, 0)
	}
	p := record.Progress{}
	for r, state := range []record.ClockState{record.ClockActive, record.ClockStalled, record.ClockStalled, record.ClockStalled} {
		p.Sources = append(p.Sources, record.SourceWait{RawPartition: int32(r), State: state})
	}
	if got := d.tooSlow(&p); got != "1, 3" {
		t.Errorf("got %q, want 1, 3", got)
	}
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
