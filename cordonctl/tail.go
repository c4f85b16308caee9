package main

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/spf13/cobra"

	"cordon/internal/failure"
	"cordon/internal/record"
	"cordon/internal/replay"
	"cordon/internal/stream"
)

func tailCommand() *cobra.Command {
	var n connection
	var all bool
	var terminal string
	c := &cobra.Command{
		Use:   "tail TOPIC...",
		Short: "print the records of topics as JSON lines, as they come",
		Long: `tail prints records behind the collector as plain JSON, one per line, until it is
interrupted. Topics are named without the prefix: verdicts, verdicts.early,
isolation.rehearsal, isolation.commands, audit, deadletter, telemetry.`,
		Example: `  cordonctl tail verdicts isolation.rehearsal
  cordonctl tail verdicts --all --terminal 3f2a…`,
		Args: arguments(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			var only record.Pseudonym
			if terminal != "" {
				var err error
				if only, err = record.ParsePseudonym(terminal); err != nil {
					return failure.Usage(fmt.Errorf("--terminal: %w", err))
				}
			}
			client, err := n.dial(c)
			if err != nil {
				return err
			}
			defer client.Close()
			topics := make([]stream.Topic, len(args))
			for i, name := range args {
				topics[i] = stream.Topic(name)
			}
			from, err := replay.MarkOutputs(c.Context(), client, topics...)
			if err != nil {
				return err
			}
			if len(from) == 0 {
				return failure.Usage(fmt.Errorf("no such topic in this deployment: %v", args))
			}
			return tail(c, from, tailing{all: all, only: only, follow: client.Follow})
		},
	}
	n.add(c)
	c.Flags().BoolVar(&all, "all", false, "from the beginning instead of from now on")
	c.Flags().StringVar(&terminal, "terminal", "", "only records of this terminal (pseudonym)")
	return c
}

// tailing is what is shown of the followed partitions.
type tailing struct {
	all    bool
	only   record.Pseudonym
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

func (t tailing) print(c *cobra.Command, b stream.Batch) error {
	for _, rec := range b.Records {
		if !t.only.IsZero() && !bytes.Equal(rec.Key, t.only[:]) {
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
