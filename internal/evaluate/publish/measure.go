package main

import (
	"context"
	"slices"
	"time"

	"cordon/internal/evaluate"
	"cordon/internal/evaluate/fleet"
	"cordon/internal/evaluate/recorded"
	"cordon/internal/record"
)

// publication is everything that is measured, in the order of the page.
type publication struct {
	size size
	tell func(string) // called by several goroutines
	now  func() time.Time

	digest        record.Digest
	dense, sparse reported      // held-out seeds
	attacked      []attackedSet // dense reports; held-out seeds first
	tail          benignRun     // with evidence from 8 nats on
	ablation      []variantRun
	captures      []captureRun
	noted         string // why there are no captures
	merged        []*recorded.Merged
	without       *fleet.Result // the fleet of merged by itself
	moved         []movedRun
	grafts        []graftRun

	benignCaptures []benignCapture
	attacks        []recorded.Set
	speeds         []speed
}

// reported are the runs of the held-out seeds with one time between reports.
type reported struct {
	interval time.Duration
	attacks  *evaluate.Report
	quiet    []benignRun
	benign   *evaluate.Report // all of quiet; nil: not run
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
	result *fleet.Result
}

// variant is a configuration that leaves something out.
type variant struct {
	name      string
	overrides []fleet.Override
}

// variants of the ablation (detection reference, 5.1), behind everything. The
// caps of a family are no setting, and cannot be left out.
var variants = []variant{
	{"no common-mode gate", []fleet.Override{{Key: "gate.enabled", Value: "false"}}},
	{"no own envelope", []fleet.Override{{Key: "envelope.enabled", Value: "false"}}},
	{"no peers", []fleet.Override{{Key: "peers.enabled", Value: "false"}}},
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
	if err := p.findCaptures(); err != nil {
		return err
	}
	j := p.plan()
	merge, err := p.mergeJobs()
	if err != nil {
		return err
	}
	if err := p.work(ctx, slices.Concat(j.all(), merge)); err != nil {
		return err
	}
	for _, one := range merge {
		if one.merged != nil {
			p.merged = append(p.merged, one.merged)
		} else {
			p.without = one.result
		}
	}
	p.attacked = []attackedSet{together("held-out", p.size.heldOut, j.heldOut), together("tuning", p.size.tuning, j.tuning)}
	p.dense = reported{interval: p.size.reports, attacks: p.attacked[0].ours}
	p.dense.add(p.size.benignSeeds, j.quiet)
	p.sparse = reported{interval: p.size.sparse, attacks: together("", nil, j.sparse).ours}
	p.sparse.add(p.size.benignSeeds, j.quietSparse)
	p.tail = benignRun{p.size.benignSeeds[0], j.tail.result}
	p.ablation = []variantRun{{variant{name: "everything"}, j.heldOut[0].result}}
	for i, one := range j.ablation {
		p.ablation = append(p.ablation, variantRun{variants[i], one.result})
	}
	if err := p.watchCaptures(ctx); err != nil {
		return err
	}
	return p.runGrafts(ctx)
}

// add takes the benign runs of seeds, where there are any.
func (r *reported) add(list seeds, runs []*job) {
	for i, one := range runs {
		r.quiet = append(r.quiet, benignRun{list[i], one.result})
		if r.benign == nil {
			r.benign = evaluate.Join()
		}
		r.benign = evaluate.Join(r.benign, one.result.Ours)
	}
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
