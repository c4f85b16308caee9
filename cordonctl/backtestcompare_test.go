package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// compared runs backtest with two configurations of the scorer.
func compared(t *testing.T, before, after string, more ...string) outcome {
	t.Helper()
	args := []string{"backtest"}
	for _, text := range []string{before, after} {
		args = append(args, "--config", folder(t, map[string]string{"scorer.yaml": text}))
	}
	return run(t, append(args, more...)...)
}

// Issue: "what would change (new, gone, earlier, later verdicts), as a table".
func TestBacktestCompares(t *testing.T) {
	input := simulatedFile(t, "fleet.avro")
	const (
		defaults = ""
		off      = "scan:\n  enabled: false\nflood:\n  enabled: false\n"
		slow     = "lateness: 40s\n" // every verdict is decided 20 s later
	)
	type changes struct {
		Same    int
		Counts  map[string]map[string]int
		Changes []struct{ What, Class, Terminal, Before, After string }
	}
	for name, c := range map[string]struct {
		before, after string
		malicious     map[string]int // of the changes
		same          bool
	}{
		"nothing": {defaults, defaults, map[string]int{}, true},
		"gone":    {defaults, off, map[string]int{"gone": 1}, false},
		"new":     {off, defaults, map[string]int{"new": 1}, false},
		"later":   {defaults, slow, map[string]int{"later": 1}, false},
		"earlier": {slow, defaults, map[string]int{"earlier": 1}, false},
		"quiet":   {off, off, map[string]int{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			o := compared(t, c.before, c.after, "--json", input)
			o.expect(t, 0)
			var got changes
			if err := json.Unmarshal([]byte(o.out), &got); err != nil {
				t.Fatalf("%v: %q", err, o.out)
			}
			for _, what := range []string{"new", "gone", "earlier", "later"} {
				if got.Counts["MALICIOUS"][what] != c.malicious[what] {
					t.Errorf("%s: got %d, want %d: %s", what, got.Counts["MALICIOUS"][what], c.malicious[what], o.out)
				}
			}
			if (got.Same > 0) != c.same {
				t.Errorf("the same: got %d, want some: %t", got.Same, c.same)
			}
		})
	}
}

func TestBacktestComparisonForPeople(t *testing.T) {
	out := t.TempDir()
	o := compared(t, "", "scan:\n  enabled: false\nflood:\n  enabled: false\n", "--out", out, simulatedFile(t, "fleet.avro"))
	o.expect(t, 0, "30 terminals", "verdicts stay as they are", "gone", "MALICIOUS", "imsi-0010100000000", "WRONG_DESTINATION_ADDRESS")
	for _, name := range []string{"a/verdicts.jsonl", "a/summary.json", "a/terminals.csv", "b/verdicts.jsonl", "b/summary.json", "changes.jsonl"} {
		content(t, filepath.Join(out, name))
	}
	if lines := bytes.Count(content(t, filepath.Join(out, "changes.jsonl")), []byte("\n")); lines == 0 {
		t.Error("changes.jsonl is empty, want the verdict that is gone")
	}
	if text := string(content(t, filepath.Join(out, "changes.jsonl"))); strings.Contains(text, "imsi-") {
		t.Errorf("changes.jsonl names a subscriber: %s", text)
	}
}
