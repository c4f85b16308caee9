package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"cordon/internal/backtest"
	"cordon/internal/evaluate"
	"cordon/internal/failure"
	"cordon/internal/record"
)

// changesFile is the name of the changes in a folder.
const changesFile = "changes.jsonl"

// comparison is what backtest prints of two configurations.
type comparison struct {
	Before string `json:"before"` // folder of the first configuration
	After  string `json:"after"`  // of the second
	// Same is how many verdicts are raised at the same time under both.
	Same int `json:"same"`
	// Counts are the changes by class, then by sort.
	Counts  map[string]map[string]int `json:"counts"`
	Changes []change                  `json:"changes"`
}

// change is one verdict that is not the same.
type change struct {
	What       string   `json:"what"` // new, gone, earlier, later
	Class      string   `json:"class"`
	Terminal   string   `json:"terminal"`
	Exceptions []string `json:"exceptions"`
	Evidence   int64    `json:"evidence"`         // milli-nats, the most while it stood
	Before     string   `json:"before,omitempty"` // decided under the first configuration
	After      string   `json:"after,omitempty"`  // decided under the second

	terminal record.Pseudonym
	shift    record.Micros // from before to after, where both are
}

// classes are those that verdicts can be of, the gravest first.
var classes = []record.Class{record.ClassMalicious, record.ClassMalfunctioning, record.ClassWatch}

// sorts are those that changes can be of.
var sorts = []string{evaluate.New, evaluate.Gone, evaluate.Earlier, evaluate.Later}

// runComparison runs the inputs under two configurations.
func runComparison(c *cobra.Command, f backtestFlags, args []string) error {
	if err := readableTwice(args); err != nil {
		return err
	}
	for _, dir := range f.config { // before the first run, not after it
		if _, _, err := f.pipeline(dir); err != nil {
			return err
		}
	}
	var passes [2]*pass
	var alarms [2][]evaluate.Alarm
	for i, dir := range f.config {
		var g gatherer
		p := pass{config: dir, also: g.take}
		if f.out != "" {
			p.out = filepath.Join(f.out, string(rune('a'+i)))
		}
		done, err := f.pass(c, p, args)
		if err != nil {
			return err
		}
		defer done.source.Close()
		passes[i], alarms[i] = done, evaluate.Alarms(g.statements)
	}
	compared := compareAlarms(f.config, alarms)
	if f.out != "" {
		if err := compared.write(filepath.Join(f.out, changesFile)); err != nil {
			return err
		}
	}
	// What cannot be read is the same for both; what is not accepted may differ.
	refused := passes[1].results.refused()
	if refused == nil {
		refused = passes[0].results.refused()
	}
	return errors.Join(compared.show(c, passes[1]), rejected(c, passes[1].source), refused)
}

// readableTwice refuses inputs that are gone once they were read.
func readableTwice(paths []string) error {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err == nil && !info.Mode().IsRegular() {
			return failure.Usage(fmt.Errorf("%s: two configurations need an input that can be read twice: a file", path))
		}
	}
	return nil
}

// gatherer keeps what of the verdicts counts.
type gatherer struct{ statements []evaluate.Statement }

func (g *gatherer) take(o backtest.Output) error {
	if record.NameOf(o.Value) != "Verdict" {
		return nil
	}
	var v record.Verdict
	if err := record.DecodeInto(o.Value, &v); err != nil {
		return err
	}
	g.statements = append(g.statements, evaluate.StatementOf(&v))
	return nil
}

func compareAlarms(config []string, alarms [2][]evaluate.Alarm) *comparison {
	compared := evaluate.Compare(alarms[0], alarms[1])
	c := &comparison{Before: config[0], After: config[1], Same: compared.Same, Counts: map[string]map[string]int{}, Changes: []change{}}
	for _, class := range classes {
		counts := map[string]int{}
		for _, what := range sorts {
			counts[what] = compared.Count(what, class)
		}
		c.Counts[class.String()] = counts
	}
	for i := range compared.Changes {
		c.Changes = append(c.Changes, changeOf(&compared.Changes[i]))
	}
	return c
}

func changeOf(e *evaluate.Change) change {
	c := change{What: e.What, Class: e.Class.String(), Terminal: e.Terminal.String(), Exceptions: []string{}, Evidence: e.Evidence, terminal: e.Terminal}
	for _, id := range e.Named {
		c.Exceptions = append(c.Exceptions, id.String())
	}
	if e.Before != 0 {
		c.Before = e.Before.String()
	}
	if e.After != 0 {
		c.After = e.After.String()
	}
	if e.Before != 0 && e.After != 0 {
		c.shift = e.After - e.Before
	}
	return c
}

// write writes the changes as JSON lines.
func (c *comparison) write(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return failure.Usage(fmt.Errorf("--out: %w", err))
	}
	w := bufio.NewWriter(file)
	lines := json.NewEncoder(w)
	for i := range c.Changes {
		if err := lines.Encode(&c.Changes[i]); err != nil {
			return errors.Join(err, file.Close())
		}
	}
	return errors.Join(w.Flush(), file.Close())
}

// show prints the comparison: as JSON, or as tables.
func (c *comparison) show(command *cobra.Command, p *pass) error {
	w := command.OutOrStdout()
	if asJSON(command) {
		return printJSON(w, c)
	}
	names, err := sources(p.source.Terminals(), p.key)
	if err != nil {
		return err
	}
	s := p.results.summary
	fmt.Fprintf(w, "%s of %s%s\n", plural(int(s.Records), "record"), plural(int(s.Terminals), "terminal"), s.when())
	fmt.Fprintf(w, "what %s changes against %s: %s, %d verdicts stay as they are\n\n", folderInWords(c.After), folderInWords(c.Before), plural(len(c.Changes), "verdict"), c.Same)
	if err := c.showCounts(w); err != nil || len(c.Changes) == 0 {
		return err
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "change\tclass\tterminal\tsource\tbefore\tafter\tnats\texceptions")
	for i := range c.Changes[:min(len(c.Changes), maxRows)] {
		change := &c.Changes[i]
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", change.inWords(), change.Class, change.Terminal, names[change.terminal],
			dash(change.Before), dash(change.After), nats(change.Evidence), strings.Join(change.Exceptions, ", "))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if rest := len(c.Changes) - maxRows; rest > 0 {
		fmt.Fprintf(w, "and %d more: --json or --out DIR tells of all\n", rest)
	}
	return nil
}

func (c *comparison) showCounts(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "class\t"+strings.Join(sorts, "\t"))
	for _, class := range classes {
		fmt.Fprint(t, class)
		for _, what := range sorts {
			fmt.Fprintf(t, "\t%d", c.Counts[class.String()][what])
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

// inWords says by how much a verdict comes earlier or later.
func (c *change) inWords() string {
	if c.shift == 0 {
		return c.What
	}
	by := float64(abs(int64(c.shift))) / float64(record.Second)
	return c.What + " by " + seconds(&by)
}

// folderInWords is a folder as a sentence names it.
func folderInWords(dir string) string {
	if dir == "" {
		return "the default configuration"
	}
	return dir
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
