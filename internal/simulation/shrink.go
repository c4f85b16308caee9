package simulation

import (
	"fmt"
	"slices"
	"strings"

	"cordon/internal/record"
)

// attempts bounds how often a failing plan is run again to make it smaller.
const attempts = 300

// shrinker makes a failing plan smaller as long as it fails.
type shrinker struct {
	trial // the smallest so far that fails
	left  int
	err   error
}

// Shrink returns the smallest plan it finds that fails still, with the
// smallest input: the fewest faults, then the fewest instances, then the shortest input.
// The choices of what stays are as before.
func Shrink(plan *Plan, in *Input) (*Plan, *Input) {
	t, _ := trial{plan: plan, in: in}.shrink()
	return t.plan, t.in
}

// shrink returns the failure as well.
func (t trial) shrink() (trial, error) {
	var err error
	if t.want, err = expect(t.in, t.hooks); err != nil {
		return t, err
	}
	s := &shrinker{trial: t, left: attempts}
	if !s.try(t.plan, t.in) {
		return t, nil
	}
	for smaller := true; smaller && s.left > 0; {
		smaller = s.fewerFaults()
		smaller = s.fewerInstances() || smaller
		smaller = s.fewerRecords() || smaller
	}
	return s.trial, s.err
}

// try keeps a plan that fails.
func (s *shrinker) try(plan *Plan, in *Input) bool {
	if s.left--; s.left < 0 {
		return false
	}
	t := s.trial
	if t.plan, t.in = plan, in; in != s.in {
		var err error
		if t.want, err = expect(in, t.hooks); err != nil {
			return false
		}
	}
	_, err := t.execute()
	if err == nil {
		return false
	}
	s.trial, s.err = t, err
	return true
}

func (s *shrinker) fewerFaults() (smaller bool) {
	for i := len(s.plan.Faults) - 1; i >= 0; i-- {
		less := *s.plan
		less.Faults = slices.Delete(slices.Clone(s.plan.Faults), i, i+1)
		smaller = s.try(&less, s.in) || smaller
	}
	return smaller
}

func (s *shrinker) fewerInstances() (smaller bool) {
	for stage := range s.plan.Instances {
		for _, n := range []int{1, s.plan.Instances[stage] - 1} {
			if n < 1 || n >= s.plan.Instances[stage] {
				continue
			}
			less := *s.plan
			less.Instances[stage] = n
			smaller = s.try(&less, s.in) || smaller
		}
	}
	return smaller
}

// fewerRecords leaves appends out: the later half, then smaller parts.
func (s *shrinker) fewerRecords() (smaller bool) {
	for part := len(s.in.Appends) / 2; part > 8; part /= 2 {
		for from := len(s.in.Appends) - part; from > 0; from -= part {
			if from+part > len(s.in.Appends) {
				continue
			}
			smaller = s.try(s.plan, without(s.in, from, from+part)) || smaller
		}
	}
	return smaller
}

// without leaves appends out of an input. What it counts is not known any more.
func without(in *Input, from, to int) *Input {
	less := *in
	less.Appends = slices.Delete(slices.Clone(in.Appends), from, to)
	less.Records = unknown
	return &less
}

// unknown is a number of records nobody has counted.
const unknown = -1

// Tell runs a plan once more and tells its story.
func Tell(plan *Plan, in *Input) string {
	return trial{plan: plan, in: in}.tell()
}

func (t trial) tell() string {
	var err error
	if t.want, err = expect(t.in, t.hooks); err != nil {
		return err.Error()
	}
	t.telling = true
	w, err := t.execute()
	plan, in := t.plan, t.in
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %s input into %d raw partitions, %d appends from %s to %s; %d collectors, %d scorers, %d enforcers, checkpoints every %v, %v, %v\n",
		plan.Seed, in.Kind, in.Partitions, len(in.Appends), clockText(in.Appends[0].At), clockText(in.End),
		plan.Instances[0], plan.Instances[1], plan.Instances[2], lengthOf(plan.Intervals[0]), lengthOf(plan.Intervals[1]), lengthOf(plan.Intervals[2]))
	for _, line := range w.story {
		fmt.Fprintln(&b, line)
	}
	if err != nil {
		fmt.Fprintf(&b, "in the end: %v\n", err)
	}
	return b.String()
}

func lengthOf(m record.Micros) string { return m.Duration().String() }
