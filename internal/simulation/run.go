package simulation

import "fmt"

// trial is one run of a plan for an input.
type trial struct {
	plan    *Plan
	in      *Input
	want    *Expected // what the quiet run of the input came to
	hooks   hooks
	telling bool // the story is asked for
}

// Execute makes one run of a plan and checks it.
func Execute(plan *Plan, in *Input, want *Expected) (Result, error) {
	w, err := trial{plan: plan, in: in, want: want}.execute()
	return w.result, err
}

// execute returns the world as the run left it, with its result. There is one
// whatever the error.
func (t trial) execute() (*world, error) {
	w, err := newWorld(t)
	if err != nil {
		return w, err
	}
	defer w.kill()
	if err := w.run(); err != nil {
		return w, fmt.Errorf("the run: %w", err)
	}
	return w, w.check()
}
