package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cordon/internal/evaluate"
	"cordon/internal/failure"
	"cordon/internal/record"
)

// evaluateFlags are the flags of evaluate.
type evaluateFlags struct {
	verdicts, terminals, truth string
	early, summary             string
	gates                      []string
	grace                      time.Duration
}

func evaluateCommand() *cobra.Command {
	var f evaluateFlags
	c := &cobra.Command{
		Use:   "evaluate",
		Short: "hold the verdicts of a backtest against what is known to be true",
		Long: `evaluate says how good verdicts were: which episodes of the truth were found and how
soon, which were called by the wrong name, and how often a terminal was accused
that had done nothing.

The truth is CSV: source,label,start,end,exceptionId. The source is a terminal as
the input names it (address or SUPI), the label malicious, malfunctioning or
benign, times are RFC 3339, an empty end means to the end. A source that is not
listed is benign. cordonctl simulate writes one; a column kind, where there is
one, gives a line to each kind of attack.

How it counts: an episode is found by the first verdict of its class between its
start and --grace after its end; a verdict that stood before finds nothing. A
verdict outside every episode of its terminal is false. Time to detection is from
the start to the verdict, in event time. Rates are per terminal-day that nothing
was wrong in, with their one-sided 95 % Clopper-Pearson bound: no false verdict in
n days proves 3/n, no more.

A gate is SUBJECT.METRIC, an operator (<=, >=, ==, <, >) and a number; a subject is
malicious, malfunctioning, watch, an exception id, or a kind of the truth. A figure
that nothing gave, such as the share found of no episodes, misses its gate.
` + metricHelp() + `
Exit code 5 tells that a gate was missed.`,
		Example: `  cordonctl simulate --terminals 500 --duration 2h --attack scan:5@1h --out fleet.avro
  cordonctl backtest --out result fleet.avro
  cordonctl evaluate --verdicts result/verdicts.jsonl --terminals result/terminals.csv --truth truth.csv
  cordonctl evaluate --verdicts result/verdicts.jsonl --terminals result/terminals.csv --truth truth.csv \
    --early result/early.jsonl --gate 'malicious.found>=98%' --gate 'malicious.falseRate<=1e-6'`,
		Args: arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return runEvaluate(c, &f) },
	}
	c.Flags().StringVar(&f.verdicts, "verdicts", "", "`FILE` verdicts.jsonl of a backtest")
	c.Flags().StringVar(&f.terminals, "terminals", "", "`FILE` terminals.csv of the same backtest")
	c.Flags().StringVar(&f.truth, "truth", "", "`FILE` with what is true, CSV")
	c.Flags().StringVar(&f.early, "early", "", "`FILE` early.jsonl of the same backtest, for the times of early warnings")
	c.Flags().StringVar(&f.summary, "summary", "", "`FILE` summary.json of the same backtest, for terminal-days (default: beside --verdicts)")
	c.Flags().StringArrayVar(&f.gates, "gate", nil, "`EXPR` that has to hold, such as malicious.falseRate<=1e-6; repeatable")
	c.Flags().DurationVar(&f.grace, "grace", evaluate.DefaultGrace.Duration(), "`LENGTH` of time after its end in which an episode may still be found")
	return c
}

// metricHelp explains the figures that gates may ask for.
func metricHelp() string {
	var b strings.Builder
	for _, m := range evaluate.Metrics() {
		fmt.Fprintf(&b, "  %-17s %s\n", m.Name, m.Doc)
	}
	return b.String()
}

func runEvaluate(c *cobra.Command, f *evaluateFlags) error {
	gates, err := f.check()
	if err != nil {
		return err
	}
	in, unknown, err := f.read()
	if err != nil {
		return err
	}
	report := evaluation{Report: evaluate.Evaluate(in), UnknownSources: len(unknown)}
	missed, err := report.hold(gates)
	if err != nil {
		return failure.Usage(fmt.Errorf("--gate: %w", err))
	}
	if err := report.show(c); err != nil {
		return err
	}
	if len(missed) > 0 {
		return failure.GateMissed(fmt.Errorf("%s of %d was missed: %s", plural(len(missed), "gate"), len(gates), strings.Join(missed, ", ")))
	}
	return nil
}

// check refuses flags that nothing could be evaluated with.
func (f *evaluateFlags) check() ([]evaluate.Gate, error) {
	for _, need := range []struct{ name, value string }{{"verdicts", f.verdicts}, {"terminals", f.terminals}, {"truth", f.truth}} {
		if need.value == "" {
			return nil, failure.Usage(fmt.Errorf("--%s: name the FILE; see cordonctl evaluate --help", need.name))
		}
	}
	if f.grace < 0 {
		return nil, failure.Usage(fmt.Errorf("--grace %s: want 0s or more", f.grace))
	}
	var gates []evaluate.Gate
	for _, text := range f.gates {
		g, err := evaluate.ParseGate(text)
		if err != nil {
			return nil, failure.Usage(fmt.Errorf("--gate: %w", err))
		}
		gates = append(gates, g)
	}
	return gates, nil
}

// read reads all files, and returns the sources of the truth that are none of
// the terminals.
func (f *evaluateFlags) read() (in evaluate.Input, unknown []string, err error) {
	in.Grace = record.MicrosIn(f.grace)
	statements, err := readFile("verdicts", f.verdicts, evaluate.ReadVerdicts)
	if err != nil {
		return in, nil, err
	}
	in.Alarms = evaluate.Alarms(statements)
	terminals, err := readFile("terminals", f.terminals, evaluate.ReadTerminals)
	if err != nil {
		return in, nil, err
	}
	in.Terminals = terminals.Count()
	if in.Episodes, err = readFile("truth", f.truth, evaluate.ReadTruth); err != nil {
		return in, nil, err
	}
	unknown = terminals.Resolve(in.Episodes)
	if f.early != "" {
		if in.Early, err = readFile("early", f.early, evaluate.ReadEarly); err != nil {
			return in, nil, err
		}
	}
	return in, unknown, f.readSummary(&in)
}

// readFile reads the file of a flag; what is wrong in it is wrong usage.
func readFile[T any](flag, path string, read func(io.Reader) (T, error)) (T, error) {
	var none T
	file, err := os.Open(path)
	if err != nil {
		return none, failure.Usage(fmt.Errorf("--%s: %w", flag, err))
	}
	defer file.Close()
	all, err := read(file)
	if err != nil {
		return none, failure.Usage(fmt.Errorf("--%s: %s: %w", flag, path, err))
	}
	return all, nil
}

// readSummary takes what was watched, and how long, from the summary. Nobody has
// to have one: without it there are no rates.
func (f *evaluateFlags) readSummary(in *evaluate.Input) error {
	path := f.summary
	if path == "" {
		path = filepath.Join(filepath.Dir(f.verdicts), summaryFile)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	s, err := readFile("summary", path, func(from io.Reader) (s summary, err error) { return s, json.NewDecoder(from).Decode(&s) })
	if err != nil || s.LastEvent == "" {
		return err
	}
	last, err := time.Parse(time.RFC3339Nano, s.LastEvent)
	if err != nil {
		return failure.Usage(fmt.Errorf("--summary: %s: lastEvent is no time", path))
	}
	in.Days, in.End = s.TerminalDays, record.MicrosOf(last)
	in.Terminals = max(in.Terminals, int(s.Terminals))
	return nil
}

// evaluation is what evaluate prints.
type evaluation struct {
	*evaluate.Report
	// UnknownSources is how many lines of the truth are of none of the terminals;
	// their episodes count as missed.
	UnknownSources int                `json:"unknownSources"`
	Gates          []evaluate.Checked `json:"gates,omitempty"`
}

// hold checks the gates and returns the missed ones.
func (e *evaluation) hold(gates []evaluate.Gate) (missed []string, err error) {
	for _, g := range gates {
		checked, err := g.Check(e.Report)
		if err != nil {
			return nil, err
		}
		e.Gates = append(e.Gates, checked)
		if !checked.Met {
			missed = append(missed, checked.Gate)
		}
	}
	return missed, nil
}
