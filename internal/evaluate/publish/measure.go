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
	attacked []attackedSet // held-out seeds first
	benign   *evaluate.Report
	quiet    []benignRun
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
	ours      *evaluate.Report
	baselines []fleet.Named
}

// benignRun is a fleet without attacks.
type benignRun struct {
	seed   uint64
	report *evaluate.Report
	tail   []int
	most   int64 // milli-nats
}

// variantRun is one line of the ablation.
type variantRun struct {
	variant
	skipped string // why
	report  *evaluate.Report
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
	p.benign = evaluate.Join()
	for _, seed := range p.size.benignSeeds {
		run, err := p.watchBenign(ctx, seed, nil)
		if err != nil {
			return err
		}
		p.quiet = append(p.quiet, *run)
		p.benign = evaluate.Join(p.benign, run.report)
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
	set.ours = evaluate.Join()
	for _, seed := range set.seeds {
		f := p.attackFleet(seed)
		f.Baselines = true
		r, err := p.simulate(ctx, fmt.Sprintf("attacks, seed %d, with baselines", seed), f)
		if err != nil {
			return err
		}
		set.ours = evaluate.Join(set.ours, r.Ours)
		for i, b := range r.Baselines {
			if i == len(set.baselines) {
				set.baselines = append(set.baselines, fleet.Named{Name: b.Name, Report: evaluate.Join()})
			}
			set.baselines[i].Report = evaluate.Join(set.baselines[i].Report, b.Report)
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
	return &benignRun{seed: seed, report: r.Ours, tail: r.Tail, most: r.Most}, nil
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
			run.report = r.Ours
		}
		p.ablation = append(p.ablation, run)
	}
	return nil
}
