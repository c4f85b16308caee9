package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"cordon/internal/record"
	"cordon/internal/replay"
	"cordon/internal/simulate"
)

// columns of the table; a row and its reasons stay within width.
const columns = "%-10s%-27s%-9s%-8s%-20s%s"

// line is one terminal of the table: what is known of it, and what came of it.
type line struct {
	person
	id      record.Pseudonym
	outcome *outcome // nil: nothing came of it
}

func (l *line) judged() bool { return l.outcome != nil && l.outcome.worst.Class != record.ClassUnknown }

// table prints what was found beside what is known, the worst first.
func (w *witness) table(out io.Writer, result replay.Result) {
	lines := w.lines()
	fmt.Fprintf(out, "\n%d records of %s.\n\n", result.Records, span((result.Last - result.First).Duration()))
	if len(lines) == 0 {
		fmt.Fprintln(out, "No terminal has a verdict: nothing here looks malicious.")
		return
	}
	fmt.Fprintf(out, columns+"\n", "TERMINAL", w.story.who, "SINCE", "WARNED", "VERDICT", "COMMAND")
	for i := range lines {
		w.row(out, &lines[i], result)
	}
	w.legend(out, lines)
	if w.ordered > 0 {
		fmt.Fprintf(out, "\nThe first isolation was ordered %.1f s after the replay began.\n", w.ordered.Seconds())
	}
}

// lines returns the terminals with a verdict, and those that should have one:
// worst class first, and in the order in which they were found.
func (w *witness) lines() []line {
	var lines []line
	for id, o := range w.cases {
		if p := w.people[id]; p.known || o.worst.Class != record.ClassUnknown {
			lines = append(lines, line{person: p, id: id, outcome: o})
		}
	}
	for id, p := range w.people {
		if p.known && w.cases[id] == nil {
			lines = append(lines, line{person: p, id: id})
		}
	}
	slices.SortFunc(lines, compareLines)
	return lines
}

func compareLines(a, b line) int {
	x, y := a.rank(), b.rank()
	return cmp.Or(slices.Compare(x[:], y[:]), bytes.Compare(a.id[:], b.id[:]))
}

// rank is what lines are sorted by: verdict, class, time.
func (l *line) rank() [3]int64 {
	if !l.judged() {
		return [3]int64{1, 0, int64(l.truth.Start)}
	}
	return [3]int64{0, int64(l.outcome.worst.Class), int64(l.outcome.raised)}
}

func (w *witness) row(out io.Writer, l *line, result replay.Result) {
	did, since, began := l.called, "-", result.First
	switch {
	case l.known:
		did, since, began = deed(l.truth), clock(l.truth.Start), l.truth.Start
	case did == "":
		did = "nothing bad: a false alarm"
	}
	if since == "-" && l.judged() { // nobody knows when it began: since when there is evidence
		since = clock(l.outcome.worst.FirstEvidenceAt)
	}
	after := func(at record.Micros) string { return "+" + span((at - began).Duration()) }
	warned, verdict, command := "-", "none", "none"
	if o := l.outcome; o != nil {
		if o.early != 0 {
			warned = after(o.early)
		}
		if l.judged() {
			verdict = o.worst.Class.String() + " " + after(o.raised)
		}
		if o.command.Sequence > 0 {
			command = after(o.command.IssuedAt) + " " + order(&o.command)
		}
	}
	fmt.Fprintln(out, cut(fmt.Sprintf(columns, short(l.id), did, since, warned, verdict, command)))
	if l.judged() {
		v := &l.outcome.worst
		fmt.Fprint(out, fold(fmt.Sprintf("why: %s. Evidence %d.%d nats.", reasons(v), v.Evidence/1000, v.Evidence%1000/100), "          "))
	}
}

// legend explains the columns, and what the table leaves open.
func (w *witness) legend(out io.Writer, lines []line) {
	began := "the terminal began"
	if len(w.story.truth) == 0 {
		began = "the capture's first record"
	}
	var text []string
	text = append(text, fmt.Sprintf("+ is the time after %s. Verdicts judge 10 s at a time and wait another 20 s for late records; warnings do not wait.", began))
	broken, missed := 0, 0
	for i := range lines {
		switch l := &lines[i]; {
		case l.judged() || !l.known:
		case l.truth.Label == simulate.Malfunctioning:
			broken++
		default:
			missed++
		}
	}
	if broken > 0 {
		text = append(text, fmt.Sprintf("Broken, not malicious: %d without a verdict. A fault is told by what a terminal did before, and this fleet is ten minutes old.", broken))
	}
	if missed > 0 {
		text = append(text, fmt.Sprintf("Malicious and not found: %d.", missed))
	}
	fmt.Fprintf(out, "\n%s", strings.Join(folded(text), ""))
}

func folded(text []string) []string {
	lines := make([]string, len(text))
	for i := range text {
		lines[i] = fold(text[i], "")
	}
	return lines
}
