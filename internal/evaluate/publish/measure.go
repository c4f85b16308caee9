package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"cordon/internal/evaluate"
	"cordon/internal/evaluate/fleet"
	"cordon/internal/record"
)

// publication is everything that is measured, in the order of the page.
type publication struct {
	size size
	tell func(string) // called by several goroutines
	now  func() time.Time

	digest   record.Digest
	attacked []attackedSet // held-out seeds first
	benign   *evaluate.Report
	quiet    []benignRun
	tail     benignRun // with evidence from 8 nats on
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
	result *fleet.Result
}

// variantRun is one line of the ablation.
type variantRun struct {
	variant
	skipped string        // why
	result  *fleet.Result // nil where skipped
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

// job is one fleet to run.
type job struct {
	what    string
	fleet   fleet.Fleet
	result  *fleet.Result
	skipped string // why it was not run
	took    time.Duration
}

// jobs are all fleets, in the order of the page.
type jobs struct {
	attacked [2][]*job // by the sets of seeds
	quiet    []*job
	tail     *job
	ablation []*job // by variants
}

// plan says which fleets there are.
func (p *publication) plan() *jobs {
	var j jobs
	for i, list := range []seeds{p.size.heldOut, p.size.tuning} {
		for _, seed := range list {
			f := p.attackFleet(seed)
			f.Baselines = true
			j.attacked[i] = append(j.attacked[i], &job{what: fmt.Sprintf("attacks, seed %d, with baselines", seed), fleet: f})
		}
	}
	for _, seed := range p.size.benignSeeds {
		j.quiet = append(j.quiet, &job{what: fmt.Sprintf("benign, seed %d", seed), fleet: p.benignFleet(seed)})
	}
	j.tail = &job{what: "benign, cases from 8 nats on", fleet: p.benignFleet(p.size.benignSeeds[0])}
	j.tail.fleet.Overrides = lowered
	for _, v := range variants {
		f := p.attackFleet(p.size.heldOut[0])
		f.Overrides = v.overrides
		j.ablation = append(j.ablation, &job{what: "ablation, " + v.name, fleet: f})
	}
	return &j
}

func (p *publication) attackFleet(seed uint64) fleet.Fleet {
	return fleet.Fleet{Terminals: p.size.terminals, Duration: record.MicrosIn(p.size.duration), Seed: seed, Each: p.size.each, Partitions: int32(p.size.partitions)}
}

func (p *publication) benignFleet(seed uint64) fleet.Fleet {
	return fleet.Fleet{Terminals: p.size.benignTerminals, Duration: record.MicrosIn(p.size.benignDuration), Seed: seed, Partitions: int32(p.size.partitions)}
}

// all lists the jobs.
func (j *jobs) all() []*job {
	return slices.Concat(j.attacked[0], j.attacked[1], j.quiet, []*job{j.tail}, j.ablation)
}

func (p *publication) measure(ctx context.Context) (err error) {
	if p.digest, err = fleet.Digest(nil, int32(p.size.partitions)); err != nil {
		return err
	}
	j := p.plan()
	if err := p.work(ctx, j.all()); err != nil {
		return err
	}
	p.attacked = []attackedSet{together("held-out", p.size.heldOut, j.attacked[0]), together("tuning", p.size.tuning, j.attacked[1])}
	p.benign = evaluate.Join()
	for i, one := range j.quiet {
		p.quiet = append(p.quiet, benignRun{p.size.benignSeeds[i], one.result})
		p.benign = evaluate.Join(p.benign, one.result.Ours)
	}
	p.tail = benignRun{p.size.benignSeeds[0], j.tail.result}
	for i, one := range j.ablation {
		p.ablation = append(p.ablation, variantRun{variants[i], one.skipped, one.result})
	}
	return p.watchCaptures(ctx)
}

// work runs jobs, as many at a time as the size says. The first error ends it.
func (p *publication) work(ctx context.Context, list []*job) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	next := make(chan *job)
	var workers sync.WaitGroup
	for range p.size.parallel {
		workers.Go(func() {
			for one := range next {
				if err := p.do(ctx, one); err != nil {
					stop(err)
				}
			}
		})
	}
	for _, one := range list {
		next <- one
	}
	close(next)
	workers.Wait()
	for _, one := range list {
		if one.result != nil {
			p.speeds = append(p.speeds, speed{one.what, one.result.Records, one.took})
		}
	}
	return context.Cause(ctx)
}

// do runs one job. A key that the scorer does not know is no error: the page
// says what was left out.
func (p *publication) do(ctx context.Context, j *job) error {
	if ctx.Err() != nil {
		return nil // somebody else's error ended it
	}
	p.tell(j.what)
	began := p.now()
	r, err := fleet.Simulate(ctx, j.fleet)
	var unknown *fleet.UnknownKey
	switch {
	case errors.As(err, &unknown):
		j.skipped = unknown.Error()
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w", j.what, err)
	}
	j.result, j.took = r, p.now().Sub(began)
	return nil
}

// together puts the runs of a set of seeds together.
func together(name string, list seeds, runs []*job) attackedSet {
	set := attackedSet{name: name, seeds: list, ours: evaluate.Join()}
	for _, one := range runs {
		set.ours = evaluate.Join(set.ours, one.result.Ours)
		for i, b := range one.result.Baselines {
			if i == len(set.baselines) {
				set.baselines = append(set.baselines, fleet.Named{Name: b.Name, Report: evaluate.Join()})
			}
			set.baselines[i].Report = evaluate.Join(set.baselines[i].Report, b.Report)
		}
	}
	return set
}
