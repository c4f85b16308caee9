package fleet

import (
	"context"

	"cordon/collector/pseudonym"
	"cordon/internal/evaluate"
	"cordon/internal/evaluate/baseline"
	"cordon/internal/evaluate/source"
	"cordon/internal/identity"
	"cordon/internal/record"
	"cordon/internal/simulate"
)

// Fleet describes one simulated fleet and what runs over it.
type Fleet struct {
	Terminals int
	Duration  record.Micros
	Seed      uint64
	// ReportInterval lies between two reports of an open flow; 0: 10 s.
	ReportInterval record.Micros
	// Each is how many terminals every kind of attack and malfunction happens
	// to; 0: a benign fleet.
	Each int
	// AttacksAt is how long after Start the first kind begins: until then
	// references and baselines learn. 0: a third of Duration.
	AttacksAt  record.Micros
	Partitions int32
	Overrides  []Override
	Baselines  bool
	// Progress is told now and then of the time that was reached; nil: nobody.
	Progress func(record.Micros)
	// Beside is telemetry of others that is merged in by time; nil: none.
	Beside source.Source
}

// history is the part of the fleet before the first attack.
func (f *Fleet) history() record.Micros {
	if f.AttacksAt > 0 {
		return f.AttacksAt
	}
	return f.Duration / 3
}

// Start of every fleet: 2026-01-01, a Thursday, 00:00 UTC. Figures do not depend
// on the day they were measured.
const Start record.Micros = 1_767_225_600_000_000

// apart is how far apart kinds begin, so that no pane holds the beginning of all.
const apart = record.Minute

// longScan is how long before the end a fast scan begins: it sends 100 records
// a second to the end, and more of them show nothing new.
const longScan = 6 * record.Minute

// Simulate makes up the fleet and runs it.
func Simulate(ctx context.Context, f Fleet) (*Result, error) {
	s := simulate.Settings{Terminals: f.Terminals, Start: Start, Duration: f.Duration, Seed: f.Seed, Lifelike: true, ReportInterval: f.ReportInterval}
	if f.Each > 0 {
		s.Attacks = plan(&f)
	}
	made, err := simulate.New(s)
	if err != nil {
		return nil, err
	}
	truth, err := episodes(made.Truth())
	if err != nil {
		return nil, err
	}
	from := source.Source(made)
	if f.Beside != nil {
		from = source.Merge(made, f.Beside)
	}
	settings := Settings{Source: from, Partitions: f.Partitions, Overrides: f.Overrides, Start: Start,
		Truth: func() []evaluate.Episode { return truth }, Progress: f.Progress}
	if f.Baselines {
		settings.Baselines = baseline.All(Start, f.history())
	}
	return Run(ctx, settings)
}

// plan lets every kind happen to so many terminals, once references and baselines
// have learned.
func plan(f *Fleet) []simulate.Attack {
	var all []simulate.Attack
	for i, kind := range simulate.Kinds() {
		a := simulate.Attack{Kind: kind, Count: f.Each, Offset: f.history() + record.Micros(i)*apart}
		if kind == "scan" {
			a.Offset = max(f.Duration-longScan, a.Offset)
		}
		all = append(all, a)
	}
	return all
}

// episodes returns the truth with the names that the verdicts have.
func episodes(truth []simulate.Truth) ([]evaluate.Episode, error) {
	deriver, err := pseudonym.NewDeriver(pseudonym.TestKey(), 0, 0)
	if err != nil {
		return nil, err
	}
	var all []evaluate.Episode
	for _, t := range truth {
		supi, err := identity.ParseSUPI(t.Source)
		if err != nil {
			return nil, err
		}
		all = append(all, evaluate.Episode{
			Source: t.Source, Terminal: deriver.Terminal(supi), Label: evaluate.Label(t.Label),
			Start: t.Start, End: t.End, ExceptionID: t.ExceptionID, Kind: t.Kind, Class: t.Class,
		})
	}
	return all, nil
}
