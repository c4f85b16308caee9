package scenario

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestScenarios runs every file as it is written, looks for identities that
// left the collector, and runs it again under every variation, which must
// confirm the same (issue section 7: "byte-identical confirmed verdicts per
// terminal").
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenario in testdata: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse(file, text)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			check(t, s)
		})
	}
}

// check runs one scenario in all its ways.
func check(t *testing.T, s *Scenario) {
	usual := run(t, s, s.Usual())
	for _, failure := range usual.Check() {
		t.Errorf("%v", failure)
	}
	for _, leak := range usual.Leaks() {
		t.Errorf("%s: an identity left the collector: %s", s.Name, leak)
	}
	if testing.Short() || t.Failed() {
		return
	}
	for _, v := range usual.Variations() {
		compare(t, s, usual, v)
	}
}

func run(t *testing.T, s *Scenario, v Variation) *Result {
	t.Helper()
	r, err := s.Run(v)
	if err != nil {
		t.Fatalf("%s, %s: %v", s.Name, v.Name, err)
	}
	return r
}

// compare runs a variation and holds it to what the usual run confirmed.
func compare(t *testing.T, s *Scenario, usual *Result, v Variation) {
	t.Helper()
	varied := run(t, s, v)
	want, err1 := Confirmed(usual.Verdicts)
	got, err2 := Confirmed(varied.Verdicts)
	if err1 != nil || err2 != nil {
		t.Fatalf("%s, %s: %v, %v", s.Name, v.Name, err1, err2)
	}
	if difference := Difference(got, want); difference != "" {
		t.Errorf("%s: verdicts %s differ from those as written (got, want): %s", s.Name, v.Name, difference)
		return
	}
	if s.People() || usual.Deferred || varied.Deferred {
		return
	}
	want, err1 = ConfirmedCommands(usual.Commands)
	got, err2 = ConfirmedCommands(varied.Commands)
	if err1 != nil || err2 != nil {
		t.Fatalf("%s, %s: %v, %v", s.Name, v.Name, err1, err2)
	}
	if difference := Difference(got, want); difference != "" {
		t.Errorf("%s: commands %s differ from those as written (got, want): %s", s.Name, v.Name, difference)
	}
}
