package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"cordon/internal/failure"
	"cordon/internal/stream"
	"cordon/internal/stream/kafka"
)

func topicsCommand() *cobra.Command {
	c := group(&cobra.Command{Use: "topics", Short: "make the topics of a deployment", Example: "  cordonctl topics create --partitions 8 --replication 3"})
	c.AddCommand(topicsCreateCommand())
	return c
}

// createFlags are the flags of topics create.
type createFlags struct {
	connection
	partitions  int32
	replication int16
}

func topicsCreateCommand() *cobra.Command {
	var f createFlags
	c := &cobra.Command{
		Use: "create", Short: "create the topics that do not exist yet, with the right settings",
		Long: `create makes every topic of a deployment that does not exist yet. What exists is
left as it is; doctor compares its settings.

The partition count decides how far a deployment scales and cannot be changed
later: 8 are enough for about 2 million terminals. Small fleets want few, for
what is learned of similar terminals is learned per partition.`,
		Example: "  cordonctl topics create --brokers kafka:9092 --replication 3",
		Args:    arguments(cobra.NoArgs),
		RunE:    func(c *cobra.Command, _ []string) error { return runTopicsCreate(c, &f) },
	}
	f.connection.add(c)
	c.Flags().Int32Var(&f.partitions, "partitions", 8, "`NUMBER` of partitions of the topics keyed by terminal")
	c.Flags().Int16Var(&f.replication, "replication", 1, "`NUMBER` of replicas of each partition; 3 in production")
	return c
}

func runTopicsCreate(c *cobra.Command, f *createFlags) error {
	if f.partitions < 1 || f.partitions > 1024 || f.replication < 1 {
		return failure.Usage(fmt.Errorf("--partitions %d --replication %d: 1 to 1024 partitions, at least 1 replica", f.partitions, f.replication))
	}
	client, err := f.dial(c)
	if err != nil {
		return err
	}
	defer client.Close()
	wanted := specs(f.partitions)
	made, err := client.Create(c.Context(), wanted, f.replication)
	if err == nil {
		err = awaitLeaders(c.Context(), client, wanted)
	}
	if err != nil {
		return err
	}
	if asJSON(c) {
		return printJSON(c.OutOrStdout(), map[string]any{"created": append([]stream.Topic{}, made...)})
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "created %d topics, %d were there already\n", len(made), len(wanted)-len(made))
	return err
}

// leadersWithin bounds the wait for the leaders of new partitions.
const leadersWithin = 30 * time.Second

// awaitLeaders waits until every partition can be used. A broker acknowledges
// a topic before its partitions have leaders; whoever writes to it at once is
// refused.
func awaitLeaders(ctx context.Context, client *kafka.Client, topics []kafka.TopicSpec) error {
	ctx, cancel := context.WithTimeout(ctx, leadersWithin)
	defer cancel()
	counts, err := client.Counts(ctx)
	if err != nil {
		return err
	}
	for _, t := range topics {
		for p := range counts[t.Topic] {
			if err := awaitLeader(ctx, client, stream.Partition{Topic: t.Topic, ID: p}); err != nil {
				return fmt.Errorf("topic %s was made, but its partition %d has no leader: %w", t.Topic, p, err)
			}
		}
	}
	return nil
}

func awaitLeader(ctx context.Context, client *kafka.Client, p stream.Partition) error {
	for {
		_, _, err := client.Bounds(ctx, p)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// specs turns the settings of all topics into what the client creates.
func specs(partitions int32) []kafka.TopicSpec {
	var all []kafka.TopicSpec
	for _, t := range stream.Topics(partitions) {
		all = append(all, kafka.TopicSpec(t))
	}
	return all
}
