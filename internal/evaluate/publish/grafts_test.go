package main

import (
	"strings"
	"testing"
	"time"

	"cordon/internal/evaluate/graft"
	"cordon/internal/record"
)

func TestGraftsPage(t *testing.T) {
	p := &publication{size: size{reports: 10 * time.Second, sparse: time.Minute}}
	var b strings.Builder
	p.writeGrafts(&b)
	if !strings.Contains(b.String(), "Skipped: ") {
		t.Errorf("without grafts:\n%s", b.String())
	}
	kinds := graft.Kinds()
	add := func(name string, every time.Duration, after map[record.Class]record.Micros) {
		for i := range kinds {
			if kinds[i].Name == name {
				p.grafts = append(p.grafts, graftRun{kind: &kinds[i], every: every, outcome: &graft.Outcome{After: after}})
			}
		}
	}
	watched, called := map[record.Class]record.Micros{record.ClassWatch: record.Minute}, map[record.Class]record.Micros{record.ClassWatch: 5 * record.Second, record.ClassMalicious: 40 * record.Second}
	add("flood-5M", 10*time.Second, called)
	add("flood-5M", time.Minute, watched)
	add("firmware", 10*time.Second, nil)
	add("firmware", time.Minute, watched)
	add("mining", 10*time.Second, called)
	add("telemetry", 10*time.Second, watched)
	add("telemetry", time.Minute, called)
	p.grafts = append(p.grafts, graftRun{kind: p.grafts[0].kind, every: 10 * time.Second, outcome: &graft.Outcome{Spoilt: true}})
	b.Reset()
	p.writeGrafts(&b)
	for _, row := range []string{
		"| `flood-5M` | UDP flood of 5 Mbit/s | MALICIOUS 80/80, 48s | 1, 0, 0, 0 | 40s | yes | 0, 0, 1, 0 | - | **no** |",
		"| nothing | 0, 0, 0, 1 | - | yes | 0, 0, 1, 0 | 1m0s | **no** |",
		"| WATCH 80/80, 15m0s | 1, 0, 0, 0 | 5s | yes | 0, 0, 0, 0 | - | not run |",
		"| at most WATCH | 0, 0, 1, 0 | 1m0s | yes | 1, 0, 0, 0 | 5s | **no** |",
	} {
		if !strings.Contains(b.String(), row) {
			t.Errorf("there is no row %q:\n%s", row, b.String())
		}
	}
}
