package main

import (
	"fmt"
	"strings"
	"time"

	"cordon/internal/config"
	"cordon/internal/record"
	"cordon/internal/simulate"
)

// width is how long a line of output is at most: a usual terminal's.
const width = 120

// short names a terminal in the demo: 8 of 32 digits tell its few apart.
func short(id record.Pseudonym) string { return id.String()[:8] }

// clock is a time of the fleet's day.
func clock(at record.Micros) string { return at.Time().Format("15:04:05") }

// deed says what the simulation let a terminal do.
func deed(t simulate.Truth) string {
	switch t.ExceptionID {
	case record.WrongDestinationAddress:
		return "scans random addresses"
	case record.SuspicionOfDDoSAttack:
		return "floods a victim"
	case record.TooFrequentServiceAccess:
		return "retries a server in a loop"
	}
	return string(t.Label) + ": " + t.ExceptionID.String()
}

// countsFrom is the evidence from which a family of detectors counts in a verdict,
// in milli-nats (docs/detection.md).
const countsFrom = 3000

// reasons says why, the strongest first; what does not count is left out.
func reasons(v *record.Verdict) string {
	var parts []string
	for _, r := range v.Reasons {
		if len(parts) == 0 || r.Contribution >= countsFrom {
			parts = append(parts, reason(r))
		}
	}
	return strings.Join(parts, "; ")
}

// reason is one reason in words; a feature the demo does not know keeps its name.
func reason(r record.Reason) string {
	measured, expected := number(r.Value, r.Unit), number(r.Expected, r.Unit)
	text := fmt.Sprintf("%s %s", r.Feature, measured)
	switch r.Feature {
	case "firstContactsFailed":
		text = measured + " first contacts failed"
	case "flowStarts":
		text = measured + " new flows in 10 s"
	case "unansweredUplink":
		text = measured + " sent in 10 s without an answer"
	case "uplinkVolume":
		text = measured + " sent in 10 s"
	}
	return text + ", normal at most " + expected
}

// number writes a measured number with its unit, without the rate behind it and
// where the words around it do not say it.
func number(n int64, unit string) string {
	counted, _, _ := strings.Cut(unit, " per ")
	switch {
	case counted == "bytes" && n >= 1_000_000:
		return fmt.Sprintf("%d.%d MB", n/1_000_000, n/100_000%10)
	case counted == "bytes" && n >= 1_000:
		return fmt.Sprintf("%d kB", n/1_000)
	case counted == "flows", counted == "contacts":
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d %s", n, counted)
}

// order says what a command does.
func order(c *record.IsolationCommand) string {
	text := c.Action.String()
	if rate := c.Target.UplinkBitsPerSecond; rate.Set {
		text += fmt.Sprintf(" %d kbit/s", rate.Value/1000)
	}
	for i, d := range c.Target.Destinations {
		if i > 0 {
			text += fmt.Sprintf(" and %d more", len(c.Target.Destinations)-1)
			break
		}
		text += " " + d.Address.String()
	}
	return text + " for " + span(time.Duration(c.ValidForSeconds)*time.Second)
}

// span is a length of time in whole seconds.
func span(d time.Duration) string { return config.FormatDuration(d.Truncate(time.Second)) }

// cut shortens a line to the width of a terminal.
func cut(line string) string {
	runes := []rune(line)
	if len(runes) <= width {
		return line
	}
	return string(runes[:width-1]) + "…"
}

// fold breaks text between words into lines that fit behind an indent.
func fold(text, indent string) string {
	var b strings.Builder
	column := 0
	for word := range strings.FieldsSeq(text) {
		n := len([]rune(word))
		switch {
		case column == 0:
			b.WriteString(indent)
			column = len(indent)
		case column+1+n > width:
			b.WriteString("\n" + indent)
			column = len(indent)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String() + "\n"
}
