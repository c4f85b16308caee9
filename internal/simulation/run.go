package simulation

import "fmt"

// Execute makes one run of a plan and checks it.
func Execute(plan *Plan, in *Input, want *Expected) (Result, *World, error) {
	return execute(plan, in, want, hooks{}, false)
}

func execute(plan *Plan, in *Input, want *Expected, h hooks, telling bool) (r Result, w *World, err error) {
	if w, err = NewWorld(plan, in); err != nil {
		return r, w, err
	}
	defer w.kill()
	w.hooks, w.Telling = h, telling
	if err := w.Run(); err != nil {
		return r, w, fmt.Errorf("the run: %w", err)
	}
	r, err = w.Check(want)
	return r, w, err
}
