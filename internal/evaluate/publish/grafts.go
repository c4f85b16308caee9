package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cordon/internal/evaluate/graft"
	"cordon/internal/record"
)

// graftRun is one graft to run.
type graftRun struct {
	kind    *graft.Kind
	device  *graft.Device
	seed    uint64
	every   time.Duration
	outcome *graft.Outcome
}

// runGrafts lets every kind happen to every device, with every seed and both
// times between reports.
func (p *publication) runGrafts(ctx context.Context) error {
	if p.size.captures == "" || len(p.size.grafts) == 0 {
		return nil
	}
	devices, err := graft.Devices(filepath.Join(p.size.captures, "benign"))
	if err != nil {
		return err
	}
	kinds := graft.Kinds()
	for i := range kinds {
		for _, every := range []time.Duration{p.size.reports, p.size.sparse} {
			for _, d := range devices {
				for _, seed := range p.size.grafts {
					p.grafts = append(p.grafts, graftRun{kind: &kinds[i], device: d, seed: seed, every: every})
				}
			}
		}
	}
	p.tell(fmt.Sprintf("%d grafts", len(p.grafts)))
	return inParallel(ctx, p.size.parallel, len(p.grafts), func(ctx context.Context, i int) (err error) {
		g := &p.grafts[i]
		if g.outcome, err = graft.Run(ctx, g.device, g.kind, g.seed, record.MicrosIn(g.every)); err != nil {
			err = fmt.Errorf("graft %s on %s, seed %d: %w", g.kind.Name, g.device.Name, g.seed, err)
		}
		return err
	})
}

// grave orders what may be said of a terminal, from nothing on.
var grave = []record.Class{record.ClassUnknown, record.ClassWatch, record.ClassMalfunctioning, record.ClassMalicious}

// grafted is what came of a kind with one time between reports.
type grafted struct {
	runs  int
	said  [4]int          // by the gravest class, in the order of grave
	above int             // a graver class than the kind has
	after []record.Micros // its class, or a graver one; sorted
}

// graftsOf puts the grafts of a kind together; those that a device has nothing for
// do not count.
func (p *publication) graftsOf(kind *graft.Kind, every time.Duration) (g grafted) {
	want := slices.Index(grave, kind.Want)
	for _, r := range p.grafts {
		if r.kind.Name != kind.Name || r.every != every || r.outcome.Spoilt {
			continue
		}
		g.runs++
		gravest, first := 0, record.Micros(-1)
		for i, class := range grave {
			at, said := r.outcome.After[class]
			if !said {
				continue
			}
			gravest = i
			if i >= want && (first < 0 || at < first) {
				first = at
			}
		}
		g.said[gravest]++
		if gravest > want {
			g.above++
		}
		if first >= 0 {
			g.after = append(g.after, first)
		}
	}
	slices.Sort(g.after)
	return g
}

// noWorse reports whether that is what the reference measured, or better.
func (g *grafted) noWorse(k *graft.Kind) bool {
	if k.Benign {
		return g.above == 0
	}
	median := g.median()
	return len(g.after)*80 >= k.Of80*g.runs && (k.Median == 0 || median != nil && *median <= k.Median)
}

func (g *grafted) median() *record.Micros {
	if len(g.after) == 0 {
		return nil
	}
	return &g.after[(len(g.after)-1)/2]
}

// reference is what the detection reference says of a kind.
func reference(k *graft.Kind) string {
	switch {
	case k.Benign && k.Want == record.ClassUnknown:
		return "nothing"
	case k.Benign:
		return "at most " + k.Want.String()
	}
	text := fmt.Sprintf("%s %d/80", k.Want, k.Of80)
	if k.Median > 0 {
		text += ", " + after(&k.Median)
	}
	return text
}

func (p *publication) writeGrafts(b *strings.Builder) {
	fmt.Fprintf(b, "## Grafts on benign captures\n\n")
	if len(p.grafts) == 0 {
		fmt.Fprintf(b, "Skipped: there are no captures, or this size has no grafts.\n\n")
		return
	}
	fmt.Fprintf(b, "What internal/evaluate/graft lets happen to the devices of four benign captures, alone and without peers, with seeds %s; the reference had 20 others, reports every 10 s and a prototype (detection reference, 3.12). Of each graft the gravest class is counted, as MALICIOUS, MALFUNCTIONING, WATCH, nothing; the median is the time to the class that was asked for, or a graver one.\n\n", p.size.grafts.String())
	head := []string{"graft", "what happens", "reference"}
	for _, every := range []time.Duration{p.size.reports, p.size.sparse} {
		head = append(head, "every "+length(every), "median", "no worse")
	}
	var rows [][]string
	kinds := graft.Kinds()
	for i := range kinds {
		k := &kinds[i]
		row := []string{code(k.Name), k.What, reference(k)}
		for _, every := range []time.Duration{p.size.reports, p.size.sparse} {
			g := p.graftsOf(k, every)
			met := "**no**"
			switch {
			case g.runs == 0:
				met = "not run"
			case g.noWorse(k):
				met = "yes"
			}
			row = append(row, fmt.Sprintf("%d, %d, %d, %d", g.said[3], g.said[2], g.said[1], g.said[0]), after(g.median()), met)
		}
		rows = append(rows, row)
	}
	table(b, head, rows)
}
