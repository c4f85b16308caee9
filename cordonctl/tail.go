package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"cordon/internal/failure"
	"cordon/internal/record"
	"cordon/internal/replay"
	"cordon/internal/stream"
	"cordon/internal/stream/kafka"
)

// tailFlags are the flags of tail.
type tailFlags struct {
	connection
	all      bool
	terminal string
}

func tailCommand() *cobra.Command {
	var f tailFlags
	c := &cobra.Command{
		Use:   "tail TOPIC...",
		Short: "print the records of topics as JSON lines, as they come",
		Long: `tail prints records behind the collector as plain JSON, one per line, until it is
interrupted. Topics are named without the prefix: verdicts, verdicts.early,
isolation.rehearsal, isolation.commands, audit, deadletter, telemetry.

verdicts holds, beside the verdicts, a Progress for every step: up to when
everything is decided. --terminal leaves it out.`,
		Example: `  cordonctl tail verdicts isolation.rehearsal
  cordonctl tail verdicts --all --terminal 3f2a91`,
		Args: arguments(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error { return runTail(c, &f, args) },
	}
	f.connection.add(c)
	c.Flags().BoolVar(&f.all, "all", false, "from the beginning instead of from now on")
	c.Flags().StringVar(&f.terminal, "terminal", "", "only records of the terminal whose pseudonym begins with these `DIGITS`")
	return c
}

func runTail(c *cobra.Command, f *tailFlags, args []string) error {
	only := strings.ToLower(f.terminal)
	if f.terminal != "" && !isPrefix(only) {
		return failure.Usage(fmt.Errorf("--terminal %s: want the first digits of a pseudonym, 1 to 32 of 0-9 and a-f", f.terminal))
	}
	if err := forPeople(args); err != nil {
		return err
	}
	client, err := f.dial(c)
	if err != nil {
		return err
	}
	defer client.Close()
	topics, err := readable(c.Context(), client, args)
	if err != nil {
		return err
	}
	from, err := replay.MarkOutputs(c.Context(), client, topics...)
	if err != nil {
		return err
	}
	return tail(c, from, tailing{all: f.all, only: only, follow: client.Follow})
}

// forPeople refuses topics whose records are not for people.
func forPeople(names []string) error {
	for _, name := range names {
		switch stream.Topic(name) {
		case stream.TelemetryRaw, stream.ProfilesRaw:
			return failure.Usage(fmt.Errorf("%s names subscribers and is not shown; telemetry is what the collector made of it", name))
		case stream.CollectorState, stream.ScorerState, stream.EnforcerState, stream.ScorerPartials:
			return failure.Usage(fmt.Errorf("%s is internal; doctor tells how it stands", name))
		}
	}
	return nil
}

// readable checks that the topics exist. A mistyped name would else be followed
// for ever.
func readable(ctx context.Context, client *kafka.Client, names []string) ([]stream.Topic, error) {
	counts, err := client.Counts(ctx)
	if err != nil {
		return nil, err
	}
	var topics []stream.Topic
	for _, name := range names {
		t := stream.Topic(name)
		if counts[t] == 0 {
			return nil, failure.Usage(fmt.Errorf("there is no topic %s with this prefix; names go without the prefix, and doctor lists what is missing", name))
		}
		topics = append(topics, t)
	}
	return topics, nil
}

// tailing is what is shown of the followed partitions.
type tailing struct {
	all    bool
	only   string // digits the terminal's pseudonym begins with; empty: all
	follow func(context.Context, stream.Position, func(stream.Batch) error) error
}

// tail follows every partition from a goroutine of its own until the context
// ends or one of them fails; lines never mix.
func tail(c *cobra.Command, from replay.Mark, t tailing) error {
	ctx, cancel := context.WithCancel(c.Context())
	defer cancel()
	var out sync.Mutex
	var wait sync.WaitGroup
	failures := make(chan error, len(from))
	for p, next := range from {
		if t.all {
			next = 0
		}
		wait.Go(func() {
			err := t.follow(ctx, stream.Position{Topic: p.Topic, Partition: p.ID, Next: next}, func(b stream.Batch) error {
				out.Lock()
				defer out.Unlock()
				return t.print(c, b)
			})
			if err != nil {
				failures <- err
				cancel()
			}
		})
	}
	wait.Wait()
	close(failures)
	return <-failures
}

// isOf reports whether a key is that of a terminal whose pseudonym begins with
// the digits.
func isOf(key []byte, digits string) bool {
	return len(key) == len(record.Pseudonym{}) && strings.HasPrefix(hex.EncodeToString(key), digits)
}

func (t tailing) print(c *cobra.Command, b stream.Batch) error {
	for _, rec := range b.Records {
		if t.only != "" && !isOf(rec.Key, t.only) {
			continue
		}
		decoded, err := record.Decode(rec.Value)
		if err != nil {
			fmt.Fprintf(c.ErrOrStderr(), "%s[%d] at %d: %v\n", b.Partition.Topic, b.Partition.ID, rec.Offset, err)
			continue
		}
		line, err := record.AppendJSON(nil, decoded)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(c.OutOrStdout(), "%s\n", line); err != nil {
			return err
		}
	}
	return nil
}
