package main

import (
	"fmt"
	"strings"

	"cordon/internal/evaluate/recorded"
	"cordon/internal/record"
)

func (p *publication) writeCaptures(b *strings.Builder) {
	fmt.Fprintf(b, "## Benign captures\n\n")
	if p.noted != "" {
		fmt.Fprintf(b, "%s\n\n", p.noted)
		return
	}
	fmt.Fprintf(b, "Each by itself, without peers, reports every 10 s.\n\n")
	var rows [][]string
	for _, c := range p.captures {
		name := c.name
		if c.cut {
			name += " (damaged: what could be read)"
		}
		l := c.report.Labels
		rows = append(rows, []string{name, fmt.Sprintf("%.2f", c.report.Days.Benign), num(l[0].False), num(l[1].False), num(l[2].False), fmt.Sprintf("%.1f", float64(c.most)/1000)})
	}
	table(b, []string{"capture", "terminal-days", "MALICIOUS", "MALFUNCTIONING", "WATCH", "most nats of a verdict"}, rows)
}

// writeMerged says what a fleet around them changes for attack captures.
func (p *publication) writeMerged(b *strings.Builder) {
	fmt.Fprintf(b, "## Attack captures among a fleet\n\n")
	if len(p.merged) == 0 {
		fmt.Fprintf(b, "Skipped: there are no attack captures, or this size puts them into no fleet.\n\n")
		return
	}
	fmt.Fprintf(b, "Each by itself, and in a benign fleet of %d terminals that has lived %s before it, moved by whole hours; reports every 10 s. Terminals by the gravest thing they were called, with the time from the first record of the capture to the first MALICIOUS and to the first early warning. Worse are terminals of the capture that the fleet lets be called less, more than a pane later, or not by all exceptions; raised are terminals of the fleet that are called what they are not called without the capture.\n\n",
		amongTerminals, length(p.size.among))
	var rows [][]string
	for _, m := range p.merged {
		c := m.Compare(p.without)
		for i, count := range []recorded.Count{c.Alone, c.Merged} {
			row := []string{m.Set, []string{"alone", "in the fleet"}[i], num(count.Malicious), num(count.Malfunctioning), num(count.Watch), after(count.First), after(count.Early), "", ""}
			if i == 1 {
				row[0], row[7] = "", num(c.Worse)
				row[8] = fmt.Sprintf("%d, %d, %d", c.Others.Malicious, c.Others.Malfunctioning, c.Others.Watch)
			}
			rows = append(rows, row)
		}
	}
	table(b, []string{"capture", "", "MALICIOUS", "MALFUNCTIONING", "WATCH", "after", "early warning after", "worse", "raised: MALICIOUS, MALFUNCTIONING, WATCH"}, rows)
}

// after writes a time since the beginning of a capture.
func after(at *record.Micros) string {
	if at == nil {
		return "-"
	}
	s := at.Duration().Seconds()
	return seconds(&s)
}

// writeMoved says what addresses, ports and times are worth.
func (p *publication) writeMoved(b *strings.Builder) {
	fmt.Fprintf(b, "## Captures with other addresses, ports and times\n\n")
	if len(p.moved) == 0 {
		fmt.Fprintf(b, "Skipped: there are no captures.\n\n")
		return
	}
	fmt.Fprintf(b, "Addresses are mapped one to one so that shared prefixes stay shared and private ones private, ports one to one, times by %s. Counted are verdicts without a partner of the same time, status, class and exceptions, partners that differ in their milli-nats, and early warnings without a partner. Ports of name, time and address services (53, 67, 68, 123, 546, 547, 853, 1900, 5353, 5355) are known by their number, so that a name server that fails is no scan: mapping them as well has to change what is said of a terminal that asks for names.\n\n",
		length(another.Shift.Duration()))
	var rows [][]string
	for _, m := range p.moved {
		rows = append(rows, []string{m.name, num(m.ordinary.Verdicts), num(m.ordinary.Changed), num(m.ordinary.Evidence), num(m.ordinary.Early), num(m.all.Changed), num(m.all.Evidence), num(m.all.Early)})
	}
	table(b, []string{"capture", "verdicts", "changed", "milli-nats", "early warnings", "changed, services too", "milli-nats", "early warnings"}, rows)
}
