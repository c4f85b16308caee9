package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/evaluate/fleet"
	"cordon/internal/evaluate/recorded"
	"cordon/internal/record"
	"cordon/internal/simulate"
)

// tiny is a run that a test can afford.
func tiny(t *testing.T, more ...string) size {
	t.Helper()
	s, _, err := parse(append([]string{"-size", "quick", "-terminals", "120", "-duration", "90m", "-each", "1", "-partitions", "2",
		"-benign-terminals", "40", "-benign-duration", "30m", "-captures", ""}, more...))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// published returns the page of a run.
func published(t *testing.T, s size) string {
	t.Helper()
	p := &publication{size: s, tell: func(string) {}, now: func() time.Time { return time.Time{} }}
	if err := p.measure(t.Context()); err != nil {
		t.Fatal(err)
	}
	page, err := p.page()
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// upTo is the part of the page before a heading.
func upTo(page, heading string) string {
	before, _, _ := strings.Cut(page, heading)
	return before
}

// The page depends on sizes and seeds alone, but for the speeds.
func TestPageIsReproducible(t *testing.T) {
	first, again := published(t, tiny(t, "-parallel", "1")), published(t, tiny(t, "-parallel", "3"))
	if upTo(first, "## Speeds") != upTo(again, "## Speeds") {
		t.Error("two runs with the same sizes and seeds wrote different pages")
	}
	for _, text := range append([]string{
		"held-out seeds 101", "What has to be reached", "## Dense and sparse reports", "tuning seeds 1", "-each=1", "digest `", "## False verdicts", "## Tail of the evidence", "## Baselines", "EWMA z-score",
		"## Ablation", "one family is enough", "Skipped: CORDON_CAPTURES", "## Speeds",
	}, simulate.Kinds()...) {
		if !strings.Contains(first, text) {
			t.Errorf("the page has no %q", text)
		}
	}
	if other := published(t, tiny(t, "-heldout", "7")); other == first {
		t.Error("another seed wrote the same page")
	}
}

func TestParse(t *testing.T) {
	s, out, err := parse([]string{"-size", "quick", "-terminals", "500", "-tuning", "4, 5", "-out", "x.md"})
	if err != nil || s.terminals != 500 || s.duration != 6*time.Hour || s.tuning.String() != "4,5" || out != "x.md" ||
		s.command() != `SIZE=quick EVALUATE="-terminals=500 -tuning=4,5"` {
		t.Errorf("got %+v, %s, error %v; want the quick size with what was changed", s, out, err)
	}
	for _, args := range []string{"-size huge", "-duration 1h", "-size quick -attacks-at 5h30m", "-attacks-at -1s", "-heldout x", "-heldout 1,", "-parallel 0"} {
		if _, _, err := parse(strings.Fields(args)); err == nil {
			t.Errorf("%s: got no error", args)
		}
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := &publication{size: tiny(t), tell: func(string) {}, now: time.Now}
	if err := p.measure(ctx); err == nil {
		t.Error("an interrupted run reports success")
	}
}

// A size of its own may leave out what takes longest.
func TestSparseOnly(t *testing.T) {
	page := published(t, tiny(t, "-benign-dense=false"))
	for _, text := range []string{"benign fleet, seed 101, reports every 1m |", "| no false MALICIOUS | `malicious.false==0` |  |  | 0 | yes |"} {
		if !strings.Contains(page, text) {
			t.Errorf("the page has no %q", text)
		}
	}
	if strings.Contains(page, "benign fleet, seed 101, reports every 10s") {
		t.Error("the page tells of benign fleets that were not asked for")
	}
}

func TestProgress(t *testing.T) {
	var told []string
	now := time.Unix(0, 0)
	p := &publication{tell: func(text string) { told = append(told, text) }, now: func() time.Time { return now }}
	a := &job{fleet: fleet.Fleet{Terminals: 10, Duration: 2 * record.Day}}
	b := &job{fleet: fleet.Fleet{Terminals: 10, Duration: 2 * record.Day}}
	g := newProgress(p, []*job{a, b})
	now = now.Add(tellEvery - 1)
	g.reach(a, fleet.Start+record.Hour)
	if len(told) > 0 {
		t.Errorf("told %q before %s", told, tellEvery)
	}
	now = time.Unix(600, 0)
	g.reach(a, fleet.Start+record.Day)
	g.end(a)
	now = time.Unix(1200, 0)
	g.end(b)
	want := []string{" 25 %, 0 of 2 fleets, 10m0s, about 30m0s left", " 50 %, 1 of 2 fleets, 10m0s, about 10m0s left", "100 %, 2 of 2 fleets, 20m0s"}
	if !slices.Equal(told, want) {
		t.Errorf("told\n%q, want\n%q", told, want)
	}
}

func TestLength(t *testing.T) {
	for d, want := range map[time.Duration]string{10 * time.Second: "10s", time.Minute: "1m", 6 * time.Hour: "6h", 90 * time.Minute: "1h30m", 0: "0s", 20 * time.Minute: "20m"} {
		if got := length(d); got != want {
			t.Errorf("%d ns: got %q, want %q", d, got, want)
		}
	}
}

func TestCapturesPage(t *testing.T) {
	p := &publication{size: size{captures: "x", among: time.Hour}}
	var b strings.Builder
	p.writeMerged(&b)
	p.writeMoved(&b)
	if strings.Count(b.String(), "Skipped: ") != 2 {
		t.Errorf("without captures:\n%s", b.String())
	}
	nothing := &fleet.Result{}
	p.merged, p.without = []*recorded.Merged{{Set: "worm", Alone: nothing, Merged: nothing}}, nothing
	p.moved = []movedRun{{name: "worm", ordinary: recorded.Difference{Verdicts: 7}, all: recorded.Difference{Changed: 3, Early: 1}}}
	b.Reset()
	p.writeMerged(&b)
	p.writeMoved(&b)
	for _, row := range []string{"| worm | alone | 0 | 0 | 0 | - | - |  |  |", "|  | in the fleet | 0 | 0 | 0 | - | - | 0 | 0, 0, 0 |", "| worm | 7 | 0 | 0 | 0 | 3 | 0 | 1 |"} {
		if !strings.Contains(b.String(), row) {
			t.Errorf("there is no row %q:\n%s", row, b.String())
		}
	}
}

// The fleets of every size have room for their attacks.
func TestSizesFit(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, s := range sizes {
		p := &publication{size: s}
		if _, err := fleet.Simulate(ctx, p.attackFleet(s.heldOut[0], false)); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v, want the fleet to begin", name, err)
		}
	}
}
