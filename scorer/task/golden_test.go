package task

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cordon/internal/golden"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// update writes the golden state of the present layout, and what every golden
// state leads to, anew.
var update = flag.Bool("update", false, "write testdata/state-*.txt anew")

// goldenState is a state as a release stored it, the input that follows, and the
// verdicts that this leads to.
type goldenState struct {
	header   stream.Header
	pieces   []golden.Line
	tail     [][]byte
	verdicts [][]byte
}

// goldenName returns the file of a layout.
func goldenName(version int) string {
	return filepath.Join("testdata", fmt.Sprintf("state-%d.txt", version))
}

// write stores a golden state.
func (g *goldenState) write(t testing.TB, name string) {
	t.Helper()
	header, err := json.Marshal(g.header)
	if err != nil {
		t.Fatal(err)
	}
	lines := append([]golden.Line{{Kind: "header", Fields: [][]byte{header}}}, g.pieces...)
	for _, v := range g.tail {
		lines = append(lines, golden.Line{Kind: "input", Fields: [][]byte{v}})
	}
	for _, v := range g.verdicts {
		lines = append(lines, golden.Line{Kind: "verdict", Fields: [][]byte{v}})
	}
	if err := golden.Write(name, lines); err != nil {
		t.Fatal(err)
	}
}

// readGolden reads what write wrote.
func readGolden(t testing.TB, name string) *goldenState {
	t.Helper()
	lines, err := golden.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	g := new(goldenState)
	for _, l := range lines {
		switch l.Kind {
		case "header":
			if err := json.Unmarshal(l.Fields[0], &g.header); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		case "piece":
			g.pieces = append(g.pieces, l)
		case "input":
			g.tail = append(g.tail, l.Fields[0])
		case "verdict":
			g.verdicts = append(g.verdicts, l.Fields[0])
		}
	}
	if len(g.pieces) == 0 {
		t.Fatalf("%s holds no pieces", name)
	}
	return g
}

// restore returns a task that goes on from the golden state, under the settings
// it was written with: their digest may have another form today.
func (g *goldenState) restore(t testing.TB) *Task {
	t.Helper()
	task := New(DefaultSettings(), 0)
	for _, p := range g.pieces {
		if err := task.Restore(p.Fields[0], p.Fields[1]); err != nil {
			t.Fatal(err)
		}
	}
	header := g.header
	header.ConfigDigest = DefaultSettings().Digest(testCounts()[stream.Telemetry])
	if err := task.Start(stream.Start{Restored: true, Header: header, Partitions: testCounts()}); err != nil {
		t.Fatal(err)
	}
	return task
}

// newGolden runs the story up to its cut, and on.
func newGolden(t testing.TB) *goldenState {
	t.Helper()
	before, after := story()
	task := start(t, nil)
	run(t, task, before)
	var cut stream.Cut
	task.Cut(&cut)
	cut.Encode()
	g := &goldenState{
		header: stream.Header{
			Version: stream.HeaderVersion, Watermark: cut.Watermark, StateVersion: cut.StateVersion,
			StateGeneration: cut.StateGeneration, ConfigDigest: cut.ConfigDigest,
		},
		tail: after,
	}
	for _, p := range cut.Pieces() {
		g.pieces = append(g.pieces, golden.Line{Kind: "piece", Fields: [][]byte{bytes.Clone(p.Key), bytes.Clone(p.Value)}})
	}
	g.verdicts = storedVerdicts(run(t, task, after))
	return g
}

// storedVerdicts returns the verdicts without what names the build: the digest
// of the settings and the ids made from it.
func storedVerdicts(list []sent) (values [][]byte) {
	for _, v := range verdicts(list) {
		v.ConfigDigest, v.VerdictID = record.Digest{}, record.ID{}
		values = append(values, encode(v))
	}
	return values
}

// The stored form of a layout never changes: what is in the log of a deployment
// would be read as something else.
func TestLayoutIsPinned(t *testing.T) {
	name := goldenName(StateVersion)
	got := newGolden(t)
	if *update {
		got.write(t, name)
	}
	want := readGolden(t, name)
	const remedy = "the stored form has changed: raise StateVersion, give the changed pieces other kinds, keep reading " +
		"the former ones, and write the golden state of the new layout with 'go test ./scorer/task -update'"
	if d := golden.Difference(got.pieces, want.pieces); d != "" {
		t.Errorf("%s: piece at %s\n%s", name, d, remedy)
	}
}

// A state goes on to the same verdicts, whichever release of ours wrote it.
func TestFormerStateGoesOn(t *testing.T) {
	names, err := filepath.Glob("testdata/state-*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no golden states (%v)", err)
	}
	for _, name := range names {
		g := readGolden(t, name)
		got := storedVerdicts(run(t, g.restore(t), g.tail))
		if *update {
			g.verdicts = got
			g.write(t, name)
		}
		if len(got) != len(g.verdicts) {
			t.Errorf("%s: %d verdicts, want %d", name, len(got), len(g.verdicts))
			continue
		}
		for i := range got {
			if !bytes.Equal(got[i], g.verdicts[i]) {
				a, _ := record.Decode(got[i])
				b, _ := record.Decode(g.verdicts[i])
				t.Errorf("%s: verdict %d\n got %+v\nwant %+v", name, i, a, b)
			}
		}
	}
}

// A state of a layout that is not known stops the program with the remedy.
func TestUnknownLayoutIsRefused(t *testing.T) {
	for _, version := range []int{0, 1, StateVersion + 1} {
		err := New(DefaultSettings(), 0).Start(stream.Start{Restored: true, Header: stream.Header{StateVersion: version}, Partitions: testCounts()})
		want := fmt.Sprintf("it has layout %d, this program knows %d and %d; run the version that wrote it, or delete the state topic",
			version, formerVersion, StateVersion)
		if !errors.Is(err, stream.ErrState) || !strings.Contains(err.Error(), want) {
			t.Errorf("layout %d: %v, want %v with %q", version, err, stream.ErrState, want)
		}
	}
}

// After an upgrade the first cut rewrites what was stored in the former layout,
// and removes it: pieces of both never stand for one terminal.
func TestFirstCutReplacesFormerPieces(t *testing.T) {
	g := readGolden(t, goldenName(formerVersion))
	task := g.restore(t)
	kept := checkpoint{pieces: map[string][]byte{}, next: 1}
	for _, p := range g.pieces {
		kept.order = append(kept.order, string(p.Fields[0]))
		kept.pieces[string(p.Fields[0])] = p.Fields[1]
	}
	var cut stream.Cut
	task.Cut(&cut)
	task.Settle(false) // written again by the next one
	cut.Reset()
	task.Cut(&cut)
	kept.take(&cut)
	task.Settle(true)
	for key, value := range kept.pieces {
		if key[0] == kindFormerTerminal && value != nil {
			t.Errorf("piece %x of layout %d is still there", key, formerVersion)
		}
	}
	again := kept.restore(t, DefaultSettings())
	if got, want := again.roster.index.live, 4; got != want {
		t.Errorf("%d terminals after another restart, want %d", got, want)
	}
	if got := storedVerdicts(run(t, again, g.tail)); !slices.EqualFunc(got, g.verdicts, bytes.Equal) {
		t.Errorf("%d verdicts from the pieces written anew, want the %d of the former ones", len(got), len(g.verdicts))
	}
}
