package simulation

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

var (
	seeds = flag.Uint64("seeds", 1200, "how many runs TestSimulation makes")
	seed  = flag.Uint64("seed", 0, "the first seed of them")
	only  = flag.String("kind", "", "let all inputs be of this kind, such as fleet")
)

// A run makes much garbage and holds little.
func TestMain(m *testing.M) {
	debug.SetGCPercent(800)
	os.Exit(m.Run())
}

// totals are what a set of runs came to.
type totals struct {
	sync.Mutex
	runs, compared, commands, late int
	tally                          map[string]int
}

func (sum *totals) add(w *world) {
	r := w.result
	sum.Lock()
	defer sum.Unlock()
	sum.runs++
	for counter, holds := range map[*int]bool{&sum.compared: r.Compared, &sum.commands: r.Commands, &sum.late: r.Late > 0} {
		if holds {
			*counter++
		}
	}
	for what, n := range w.tally {
		sum.tally[what] += n
	}
}

// Every run that stays inside what is promised comes to the same as the quiet
// run of its input. A seed that fails is shrunk and its story told; the same
// seed runs the same way again.
func TestSimulation(t *testing.T) {
	var next atomic.Uint64
	sum := &totals{tally: map[string]int{}}
	last := *seed + *seeds
	next.Store(*seed / runsPerInput)
	t.Run("runs", func(t *testing.T) {
		for range runtime.GOMAXPROCS(0) {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				for !t.Failed() {
					n := next.Add(1) - 1
					if n*runsPerInput >= last {
						return
					}
					runs{input: n, from: max(*seed, n*runsPerInput), to: min(last, (n+1)*runsPerInput)}.make(t, sum)
				}
			})
		}
	})
	t.Logf("%d runs: verdicts compared in %d, commands in %d; %d with late records", sum.runs, sum.compared, sum.commands, sum.late)
	if sum.runs >= enough && *only == "" {
		sum.check(t)
	}
}

// runs are those of the seeds from, to excluded, which share an input.
type runs struct{ input, from, to uint64 }

func (r runs) make(t *testing.T, sum *totals) {
	t.Helper()
	in := inputOf(r.input)
	want, err := Expect(in)
	if err != nil {
		t.Fatalf("seed %d: the quiet run: %v", r.from, err)
	}
	for s := r.from; s < r.to; s++ {
		plan := MakePlan(s, in)
		w, err := trial{plan: plan, in: in, want: want}.execute()
		if err != nil {
			small, part := Shrink(plan, in)
			t.Fatalf("seed %d fails: %v\nshrunk (of %d faults %d are left):\n%s", s, err, len(plan.Faults), len(small.Faults), Tell(small, part))
		}
		sum.add(w)
	}
}

// inputOf returns the input of a seed, of the kind that is asked for.
func inputOf(seed uint64) *Input {
	if at := slices.Index(kindNames[:], *only); at >= 0 {
		return MakeKind(Kind(at), seed)
	}
	return MakeInput(seed)
}

// check looks whether that happens for which the plans are made: crashes in
// every phase of every request, stops, owners that are fenced, zombies,
// time-outs; and whether nearly all runs were compared.
func (sum *totals) check(t *testing.T) {
	t.Helper()
	for _, what := range wanted() {
		if sum.tally[what] == 0 {
			t.Errorf("in %d runs never: %s", sum.runs, what)
		}
	}
	for _, what := range slices.Sorted(maps.Keys(sum.tally)) {
		t.Logf("%5d %s", sum.tally[what], what)
	}
	if sum.compared < sum.runs*9/10 || sum.commands < sum.runs*8/10 {
		t.Errorf("of %d runs the verdicts of %d were compared and the commands of %d", sum.runs, sum.compared, sum.commands)
	}
}

// wanted are the things that have to happen. The tail of a topic is read only by
// a task without state, so once in a run, and fingerprints in few restores.
func wanted() []string {
	all := []string{"an owner is fenced", "a fenced owner goes on", "an owner wakes that the group has given up",
		"a checkpoint is aborted and made again", "a transaction times out",
		near(figureHeld), near(figureBindings), near(figureAhead)}
	all = append(all, faultNames[:]...)
	for p := acquiring; p < points; p++ {
		if p == tailing || p == summing || p == aborting {
			continue
		}
		all = append(all, striking(Freeze, p))
		for phase := range phases {
			all = append(all, striking(Crash, p)+", "+phaseNames[phase])
		}
	}
	return all
}

// What is not the seed's does not reach a run: not the order of a map, not the
// machine.
func TestSameSeedSameRun(t *testing.T) {
	for s := range uint64(16) {
		var stories [2][]string
		for i := range stories {
			in := MakeInput(s)
			want, err := Expect(in)
			if err != nil {
				t.Fatal(err)
			}
			w, err := trial{plan: MakePlan(s*runsPerInput, in), in: in, want: want, telling: true}.execute()
			if err != nil {
				t.Fatal(err)
			}
			stories[i] = append(w.story, fmt.Sprint(w.steps, w.now, w.most))
		}
		if !slices.Equal(stories[0], stories[1]) {
			t.Errorf("seed %d: two runs differ: %q and %q", s, stories[0], stories[1])
		}
	}
}

// A run in which nothing is decided proves nothing: each record has its outcome,
// and most inputs of every kind have verdicts and commands. All of the others lack
// is luck: in a Quiet one the terminals may lie in the partitions that say nothing,
// and where few are known, a limit on how many may be isolated holds some back.
func TestInputsAreWorthwhile(t *testing.T) {
	const each = 5
	var decided [kinds]int
	for n := range uint64(each * kinds) {
		kind := n / each
		in := MakeKind(Kind(kind), kind+n%each*turn)
		want, err := Expect(in)
		if err != nil {
			t.Fatal(err)
		}
		if in.Records != len(want.Outcomes) {
			t.Errorf("input %d (%s): %d records with %d outcomes", n, in.Kind, in.Records, len(want.Outcomes))
		}
		if want.Verdicts.Len() >= 2 && want.Commands.Len() >= 1 && (!want.Deferred || in.Kind == Quiet) {
			decided[in.Kind]++
		}
	}
	for k, n := range decided {
		if n <= each/2 {
			t.Errorf("of %d inputs (%s) %d have verdicts and commands, want most", each, Kind(k), n)
		}
	}
}

// The clock of a silent partition crosses a gap in one step, and with it the panes
// of what waits behind it: nothing of that is late. While a scorer closed the pane
// that a gap leads to before it was filled, input 26 had late records.
func TestGapsMakeNothingLate(t *testing.T) {
	for n := uint64(Quiet); n < 50*turn; n += turn {
		if want, err := Expect(MakeInput(n)); err != nil || want.Late > 0 {
			t.Errorf("input %d: %v", n, err)
		}
	}
}

// Something is written in every input. In the one of this seed all terminals lay
// in the partition that stays empty.
func TestNoInputIsEmpty(t *testing.T) {
	const n = 132_314
	in := MakeInput(n)
	if in.Kind != Quiet || len(in.Appends) == 0 || in.Records == 0 {
		t.Errorf("input %d is %s, with %d appends of %d records", n, in.Kind, len(in.Appends), in.Records)
	}
}
