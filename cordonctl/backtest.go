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
	config     string
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
is who (terminals.csv) and a summary.`,
		Example: `  cordonctl backtest capture.pcap
  cordonctl backtest --terminal 192.168.2.16 --out result capture.pcap
  cordonctl backtest --config etc/ conn.log other.pcap.xz`,
		Args: arguments(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error { return runBacktest(c, f, args) },
	}
	f.input.add(c)
	c.Flags().StringVar(&f.config, "config", "", "`DIR` with collector.yaml, scorer.yaml, enforcer.yaml; what is absent has its defaults")
	c.Flags().StringVar(&f.keyFile, "key-file", "", "`FILE` with the pseudonym key (default: the published test key)")
	c.Flags().Int32Var(&f.partitions, "partitions", 1, "`NUMBER` of partitions of the topics keyed by terminal")
	c.Flags().StringVar(&f.out, "out", "", "`DIR` to write the results to")
	return c
}

func runBacktest(c *cobra.Command, f backtestFlags, args []string) error {
	began := time.Now()
	key, stages, err := f.pipeline()
	if err != nil {
		return err
	}
	source, err := f.input.open(args)
	if err != nil {
		return err
	}
	defer source.Close()
	results, err := newResults(f.out)
	if err != nil {
		return err
	}
	if err := f.run(c, stages, source, results); err != nil {
		return err
	}
	if f.out != "" {
		if err := writeTerminals(filepath.Join(f.out, "terminals.csv"), source.Terminals(), key); err != nil {
			return err
		}
	}
	if err := results.writeSummary(); err != nil {
		return err
	}
	results.summary.WallSeconds = time.Since(began).Seconds()
	results.next = "Keep everything with --out DIR; then: cordonctl explain TERMINAL --verdicts DIR/verdicts.jsonl"
	if f.out != "" {
		results.next = fmt.Sprintf("See how a verdict came about: cordonctl explain TERMINAL --verdicts %s", filepath.Join(f.out, "verdicts.jsonl"))
	}
	return errors.Join(results.show(c, source.Terminals(), key), rejected(c, source), results.refused())
}

// run works through the source. A run that is broken off leaves the files it
// has begun, and no summary.
func (f *backtestFlags) run(c *cobra.Command, stages []*stream.Stage, source *capture.Source, results *results) error {
	run, err := backtest.New(backtest.Settings{Stages: stages, Partitions: f.partitions, Sink: results.take})
	if err != nil {
		return errors.Join(err, results.close())
	}
	results.summary.Records, err = each(c, source, run.Add)
	if err == nil {
		err = run.Finish()
	}
	results.finish()
	if err = errors.Join(err, results.close()); err != nil && f.out != "" {
		return fmt.Errorf("%w; what is in %s is incomplete", err, f.out)
	}
	return err
}

// pipeline reads the configuration and makes the three stages.
func (f *backtestFlags) pipeline() (pseudonym.Key, []*stream.Stage, error) {
	if f.partitions < 1 || f.partitions > 1024 {
		return pseudonym.Key{}, nil, failure.Usage(fmt.Errorf("--partitions %d: want 1 to 1024", f.partitions))
	}
	key, err := pseudonymKey(f.keyFile)
	if err != nil {
		return key, nil, err
	}
	stages, err := f.stages(key)
	return key, stages, err
}

func (f *backtestFlags) stages(key pseudonym.Key) ([]*stream.Stage, error) {
	if f.config != "" {
		if err := isFolder(f.config); err != nil {
			return nil, failure.Usage(fmt.Errorf("--config: %w", err))
		}
	}
	c, err1 := load(f.config, "collector", collectorsettings.Default())
	s, err2 := load(f.config, "scorer", scorersettings.Default())
	e, err3 := load(f.config, "enforcer", enforcersettings.Default())
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
