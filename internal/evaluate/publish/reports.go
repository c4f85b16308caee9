package main

import (
	"fmt"
	"strings"

	"cordon/internal/evaluate"
)

// writeReports sets dense and sparse reports of the same fleets side by side.
func (p *publication) writeReports(b *strings.Builder) {
	both := []*reported{&p.dense, &p.sparse}
	fmt.Fprintf(b, "## Dense and sparse reports\n\nThe fleets of the held-out seeds, told of by reports of open flows every %s and every %s. All devices.\n\n",
		length(p.size.reports), length(p.size.sparse))
	head := []string{"kind", "episodes"}
	for _, r := range both {
		head = append(head, "found, every "+length(r.interval), "right exception", "median", "p90")
	}
	var rows [][]string
	for _, kind := range distinct(p.dense.attacks, "", func(o *evaluate.Outcome) string { return o.Kind }) {
		row := []string{code(kind)}
		for i, r := range both {
			g := r.attacks.Of(kind, func(o *evaluate.Outcome) bool { return o.Kind == kind })
			if i == 0 {
				row = append(row, num(g.Episodes))
			}
			row = append(row, shareOf(g.Found, g.Episodes), shareOf(g.Right, g.Episodes), seconds(g.Median), seconds(g.P90))
		}
		rows = append(rows, row)
	}
	table(b, head, rows)
}
