package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cordon/collector/pseudonym"
	"cordon/internal/backtest"
	"cordon/internal/capture"
	"cordon/internal/failure"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/replay"
	"cordon/internal/stream"
	"cordon/internal/stream/kafka"
)

// replayFlags are the flags of replay.
type replayFlags struct {
	connection
	input        inputFlags
	speed        string
	startAt      string
	endAt        string
	wait         bool
	timeout      time.Duration
	terminalsOut string
	keyFile      string
}

func replayCommand() *cobra.Command {
	var f replayFlags
	c := &cobra.Command{
		Use:   "replay INPUT...",
		Short: "write captures to telemetry.raw, as network probes would",
		Long: `replay writes captures into a running deployment: the records a probe would send,
with Clocks around them. Times stay as captured unless they are shifted; a
deployment whose clock is ahead of the capture is refused, for everything would
be late. With --wait it waits until the pipeline has worked through all of it
and prints what came out.`,
		Example: `  cordonctl replay --wait capture.pcap
  cordonctl replay --speed real --start-at now capture.pcap
  cordonctl replay --brokers kafka:9092 --prefix trial. --speed 60x conn.log`,
		Args: arguments(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error { return runReplay(c, &f, args) },
	}
	f.connection.add(c)
	f.input.add(c)
	c.Flags().StringVar(&f.speed, "speed", "max", "`SPEED`: max, real, or a factor such as 60x")
	c.Flags().StringVar(&f.startAt, "start-at", "", "now: shift all times so that the first record is of now (with --speed real)")
	c.Flags().StringVar(&f.endAt, "end-at", "", "now: shift all times so that the last record is of now")
	c.Flags().BoolVar(&f.wait, "wait", false, "wait until everything is decided, and print what came out")
	c.Flags().DurationVar(&f.timeout, "timeout", 10*time.Minute, "how long --wait waits")
	c.Flags().StringVar(&f.terminalsOut, "terminals-out", "", "`FILE` to write source,supi,terminal to (needs --key-file)")
	c.Flags().StringVar(&f.keyFile, "key-file", "", "`FILE` with the collector's pseudonym key, to name terminals in the output")
	return c
}

// parseSpeed reads --speed; 0 is as fast as it goes.
func parseSpeed(text string) (int64, error) {
	switch text {
	case "max":
		return 0, nil
	case "real":
		return 1, nil
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(text, "x"), 10, 64)
	if err != nil || n < 1 || !strings.HasSuffix(text, "x") {
		return 0, failure.Usage(fmt.Errorf("--speed %s: want max, real or a whole factor such as 60x", text))
	}
	return n, nil
}

// check refuses flags that do not go together, before anything is opened.
func (f *replayFlags) check() error {
	for _, flag := range []struct{ name, value string }{{"--start-at", f.startAt}, {"--end-at", f.endAt}} {
		if flag.value != "" && flag.value != "now" {
			return failure.Usage(fmt.Errorf("%s takes only the word now, not %q", flag.name, flag.value))
		}
	}
	switch {
	case f.startAt != "" && f.endAt != "":
		return failure.Usage(errors.New("--start-at and --end-at: only one of them can hold"))
	case f.startAt != "" && f.speed != "real":
		return failure.Usage(errors.New("--start-at now needs --speed real: faster, records would be of the future, which is refused; or use --end-at now"))
	case f.terminalsOut != "" && f.keyFile == "":
		return failure.Usage(errors.New("--terminals-out needs --key-file: only the collector's key links terminals to pseudonyms"))
	}
	return nil
}

// shift returns what to add to every time. To know when a capture ends it has to
// be read once.
func (f *replayFlags) shift(c *cobra.Command, paths []string) (record.Micros, error) {
	if f.startAt == "" && f.endAt == "" {
		return 0, nil
	}
	source, err := f.input.open(paths)
	if err != nil {
		return 0, err
	}
	defer source.Close()
	var first, last record.Micros
	_, err = each(c, source, func(t *raw.Telemetry) error {
		if first == 0 {
			first = t.OccurredAt
		}
		last = max(last, t.OccurredAt)
		if f.startAt != "" {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return 0, err
	}
	now := record.MicrosOf(time.Now())
	if f.startAt != "" {
		return now - first, nil
	}
	return now - last, nil
}

// errEnough ends the first reading of a capture.
var errEnough = errors.New("enough is known")

func runReplay(c *cobra.Command, f *replayFlags, args []string) error {
	speed, err := parseSpeed(f.speed)
	if err == nil {
		err = f.check()
	}
	if err != nil {
		return err
	}
	key, err := pseudonymKey(f.keyFile)
	if err != nil {
		return err
	}
	source, err := f.input.open(args)
	if err != nil {
		return err
	}
	defer source.Close()
	client, err := f.dial(c)
	if err != nil {
		return err
	}
	defer client.Close()
	by, err := f.shift(c, args)
	if err != nil {
		return err
	}
	err = f.write(c, source, replay.Settings{Client: client, Source: source, Shift: by, Speed: speed}, key)
	if err != nil && source.Counts().Records == 0 {
		return err // nothing was read yet: it says nothing about the input
	}
	return errors.Join(err, rejected(c, source))
}

// write replays source, which s holds as well, and shows what came out if asked
// to.
func (f *replayFlags) write(c *cobra.Command, source *capture.Source, s replay.Settings, key pseudonym.Key) error {
	mark, err := replay.MarkOutputs(c.Context(), s.Client, shownTopics...)
	if err != nil {
		return err
	}
	began := time.Now()
	bar := newProgress(c)
	s.Observe = func(n int64, at record.Micros) {
		done := source.Progress()
		bar.at(done.Read, done.Total, fmt.Sprintf("%d records written, up to %s", n, at))
	}
	result, err := replay.Run(c.Context(), s)
	bar.end()
	if c.Context().Err() != nil {
		return fmt.Errorf("%w: %d records were written; start over into a fresh prefix", errInterrupted, result.Records)
	}
	if err != nil {
		return err
	}
	if f.terminalsOut != "" {
		if err := writeTerminals(f.terminalsOut, source.Terminals(), key); err != nil {
			return err
		}
	}
	if !f.wait || result.Records == 0 {
		return printWritten(c, result)
	}
	return f.await(c, awaited{s.Client, mark, result, source, key, began})
}

// printWritten tells what a replay wrote that nobody waits for.
func printWritten(c *cobra.Command, r replay.Result) error {
	if r.Records == 0 && !asJSON(c) {
		fmt.Fprintln(c.OutOrStdout(), "wrote nothing: the input holds no record of a terminal")
		return nil
	}
	if asJSON(c) {
		return printJSON(c.OutOrStdout(), map[string]any{"records": r.Records, "firstEvent": r.First.String(), "lastEvent": r.Last.String()})
	}
	fmt.Fprintf(c.OutOrStdout(), "wrote %d records, %s to %s\n", r.Records, r.First, r.Last)
	if !quiet(c) {
		fmt.Fprintln(c.ErrOrStderr(), "see what comes of them with: cordonctl tail verdicts")
	}
	return nil
}

// awaited is a replay whose results are awaited.
type awaited struct {
	client *kafka.Client
	mark   replay.Mark
	result replay.Result
	source *capture.Source
	key    pseudonym.Key
	began  time.Time
}

// shownTopics are what the summary of a replay is made from.
var shownTopics = []stream.Topic{
	stream.Telemetry, stream.DeadLetters, stream.VerdictsEarly, stream.Verdicts, stream.IsolationCommands, stream.IsolationRehearsal,
}

func (f *replayFlags) await(c *cobra.Command, a awaited) error {
	ctx, cancel := context.WithTimeout(c.Context(), f.timeout)
	defer cancel()
	bar := newProgress(c)
	err := replay.Await(ctx, a.client, a.mark, a.result.Settled(), func(at record.Micros) {
		bar.at(0, 0, fmt.Sprintf("decided up to %s", at))
	})
	bar.end()
	if c.Context().Err() != nil {
		return fmt.Errorf("%w: everything is written, and the pipeline goes on without this command", errInterrupted)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("after %s not everything is decided: look at cordonctl doctor, or wait longer with --timeout", f.timeout)
	}
	if err != nil {
		return err
	}
	results, err := collect(ctx, a.client, a.mark)
	if err != nil {
		return err
	}
	results.summary.Records = a.result.Records
	results.summary.WallSeconds = time.Since(a.began).Seconds()
	results.next = "See how a verdict came about: cordonctl explain TERMINAL"
	if f.keyFile == "" {
		results.next += "\nSee which address a terminal is with the collector's key: --key-file FILE"
	}
	// Towards the present no Clock may lie ahead: the end is decided as time goes on.
	if up := a.result.Settled(); up < a.result.Last && !quiet(c) {
		fmt.Fprintf(c.ErrOrStderr(), "decided up to %s; what came after that, and measures that end later, follow as time goes on: cordonctl tail verdicts\n", up)
	}
	return errors.Join(results.show(c, a.source.Terminals(), a.key), results.refused())
}

// collect reads what the pipeline wrote after mark.
func collect(ctx context.Context, client *kafka.Client, mark replay.Mark) (*results, error) {
	results, err := newResults("")
	if err != nil {
		return nil, err
	}
	for _, topic := range shownTopics {
		for p := int32(0); ; p++ {
			at := stream.Partition{Topic: topic, ID: p}
			from, exists := mark[at]
			if !exists {
				break
			}
			err := client.Read(ctx, at, from, func(b stream.Batch) error {
				for _, rec := range b.Records {
					if err := results.take(backtest.Output{Topic: topic, Partition: p, Offset: rec.Offset, Key: rec.Key, Value: rec.Value}); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
	}
	results.finish()
	return results, nil
}
