package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"cordon/internal/evaluate"
)

// show prints the report: as JSON, or as tables.
func (e *evaluation) show(c *cobra.Command) error {
	if asJSON(c) {
		return printJSON(c.OutOrStdout(), e)
	}
	w := c.OutOrStdout()
	fmt.Fprintf(w, "%s among %s; %.2f terminal-days benign, %.2f malicious, %.2f malfunctioning\n",
		plural(len(e.Outcomes), "episode"), plural(e.Terminals, "terminal"), e.Days.Benign, e.Days.Malicious, e.Days.Malfunctioning)
	if e.UnknownSources > 0 {
		fmt.Fprintf(w, "%s of the truth named none of the terminals: missed, for nobody could find them\n", plural(e.UnknownSources, "line"))
	}
	for _, t := range []struct {
		title  string
		groups []evaluate.Group
	}{{"label", e.Labels}, {"exception", e.Exceptions}, {"kind", e.Kinds}} {
		if err := printGroups(w, t.title, t.groups); err != nil {
			return err
		}
	}
	if err := e.printConfusion(w); err != nil {
		return err
	}
	if e.Days.Benign == 0 && !quiet(c) {
		fmt.Fprintln(c.ErrOrStderr(), "terminal-days are not known, so there are no rates; name the summary.json of the backtest with --summary")
	}
	return e.printGates(w)
}

func printGroups(w io.Writer, title string, groups []evaluate.Group) error {
	if len(groups) == 0 {
		return nil
	}
	rates := title != "kind" // a verdict does not say what kind of attack it means
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	heading := title + "\tepisodes\tfound\tmissed\tright exception\tmedian\tp90\tearly\tmedian"
	if rates {
		heading += "\tfalse verdicts\tterminal-days\tper day\t95 % bound"
	}
	fmt.Fprintln(t, heading)
	for _, g := range groups {
		line := []string{
			g.Name, strconv.Itoa(g.Episodes), strconv.Itoa(g.Found), strconv.Itoa(g.Missed), strconv.Itoa(g.Right),
			seconds(g.Median), seconds(g.P90), strconv.Itoa(g.Early), seconds(g.EarlyMedian),
		}
		if rates {
			line = append(line, strconv.Itoa(g.False), strconv.FormatFloat(g.Days, 'f', 2, 64), figure(g.FalseRate), figure(g.FalseBound))
		}
		fmt.Fprintln(t, strings.Join(line, "\t"))
	}
	return t.Flush()
}

func (e *evaluation) printConfusion(w io.Writer) error {
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "what it was\tcalled MALICIOUS\tMALFUNCTIONING\tWATCH\tnothing")
	for _, line := range e.Confusion {
		of := "episodes"
		if line.Label == evaluate.Benign {
			of = "terminals"
		}
		fmt.Fprintf(t, "%s %s\t%d\t%d\t%d\t%d\n", line.Label, of, line.Malicious, line.Malfunctioning, line.Watch, line.None)
	}
	return t.Flush()
}

func (e *evaluation) printGates(w io.Writer) error {
	if len(e.Gates) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "gate\tis\t")
	for _, g := range e.Gates {
		state := "met"
		if !g.Met {
			state = "missed"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", g.Gate, figure(g.Value), state)
	}
	return t.Flush()
}

// seconds writes a length of time, "-" where there is none.
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

// figure writes a number with three digits that count, "-" where there is none.
func figure(n *float64) string {
	if n == nil {
		return "-"
	}
	return strconv.FormatFloat(*n, 'g', 3, 64)
}
