package main

import (
	"fmt"
	"time"

	"cordon/internal/failure"
	"cordon/internal/record"
)

// choice is which verdict of a terminal is explained: the one of a number, the one
// that held at a point in time, or, where neither is given, the gravest of the newest
// case. A backtest lets the clock run on until every case is cleared, so that the
// newest verdict mostly says that nothing is left.
type choice struct {
	sequence int64  // 0: not given
	at       string // RFC 3339; empty: not given
}

// of returns which of the verdicts of a terminal, in their order, is meant.
func (c choice) of(verdicts []record.Verdict) (int, error) {
	if c.sequence != 0 && c.at != "" {
		return 0, failure.Usage(fmt.Errorf("--sequence %d and --at %s: want one of the two", c.sequence, c.at))
	}
	if c.sequence != 0 {
		return c.numbered(verdicts)
	}
	if c.at != "" {
		return c.held(verdicts)
	}
	newest := verdicts[len(verdicts)-1]
	found := len(verdicts) - 1
	for i := range verdicts {
		if verdicts[i].VerdictID == newest.VerdictID && graver(&verdicts[i], &verdicts[found]) {
			found = i
		}
	}
	return found, nil
}

// numbered returns the newest verdict with the number: numbers are of a state
// generation, and start again with it.
func (c choice) numbered(verdicts []record.Verdict) (int, error) {
	for i := len(verdicts) - 1; i >= 0; i-- {
		if verdicts[i].Sequence == c.sequence {
			return i, nil
		}
	}
	return 0, failure.Usage(fmt.Errorf("--sequence %d: no verdict about this terminal has that number; those known run from %d to %d",
		c.sequence, verdicts[0].Sequence, verdicts[len(verdicts)-1].Sequence))
}

// held returns the verdict that was the newest at the time.
func (c choice) held(verdicts []record.Verdict) (int, error) {
	when, err := time.Parse(time.RFC3339Nano, c.at)
	if err != nil {
		return 0, failure.Usage(fmt.Errorf("--at %s: want a time as 2026-05-04T10:00:00Z", c.at))
	}
	at := record.MicrosOf(when)
	for i := len(verdicts) - 1; i >= 0; i-- {
		if verdicts[i].DecidedAt <= at {
			return i, nil
		}
	}
	return 0, failure.Usage(fmt.Errorf("--at %s: the first verdict about this terminal is of %s", c.at, verdicts[0].DecidedAt))
}

// graver reports whether verdict a says more against a terminal than b: one that
// stands before one that clears, then the worse class, then more evidence.
func graver(a, b *record.Verdict) bool {
	if open := a.Status != record.StatusCleared; open != (b.Status != record.StatusCleared) {
		return open
	}
	if a.Class != b.Class {
		return a.Class < b.Class // the worse ones come first
	}
	return against(a) > against(b)
}

// against returns the evidence that counts for the class of a verdict.
func against(v *record.Verdict) int64 {
	if v.Class == record.ClassMalfunctioning {
		return v.MalfunctionEvidence
	}
	return v.Evidence
}
