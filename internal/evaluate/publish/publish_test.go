package main

import (
	"context"
	"strings"
	"testing"
	"time"

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
		"held-out seeds 101", "What has to be reached", "tuning seeds 1", "digest `", "## False verdicts", "## Tail of the evidence", "## Baselines", "EWMA z-score",
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
	if err != nil || s.terminals != 500 || s.duration != 6*time.Hour || s.tuning.String() != "4, 5" || out != "x.md" {
		t.Errorf("got %+v, %s, error %v; want the quick size with what was changed", s, out, err)
	}
	for _, args := range []string{"-size huge", "-duration 1h", "-heldout x", "-heldout 1,", "-parallel 0"} {
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
