// Command publish runs the published evaluation and writes docs/results.md:
// simulated fleets with attacks and malfunctions, benign fleets, the tail of the
// evidence, baselines, an ablation, and benign captures where there are any.
// make evaluate calls it.
//
// The figures depend on sizes and seeds alone; what was measured of the machine
// stands in a section of its own at the end.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// size says how much is run.
type size struct {
	name       string
	terminals  int           // of a fleet with attacks
	duration   time.Duration // of a fleet with attacks
	each       int           // terminals of every kind
	partitions int
	tuning     seeds // that were looked at while numbers were chosen
	heldOut    seeds // that were not
	// The benign fleets, and the one that the tail is measured on.
	benignSeeds     seeds
	benignTerminals int
	benignDuration  time.Duration
	captures        string // folder of benign captures; empty: none
	parallel        int    // fleets at a time; changes no figure but speeds
}

// sizes are the runs that are documented. Quick is the small fleet in eight
// partitions that peers are few in; full is what is published.
var sizes = map[string]size{
	"quick": {name: "quick", terminals: 2_000, duration: 6 * time.Hour, each: 5, partitions: 8, tuning: seeds{1}, heldOut: seeds{101},
		benignSeeds: seeds{101}, benignTerminals: 2_000, benignDuration: 6 * time.Hour},
	"full": {name: "full", terminals: 20_000, duration: 24 * time.Hour, each: 50, partitions: 8, tuning: seeds{1, 2, 3}, heldOut: seeds{101, 102, 103},
		benignSeeds: seeds{101}, benignTerminals: 100_000, benignDuration: 72 * time.Hour},
}

// seeds is a flag: whole numbers, with commas between.
type seeds []uint64

// String implements flag.Value.
func (s *seeds) String() string {
	var parts []string
	for _, n := range *s {
		parts = append(parts, strconv.FormatUint(n, 10))
	}
	return strings.Join(parts, ", ")
}

// Set implements flag.Value.
func (s *seeds) Set(text string) error {
	*s = nil
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.ParseUint(strings.TrimSpace(part), 10, 64)
		if err != nil {
			return errors.New("want whole numbers such as 101,102")
		}
		*s = append(*s, n)
	}
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
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

// shortest is the least length of a fleet: a third of it is learned from, and the
// kinds begin a minute apart.
const shortest = 90 * time.Minute

// parse reads the flags: a size, then what differs from it.
func parse(args []string) (s size, out string, err error) {
	s = sizes["full"]
	captures, parallel := os.Getenv("CORDON_CAPTURES"), runtime.NumCPU()
	f := flag.NewFlagSet("publish", flag.ContinueOnError)
	f.Func("size", "quick or full (default full); comes first, for the other flags change it", func(name string) error {
		chosen, ok := sizes[name]
		if !ok {
			return errors.New("want quick or full")
		}
		s = chosen
		return nil
	})
	f.IntVar(&s.terminals, "terminals", s.terminals, "terminals of a fleet with attacks")
	f.DurationVar(&s.duration, "duration", s.duration, "length of a fleet with attacks, at least 1h30m")
	f.IntVar(&s.each, "each", s.each, "terminals of every kind of attack and malfunction")
	f.IntVar(&s.partitions, "partitions", s.partitions, "partitions of the topics keyed by terminal")
	f.Var(&s.tuning, "tuning", "seeds that were looked at while tuning")
	f.Var(&s.heldOut, "heldout", "seeds that were not")
	f.Var(&s.benignSeeds, "benign-seeds", "seeds of benign fleets, held-out ones")
	f.IntVar(&s.benignTerminals, "benign-terminals", s.benignTerminals, "terminals of a benign fleet")
	f.DurationVar(&s.benignDuration, "benign-duration", s.benignDuration, "length of a benign fleet")
	f.IntVar(&parallel, "parallel", parallel, "fleets at a time, each on one core")
	f.StringVar(&captures, "captures", captures, "folder of captures, benign ones in its folder benign")
	f.StringVar(&out, "out", "docs/results.md", "file to write")
	if err := f.Parse(args); err != nil {
		return s, "", err
	}
	s.captures, s.parallel = captures, parallel
	switch {
	case s.duration < shortest:
		return s, "", fmt.Errorf("-duration %s: want %s or more", s.duration, shortest)
	case s.parallel < 1:
		return s, "", fmt.Errorf("-parallel %d: want 1 or more", s.parallel)
	case len(s.heldOut) == 0 || len(s.benignSeeds) == 0:
		return s, "", errors.New("-heldout, -benign-seeds: want one seed at least")
	}
	return s, out, nil
}
