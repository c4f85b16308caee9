package simulation

import (
	"flag"
	"testing"
)

var (
	seeds = flag.Int("seeds", 80, "how many seeds to run")
	seed  = flag.Uint64("seed", 0, "the first seed")
)

func TestSimulation(t *testing.T) {
	var in *Input
	var want *Expected
	var err error
	failed := 0
	for s := *seed; s < *seed+uint64(*seeds); s++ {
		if in == nil || s%runsPerInput == 0 {
			in = MakeInput(s / runsPerInput)
			if want, err = Expect(in); err != nil {
				t.Fatal(err)
			}
		}
		plan := MakePlan(s, in)
		r, w, err := execute(plan, in, want, hooks{}, *seeds < 3)
		if err != nil {
			for _, l := range w.Story {
				t.Log(l)
			}
			text := err.Error()
			t.Logf("seed %d (%s): %.600s", s, in.Kind, text)
			failed++
			continue
		}
		if *seeds < 100 {
			t.Logf("seed %d %s: %d steps, %+v, %v, %d outcomes, %d commands deferred %v", s, in.Kind, w.Steps, r, w.Most, len(want.Outcomes), want.Commands.Len(), want.Deferred)
		}
	}
	if failed > 0 {
		t.Errorf("%d failed", failed)
	}
}
