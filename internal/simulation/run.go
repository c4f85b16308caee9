package simulation

import "fmt"

// Execute makes one run of a plan and checks it.
func Execute(plan *Plan, in *Input, want *Expected) (Result, error) {
	r, _, err := execute(plan, in, want, hooks{}, false)
	return r, err
}

func execute(plan *Plan, in *Input, want *Expected, h hooks, telling bool) (r Result, w *world, err error) {
	if w, err = newWorld(plan, in, h); err != nil {
		return r, w, err
	}
	defer w.kill()
	w.telling = telling
	if err := w.run(); err != nil {
		return r, w, fmt.Errorf("the run: %w", err)
	}
	r, err = w.check(want)
	return r, w, err
}
