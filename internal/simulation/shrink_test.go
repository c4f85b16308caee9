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
		if len(plan.Faults) < 4 || !failsWith(plan, in, want, h) {
			continue
		}
		small, part, err := shrink(plan, in, h)
		story := tell(small, part, h)
		if err == nil || len(small.Faults) > 2 || len(part.Appends) > len(in.Appends)/2 {
			t.Errorf("seed %d: %d faults of %d and %d appends of %d are left: %v\n%s", s, len(small.Faults), len(plan.Faults), len(part.Appends), len(in.Appends), err, story)
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

func failsWith(plan *Plan, in *Input, want *Expected, h hooks) bool {
	_, _, err := execute(plan, in, want, h, false)
	return err != nil
}
