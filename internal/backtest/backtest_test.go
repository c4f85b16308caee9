package backtest_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cordon/collector/pseudonym"
	collector "cordon/collector/task"
	enforcer "cordon/enforcer/task"
	"cordon/internal/backtest"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/simulate"
	"cordon/internal/stream"
	scorer "cordon/scorer/task"
)

// failer is what a test and a law have in common.
type failer interface {
	Helper()
	Fatalf(string, ...any)
}

// stages are the three programs' as they are, but for the share of terminals
// that may be isolated: which ones it holds back depends on how far each
// partition has come, and is no part of the promise.
func stages(t failer) []*stream.Stage {
	t.Helper()
	first, err := collector.Stage(collector.DefaultSettings(), pseudonym.TestKey())
	second, err1 := scorer.Stage(scorer.DefaultSettings())
	unlimited := enforcer.DefaultSettings()
	unlimited.SharePermille = 1000
	third, err2 := enforcer.Stage(unlimited)
	if err := errors.Join(err, err1, err2); err != nil {
		t.Fatalf("stages: %v", err)
	}
	return []*stream.Stage{first, second, third}
}

// outbreak is a small fleet of which one terminal scans and one floods.
var outbreak = []simulate.Attack{
	{Kind: "scan", Count: 1, Offset: record.Minute},
	{Kind: "udp-flood", Count: 1, Offset: 90 * record.Second},
}

var scanned = netip.MustParsePrefix("198.18.0.0/15")

// fleet returns what a fleet's probes see; of a scan one contact in ten, so that
// a law can run it a hundred times.
func fleet(t failer, duration record.Micros, attacks ...simulate.Attack) []raw.Telemetry {
	t.Helper()
	start := record.MicrosOf(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	source, err := simulate.New(simulate.Settings{Terminals: 30, Start: start, Duration: duration, Seed: 3, Attacks: attacks, Lifelike: true})
	if err != nil {
		t.Fatalf("fleet: %v", err)
	}
	var all []raw.Telemetry
	var next raw.Telemetry
	for n := 0; source.Next(&next) == nil; {
		if scanned.Contains(next.Flow.RemoteAddress) {
			if n++; n%10 != 0 {
				continue
			}
		}
		all = append(all, next)
	}
	return all
}

// history is what came out: every record in its order, and the decisions about
// each terminal.
type history struct {
	records   []string
	telemetry []string                     // of terminals
	decisions map[string]map[string]string // by terminal and (kind, generation, sequence)
	doubled   []string
	mask      bool // leave out what depends on the partition count
}

func (h *history) take(o backtest.Output) error {
	h.records = append(h.records, fmt.Sprintf("%s[%d] %d %x %x", o.Topic, o.Partition, o.Offset, o.Key, o.Value))
	if o.Topic == stream.Telemetry && record.NameOf(o.Value) != "PseudonymisedTelemetry" {
		return nil // how often a time is stated depends on when the collector runs
	}
	if o.Topic == stream.Telemetry {
		h.telemetry = append(h.telemetry, fmt.Sprintf("%d %x %x", o.Partition, o.Key, o.Value))
		return nil
	}
	decoded, err := record.Decode(o.Value)
	if err != nil {
		return err
	}
	switch r := decoded.(type) {
	case *record.Verdict:
		if h.mask {
			r.VerdictID, r.Coverage, r.Confidence, r.ConfigDigest = record.ID{}, record.Coverage{}, 0, record.Digest{}
		}
		return h.decide(r.Terminal, fmt.Sprintf("verdict %d.%03d", r.StateGeneration, r.Sequence), r)
	case *record.IsolationCommand:
		r.Fence = 0 // rises with each start of the enforcer
		if h.mask {
			r.CommandID, r.Supersedes, r.Reason.VerdictID = record.ID{}, record.ID{}, record.ID{}
		}
		return h.decide(r.Terminal, fmt.Sprintf("command %03d", r.Sequence), r)
	}
	return nil
}

func (h *history) decide(id record.Pseudonym, order string, r any) error {
	line, err := record.AppendJSON(nil, r)
	if err != nil {
		return err
	}
	of := h.decisions[id.String()]
	if of == nil {
		of = map[string]string{}
		h.decisions[id.String()] = of
	}
	if was, known := of[order]; known && was != string(line) {
		h.doubled = append(h.doubled, fmt.Sprintf("%s of %s:\n%s\n%s", order, id, was, line))
	}
	of[order] = string(line)
	return nil
}

// lines returns the decisions in order.
func (h *history) lines() []string {
	var all []string
	for id, of := range h.decisions {
		for order, line := range of {
			all = append(all, id+" "+order+" "+line)
		}
	}
	slices.Sort(all)
	return all
}

// start returns a run whose outputs go to the history.
func start(t failer, partitions int32, keep bool) (*backtest.Run, *history) {
	t.Helper()
	h := &history{decisions: map[string]map[string]string{}}
	run, err := backtest.New(backtest.Settings{Stages: stages(t), Partitions: partitions, Sink: h.take, Keep: keep})
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	return run, h
}

func add(t failer, run *backtest.Run, in []raw.Telemetry) {
	t.Helper()
	for i := range in {
		if err := run.Add(&in[i]); err != nil {
			t.Fatalf("record %d: %v", i, err)
		}
	}
}

func finish(t failer, run *backtest.Run) {
	t.Helper()
	if err := run.Finish(); err != nil {
		t.Fatalf("finish: %v", err)
	}
}

// differ says where two lists part.
func differ(t failer, want, got []string) {
	t.Helper()
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) || want[i] != got[i] {
			t.Fatalf("%d lines, want %d; the first that differs is %d:\ngot  %s\nwant %s", len(got), len(want), i, line(got, i), line(want, i))
		}
	}
}

func line(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "none"
}

func TestSameInputSameBytes(t *testing.T) {
	in := fleet(t, 4*record.Minute, outbreak...)
	var first []string
	for n := range 2 {
		run, h := start(t, 4, false)
		add(t, run, in)
		finish(t, run)
		if n == 0 {
			first = h.records
			if text := strings.Join(h.lines(), "\n"); strings.Count(text, `"class":"MALICIOUS"`) < 2 || !strings.Contains(text, "RATE_LIMIT") || !strings.Contains(text, "BLOCK_DESTINATION") {
				t.Fatalf("the outbreak is not found, so nothing is compared:\n%s", text)
			}
			continue
		}
		differ(t, first, h.records)
	}
}

// Stages that are killed, and checkpoints that are cut, at any moment change
// nothing: neither telemetry nor verdicts nor commands.
func TestRestartAndCutChangeNothing(t *testing.T) {
	in := fleet(t, 3*record.Minute, outbreak...)
	quiet, want := start(t, 2, false)
	add(t, quiet, in)
	finish(t, quiet)
	rapid.Check(t, func(t *rapid.T) {
		run, h := start(t, 2, true)
		from := 0
		for n := rapid.IntRange(1, 8).Draw(t, "interruptions"); n > 0; n-- {
			to := rapid.IntRange(from, len(in)).Draw(t, "at record")
			add(t, run, in[from:to])
			from = to
			interrupt(t, run)
		}
		add(t, run, in[from:])
		finish(t, run)
		if len(h.doubled) > 0 {
			t.Fatalf("%d decisions differ under one number, the first: %s", len(h.doubled), h.doubled[0])
		}
		// The order between partitions depends on when the stages ran.
		slices.Sort(h.telemetry)
		differ(t, slices.Sorted(slices.Values(want.telemetry)), h.telemetry)
		differ(t, want.lines(), h.lines())
	})
}

// interrupt does to one stage what may happen to it.
func interrupt(t *rapid.T, run *backtest.Run) {
	stage := rapid.IntRange(0, 2).Draw(t, "stage")
	if rapid.Bool().Draw(t, "drained before") {
		if err := run.Drain(); err != nil {
			t.Fatalf("drain: %v", err)
		}
	}
	do, what := run.Restart, "restart"
	if rapid.Bool().Draw(t, "cut") {
		do, what = run.Cut, "cut"
	}
	if err := do(stage); err != nil {
		t.Fatalf("%s of stage %d: %v", what, stage, err)
	}
}

// These detectors use no peers, so a terminal is judged the same wherever its
// partition ends (coverage, confidence and configDigest aside, and the ids that
// are made of them).
func TestPartitionsDoNotMatter(t *testing.T) {
	in := fleet(t, 4*record.Minute, outbreak...)
	var one []string
	for _, partitions := range []int32{1, 4, 16} {
		run, h := start(t, partitions, false)
		h.mask = true
		add(t, run, in)
		finish(t, run)
		if partitions == 1 {
			one = h.lines()
			continue
		}
		t.Run(fmt.Sprint(partitions), func(t *testing.T) { differ(t, one, h.lines()) })
	}
}

// An input may be larger than memory: what was read and handed out is let go.
func TestMemoryIsBounded(t *testing.T) {
	in := fleet(t, 24*record.Hour)
	run, _ := start(t, 2, false)
	most := int64(0)
	for i := range in {
		add(t, run, in[i:i+1])
		most = max(most, held(run))
	}
	finish(t, run)
	// A chunk of input, the Clocks with its last record, and a SourceClock of
	// each raw partition that waits in each other one.
	const bound = 2000 + 20
	if len(in) < 3*bound || most > bound || held(run) > 20 {
		t.Errorf("of %d records %d are held at most and %d at the end; want %d and 20:\n%s", len(in), most, held(run), bound, heldBy(run))
	}
}

// twice are all partitions of a deployment of two.
var twice = func() []stream.Partition {
	var all []stream.Partition
	for _, topic := range stream.Topics(2) {
		for p := range topic.Partitions {
			all = append(all, stream.Partition{Topic: topic.Topic, ID: p})
		}
	}
	return all
}()

// held returns how many records the log holds.
func held(run *backtest.Run) int64 {
	total := int64(0)
	for _, p := range twice {
		total += run.Log().End(p) - run.Log().Start(p)
	}
	return total
}

func heldBy(run *backtest.Run) string {
	var b strings.Builder
	for _, p := range twice {
		if n := run.Log().End(p) - run.Log().Start(p); n > 0 {
			fmt.Fprintf(&b, "%s[%d] %d\n", p.Topic, p.ID, n)
		}
	}
	return b.String()
}

// A sink that cannot go on ends the run, and the error says at which record.
func TestSinkThatFails(t *testing.T) {
	full := errors.New("disk full")
	run, err := backtest.New(backtest.Settings{Stages: stages(t), Partitions: 1, Sink: func(backtest.Output) error { return full }})
	if err != nil {
		t.Fatal(err)
	}
	in := fleet(t, record.Minute)
	if err := run.Add(&in[0]); !errors.Is(err, full) || !strings.Contains(err.Error(), "telemetry[0] at 0") {
		t.Errorf("got %v, want %v with the topic, partition and offset", err, full)
	}
}

// Records of other inputs come in between, at the time reached so far.
func TestAppendTakesOtherInputs(t *testing.T) {
	in := fleet(t, 4*record.Minute, outbreak...)
	run, h := start(t, 1, false)
	pause := record.OperatorDecision{DecisionID: record.ID{1}, Kind: record.DecisionPause, Operator: "test", ReasonCode: "TEST", At: in[0].OccurredAt}
	value, err := record.Append(nil, &pause)
	if err != nil {
		t.Fatal(err)
	}
	add(t, run, in[:100])
	if err := run.Append(stream.Send{Topic: stream.OperatorDecisions, Key: []byte("all PAUSE"), Value: value}); err != nil {
		t.Fatal(err)
	}
	add(t, run, in[100:])
	if err := run.Tick(in[len(in)-1].OccurredAt + 5*record.Minute); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(h.lines(), "\n")
	if !strings.Contains(text, `"class":"MALICIOUS"`) || strings.Contains(text, " command ") {
		t.Errorf("after PAUSE and time to decide: want verdicts and no command, got\n%s", text)
	}
}

// One subscriber's session through the collector alone: what comes out names
// nobody.
func ExampleRun() {
	first, err := collector.Stage(collector.DefaultSettings(), pseudonym.TestKey())
	if err != nil {
		fmt.Println(err)
		return
	}
	run, err := backtest.New(backtest.Settings{
		Stages: []*stream.Stage{first}, Partitions: 1,
		Sink: func(o backtest.Output) error {
			if record.NameOf(o.Value) == "PseudonymisedTelemetry" {
				fmt.Printf("%s[%d] key %x\n", o.Topic, o.Partition, o.Key)
			}
			return nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	seen := raw.Telemetry{OccurredAt: 1_777_888_805_000_000, SourceID: "smf-1", SUPI: "imsi-001010000000001", Kind: record.KindSession}
	seen.Session.Event = record.SessionEstablished
	fmt.Println(run.Add(&seen))
	fmt.Println(run.Finish())
	// Output:
	// telemetry[0] key 0adda3967dbf63cf28b04a9d8739c931
	// <nil>
	// <nil>
}
