package task

import (
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

// before and after are the verdicts of two partitions up to a checkpoint and from
// there on. At the checkpoint there is of everything: terminals in force, on
// probation and deferred, windows of the guard, an operator's pause.
func before(b *bench) {
	b.give(stream.Verdicts, 0, clock(0, 300))
	b.give(stream.Verdicts, 1, clock(0, 300))
	b.give(stream.Verdicts, 0, flood(2, 1, 20*second), flood(4, 1, 30*second), cleared(2, 2, 3*minute))
	scanner := flood(7, 1, minute)
	scanner.Exceptions[0].ExceptionID = record.WrongDestinationAddress
	b.give(stream.Verdicts, 1, flood(5, 1, 40*second), scanner, clock(5*minute, 300))
	for n := byte(20); n < 32; n += 2 {
		b.give(stream.Verdicts, 0, flood(n, 1, 4*minute))
	}
	b.give(stream.OperatorDecisions, 0, decide(record.DecisionExempt, 4), decide(record.DecisionPause, 0))
	b.give(stream.Verdicts, 0, clock(5*minute, 300))
}

func after(b *bench) {
	b.give(stream.OperatorDecisions, 0, decide(record.DecisionResume, 0))
	b.give(stream.Verdicts, 0, flood(2, 3, 10*minute), cleared(4, 2, 11*minute), clock(20*minute, 3000))
	b.give(stream.Verdicts, 1, cleared(5, 2, 12*minute), clock(2*record.Hour, 3000))
	b.give(stream.Verdicts, 0, clock(3*record.Day, 3000))
	b.cut(true)
}

// goldenLines are the pieces of a bench's state with its header, and the commands
// from one on.
func goldenLines(b *bench, state []stream.Send, from int) (pieces, commands []golden.Line) {
	for _, s := range state {
		pieces = append(pieces, golden.Line{Kind: "piece", Fields: [][]byte{s.Key, s.Value}})
	}
	for i := range b.commands[from:] {
		commands = append(commands, golden.Line{Kind: "command", Fields: [][]byte{encode(b.t, &b.commands[from+i])}})
	}
	return pieces, commands
}

// The stored form of a layout never changes: what is in the log of a deployment
// would be read as something else.
func TestLayoutIsPinned(t *testing.T) {
	b := newBench(t, 2, DefaultSettings())
	before(b)
	b.cut(true)
	got, _ := goldenLines(b, b.state, 0)
	isHeader := func(l golden.Line) bool { return string(l.Fields[0]) == stream.HeaderKey }
	name := filepath.Join("testdata", fmt.Sprintf("state-%d.txt", stateVersion))
	if *update {
		if err := golden.Write(name, got); err != nil {
			t.Fatal(err)
		}
	}
	want, err := golden.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	want = slices.DeleteFunc(want, func(l golden.Line) bool { return l.Kind != "piece" || isHeader(l) })
	got = slices.DeleteFunc(got, isHeader) // its settings' digest changes with every new key
	if d := golden.Difference(got, want); d != "" {
		t.Errorf("%s: %s\nThe stored form has changed: raise stateVersion, give the changed pieces other kinds, keep reading the "+
			"former ones, and write the golden state of the new layout with 'go test ./enforcer/task -update'", name, d)
	}
}

// A state goes on to the same commands, whichever release of ours wrote it.
func TestFormerStateGoesOn(t *testing.T) {
	names, err := filepath.Glob("testdata/state-*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no golden states (%v)", err)
	}
	for _, name := range names {
		lines, err := golden.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		b := newBench(t, 2, DefaultSettings())
		var stored, want []golden.Line
		for _, l := range lines {
			if l.Kind == "piece" {
				stored = append(stored, l)
				b.state = append(b.state, stream.Send{Key: l.Fields[0], Value: l.Fields[1]})
			} else {
				want = append(want, l)
			}
		}
		b.restart()
		after(b)
		_, got := goldenLines(b, nil, 0)
		if *update {
			if err := golden.Write(name, slices.Concat(stored, got)); err != nil {
				t.Fatal(err)
			}
			want = got
		}
		if d := golden.Difference(got, want); d != "" || len(want) < 5 {
			t.Errorf("%s: %d commands, want %d: %s", name, len(got), len(want), d)
		}
	}
}

// A state of a layout that is not known stops the program with the remedy.
func TestUnknownLayoutIsRefused(t *testing.T) {
	for _, version := range []int{0, 1, stateVersion + 1} {
		err := New(DefaultSettings()).Start(stream.Start{Restored: true, Header: stream.Header{StateVersion: version},
			Partitions: map[stream.Topic]int32{stream.Verdicts: 1}})
		want := fmt.Sprintf("has state version %d, this program knows %d; run the version that wrote it, or delete the state topic", version, stateVersion)
		if !errors.Is(err, stream.ErrState) || !strings.Contains(err.Error(), want) {
			t.Errorf("layout %d: %v, want %v with %q", version, err, stream.ErrState, want)
		}
	}
}
