package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cordon/internal/evaluate"
)

// distinct lists the names that episodes of a label have, in the order they
// come; an empty label stands for all.
func distinct(r *evaluate.Report, label evaluate.Label, name func(*evaluate.Outcome) string) []string {
	var all []string
	for i := range r.Outcomes {
		if n := name(&r.Outcomes[i]); (label == "" || r.Outcomes[i].Label == label) && !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all
}

// table writes a table of Markdown.
func table(b *strings.Builder, head []string, rows [][]string) {
	fmt.Fprintf(b, "| %s |\n|%s\n", strings.Join(head, " | "), strings.Repeat("---|", len(head)))
	for _, row := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
	}
	b.WriteString("\n")
}

func code(text string) string { return "`" + text + "`" }

func num(n int) string { return strconv.Itoa(n) }

// shareOf writes k of n.
func shareOf(k, n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%d/%d", k, n)
}

// figure writes a number with two digits that count; nothing where there is none.
func figure(n *float64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatFloat(*n, 'g', 2, 64)
}

// seconds writes a length of event time.
func seconds(s *float64) string {
	if s == nil {
		return "-"
	}
	d := time.Duration(*s * float64(time.Second))
	if d < time.Minute {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// length writes a time without its zeroes: 4h30m, 10s.
func length(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
