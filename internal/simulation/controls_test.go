package simulation

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"cordon/internal/record"
	"cordon/internal/stream"
)

// bug is a defect that is put back to see whether the simulation finds it.
type bug struct {
	name string
	// hooks are made for each run anew: what they keep is the run's.
	hooks func() hooks
	// input makes the inputs it is looked for with; nil: MakeInput.
	input func(seed uint64) *Input
}

// fleets are inputs of the kind Fleet alone.
func fleets(seed uint64) *Input { return MakeKind(Fleet, seed) }

// Kinds of pieces of a scorer's state (scorer/task).
const (
	piecesOfPeers   = 'P'
	piecesOfChanges = 'c'
)

// lacking lets scorers that are restored lack a kind of pieces.
func lacking(kind byte) func() hooks {
	return func() hooks {
		return hooks{log: func(w *worker) stream.Log { return &amnesiac{access{w}, kind} }}
	}
}

// bugs stand in docs/exactness.md in this order.
var bugs = []bug{
	{"dirty marks cleared before the commit", func() hooks {
		return hooks{stage: wrapping("", func(t stream.Task) stream.Task { return &forgetful{wrapped{t}} })}
	}, nil},
	{"state read before the take-over", func() hooks { return hooks{log: func(w *worker) stream.Log { return &hasty{access: access{w}} }} }, nil},
	{"alignment per fetch", func() hooks {
		return hooks{stage: wrapping("collector", func(t stream.Task) stream.Task { return &coarse{wrapped: wrapped{t}} })}
	}, nil},
	{"EMPTY before the first fetch", func() hooks {
		return hooks{stage: wrapping("collector", func(t stream.Task) stream.Task { return &rash{wrapped: wrapped{t}} })}
	}, nil},
	{"a late source clock believed", func() hooks {
		at := map[int32]map[string]record.Micros{}
		return hooks{stage: wrapping("collector", func(t stream.Task) stream.Task { return &loyal{wrapped: wrapped{t}, at: at} })}
	}, nil},
	{"a terminal's own clock", func() hooks {
		return hooks{stage: wrapping("scorer", func(t stream.Task) stream.Task { return &selfish{wrapped: wrapped{t}} })}
	}, nil},
	{"repeats applied", func() hooks {
		return hooks{stage: wrapping("collector", func(t stream.Task) stream.Task { return &numberless{wrapped: wrapped{t}} })}
	}, nil},
	{"aborted batches delivered", func() hooks { return hooks{commitAborted: true} }, nil},
	{"an aborted cut forgotten", func() hooks { return hooks{settled: forgetAborted} }, nil},
	{"a fenced owner takes its id again", func() hooks { return hooks{steal: true} }, nil},
	{"a failed write believed", func() hooks { return hooks{log: func(w *worker) stream.Log { return &credulous{access{w}} }} }, nil},
	{"a restored scorer has forgotten its peers", lacking(piecesOfPeers), fleets},
	{"a restored scorer has forgotten profiles and decisions", lacking(piecesOfChanges), fleets},
}

// The table for readers lists these bugs, each with a number of seeds.
func TestDocumentListsTheBugs(t *testing.T) {
	text, err := os.ReadFile("../../docs/exactness.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| bug put back |")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := strings.Split(table, "\n")[2:]
	if len(rows) != len(bugs) {
		t.Fatalf("the table has %d rows, there are %d bugs", len(rows), len(bugs))
	}
	for i, b := range bugs {
		var n int
		if _, err := fmt.Sscanf(strings.TrimPrefix(rows[i], "| "+b.name+" | "), "%d |", &n); err != nil || n < 1 || n > enough {
			t.Errorf("row %d is %q, want %q and up to %d seeds", i+1, rows[i], b.name, enough)
		}
	}
}

// enough is within how many seeds each bug must be found.
const enough = 1000

func TestControls(t *testing.T) {
	for _, b := range bugs {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			n, err := b.find()
			if err == nil {
				t.Fatalf("not found in %d seeds", enough)
			}
			t.Logf("found by seed %d of %d: %.300s", n, enough, err)
		})
	}
}

// find returns how many seeds it takes to see the bug, and how it shows.
func (b *bug) find() (int, error) {
	var in *Input
	var want *Expected
	for s := range uint64(enough) {
		if s%runsPerInput == 0 {
			in = MakeInput(s / runsPerInput)
			if b.input != nil {
				in = b.input(s / runsPerInput)
			}
			var err error
			if want, err = expect(in, b.hooks()); err != nil {
				return int(s) + 1, fmt.Errorf("the quiet run: %w", err)
			}
		}
		if _, err := (trial{plan: MakePlan(s, in), in: in, want: want, hooks: b.hooks()}).execute(); err != nil {
			return int(s) + 1, err
		}
	}
	return 0, nil
}
