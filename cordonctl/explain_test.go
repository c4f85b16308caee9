package main

import (
	"fmt"
	"strings"
	"testing"

	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/scorer/detect"
	"cordon/scorer/judge"
	scorer "cordon/scorer/task"
)

// verdicts are those of one case: raised as WATCH, grown to MALICIOUS, cleared.
func verdicts() []record.Verdict {
	base := record.Verdict{
		VerdictID: record.ID{1}, Terminal: record.Pseudonym{0x3f, 0x2a}, StateGeneration: 1, Criticality: record.CriticalityNormal,
		ConfigDigest: scorer.DefaultSettings().Digest(4), FirstEvidenceAt: 10 * record.Minute, Coverage: record.Coverage{Received: 10, Permille: 1000},
	}
	var list []record.Verdict
	for i, s := range []struct {
		status      record.VerdictStatus
		class       record.Class
		scan, flood int64
	}{
		{record.StatusRaised, record.ClassWatch, 10_000, 2_500},
		{record.StatusUpdated, record.ClassMalicious, 17_000, 4_250},
		{record.StatusUpdated, record.ClassMalicious, 60_000, 0},
		{record.StatusCleared, record.ClassMalicious, 6_000, 0},
	} {
		v := base
		v.Sequence, v.Status, v.Class = int64(i+1), s.status, s.class
		v.DecidedAt = base.FirstEvidenceAt + record.Micros(i+1)*record.Minute
		v.WindowStart, v.WindowEnd = base.FirstEvidenceAt, v.DecidedAt
		for _, r := range []record.Reason{
			{Feature: "firstContactsFailed", Family: detect.Scanning.String(), Value: 7, Unit: "contacts", Reference: record.ReferencePrior, Contribution: s.scan,
				Samples: []string{"tcp 0 failed 0 answered", "other 0 failed 0 answered", "carried over " + milli(s.scan) + " nats"}},
			{Feature: "unansweredUplink", Family: detect.Flooding.String(), Value: 9, Unit: "bytes per 10 s", Reference: record.ReferencePrior, Contribution: s.flood, Samples: []string{"panes above the limit: 1, together " + milli(s.flood) + " nats"}},
		} {
			if r.Contribution > 0 {
				v.Reasons = append(v.Reasons, r)
			}
		}
		v.Evidence = s.scan + s.flood
		v.Score = judge.Score(detect.Nats(v.Evidence))
		v.Exceptions = []record.Exception{{ExceptionID: record.WrongDestinationAddress, Level: (v.Score + 5) / 10, Trend: record.TrendUp}}
		v.TechniqueIDs = []string{"T1046"}
		v.Counterfactual = "with 3 of the failed first contacts answered this would be WATCH"
		list = append(list, v)
	}
	return list
}

// verdictsFile writes verdicts as backtest does.
func verdictsFile(t *testing.T, list ...record.Verdict) string {
	t.Helper()
	var text []byte
	for _, v := range list {
		var err error
		if text, err = record.AppendJSON(text, &v); err != nil {
			t.Fatal(err)
		}
		text = append(text, '\n')
	}
	return write(t, "verdicts.jsonl", string(text))
}

func TestExplainAddsUp(t *testing.T) {
	all := verdicts()
	for _, c := range []struct {
		n     int
		texts []string
	}{
		{1, []string{"WATCH  3f2a", "RAISED at 1970-01-01T00:11:00", "add up to the evidence, 12.500 nats", "evidence 12.5 ≥ 12.0, of it 12.5 ≥ 6.0 outside the volume family, and evidence 12.5 < 20.0"}},
		{2, []string{"MALICIOUS  3f2a", "+17.000", "of at most 60.0", "+4.250", "of at most 12.0", "=21.250", "evidence 21.2 ≥ 20.0 and at least 2 families have ≥ 3.0: scan 17.0, flood 4.2"}},
		{3, []string{"evidence 60.0 ≥ 20.0 and the scan family alone reaches it", "otherwise", "with 3 of the failed", "T1046 Network Service Discovery"}},
		{4, []string{"CLEARED at 1970-01-01T00:14:00", "MALICIOUS since 1970-01-01T00:12:00", "never steps down", "4 verdicts", "▒"}},
	} {
		o := run(t, "explain", "3f2a", "--sequence", fmt.Sprint(c.n), "--verdicts", verdictsFile(t, all[:c.n]...))
		o.expect(t, 0, append(c.texts, "computed again")...)
		if strings.Contains(o.out, "WRONG  ") || strings.Contains(o.out, "another configuration") {
			t.Errorf("%d verdicts: it doubts a verdict that is right:\n%s", c.n, o.out)
		}
	}
}

// README: "explain TERMINAL" behind a backtest, whose clock runs on until each case
// is cleared. What is worth explaining is the gravest verdict, and of the newest case.
func TestExplainChoosesTheGravest(t *testing.T) {
	all := verdicts()
	older := all[2]
	older.VerdictID, older.StateGeneration, older.Evidence, older.DecidedAt = record.ID{9}, 0, 60_000, record.Minute
	path := verdictsFile(t, append([]record.Verdict{older}, all...)...)
	for _, c := range []struct {
		flags []string
		texts []string
	}{
		{nil, []string{"MALICIOUS  3f2a", "UPDATED at 1970-01-01T00:13:00.000000Z (verdict 3)", "since then 1 verdict: CLEARED at 1970-01-01T00:14:00", "=60.000", "> 1970-01-01T00:13:00", "beside 1 other case"}},
		{[]string{"--sequence", "4"}, []string{"CLEARED at 1970-01-01T00:14:00.000000Z (verdict 4)", "=6.000"}},
		{[]string{"--at", "1970-01-01T00:12:59Z"}, []string{"UPDATED at 1970-01-01T00:12:00", "since then 2 verdicts", "=21.250"}},
		{[]string{"--at", "1970-01-01T00:10:00Z"}, []string{"at 1970-01-01T00:01:00"}},
	} {
		run(t, append([]string{"explain", "3f2a", "--verdicts", path}, c.flags...)...).expect(t, 0, c.texts...)
	}
	for flag, value := range map[string]string{"--sequence": "7", "--at": "1970-01-01T00:00:00Z"} {
		run(t, "explain", "3f2a", "--verdicts", path, flag, value).expect(t, 2, flag)
	}
	run(t, "explain", "3f2a", "--verdicts", path, "--at", "noon").expect(t, 2, "want a time as")
	run(t, "explain", "3f2a", "--verdicts", path, "--at", "1970-01-01T00:12:59Z", "--sequence", "1").expect(t, 2, "want one of the two")
}

// Faults are evidence of a malfunction and never of malice: two sums, each beside
// its own thresholds.
func TestExplainKeepsFaultsApart(t *testing.T) {
	v := verdicts()[0]
	v.Class, v.MalfunctionEvidence = record.ClassMalfunctioning, 12_000
	v.Reasons = append(v.Reasons, record.Reason{Feature: "restarts", Family: detect.Restart.String(), Value: 6, Unit: "restarts in two days", Expected: 2, Reference: record.ReferencePrior, Contribution: 12_000})
	path := verdictsFile(t, v)
	run(t, "explain", "3f2a", "--verdicts", path).expect(t, 0, "evidence", "=12.500", "malfunction", "=12.000", "MALFUNCTIONING from 12.0, calm at 6.0",
		"evidence of a malfunction 12.0 ≥ 12.0, and evidence 12.5 < 20.0")
	run(t, "explain", "3f2a", "--json", "--verdicts", path).expect(t, 0, `"sum":12500,"malfunctionSum":12000`, `"malfunctioning":12000`)
}

// Order in the file, repeats after a restart, and other terminals change
// nothing.
func TestExplainWhateverTheOrder(t *testing.T) {
	all := verdicts()
	other := all[1]
	other.Terminal = record.Pseudonym{0x4f}
	want := run(t, "explain", "3f", "--verdicts", verdictsFile(t, all...)).out
	got := run(t, "explain", "3F", "--verdicts", verdictsFile(t, all[3], other, all[0], all[2], all[0], all[1], all[3])).out
	if got != want {
		t.Errorf("shuffled, with repeats:\n%s\nwant:\n%s", got, want)
	}
}

func TestExplainFindsWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(v *record.Verdict)
		text  string
	}{
		"sum":       {func(v *record.Verdict) { v.Evidence++ }, "add up to 60.000 nats, the verdict says 60.001"},
		"score":     {func(v *record.Verdict) { v.Score-- }, "make a score of 1000, the verdict says 999"},
		"level":     {func(v *record.Verdict) { v.Exceptions[0].Level = 7 }, "makes level 100, WRONG_DESTINATION_ADDRESS has 7"},
		"bound":     {func(v *record.Verdict) { v.Reasons[0].Contribution, v.Evidence = 60_001, 60_001 }, "its bounds are 0 and 60.000"},
		"negative":  {func(v *record.Verdict) { v.Reasons[0].Contribution, v.Evidence = -1, -1 }, "contributes -0.001 nats"},
		"family":    {func(v *record.Verdict) { v.Reasons[0].Family = "astrology" }, "astrology is not known"},
		"two":       {func(v *record.Verdict) { v.Reasons = append(v.Reasons, v.Reasons[0]) }, "has two reasons"},
		"class":     {func(v *record.Verdict) { v.Class = record.ClassMalfunctioning }, "no verdict of this case has the evidence that makes it MALFUNCTIONING"},
		"no reason": {func(v *record.Verdict) { v.Reasons = nil }, "add up to 0.000 nats"},
	} {
		t.Run(name, func(t *testing.T) {
			all := verdicts()[:3]
			c.spoil(&all[2])
			o := run(t, "explain", "3f2a", "--sequence", "3", "--verdicts", verdictsFile(t, all...))
			o.expect(t, 1, "WRONG  ", c.text, "does not add up")
			run(t, "explain", "3f2a", "--json", "--sequence", "3", "--verdicts", verdictsFile(t, all...)).expect(t, 1, `"consistent":false`)
		})
	}
}

// A verdict of another configuration is never called wrong for its class: the
// thresholds are not known.
func TestExplainOtherConfiguration(t *testing.T) {
	v := verdicts()[0]
	v.ConfigDigest = record.Digest{1}
	v.Class = record.ClassMalicious
	path := verdictsFile(t, v)
	run(t, "explain", "3f", "--verdicts", path).expect(t, 0, "another configuration, 0100000000000000", "--scorer-config")

	lower := write(t, "scorer.yaml", "decision:\n  malicious: 12500\n  family: 2000\n")
	run(t, "explain", "3f", "--verdicts", path, "--scorer-config", lower).expect(t, 0, "evidence 12.5 ≥ 12.5")
}

func TestExplainNamesTheTerminal(t *testing.T) {
	one, two := verdicts()[0], verdicts()[0]
	two.Terminal[1] = 0x2b
	path := verdictsFile(t, one, two)
	run(t, "explain", "3f", "--verdicts", path).expect(t, 2, "fits several: 3f2a", "3f2b", "more digits")
	run(t, "explain", "3f2b", "--verdicts", path).expect(t, 0, "WATCH  3f2b")
	run(t, "explain", "40", "--verdicts", path).expect(t, 1, "no verdict about a terminal whose pseudonym begins with 40")
	run(t, "explain", "3f", "--verdicts", write(t, "x.jsonl", "{\n")).expect(t, 2, "x.jsonl:1")
	run(t, "explain", "3f", "--verdicts", write(t, "x.jsonl", `{"verdikt":1}`)).expect(t, 2, "verdikt")
}

func TestExplainJSON(t *testing.T) {
	o := run(t, "explain", "3f2a", "--json", "--sequence", "4", "--verdicts", verdictsFile(t, verdicts()...))
	o.expect(t, 0, `"consistent":true`, `"sum":6000`, `"malicious":20000`, `"ofThisVerdict":true`, `"status":"CLEARED"`, `"history":[{"decidedAt":"1970-01-01T00:11:00.000000Z","status":"RAISED"`)
	if strings.Count(o.out, "\n") != 1 {
		t.Errorf("%d lines, want one object on one line", strings.Count(o.out, "\n"))
	}
}

// A long case shows both ends and every change.
func TestExplainThinsOutLongCases(t *testing.T) {
	all := verdicts()[:3]
	for i := range int64(60) {
		v := all[2]
		v.Sequence, v.DecidedAt = 4+i, all[2].DecidedAt+record.Micros(i+1)*record.Minute
		all = append(all, v)
	}
	o := run(t, "explain", "3f2a", "--verdicts", verdictsFile(t, all...))
	o.expect(t, 0, "63 verdicts", "… 47 more")
}

func TestExplainFromTheDeployment(t *testing.T) {
	at := deployed(t)
	run(t, append([]string{"explain", "3f"}, at...)...).expect(t, 2, "no topic verdicts")
	create(t, at, "2")
	var sends []stream.Send
	for _, v := range verdicts() {
		sends = append(sends, encoded(t, stream.Verdicts, 1, v.Terminal[:], &v))
	}
	progress := record.Progress{Time: record.Minute}
	sends = append(sends, encoded(t, stream.Verdicts, 1, []byte("progress"), &progress))
	appendTo(t, at, sends...)
	want := run(t, "explain", "3f2a", "--verdicts", verdictsFile(t, verdicts()...)).out
	if got := run(t, append([]string{"explain", "3f2a"}, at...)...); got.out != want || got.code != 0 {
		t.Errorf("from the topic, exit code %d:\n%s\n%s\nwant as from the file:\n%s", got.code, got.out, got.told, want)
	}
}

func TestBar(t *testing.T) {
	for _, c := range []struct {
		evidence, threshold, most int64
		want                      string
	}{
		{0, 20, 20, strings.Repeat(" ", 40) + "|"},
		{10, 20, 20, strings.Repeat("█", 20) + strings.Repeat(" ", 20) + "|"},
		{20, 20, 20, strings.Repeat("█", 40) + "|"},
		{80, 20, 80, strings.Repeat("█", 10) + "▒" + strings.Repeat("█", 29)},
		{0, 0, 0, "|"},
		{-5, 20, 20, strings.Repeat(" ", 40) + "|"},
	} {
		if got := bar(c.evidence, c.threshold, c.most); got != c.want {
			t.Errorf("bar(%d, %d, %d) = %q, want %q", c.evidence, c.threshold, c.most, got, c.want)
		}
	}
}
