package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// size says how much is run.
type size struct {
	name       string
	changed    []string      // flags that make it another size
	terminals  int           // of a fleet with attacks
	duration   time.Duration // of a fleet with attacks
	attacksAt  time.Duration // the first one after the start of the fleet; 0: a third of duration
	each       int           // terminals of every kind
	partitions int
	tuning     seeds // that were looked at while numbers were chosen
	heldOut    seeds // that were not
	// How far apart the reports of an open flow are, and how far in the second
	// runs of the held-out seeds.
	reports, sparse time.Duration
	// The benign fleets, and the one that the tail is measured on.
	benignSeeds     seeds
	benignTerminals int
	benignDuration  time.Duration
	benignDense     bool          // they run with reports, and not with sparse ones only
	captures        string        // folder of captures; empty: none
	among           time.Duration // how long a fleet lives before an attack capture is put into it; 0: into none
	grafts          seeds         // of each kind on each benign capture
	parallel        int           // fleets at a time; changes no figure but speeds
}

// sizes are the runs that are documented. Quick is too short for anything that
// learns for whole days; standard has three and a half of them and a day of
// attacks; full has the terminal-days that prove a rate of 1e-5, for which a
// benign fleet makes 270 million records: an hour more than three days, for
// terminals count from their first record on.
var sizes = map[string]size{
	"quick": {name: "quick", terminals: 2_000, duration: 6 * time.Hour, each: 5, partitions: 8, tuning: seeds{1}, heldOut: seeds{101},
		reports: 10 * time.Second, sparse: time.Minute,
		benignSeeds: seeds{101}, benignTerminals: 2_000, benignDuration: 6 * time.Hour, benignDense: true, grafts: graftSeeds(1)},
	"standard": {name: "standard", terminals: 2_000, duration: 108 * time.Hour, attacksAt: 84 * time.Hour, each: 8, partitions: 8, tuning: seeds{1}, heldOut: seeds{101},
		reports: 10 * time.Second, sparse: time.Minute,
		benignSeeds: seeds{101}, benignTerminals: 2_000, benignDuration: 108 * time.Hour, benignDense: true, among: 60 * time.Hour, grafts: graftSeeds(5)},
	"full": {name: "full", terminals: 20_000, duration: 108 * time.Hour, attacksAt: 84 * time.Hour, each: 50, partitions: 8, tuning: seeds{1}, heldOut: seeds{101, 102},
		reports: 10 * time.Second, sparse: time.Minute,
		benignSeeds: seeds{101}, benignTerminals: 100_000, benignDuration: 73 * time.Hour, benignDense: true, among: 60 * time.Hour, grafts: graftSeeds(20)},
}

// graftSeeds are the first n of those that grafts have.
func graftSeeds(n int) (list seeds) {
	for i := range n {
		list = append(list, uint64(201+i))
	}
	return list
}

// sizeHelp says how long they take: 9.5 µs of a processor a record were measured,
// of two cores with nothing else to do.
const sizeHelp = "quick (2 minutes on two cores), standard (a quarter of an hour) or full (three hours); comes first, for the other flags change it"

// defaultSize is what a newcomer gets.
const defaultSize = "standard"

// seeds is a flag: whole numbers, with commas between.
type seeds []uint64

// String implements flag.Value.
func (s *seeds) String() string {
	var parts []string
	for _, n := range *s {
		parts = append(parts, strconv.FormatUint(n, 10))
	}
	return strings.Join(parts, ",")
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

// parse reads the flags: a size, then what differs from it.
func parse(args []string) (s size, out string, err error) {
	s = sizes[defaultSize]
	captures, parallel := os.Getenv("CORDON_CAPTURES"), runtime.NumCPU()
	f := flag.NewFlagSet("publish", flag.ContinueOnError)
	f.Func("size", sizeHelp+" (default "+defaultSize+")", func(name string) error {
		chosen, ok := sizes[name]
		if !ok {
			return errors.New("want quick, standard or full")
		}
		s = chosen
		return nil
	})
	s.flags(f)
	f.IntVar(&parallel, "parallel", parallel, "fleets at a time, each on one core")
	f.StringVar(&captures, "captures", captures, "folder of captures, benign ones in its folder benign")
	f.StringVar(&out, "out", "docs/results.md", "file to write")
	if err := f.Parse(args); err != nil {
		return s, "", err
	}
	s.captures, s.parallel = captures, parallel
	s.changed = changed(f)
	return s, out, s.validate()
}

// changed are the flags that change figures.
func changed(f *flag.FlagSet) (flags []string) {
	f.Visit(func(one *flag.Flag) {
		switch one.Name {
		case "size", "parallel", "captures", "out":
		default:
			flags = append(flags, "-"+one.Name+"="+one.Value.String())
		}
	})
	return flags
}

// flags are what a size consists of.
func (s *size) flags(f *flag.FlagSet) {
	f.IntVar(&s.terminals, "terminals", s.terminals, "terminals of a fleet with attacks")
	f.DurationVar(&s.duration, "duration", s.duration, "length of a fleet with attacks, at least 1h30m")
	f.DurationVar(&s.attacksAt, "attacks-at", s.attacksAt, "when attacks begin, after the start of the fleet and an hour before its end; 0: after a third of it")
	f.IntVar(&s.each, "each", s.each, "terminals of every kind of attack and malfunction")
	f.IntVar(&s.partitions, "partitions", s.partitions, "partitions of the topics keyed by terminal")
	f.Var(&s.tuning, "tuning", "seeds that were looked at while tuning")
	f.Var(&s.heldOut, "heldout", "seeds that were not")
	f.DurationVar(&s.reports, "reports", s.reports, "time between two reports of an open flow")
	f.DurationVar(&s.sparse, "sparse", s.sparse, "the same in the second runs of the held-out seeds")
	f.Var(&s.benignSeeds, "benign-seeds", "seeds of benign fleets, held-out ones")
	f.IntVar(&s.benignTerminals, "benign-terminals", s.benignTerminals, "terminals of a benign fleet")
	f.DurationVar(&s.benignDuration, "benign-duration", s.benignDuration, "length of a benign fleet")
	f.DurationVar(&s.among, "among", s.among, "how long a fleet lives before an attack capture is put into it; 0: into none")
	f.Var(&s.grafts, "grafts", "seeds of what is let happen to the devices of benign captures")
	f.BoolVar(&s.benignDense, "benign-dense", s.benignDense, "benign fleets with -reports too, and not with -sparse only")
}

// shortest is the least length of a fleet, leastAttacked the least part of it
// after the first attack: the kinds begin a minute apart.
const (
	shortest      = 90 * time.Minute
	leastAttacked = time.Hour
)

func (s *size) validate() error {
	switch {
	case s.duration < shortest:
		return fmt.Errorf("-duration %s: want %s or more", s.duration, shortest)
	case s.attacksAt < 0 || s.attacksAt > s.duration-leastAttacked:
		return fmt.Errorf("-attacks-at %s: want 0 to %s", s.attacksAt, s.duration-leastAttacked)
	case s.parallel < 1:
		return fmt.Errorf("-parallel %d: want 1 or more", s.parallel)
	case len(s.heldOut) == 0 || len(s.benignSeeds) == 0:
		return errors.New("-heldout, -benign-seeds: want one seed at least")
	}
	return nil
}

// history is how long fleets live before the first attack.
func (s *size) history() time.Duration {
	if s.attacksAt > 0 {
		return s.attacksAt
	}
	return s.duration / 3
}

// benignReports is the time between reports in the benign fleets that the figures
// to reach are of.
func (s *size) benignReports() time.Duration {
	if s.benignDense {
		return s.reports
	}
	return s.sparse
}
