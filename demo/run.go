package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"cordon/internal/record"
	"cordon/internal/replay"
	"cordon/internal/stream"
)

// settle is how far before the last Clock the pipeline's progress may stay.
const settle = record.Minute

// run is the demo: start, replay, watch, show, stop.
func run(ctx context.Context, o options) error {
	began := time.Now()
	s, err := tell(o)
	if err != nil {
		return err
	}
	fmt.Printf("Cordon demo: %s.\n\n", s.about)
	fmt.Println("starting an embedded broker and collector, scorer, enforcer …")
	deployment, err := start(ctx, o.dir)
	defer deployment.stop()
	if err != nil {
		return err
	}
	fmt.Printf("ready after %.1f s\n\n", time.Since(began).Seconds())
	ctx, cancel := deployment.watch(ctx)
	defer cancel(nil)
	if err := show(ctx, deployment, s); err != nil {
		if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
			return cause
		}
		return err
	}
	goOn(o.dir)
	return nil
}

// show replays the story and prints what the pipeline makes of it.
func show(ctx context.Context, d *stack, s *story) error {
	mark, err := replay.MarkOutputs(ctx, d.client, stream.Verdicts, stream.VerdictsEarly, stream.IsolationCommands)
	if err != nil {
		return err
	}
	w := newWitness(d.key, s)
	follow, stop := context.WithCancel(ctx)
	defer stop()
	wait := w.follow(follow, d.client, mark)
	source := &watched{Source: s.source}
	result, err := replay.Run(ctx, replay.Settings{Client: d.client, Source: source, Speed: s.speed, Observe: func(n int64, at record.Micros) {
		w.line(n, at-source.first)
	}})
	if err != nil {
		return err
	}
	w.line(result.Records, result.Last-result.First)
	if err := replay.Await(ctx, d.client, mark, result.Clock-settle, nil); err != nil {
		return err
	}
	stop()
	if err := wait(); err != nil {
		return err
	}
	w.clearLine()
	if err := w.readRest(ctx, d.client, mark); err != nil {
		return err
	}
	w.table(os.Stdout, result)
	return nil
}

// goOn says where everything lies and what to try next.
func goOn(dir string) {
	full, err := filepath.Abs(dir)
	if err != nil {
		full = dir
	}
	fmt.Printf(`
Everything has been stopped. Data, configuration and logs: %s

Go on with:
  bin/cordonctl backtest CAPTURE        a capture of your own, no broker needed
  make demo CAPTURE=file                the same through the three programs
  docs/detection.md                     what is detected, how, and what evades it
`, full)
}
