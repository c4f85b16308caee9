// Command publish runs the published evaluation and writes docs/results.md:
// simulated fleets with attacks and malfunctions, benign fleets, both with dense
// and with sparse reports, the tail of the evidence, baselines, an ablation, and
// captures where there are any. make evaluate calls it.
//
// The figures depend on sizes and seeds alone; what was measured of the machine
// stands in a section of its own at the end. No run keeps the records of its
// fleet, so that memory grows with terminals and not with time. How far it has
// come goes to standard error.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "publish:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	s, out, err := parse(args)
	if err != nil {
		return err
	}
	p := &publication{size: s, tell: func(text string) { fmt.Fprintln(os.Stderr, text) }, now: time.Now}
	if err := p.measure(ctx); err != nil {
		return err
	}
	page, err := p.page()
	if err != nil {
		return err
	}
	return os.WriteFile(out, []byte(page), 0o644)
}
