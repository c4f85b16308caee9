package e2e

import (
	"context"
	"time"

	"cordon/internal/record"
	"cordon/internal/replay"
	"cordon/internal/stream"
)

// replayed writes the source and waits until it is decided.
func (d *deployment) replayed(source replay.Source, speed int64, observe func(int64)) outputs {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 5*time.Minute)
	defer cancel()
	mark, err := replay.MarkOutputs(ctx, d.client, stream.Verdicts)
	if err != nil {
		d.t.Fatal(err)
	}
	result, err := replay.Run(ctx, replay.Settings{Client: d.client, Source: source, Speed: speed, Observe: func(n int64, _ record.Micros) {
		if observe != nil {
			observe(n)
		}
	}})
	if err != nil {
		d.t.Fatal(err)
	}
	return d.decided(ctx, mark, result)
}

// decided waits until a replay is worked through and returns what came of it.
func (d *deployment) decided(ctx context.Context, mark replay.Mark, result replay.Result) outputs {
	d.t.Helper()
	if err := replay.Await(ctx, d.client, mark, result.Settled(), nil); err != nil {
		d.t.Fatalf("waiting for the end of the replay: %v", err)
	}
	return d.outputs()
}

// act is something done to a deployment in the middle of a replay.
type act struct {
	after record.Micros // event time since the first record that is written before it begins
	do    func()
}

// acted is replayed with acts in its middle. The replay goes on while one is
// done, and waits for its end before the next. With a speed of 0 there may be
// little left to write meanwhile.
func (d *deployment) acted(source replay.Source, speed int64, acts ...act) outputs {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 5*time.Minute)
	defer cancel()
	mark, err := replay.MarkOutputs(ctx, d.client, stream.Verdicts)
	if err != nil {
		d.t.Fatal(err)
	}
	due, ended := make(chan struct{}), make(chan error, 1)
	var result replay.Result
	go func() {
		next, first, err := 0, record.Micros(0), error(nil)
		result, err = replay.Run(ctx, replay.Settings{Client: d.client, Source: source, Speed: speed, Observe: func(_ int64, at record.Micros) {
			if first == 0 {
				first = at
			}
			for next < len(acts) && at-first >= acts[next].after && ctx.Err() == nil {
				select {
				case due <- struct{}{}:
					next++
				case <-ctx.Done():
				}
			}
		}})
		ended <- err
	}()
	for i, a := range acts {
		select {
		case <-due:
			a.do()
		case err := <-ended:
			d.t.Fatalf("the replay of %d records ended before act %d: nothing is shown (%v)", result.Records, i+1, err)
		}
	}
	if err := <-ended; err != nil {
		d.t.Fatal(err)
	}
	return d.decided(ctx, mark, result)
}
