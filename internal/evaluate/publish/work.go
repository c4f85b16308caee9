package main

import (
	"context"
	"fmt"
	"sync"

	"cordon/internal/evaluate/fleet"
	"cordon/internal/evaluate/recorded"
	"cordon/internal/record"
)

// work runs jobs, as many at a time as the size says. The first error ends it.
func (p *publication) work(ctx context.Context, list []*job) error {
	far := newProgress(p, list)
	err := inParallel(ctx, p.size.parallel, len(list), func(ctx context.Context, i int) error { return p.do(ctx, list[i], far) })
	for _, one := range list {
		if one.result != nil {
			p.speeds = append(p.speeds, speed{one.what, one.result.Records, one.took})
		}
	}
	return err
}

// inParallel calls do for every number below n, so many at a time, and in order.
// The first error, or the end of the context, ends it.
func inParallel(ctx context.Context, workers, n int, do func(context.Context, int) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	next := make(chan int)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := range next {
				if ctx.Err() != nil {
					continue // somebody else's error ended it
				}
				if err := do(ctx, i); err != nil {
					stop(err)
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
	return context.Cause(ctx)
}

// do runs one job.
func (p *publication) do(ctx context.Context, j *job, far *progress) error {
	p.tell(j.what)
	began := p.now()
	j.fleet.Progress = func(at record.Micros) { far.reach(j, at) }
	if err := j.run(ctx, p.amongFleet().History); err != nil {
		return fmt.Errorf("%s: %w", j.what, err)
	}
	j.took = p.now().Sub(began)
	far.end(j)
	return nil
}

func (j *job) run(ctx context.Context, history record.Micros) (err error) {
	if j.set == nil {
		j.result, err = fleet.Simulate(ctx, j.fleet)
		return err
	}
	if j.merged, err = j.set.Merge(ctx, recorded.Among{Fleet: j.fleet, History: history}); err == nil {
		j.result = j.merged.Merged
	}
	return err
}
