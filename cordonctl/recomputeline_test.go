package main

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cordon/internal/record"
	"cordon/internal/scenario"
	scorer "cordon/scorer/task"
)

// shortScenarios have between them a reason of every family and fault.
var shortScenarios = []string{
	"battery-drain", "beacon-60s", "destination-list", "dns-tunnel", "exfiltration-50-mb", "flood-one-victim", "inbound-push", "mining", "ping-pong",
	"profile-stationary", "radio-failure", "raise-again", "reboot-loop", "registration-storm", "retry-loop", "scan", "sim-moved", "slice-hopping", "slow-scan", "theft",
}

// docs/detection.md, "To recompute a verdict by hand": every verdict of every scenario
// adds up, line by line, from nothing but what it says.
func TestEveryVerdictOfTheScenariosAddsUp(t *testing.T) {
	files, err := filepath.Glob("../internal/scenario/testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		if testing.Short() && !slices.Contains(shortScenarios, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, err := scenario.Parse(file, text)
			if err != nil {
				t.Fatal(err)
			}
			r, err := s.Run(s.Usual())
			if err != nil {
				t.Fatal(err)
			}
			addsUp(t, r.Verdicts)
		})
	}
}

// addsUp explains every verdict.
func addsUp(t *testing.T, verdicts []*record.Verdict) {
	t.Helper()
	of := map[record.Pseudonym][]record.Verdict{}
	for _, v := range verdicts {
		of[v.Terminal] = append(of[v.Terminal], *v)
	}
	for id, list := range of {
		slices.SortFunc(list, func(a, b record.Verdict) int {
			return cmp.Or(cmp.Compare(a.StateGeneration, b.StateGeneration), cmp.Compare(a.Sequence, b.Sequence))
		})
		for i := range list {
			e := explain(list, i, thresholdsOf(scorer.DefaultSettings(), list[i].ConfigDigest))
			for _, k := range e.Checks {
				if !k.OK {
					t.Errorf("%v, verdict %d: %s\n%+v", id, list[i].Sequence, k.Text, list[i].Reasons)
				}
			}
		}
	}
}
