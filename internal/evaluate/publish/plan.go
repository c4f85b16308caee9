package main

import (
	"fmt"
	"slices"
	"time"

	"cordon/internal/evaluate/fleet"
	"cordon/internal/evaluate/recorded"
	"cordon/internal/record"
)

// job is one fleet to run.
type job struct {
	what   string
	fleet  fleet.Fleet
	set    *recorded.Set // that is put into the fleet; nil: none
	merged *recorded.Merged
	result *fleet.Result
	took   time.Duration
}

// jobs are all fleets, in the order of the page.
type jobs struct {
	heldOut, tuning []*job
	sparse          []*job // held-out seeds again
	quiet           []*job // nil: sparse ones only
	quietSparse     []*job
	tail            *job
	ablation        []*job // by variants
}

// plan says which fleets there are.
func (p *publication) plan() *jobs {
	s := &p.size
	j := jobs{
		heldOut: each(s.heldOut, "attacks, seed %d, with baselines", func(seed uint64) fleet.Fleet { return p.attackFleet(seed, true) }),
		tuning:  each(s.tuning, "attacks, seed %d, with baselines", func(seed uint64) fleet.Fleet { return p.attackFleet(seed, true) }),
		sparse: each(s.heldOut, "attacks, seed %d, sparse reports", func(seed uint64) fleet.Fleet {
			f := p.attackFleet(seed, false)
			f.ReportInterval = record.MicrosIn(s.sparse)
			return f
		}),
		quietSparse: each(s.benignSeeds, "benign, seed %d, sparse reports", func(seed uint64) fleet.Fleet { return p.benignFleet(seed, s.sparse) }),
	}
	if s.benignDense {
		j.quiet = each(s.benignSeeds, "benign, seed %d", func(seed uint64) fleet.Fleet { return p.benignFleet(seed, s.reports) })
	}
	j.tail = &job{what: "benign, cases from 8 nats on", fleet: p.benignFleet(s.benignSeeds[0], s.benignReports())}
	j.tail.fleet.Overrides = lowered
	for _, v := range variants {
		f := p.attackFleet(s.heldOut[0], false)
		f.Overrides = v.overrides
		j.ablation = append(j.ablation, &job{what: "ablation, " + v.name, fleet: f})
	}
	return &j
}

// each makes a job of every seed.
func each(list seeds, what string, of func(seed uint64) fleet.Fleet) (all []*job) {
	for _, seed := range list {
		all = append(all, &job{what: fmt.Sprintf(what, seed), fleet: of(seed)})
	}
	return all
}

func (p *publication) attackFleet(seed uint64, baselines bool) fleet.Fleet {
	s := &p.size
	return fleet.Fleet{
		Terminals: s.terminals, Duration: record.MicrosIn(s.duration), Seed: seed, ReportInterval: record.MicrosIn(s.reports),
		Each: s.each, AttacksAt: record.MicrosIn(s.attacksAt), Partitions: int32(s.partitions), Baselines: baselines,
	}
}

func (p *publication) benignFleet(seed uint64, interval time.Duration) fleet.Fleet {
	s := &p.size
	return fleet.Fleet{Terminals: s.benignTerminals, Duration: record.MicrosIn(s.benignDuration), Seed: seed, ReportInterval: record.MicrosIn(interval), Partitions: int32(s.partitions)}
}

// all lists the jobs.
func (j *jobs) all() []*job {
	return slices.Concat(j.heldOut, j.tuning, j.sparse, j.quiet, j.quietSparse, []*job{j.tail}, j.ablation)
}
