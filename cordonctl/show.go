package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"cordon/collector/pseudonym"
	"cordon/internal/capture"
	"cordon/internal/identity"
	"cordon/internal/record"
)

// maxRows is how many terminals a table shows before it counts the rest.
const maxRows = 20

// show prints the summary: as JSON, or as a table with reasons.
func (r *results) show(c *cobra.Command, terminals []capture.Terminal, key pseudonym.Key) error {
	if asJSON(c) {
		return printJSON(c.OutOrStdout(), r.summary)
	}
	names, err := sources(terminals, key)
	if err != nil {
		return err
	}
	w := c.OutOrStdout()
	s := r.summary
	fmt.Fprintf(w, "%s of %s%s, in %.1f s\n", plural(int(s.Records), "record"), plural(int(s.Terminals), "terminal"), s.when(), s.WallSeconds)
	if len(s.DeadLettered) > 0 || s.Late > 0 {
		fmt.Fprintf(w, "not used: %s, %d late\n", counts(s.DeadLettered), s.Late)
	}
	fmt.Fprintf(w, "raised: %d MALICIOUS, %d MALFUNCTIONING, %d WATCH; cleared: %d; commands: %s\n",
		s.Raised["MALICIOUS"], s.Raised["MALFUNCTIONING"], s.Raised["WATCH"], s.Cleared, counts(s.Commands))
	r.table(w, names)
	if !quiet(c) && len(r.cases) > 0 {
		fmt.Fprintln(c.ErrOrStderr(), "\n"+r.next)
	}
	return nil
}

// when says how long was watched; nothing where nothing was accepted.
func (s *summary) when() string {
	if s.Accepted == 0 {
		return ""
	}
	return fmt.Sprintf(", %.2f terminal-days, %s to %s", s.TerminalDays, s.FirstEvent, s.LastEvent)
}

// table prints the terminals with verdicts, the worst first.
func (r *results) table(w io.Writer, names map[record.Pseudonym]string) {
	ids := make([]record.Pseudonym, 0, len(r.cases))
	for id, f := range r.cases {
		if f.worst.Class != record.ClassUnknown {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(x, y record.Pseudonym) int {
		a, b := r.cases[x].worst, r.cases[y].worst
		return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(b.Evidence, a.Evidence), bytes.Compare(x[:], y[:]))
	})
	for i, id := range ids {
		if i == maxRows {
			fmt.Fprintf(w, "\nand %d more\n", len(ids)-maxRows)
			return
		}
		printFinding(w, id, names[id], r.cases[id])
	}
}

// printFinding prints what came of one terminal, and why.
func printFinding(w io.Writer, id record.Pseudonym, name string, f *finding) {
	v := f.worst
	var exceptions []string
	for _, e := range v.Exceptions {
		exceptions = append(exceptions, fmt.Sprintf("%s level %d", e.ExceptionID, e.Level))
	}
	fmt.Fprintf(w, "\n%s  %s  %s\n", v.Class, id, name)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "  exceptions\t%s\n", strings.Join(exceptions, ", "))
	if f.early != 0 {
		fmt.Fprintf(t, "  early warning\t%s\n", f.early)
	}
	fmt.Fprintf(t, "  first verdict\t%s\n", f.first)
	fmt.Fprintf(t, "  worst verdict\t%s, %s nats of evidence, confidence %d %%\n", v.DecidedAt, nats(v.Evidence), v.Confidence)
	for _, reason := range v.Reasons {
		fmt.Fprintf(t, "  %s\t+%s nats: %s\n", reason.Family, milli(reason.Contribution), inWords(reason))
	}
	if v.Counterfactual != "" {
		fmt.Fprintf(t, "  otherwise\t%s\n", v.Counterfactual)
	}
	if c := f.answer(); c != nil {
		fmt.Fprintf(t, "  command\t%s%s (%s), issued %s, until %s\n", c.Action, aim(c.Target), c.Mode, c.IssuedAt, c.ExpiresAt)
	}
	t.Flush()
}

// inWords says what a reason measured, against what, with examples.
func inWords(r record.Reason) string {
	text := fmt.Sprintf("%s %d %s, expected at most %d (%s)", r.Feature, r.Value, r.Unit, r.Expected, strings.ToLower(r.Reference.String()))
	if len(r.Samples) > 0 {
		text += ": " + strings.Join(r.Samples, ", ")
	}
	return text
}

// aim says what a command blocks, or down to what it limits.
func aim(t record.Target) string {
	var list []string
	for _, d := range t.Destinations {
		list = append(list, endInWords(record.Destination{Address: d.Address, Port: d.Port, Protocol: d.Protocol}))
	}
	if t.UplinkBitsPerSecond.Set {
		list = append(list, fmt.Sprintf("%d bit/s up", t.UplinkBitsPerSecond.Value))
	}
	if t.DownlinkBitsPerSecond.Set {
		list = append(list, fmt.Sprintf("%d bit/s down", t.DownlinkBitsPerSecond.Value))
	}
	if len(list) == 0 {
		return ""
	}
	return " " + strings.Join(list, ", ")
}

// nats writes milli-nats with one decimal, cut.
func nats(milliNats int64) string { text := milli(milliNats); return text[:len(text)-2] }

func abs(n int64) int64 { return max(n, -n) }

// counts writes a map of counters in the order of its keys.
func counts(m map[string]int64) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%d %s", m[k], k))
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// sources maps pseudonyms back to what the input called the terminals: only the
// holder of the key and the input can.
func sources(terminals []capture.Terminal, key pseudonym.Key) (map[record.Pseudonym]string, error) {
	deriver, err := pseudonym.NewDeriver(key, 0, 0)
	if err != nil {
		return nil, err
	}
	names := map[record.Pseudonym]string{}
	for _, t := range terminals {
		if supi, err := identity.ParseSUPI(t.SUPI); err == nil {
			names[deriver.Terminal(supi)] = t.Source
		}
	}
	return names, nil
}
