package main

import (
	"strings"
	"testing"
	"time"

	"cordon/internal/record"
	"cordon/internal/replay"
	"cordon/internal/simulate"
)

func TestReasonsInWords(t *testing.T) {
	for _, c := range []struct {
		name    string
		reasons []record.Reason
		want    string
	}{
		{"scan", []record.Reason{
			{Feature: "firstContactsFailed", Value: 31, Unit: "contacts", Expected: 1, Contribution: 60_000},
			{Feature: "flowStarts", Value: 769, Unit: "flows per 10 s", Expected: 40, Contribution: 6_000},
		}, "31 first contacts failed, normal at most 1; 769 new flows in 10 s, normal at most 40"},
		{"what does not count is left out", []record.Reason{
			{Feature: "unansweredUplink", Value: 6_456_240, Unit: "bytes per 10 s", Expected: 20_000, Contribution: 12_000},
			{Feature: "firstContactsFailed", Value: 1, Unit: "contacts", Contribution: 1_557},
		}, "6.4 MB sent in 10 s without an answer, normal at most 20 kB"},
		{"but never all", []record.Reason{{Feature: "uplinkVolume", Value: 900, Unit: "bytes per 10 s", Expected: 30, Contribution: 1}},
			"900 bytes sent in 10 s, normal at most 30 bytes"},
		{"of a newer scorer", []record.Reason{{Feature: "beacon", Value: 7, Unit: "contacts", Expected: 2, Contribution: 9_000}},
			"beacon 7, normal at most 2"},
		{"none", nil, ""},
	} {
		if got := reasons(&record.Verdict{Reasons: c.reasons}); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestFoldAndCutStayWithinTheTerminal(t *testing.T) {
	text := strings.Repeat("äöü ", 100)
	for line := range strings.Lines(fold(text, "   ")) {
		if n := len([]rune(strings.TrimRight(line, "\n"))); n > width || !strings.HasPrefix(line, "   ä") {
			t.Errorf("%d characters: %q", n, line)
		}
	}
	if got := []rune(cut(text)); len(got) != width || got[width-1] != '…' {
		t.Errorf("cut to %d characters, want %d: %s", len(got), width, string(got))
	}
	if got := cut("short"); got != "short" {
		t.Errorf("cut(short) = %q", got)
	}
}

// A case fades after its worst moment; the table tells of that moment.
func TestTableShowsTheLargestEvidence(t *testing.T) {
	var out strings.Builder
	w := &witness{
		out: &strings.Builder{}, story: &story{who: "WHAT IT DOES", truth: map[string]simulate.Truth{"x": {}}},
		people: map[record.Pseudonym]person{}, cases: map[record.Pseudonym]*outcome{},
	}
	start := record.MicrosOf(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	id := record.Pseudonym{0xab}
	verdict := func(class record.Class, status record.VerdictStatus, evidence int64, after record.Micros) *record.Verdict {
		return &record.Verdict{Terminal: id, Class: class, Status: status, Evidence: evidence, DecidedAt: start + after,
			Reasons: []record.Reason{{Feature: "flowStarts", Value: evidence / 1000, Unit: "flows per 10 s", Expected: 40}}}
	}
	for _, r := range []any{
		verdict(record.ClassWatch, record.StatusRaised, 13_000, 20*record.Second),
		verdict(record.ClassMalicious, record.StatusUpdated, 21_000, 30*record.Second),
		verdict(record.ClassMalicious, record.StatusUpdated, 25_500, 40*record.Second),
		verdict(record.ClassMalicious, record.StatusUpdated, 10_400, 50*record.Second),
		verdict(record.ClassWatch, record.StatusUpdated, 30_000, 60*record.Second),
		verdict(record.ClassMalicious, record.StatusCleared, 0, 70*record.Second),
	} {
		w.note(r)
	}
	w.people[id] = person{known: true, truth: simulate.Truth{Label: simulate.Malicious, Start: start, ExceptionID: record.SuspicionOfDDoSAttack}}
	w.people[record.Pseudonym{1}] = person{known: true, truth: simulate.Truth{Label: simulate.Malicious, Start: start, ExceptionID: record.WrongDestinationAddress}}
	w.table(&out, replay.Result{Records: 9, First: start, Last: start + 90*record.Second})
	want := `
9 records of 1m30s.

TERMINAL  WHAT IT DOES               SINCE    WARNED  VERDICT             COMMAND
ab000000  floods a victim            03:04:05 -       MALICIOUS +30s      none
          why: 25 new flows in 10 s, normal at most 40. Evidence 25.5 nats.
01000000  scans random addresses     03:04:05 -       none                none

+ is the time after the terminal began. Verdicts judge 10 s at a time and wait another 20 s for late records; warnings
do not wait.
Malicious and not found: 1.
`
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
