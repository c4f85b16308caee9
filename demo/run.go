package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"cordon/internal/failure"
	"cordon/internal/record"
	"cordon/internal/replay"
	"cordon/internal/stream"
)

// decideWithin bounds the wait for the end: it takes a second or two.
const decideWithin = 2 * time.Minute

// run is the demo: start, replay, watch, show, stop, and say how to go on.
func run(ctx context.Context, o options) error {
	s, err := tell(o)
	if err != nil {
		return err
	}
	fmt.Print(fold("Cordon demo: "+s.about+".", ""))
	err = play(ctx, o.dir, s)
	rejected := s.finish()
	switch {
	case err == nil:
		goOn(o.dir)
		return rejected
	case errors.Is(err, context.Canceled):
		fmt.Printf("\nInterrupted. Everything has been stopped. Data, configuration and logs: %s\n", absolute(o.dir))
	}
	return errors.Join(err, rejected)
}

// play runs a deployment for one story. It leaves nothing running.
func play(ctx context.Context, dir string, s *story) error {
	began := time.Now()
	fmt.Println("\nstarting an embedded broker and collector, scorer, enforcer …")
	deployment, err := start(ctx, dir)
	defer deployment.stop()
	if err != nil {
		return err
	}
	fmt.Printf("ready after %.1f s\n\n", time.Since(began).Seconds())
	watched, cancel := deployment.watch(ctx)
	defer cancel(nil)
	err = show(watched, deployment, s)
	if cause := context.Cause(watched); err != nil && cause != nil {
		return cause // a program that ended is the reason for whatever failed then
	}
	return err
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
	source := &timed{Source: s.source}
	result, err := replay.Run(ctx, replay.Settings{Client: d.client, Source: source, Speed: s.speed, Observe: func(n int64, at record.Micros) {
		w.line(n, at-source.first)
	}})
	if err != nil {
		return err
	}
	w.line(result.Records, result.Last-result.First)
	if err := decided(ctx, d, mark, result); err != nil {
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
	if err := w.identify(); err != nil {
		return err
	}
	w.table(os.Stdout, result)
	return nil
}

// decided waits until the pipeline has worked through what was replayed.
func decided(ctx context.Context, d *stack, from replay.Mark, result replay.Result) error {
	if result.Records == 0 {
		return failure.Usage(errors.New("the capture holds no telemetry of a terminal"))
	}
	ctx, cancel := context.WithTimeout(ctx, decideWithin)
	defer cancel()
	if err := replay.Await(ctx, d.client, from, result.Settled(), nil); err != nil {
		return fmt.Errorf("%w; the logs are in %s", err, d.dir)
	}
	return nil
}

// goOn says where everything lies and what to try next.
func goOn(dir string) {
	fmt.Printf(`
Everything has been stopped. Data, configuration and logs: %s

Go on with:
  make demo CAPTURE=file                a capture of your own through the three programs
  bin/cordonctl backtest file           the same in one process, with files to look into
  docs/detection.md                     what is detected, how, and what evades it
`, absolute(dir))
}

func absolute(dir string) string {
	if full, err := filepath.Abs(dir); err == nil {
		return full
	}
	return dir
}
