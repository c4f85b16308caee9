package main

import (
	"errors"
	"fmt"
	"time"

	"cordon/internal/capture"
	"cordon/internal/failure"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/replay"
	"cordon/internal/simulate"
)

const (
	// fleetDuration and outbreakAt shape the simulated story: some quiet, an
	// outbreak, and time to see it judged.
	fleetDuration = 10 * record.Minute
	outbreakAt    = 3 * record.Minute
	// past is how long ago the story happens: its clock runs on 8 days beyond
	// the last record, past every timer, and may not run ahead of today.
	past = 10 * record.Day
)

// story is what is replayed, and what is known about it.
type story struct {
	source replay.Source
	speed  int64
	about  string
	who    string                    // what the names of terminals are: a column's heading
	truth  map[string]simulate.Truth // by SUPI
	// known returns the SUPIs of all terminals the story can say something of,
	// with what the input calls them; complete once source is at its end.
	known func() map[string]string
	// finish frees what the source holds, and reports what of it could not be
	// used.
	finish func() error
}

// tell makes the story of a run. It must be finished.
func tell(o options) (*story, error) {
	if o.capture != "" {
		return ofCapture(o.capture)
	}
	attacks := []simulate.Attack{
		{Kind: "scan", Count: 3, Offset: outbreakAt},
		{Kind: "udp-flood", Count: 2, Offset: outbreakAt + record.Minute},
		{Kind: "retry-loop", Count: 2, Offset: outbreakAt},
	}
	start := (record.MicrosOf(time.Now()) - past).Floor(record.Hour)
	fleet, err := simulate.New(simulate.Settings{
		Terminals: o.terminals, Start: start, Duration: fleetDuration, Seed: o.seed, Attacks: attacks, Lifelike: true,
	})
	if err != nil {
		return nil, failure.Usage(fmt.Errorf("--terminals %d: %w", o.terminals, err))
	}
	s := &story{source: fleet, speed: o.speed, who: "WHAT IT DOES", truth: map[string]simulate.Truth{}, finish: func() error { return nil }}
	names := map[string]string{}
	for _, t := range fleet.Truth() {
		s.truth[t.Source] = t
		names[t.Source] = ""
	}
	s.known = func() map[string]string { return names }
	s.about = fmt.Sprintf("%d terminals of mixed kinds, %s of their time, %d times as fast; after %s three begin to scan and two to retry a server that refuses them, a minute later two flood a victim",
		o.terminals, span(fleetDuration.Duration()), o.speed, span(outbreakAt.Duration()))
	return s, nil
}

// timed notes when a source's time began.
type timed struct {
	replay.Source
	first record.Micros
}

// Next passes the next observation on.
func (w *timed) Next(t *raw.Telemetry) error {
	err := w.Source.Next(t)
	if err == nil && w.first == 0 {
		w.first = t.OccurredAt
	}
	return err
}

func ofCapture(path string) (*story, error) {
	source, err := capture.Open([]string{path}, capture.Settings{})
	if err != nil {
		return nil, failure.Usage(fmt.Errorf("--capture: %w", err))
	}
	s := &story{source: source, who: "ADDRESS", about: "the capture " + path + ", as fast as it goes", truth: map[string]simulate.Truth{}}
	s.known = func() map[string]string {
		names := map[string]string{}
		for _, t := range source.Terminals() {
			names[t.SUPI] = t.Source
		}
		return names
	}
	s.finish = func() error { return errors.Join(source.Close(), unusable(source.Problems())) }
	return s, nil
}

// unusable reports what of a capture could not be used.
func unusable(problems []capture.Problem) error {
	lines := make([]error, len(problems))
	for i, p := range problems {
		lines[i] = fmt.Errorf("not used: %v", p)
	}
	return failure.RejectedInput(errors.Join(lines...))
}
