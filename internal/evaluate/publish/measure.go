package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cordon/internal/evaluate"
	"cordon/internal/evaluate/fleet"
	"cordon/internal/record"
)

// publication is everything that is measured, in the order of the page.
type publication struct {
	size size
	tell func(string)
	now  func() time.Time

	digest   record.Digest
	attacked []attackedSet
	benign   []benignRun
	tail     *benignRun // with evidence from 8 nats on
	ablation []variantRun
	captures []captureRun
	noted    string // why there are no captures
	speeds   []speed
}

// attackedSet are the runs of one set of seeds, put together.
type attackedSet struct {
	name      string
	seeds     seeds
	outcomes  []evaluate.Outcome // of ours, of all seeds
	ours      rates
	baselines []baselineSet
}

// baselineSet is one baseline over all seeds of a set.
type baselineSet struct {
	name     string
	outcomes []evaluate.Outcome
	rates    rates
}

// rates are false verdicts over several runs, by class.
type rates struct {
	malicious, malfunctioning, watch int
	terminals                        int // accused of malice at least once, or broken
	days                             float64
}

func (r *rates) add(report *evaluate.Report) {
	r.malicious += report.Labels[0].False
	r.malfunctioning += report.Labels[1].False
	r.watch += report.Labels[2].False
	r.days += report.Days.Benign
	for _, c := range report.Confusion {
		if c.Label == evaluate.Benign {
			r.terminals += c.Malicious + c.Malfunctioning
		}
	}
}

// benignRun is a fleet without attacks.
type benignRun struct {
	seed  uint64
	rates rates
	tail  []int
	most  int64
}

// variantRun is one line of the ablation.
type variantRun struct {
	variant
	skipped string
	group   evaluate.Group // of malicious episodes
	faults  evaluate.Group // of malfunctions
	rates   rates
}

// variant is a configuration that leaves something out.
type variant struct {
	name      string
	overrides []fleet.Override
}

// variants of the ablation (detection reference, 5.1).
var variants = []variant{
	{"everything", nil},
	{"no common-mode gate", []fleet.Override{{Key: "gate.enabled", Value: "false"}}},
	{"no own envelope", []fleet.Override{{Key: "envelope.enabled", Value: "false"}}},
	{"no caps", []fleet.Override{{Key: "decision.caps", Value: "false"}}},
	{"one family is enough", []fleet.Override{{Key: "decision.families", Value: "1"}}},
}

// lowered lets cases begin at 8 nats, so that verdicts show the tail of the
// evidence. What it takes for MALICIOUS stays as it is.
var lowered = []fleet.Override{{Key: "decision.watch", Value: "8000"}, {Key: "decision.watch_outside", Value: "0"}}

// speed is what a run took.
type speed struct {
	what    string
	records int64
	took    time.Duration
}

func (p *publication) measure(ctx context.Context) (err error) {
	if p.digest, err = fleet.Digest(nil, int32(p.size.partitions)); err != nil {
		return err
	}
	for _, set := range []attackedSet{{name: "held-out", seeds: p.size.heldOut}, {name: "tuning", seeds: p.size.tuning}} {
		if err := p.attack(ctx, &set); err != nil {
			return err
		}
		p.attacked = append(p.attacked, set)
	}
	for _, seed := range p.size.benignSeeds {
		run, err := p.watchBenign(ctx, seed, nil)
		if err != nil {
			return err
		}
		p.benign = append(p.benign, *run)
	}
	if p.tail, err = p.watchBenign(ctx, p.size.benignSeeds[0], lowered); err != nil {
		return err
	}
	if err := p.ablate(ctx); err != nil {
		return err
	}
	return p.watchCaptures(ctx)
}

// simulate runs a fleet and keeps its speed.
func (p *publication) simulate(ctx context.Context, what string, f fleet.Fleet) (*fleet.Result, error) {
	p.tell(what)
	f.Partitions = int32(p.size.partitions)
	began := p.now()
	r, err := fleet.Simulate(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	p.speeds = append(p.speeds, speed{what, r.Records, p.now().Sub(began)})
	return r, nil
}

func (p *publication) attackFleet(seed uint64) fleet.Fleet {
	return fleet.Fleet{Terminals: p.size.terminals, Duration: record.MicrosIn(p.size.duration), Seed: seed, Each: p.size.each}
}

func (p *publication) attack(ctx context.Context, set *attackedSet) error {
	for _, seed := range set.seeds {
		f := p.attackFleet(seed)
		f.Baselines = true
		r, err := p.simulate(ctx, fmt.Sprintf("attacks, seed %d, with baselines", seed), f)
		if err != nil {
			return err
		}
		set.outcomes = append(set.outcomes, r.Ours.Outcomes...)
		set.ours.add(r.Ours)
		for i, b := range r.Baselines {
			if i == len(set.baselines) {
				set.baselines = append(set.baselines, baselineSet{name: b.Name})
			}
			set.baselines[i].outcomes = append(set.baselines[i].outcomes, b.Report.Outcomes...)
			set.baselines[i].rates.add(b.Report)
		}
	}
	return nil
}

func (p *publication) watchBenign(ctx context.Context, seed uint64, overrides []fleet.Override) (*benignRun, error) {
	what := fmt.Sprintf("benign, seed %d", seed)
	if overrides != nil {
		what += ", cases from 8 nats on"
	}
	r, err := p.simulate(ctx, what, fleet.Fleet{
		Terminals: p.size.benignTerminals, Duration: record.MicrosIn(p.size.benignDuration), Seed: seed, Overrides: overrides,
	})
	if err != nil {
		return nil, err
	}
	run := &benignRun{seed: seed, tail: r.Tail, most: r.Most}
	run.rates.add(r.Ours)
	return run, nil
}

func (p *publication) ablate(ctx context.Context) error {
	for _, v := range variants {
		run := variantRun{variant: v}
		f := p.attackFleet(p.size.heldOut[0])
		f.Overrides = v.overrides
		r, err := p.simulate(ctx, "ablation, "+v.name, f)
		var unknown *fleet.UnknownKey
		switch {
		case errors.As(err, &unknown):
			run.skipped = unknown.Error()
		case err != nil:
			return err
		default:
			run.group, run.faults = r.Ours.Labels[0], r.Ours.Labels[1]
			run.rates.add(r.Ours)
		}
		p.ablation = append(p.ablation, run)
	}
	return nil
}
