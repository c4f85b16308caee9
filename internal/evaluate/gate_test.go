package evaluate

import (
	"strings"
	"testing"

	"cordon/internal/record"
)

func TestParseGate(t *testing.T) {
	for _, c := range []struct {
		text string
		want Gate
	}{
		{"malicious.falseRate<=1e-6", Gate{"malicious", "falseRate", "<=", 1e-6}},
		{"scan.found>=0.98", Gate{"scan", "found", ">=", 0.98}},
		{"scan-slow.found >= 98%", Gate{"scan-slow", "found", ">=", 0.98}},
		{"udp-flood.median<=45s", Gate{"udp-flood", "median", "<=", 45}},
		{"UNEXPECTED_WAKEUP.p90<15m", Gate{"UNEXPECTED_WAKEUP", "p90", "<", 900}},
		{"malfunctioning.asmalicious==0", Gate{"malfunctioning", "asMalicious", "==", 0}},
		{" watch.false > 2 ", Gate{"watch", "false", ">", 2}},
	} {
		got, err := ParseGate(c.text)
		if err != nil || got != c.want {
			t.Errorf("%q: got %+v, error %v; want %+v", c.text, got, err, c.want)
		}
	}
	for text, want := range map[string]string{
		"":                        "SUBJECT.METRIC",
		"found>=1":                "SUBJECT.METRIC",
		"scan.found":              "SUBJECT.METRIC",
		"scan.found=1":            "SUBJECT.METRIC",
		".found>=1":               "SUBJECT.METRIC",
		"a b.found>=1":            "SUBJECT.METRIC",
		"scan.recall>=1":          "falseRate",
		"scan.found>=":            "want a number",
		"scan.found>=NaN":         "want a number",
		"scan.found>=45s":         "want a number",
		"scan.median<=soon":       "length of time",
		"scan.median<=90%":        "length of time",
		"scan.found>=0.98<=1":     "SUBJECT.METRIC",
		"malicious.falseRate<=>1": "want a number",
	} {
		if _, err := ParseGate(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want one with %q", text, err, want)
		}
	}
}

func TestGates(t *testing.T) {
	scans := episode(1, Malicious, 10, 20, scan)
	scans.Kind = "scan"
	missed := episode(2, Malicious, 10, 20, scan)
	missed.Kind = "scan"
	r := Evaluate(Input{
		Episodes: []Episode{scans, missed}, Alarms: []Alarm{alarm(1, malicious, 11, scan), alarm(3, watch, 5)},
		Terminals: 3, Days: 10, End: minute(60), Grace: record.Minute,
	})
	for text, want := range map[string]bool{
		"scan.found>=0.5": true, "scan.found>0.5": false, "Scan.missed==1": true, "malicious.false==0": true,
		"watch.false<1": false, "watch.falseRate<=0.2": true, "malicious.falseRateBound<=0.31": true,
		"WRONG_DESTINATION_ADDRESS.median<=60s": true, "wrong_destination_address.exception>=1": false,
		// What was not measured proves nothing.
		"malfunctioning.found>=0": false, "UNEXPECTED_WAKEUP.found>=0": false, "UNEXPECTED_WAKEUP.false==0": true,
		"scan.false==0": false, "scan.earlyMedian<=1h": false,
	} {
		g, err := ParseGate(text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := g.Check(r)
		if err != nil || got.Met != want {
			t.Errorf("%s: got %+v, error %v; want met: %t", text, got, err, want)
		}
	}
	g, _ := ParseGate("mining.found>=1")
	if _, err := g.Check(r); err == nil || !strings.Contains(err.Error(), "malicious, malfunctioning, watch, WRONG_DESTINATION_ADDRESS, scan") {
		t.Errorf("a subject nobody knows: got error %v, want one that lists those there are", err)
	}
	// Without terminal-days no verdict can be called false per day.
	unknown := Evaluate(Input{Episodes: []Episode{scans}})
	g, _ = ParseGate("malicious.falseRate<=1")
	if got, err := g.Check(unknown); err != nil || got.Met || got.Value != nil {
		t.Errorf("without terminal-days: got %+v, error %v; want it missed", got, err)
	}
}

func FuzzParseGate(f *testing.F) {
	for _, text := range []string{"malicious.falseRate<=1e-6", "scan.found>=98%", "a.median<5m", "x.p90==", "..<"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		g, err := ParseGate(text)
		if err != nil {
			return
		}
		again, err := ParseGate(g.String())
		if err != nil || again != g {
			t.Errorf("%q: %+v is written as %q, read back as %+v, error %v", text, g, g, again, err)
		}
	})
}
