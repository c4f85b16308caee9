package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"cordon/collector/pseudonym"
	collector "cordon/collector/task"
	enforcer "cordon/enforcer/task"
	"cordon/internal/backtest"
	"cordon/internal/capture"
	"cordon/internal/config"
	"cordon/internal/failure"
	collectorsettings "cordon/internal/settings/collector"
	enforcersettings "cordon/internal/settings/enforcer"
	scorersettings "cordon/internal/settings/scorer"
	"cordon/internal/stream"
	scorer "cordon/scorer/task"
)

// backtestFlags are the flags of backtest.
type backtestFlags struct {
	input      inputFlags
	config     []string // at most two
	keyFile    string
	partitions int32
	out        string
}

func backtestCommand() *cobra.Command {
	var f backtestFlags
	c := &cobra.Command{
		Use:   "backtest INPUT...",
		Short: "run the whole pipeline over captures, in this process",
		Long: `backtest runs the very tasks of collector, scorer and enforcer over captures, in
one process, without a broker and without a clock of its own: the same input
gives the same files, byte for byte.

Inputs are packet captures (pcap, pcapng), Zeek conn.log, Avro container files
of TerminalTelemetry or JSON lines; several are merged by event time. With --out
it writes verdicts, early warnings, commands and dead letters as JSON lines, who
is who (terminals.csv) and a summary.

With --config twice it runs both configurations over the same inputs and says what
the second would change: which verdicts are new, gone, earlier or later. Nothing of
a deployment is touched. An empty DIR ("") stands for the defaults. With --out the
files of the two go to its folders a and b, the changes to changes.jsonl.`,
		Example: `  cordonctl backtest capture.pcap
  cordonctl backtest --terminal 192.168.2.16 --out result capture.pcap
  cordonctl backtest --config etc/ conn.log other.pcap.xz
  cordonctl backtest --config etc/ --config etc-new/ capture.pcap`,
		Args: arguments(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error { return runBacktest(c, f, args) },
	}
	f.input.add(c)
	c.Flags().StringArrayVar(&f.config, "config", nil, "`DIR` with collector.yaml, scorer.yaml, enforcer.yaml; what is absent has its defaults. Twice: compare")
	c.Flags().StringVar(&f.keyFile, "key-file", "", "`FILE` with the pseudonym key (default: the published test key)")
	c.Flags().Int32Var(&f.partitions, "partitions", 1, "`NUMBER` of partitions of the topics keyed by terminal")
	c.Flags().StringVar(&f.out, "out", "", "`DIR` to write the results to")
	return c
}

func runBacktest(c *cobra.Command, f backtestFlags, args []string) error {
	switch len(f.config) {
	case 0:
		f.config = []string{""}
	case 1:
	case 2:
		return runComparison(c, f, args)
	default:
		return failure.Usage(fmt.Errorf("--config: have %d, want one DIR, or two to compare", len(f.config)))
	}
	p, err := f.pass(c, pass{config: f.config[0], out: f.out}, args)
	if err != nil {
		return err
	}
	defer p.source.Close()
	r := p.results
	r.next = "Keep everything with --out DIR; then: cordonctl explain TERMINAL --verdicts DIR/verdicts.jsonl"
	if f.out != "" {
		r.next = fmt.Sprintf("See how a verdict came about: cordonctl explain TERMINAL --verdicts %s", filepath.Join(f.out, "verdicts.jsonl"))
	}
	return errors.Join(r.show(c, p.source.Terminals(), p.key), rejected(c, p.source), r.refused())
}

// pass is one run of the pipeline over the inputs, under one configuration.
type pass struct {
	config, out string
	also        func(backtest.Output) error // is shown the outputs as well; nil: nobody

	key     pseudonym.Key
	source  *capture.Source // worked through; to be closed by the caller
	results *results
}

// pass runs the pipeline, and writes what came of it to the pass's folder if
// there is one.
func (f *backtestFlags) pass(c *cobra.Command, p pass, args []string) (_ *pass, err error) {
	began := time.Now()
	var stages []*stream.Stage
	if p.key, stages, err = f.pipeline(p.config); err != nil {
		return nil, err
	}
	if p.source, err = f.input.open(args); err != nil {
		return nil, err
	}
	if p.results, err = newResults(p.out); err == nil {
		err = f.run(c, stages, &p)
	}
	if err == nil && p.out != "" {
		err = writeTerminals(filepath.Join(p.out, "terminals.csv"), p.source.Terminals(), p.key)
	}
	if err == nil {
		err = p.results.writeSummary()
	}
	if err != nil {
		return nil, errors.Join(err, p.source.Close())
	}
	p.results.summary.WallSeconds = time.Since(began).Seconds()
	return &p, nil
}

// take is the sink of the pass.
func (p *pass) take(o backtest.Output) error {
	if p.also != nil {
		if err := p.also(o); err != nil {
			return err
		}
	}
	return p.results.take(o)
}

// run works through the source. A run that is broken off leaves the files it
// has begun, and no summary.
func (f *backtestFlags) run(c *cobra.Command, stages []*stream.Stage, p *pass) error {
	run, err := backtest.New(backtest.Settings{Stages: stages, Partitions: f.partitions, Sink: p.take})
	if err != nil {
		return errors.Join(err, p.results.close())
	}
	p.results.summary.Records, err = each(c, p.source, run.Add)
	if err == nil {
		err = run.Finish()
	}
	p.results.finish()
	if err = errors.Join(err, p.results.close()); err != nil && p.out != "" {
		return fmt.Errorf("%w; what is in %s is incomplete", err, p.out)
	}
	return err
}

// pipeline reads the configuration and makes the three stages.
func (f *backtestFlags) pipeline(dir string) (pseudonym.Key, []*stream.Stage, error) {
	if f.partitions < 1 || f.partitions > 1024 {
		return pseudonym.Key{}, nil, failure.Usage(fmt.Errorf("--partitions %d: want 1 to 1024", f.partitions))
	}
	key, err := pseudonymKey(f.keyFile)
	if err != nil {
		return key, nil, err
	}
	stages, err := f.stages(dir, key)
	return key, stages, err
}

func (f *backtestFlags) stages(dir string, key pseudonym.Key) ([]*stream.Stage, error) {
	if dir != "" {
		if err := isFolder(dir); err != nil {
			return nil, failure.Usage(fmt.Errorf("--config: %w", err))
		}
	}
	c, err1 := load(dir, "collector", collectorsettings.Default())
	s, err2 := load(dir, "scorer", scorersettings.Default())
	e, err3 := load(dir, "enforcer", enforcersettings.Default())
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	first, err1 := collector.Stage(c.Settings, key)
	second, err2 := scorer.Stage(s.Settings)
	third, err3 := enforcer.Stage(e.Settings)
	return []*stream.Stage{first, second, third}, errors.Join(err1, err2, err3)
}

// load reads NAME.yaml in dir, strictly; without the file it returns defaults.
// The environment does not count: a backtest depends on its arguments alone.
func load[T any](dir, name string, defaults config.Program[T]) (config.Program[T], error) {
	path := ""
	if dir != "" {
		var err error
		if path, err = fileIn(dir, name); err != nil {
			return defaults, failure.Usage(fmt.Errorf("--config: %w", err))
		}
	}
	return config.Load(config.Options[T]{Program: name, Path: path, Defaults: defaults, Environ: []string{}})
}
