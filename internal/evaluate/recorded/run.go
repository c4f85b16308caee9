package recorded

import (
	"context"
	"fmt"

	"cordon/internal/evaluate"
	"cordon/internal/evaluate/fleet"
	"cordon/internal/evaluate/source"
	"cordon/internal/record"
)

// reports is the time between two reports of an open flow.
const reports = 10 * record.Second

// Alone runs the set by itself, rewritten.
func (s *Set) Alone(ctx context.Context, rules source.Remap) (*fleet.Result, error) {
	from, err := s.open(reports)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	return fleet.Run(ctx, fleet.Settings{Source: source.NewRemapped(from, rules), Partitions: 1, Truth: nothing})
}

// nothing is known to be wrong: what is said is compared, and not judged.
func nothing() []evaluate.Episode { return nil }

// Among is where in a fleet a set is put.
type Among struct {
	// Fleet lives as long as Length says, or longer. Everyday trouble comes at
	// parts of its life: fleets that are compared have the same.
	Fleet fleet.Fleet
	// History is how long the fleet lives before the first record of the set, at
	// least and less than an hour more: times move by whole hours.
	History record.Micros
	// Longest is how much of the set is used; 0: all of it.
	Longest record.Micros
}

// after is how long the fleet lives after the last record of the set: what was
// begun is judged until then.
const after = 30 * record.Minute

// Merged is a set among a fleet, beside the set and the fleet by themselves.
type Merged struct {
	Set    string
	Alone  *fleet.Result
	Merged *fleet.Result
	start  record.Micros // of the set in both
}

// place is how a set is moved into a fleet, and how long that has to be.
func (s *Set) place(a *Among) (rules source.Remap, start, duration record.Micros, err error) {
	first, last, err := s.Span()
	if err != nil {
		return rules, 0, 0, err
	}
	shift := (fleet.Start + a.History - first + record.Hour - 1).Floor(record.Hour)
	if a.Longest > 0 {
		last = min(last, first+a.Longest)
	}
	return source.Remap{Shift: shift, Rename: true}, first + shift, last + shift + after - fleet.Start, nil
}

// Length is how long the fleet has to live at least.
func (s *Set) Length(a *Among) (record.Micros, error) {
	_, _, duration, err := s.place(a)
	return duration, err
}

// Merge runs the set alone and among the fleet.
func (s *Set) Merge(ctx context.Context, a Among) (*Merged, error) {
	rules, start, duration, err := s.place(&a)
	if err == nil && a.Fleet.Duration < duration {
		err = fmt.Errorf("a fleet of %v: want %v or more", a.Fleet.Duration.Duration(), duration.Duration())
	}
	if err != nil {
		return nil, err
	}
	m := &Merged{Set: s.Name, start: start}
	end := fleet.Start + duration - after
	from, err := s.open(reports)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	alone := &source.Until{Source: source.NewRemapped(from, rules), Last: end}
	if m.Alone, err = fleet.Run(ctx, fleet.Settings{Source: alone, Partitions: 1, Truth: nothing}); err != nil {
		return nil, err
	}
	again, err := s.open(reports)
	if err != nil {
		return nil, err
	}
	defer again.Close()
	a.Fleet.Beside = &source.Until{Source: source.NewRemapped(again, rules), Last: end}
	m.Merged, err = fleet.Simulate(ctx, a.Fleet)
	return m, err
}
