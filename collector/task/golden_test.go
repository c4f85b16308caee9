package task_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cordon/collector/pseudonym"
	"cordon/collector/seal"
	"cordon/collector/task"
	"cordon/internal/golden"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// update writes the golden state of the present layout, and what every golden
// state leads to, anew.
var update = flag.Bool("update", false, "write testdata/state-*.txt anew")

// goldenFrom is where the golden checkpoint stands in its raw partition.
const goldenFrom = 100

// feed hands raw records to a task and returns what it sends of terminals.
func feed(t *testing.T, c *task.Task, from int64, inputs []*raw.Telemetry) (lines []golden.Line) {
	t.Helper()
	b := stream.Batch{Partition: stream.Partition{Topic: stream.TelemetryRaw}, AppendTime: start + record.Hour}
	for i, in := range inputs {
		b.Records = append(b.Records, stream.Record{Offset: from + int64(i), Value: raw.AppendTelemetry(nil, in)})
	}
	var out stream.Effects
	if n := c.Process(b, stream.Now{Wall: start + record.Hour, Frontier: stream.Far}, &out); n != len(inputs) {
		t.Fatalf("%d records taken, want %d", n, len(inputs))
	}
	for _, s := range out.Sends() {
		if s.Topic == stream.Telemetry && record.NameOf(s.Value) == "PseudonymisedTelemetry" {
			lines = append(lines, golden.Line{Kind: "output", Fields: [][]byte{slices.Clone(s.Value)}})
		}
	}
	return lines
}

// goldenInput is what comes before the golden checkpoint, and after it: of several
// sources, addresses with and without sessions, records that wait for one.
func goldenInput() (before, after []*raw.Telemetry) {
	sequenced := func(seconds int, n int64) *raw.Telemetry {
		f := flow(seconds, supi(1), netip.Addr{})
		f.SourceSequence = record.Some(n)
		return f
	}
	before = []*raw.Telemetry{
		sequenced(0, 1), sequenced(1, 2), sequenced(2, 5), word(3, "upf-2"),
		session(3, supi(2), address(2), record.SessionEstablished), flow(4, "", address(2)),
		session(4, supi(3), address(3), record.SessionEstablished), session(6, supi(3), address(3), record.SessionReleased),
		flow(7, "", address(4)),
	}
	after = []*raw.Telemetry{
		sequenced(8, 5), sequenced(8, 6), flow(8, "", address(2)), flow(5, "", address(3)),
		session(9, supi(4), address(4), record.SessionEstablished), flow(10, "", address(4)), word(60, "upf-2"), flow(60, supi(1), netip.Addr{}),
	}
	return before, after
}

// fresh returns a task without state.
func fresh(t *testing.T) *task.Task {
	t.Helper()
	c, err := task.New(settings(), pseudonym.TestKey(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// goldenPieces returns the state behind the input before the golden checkpoint,
// its header first.
func goldenPieces(t *testing.T, before []*raw.Telemetry) []golden.Line {
	t.Helper()
	c := fresh(t)
	if err := c.Start(stream.Start{Partitions: partitions(1, 1)}); err != nil {
		t.Fatal(err)
	}
	feed(t, c, goldenFrom-int64(len(before)), before)
	var cut stream.Cut
	c.Cut(&cut)
	cut.Encode()
	header, err := json.Marshal(stream.Header{
		Version: stream.HeaderVersion, Watermark: cut.Watermark, StateVersion: cut.StateVersion,
		Positions: []stream.Position{{Topic: stream.TelemetryRaw, Next: goldenFrom}},
	})
	if err != nil {
		t.Fatal(err)
	}
	lines := []golden.Line{{Kind: "header", Fields: [][]byte{header}}}
	for _, p := range cut.Pieces() {
		lines = append(lines, golden.Line{Kind: "piece", Fields: [][]byte{slices.Clone(p.Key), slices.Clone(p.Value)}})
	}
	return lines
}

// opened returns the lines with their pieces in clear, so that a difference can
// be read.
func opened(t *testing.T, lines []golden.Line) []golden.Line {
	t.Helper()
	sealer, err := seal.New(pseudonym.TestKey())
	if err != nil {
		t.Fatal(err)
	}
	lines = slices.Clone(lines)
	for i, l := range lines {
		if l.Kind == "piece" {
			plain, err := sealer.Open(l.Fields[0], l.Fields[1])
			if err != nil {
				t.Fatal(err)
			}
			lines[i].Fields = [][]byte{l.Fields[0], plain}
		}
	}
	return lines
}

// isState reports whether a line belongs to a state, not to what it leads to.
func isState(l golden.Line) bool { return l.Kind != "output" }

// The stored form of a layout never changes: what is in the log of a deployment
// would be read as something else.
func TestLayoutIsPinned(t *testing.T) {
	before, _ := goldenInput()
	got := goldenPieces(t, before)
	name := filepath.Join("testdata", fmt.Sprintf("state-%d.txt", task.StateVersion))
	if *update {
		if err := golden.Write(name, got); err != nil {
			t.Fatal(err)
		}
	}
	want, err := golden.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	want = slices.DeleteFunc(want, func(l golden.Line) bool { return !isState(l) })
	if d := golden.Difference(opened(t, got), opened(t, want)); d != "" {
		t.Errorf("%s: %s\nThe stored form has changed: raise StateVersion, keep reading the former layout, and write the golden "+
			"state of the new one with 'go test ./collector/task -update'", name, d)
	}
}

// A state goes on to the same records, whichever release of ours wrote it.
func TestFormerStateGoesOn(t *testing.T) {
	names, err := filepath.Glob("testdata/state-*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no golden states (%v)", err)
	}
	_, after := goldenInput()
	for _, name := range names {
		lines, err := golden.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		got := feed(t, continued(t, lines), goldenFrom, after)
		state, want := slices.Clone(lines), slices.Clone(lines)
		state = slices.DeleteFunc(state, func(l golden.Line) bool { return !isState(l) })
		want = slices.DeleteFunc(want, isState)
		if *update {
			if err := golden.Write(name, slices.Concat(state, got)); err != nil {
				t.Fatal(err)
			}
			want = got
		}
		if d := golden.Difference(got, want); d != "" || len(want) < 4 {
			t.Errorf("%s: %d records, want %d: %s", name, len(got), len(want), d)
		}
	}
}

// continued returns a task that goes on from a golden state.
func continued(t *testing.T, lines []golden.Line) *task.Task {
	t.Helper()
	c := fresh(t)
	var header stream.Header
	for _, l := range lines {
		switch l.Kind {
		case "header":
			if err := json.Unmarshal(l.Fields[0], &header); err != nil {
				t.Fatal(err)
			}
		case "piece":
			if err := c.Restore(l.Fields[0], l.Fields[1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := c.Start(stream.Start{Restored: true, Header: header, Partitions: partitions(1, 1)}); err != nil {
		t.Fatal(err)
	}
	return c
}

// A state of a layout that is not known stops the program with the remedy.
func TestUnknownLayoutIsRefused(t *testing.T) {
	for _, version := range []int{0, 1, task.StateVersion + 1} {
		err := fresh(t).Start(stream.Start{Restored: true, Header: stream.Header{StateVersion: version}, Partitions: partitions(1, 1)})
		const remedy = "run the release that wrote it, or delete the topic to start over"
		if !errors.Is(err, stream.ErrState) || !contains(err, fmt.Sprintf("has layout %d", version), remedy) {
			t.Errorf("layout %d: %v, want %v with the remedy", version, err, stream.ErrState)
		}
	}
}

// contains reports whether an error says all of these.
func contains(err error, texts ...string) bool {
	return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(err.Error(), text) })
}
