package docs

import (
	"regexp"
	"strings"
	"testing"

	"cordon/internal/stream"
)

var (
	declared = regexp.MustCompile(`(?:(?:Gauge|Counter|Histogram)\(|\bName: )"([a-z_]+)"`)
	metric   = regexp.MustCompile(`\bcordon_[a-z_]+\b`)
)

// metrics are the names on /metrics, without their prefix: the figures of the
// tasks, and what the programs have in common.
func metrics(t *testing.T) (all, shared map[string]bool) {
	t.Helper()
	all, shared = map[string]bool{}, map[string]bool{}
	walk(t, ".go", func(name, text string) {
		if strings.HasSuffix(name, "_test.go") || !strings.Contains(name, "internal/observe/") &&
			!strings.Contains(name, "internal/program/") && !strings.Contains(name, "internal/stream/kafka/") {
			return
		}
		for _, m := range declared.FindAllStringSubmatch(text, -1) {
			all[m[1]], shared[m[1]] = true, true
		}
	})
	for name := range stream.WorkerFigures {
		all[name], shared[name] = true, true
	}
	for _, s := range stages(t) {
		for name := range s.Figures {
			all[name] = true
		}
	}
	return all, shared
}

// TestMetricsAreKnown looks up every metric that a page or a dashboard names,
// and every one the programs share on the page of operations.
func TestMetricsAreKnown(t *testing.T) {
	all, shared := metrics(t)
	for _, ending := range []string{".md", ".json", ".yml"} {
		walk(t, ending, func(name, text string) {
			for _, word := range metric.FindAllString(text, -1) {
				if !all[strings.TrimPrefix(word, "cordon_")] {
					t.Errorf("%s names the metric %s, which no program has", name, word)
				}
			}
			if strings.HasSuffix(name, "operations.md") {
				for one := range shared {
					if !strings.Contains(text, "`cordon_"+one+"`") {
						t.Errorf("%s does not explain cordon_%s", name, one)
					}
				}
			}
		})
	}
}
