package simulation

import (
	"errors"
	"strings"
	"testing"
)

// With a known bug put back, what is left of a failing plan is the fault that
// brings it out, and the story tells that fault and the difference.
func TestShrinkLeavesWhatMatters(t *testing.T) {
	h := hooks{settled: forgetAborted}
	for s := range uint64(enough) {
		in := MakeInput(s / runsPerInput)
		want, err := Expect(in)
		if err != nil {
			t.Fatal(err)
		}
		plan := MakePlan(s, in)
		if len(plan.Faults) < 4 || !fails(trial{plan: plan, in: in, want: want, hooks: h}) {
			continue
		}
		small, err := trial{plan: plan, in: in, hooks: h}.shrink()
		story := small.tell()
		if err == nil || len(small.plan.Faults) > 2 || len(small.in.Appends) > len(in.Appends)/2 {
			t.Errorf("seed %d: %d faults of %d and %d appends of %d are left: %v\n%s", s, len(small.plan.Faults), len(plan.Faults), len(small.in.Appends), len(in.Appends), err, story)
		}
		for _, word := range []string{"the fault begins: ", "is tried again", "in the end: "} {
			if !strings.Contains(story, word) {
				t.Errorf("seed %d: the story lacks %q:\n%s", s, word, story)
			}
		}
		t.Log(story)
		return
	}
	t.Fatal(errors.New("no seed brings the bug out"))
}

func fails(t trial) bool {
	_, err := t.execute()
	return err != nil
}
