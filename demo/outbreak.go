package main

import (
	"fmt"
	"time"

	"cordon/internal/capture"
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
	truth  map[string]simulate.Truth // by SUPI
	names  func() map[string]string  // SUPI to what the input calls the terminal
	about  string
}

// tell makes the story of a run.
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
		return nil, err
	}
	s := &story{source: fleet, speed: o.speed, truth: map[string]simulate.Truth{}}
	for _, t := range fleet.Truth() {
		s.truth[t.Source] = t
	}
	s.names = func() map[string]string { return nil }
	s.about = fmt.Sprintf("%d terminals of mixed kinds for %s of their time, %d times as fast; after %s three start to scan, then two flood a victim, two keep retrying a server that refuses them",
		o.terminals, fleetDuration.Duration(), o.speed, outbreakAt.Duration())
	return s, nil
}

// watched counts what it passes on, and notes when the fleet's time began.
type watched struct {
	replay.Source
	first record.Micros
}

// Next passes the next observation on.
func (w *watched) Next(t *raw.Telemetry) error {
	err := w.Source.Next(t)
	if err == nil && w.first == 0 {
		w.first = t.OccurredAt
	}
	return err
}

func ofCapture(path string) (*story, error) {
	source, err := capture.Open([]string{path}, capture.Settings{})
	if err != nil {
		return nil, err
	}
	names := func() map[string]string {
		m := map[string]string{}
		for _, t := range source.Terminals() {
			m[t.SUPI] = t.Source
		}
		return m
	}
	return &story{source: source, truth: map[string]simulate.Truth{}, names: names, about: "the capture " + path + ", as fast as it goes"}, nil
}
