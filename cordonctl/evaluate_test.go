package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// backtested makes up a fleet with an outbreak, runs it through the pipeline and
// returns the flags that evaluate its verdicts.
func backtested(t *testing.T) (flags []string, out string) {
	t.Helper()
	fleet := simulatedFile(t, "fleet.avro")
	out = t.TempDir()
	run(t, "backtest", "--out", out, fleet).expect(t, 0)
	return []string{
		"evaluate", "--verdicts", filepath.Join(out, "verdicts.jsonl"), "--terminals", filepath.Join(out, "terminals.csv"),
		"--truth", filepath.Join(filepath.Dir(fleet), "truth.csv"), "--early", filepath.Join(out, "early.jsonl"),
	}, out
}

// Contracts section 9: evaluate "prints per label and exception: episodes,
// found, missed, median and p90 time to detection, false verdicts, terminal-days,
// rate with its 95 % bound"; "5 an evaluate gate was missed".
func TestEvaluate(t *testing.T) {
	flags, out := backtested(t)
	with := func(more ...string) outcome { return run(t, append(append([]string{}, flags...), more...)...) }

	with().expect(t, 0, "1 episode among 30 terminals", "malicious", "WRONG_DESTINATION_ADDRESS", "95 % bound", "benign terminals")
	with("--gate", "malicious.found>=98%", "--gate", "wrong_destination_address.median<=1m", "--gate", "malicious.falseRate<=1e-6").expect(t, 0, "met")
	with("--gate", "malicious.found>=1", "--gate", "malicious.falseRateBound<=1e-6").expect(t, 5,
		"1 gate of 2 was missed: malicious.falseRateBound<=1e-06", "met", "missed")
	with("--gate", "malfunctioning.found>=0").expect(t, 5, "was missed")
	with("--gate", "mining.found>=1").expect(t, 2, "--gate", "mining", "malicious")

	o := with("--json", "--gate", "malicious.missed==0")
	o.expect(t, 0)
	var report struct {
		Labels []struct {
			Name            string
			Episodes, Found int
			MedianSeconds   float64
			FalseRateBound  float64
		}
		Gates []struct{ Met bool }
	}
	if err := json.Unmarshal([]byte(o.out), &report); err != nil || strings.Count(o.out, "\n") != 1 {
		t.Fatalf("%v: want one line of JSON, got %q", err, o.out)
	}
	m := report.Labels[0]
	if m.Name != "malicious" || m.Episodes != 1 || m.Found != 1 || m.MedianSeconds <= 0 || m.MedianSeconds > 60 || m.FalseRateBound <= 0 || !report.Gates[0].Met {
		t.Errorf("got %+v, want one malicious episode, found within a minute, and the gate met", report)
	}

	if err := os.Remove(filepath.Join(out, "summary.json")); err != nil {
		t.Fatal(err)
	}
	with("--gate", "malicious.falseRate<=1").expect(t, 5, "terminal-days are not known", "--summary")
}

func TestEvaluateRefusesWhatItCannotRead(t *testing.T) {
	flags, _ := backtested(t)
	for name, c := range map[string]struct{ flag, content, want string }{
		"verdicts":  {"--verdicts", "{}\n{\"terminal\":1}\n", "line 2"},
		"terminals": {"--terminals", "source,terminal\n", "supi"},
		"truth":     {"--truth", "source,label,start,end,exceptionId\na,odd,,,\n", "line 2: label"},
		"early":     {"--early", "{\n", "line 1"},
		"summary":   {"--summary", "[]", "--summary"},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, "file", c.content)
			o := run(t, append(append([]string{}, flags...), c.flag, path)...)
			o.expect(t, 2, c.flag, c.want)
		})
	}
}

// A source that no terminal has is missed, and told of.
func TestEvaluateTellsOfUnknownSources(t *testing.T) {
	flags, _ := backtested(t)
	truth := write(t, "truth.csv", "source,label,start,end,exceptionId\nimsi-001019999999999,malicious,2026-01-01T00:01:00Z,,\n")
	o := run(t, append(append([]string{}, flags...), "--truth", truth)...)
	o.expect(t, 0, "1 line of the truth named none of the terminals")
	if strings.Contains(o.out+o.told, "9999999999") {
		t.Errorf("it names a subscriber: %s", fmt.Sprint(o))
	}
}
