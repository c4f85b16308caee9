package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/createtopics"
	"github.com/segmentio/kafka-go/protocol/describeconfigs"
	"github.com/segmentio/kafka-go/protocol/listoffsets"
	"github.com/segmentio/kafka-go/protocol/metadata"

	"cordon/internal/stream"
)

// TopicSpec is how a topic has to be made.
type TopicSpec = stream.TopicSettings

// Counts returns the partition count of every topic of this deployment.
func (c *Client) Counts(ctx context.Context) (map[stream.Topic]int32, error) {
	res, err := ask[*metadata.Response](ctx, c, &metadata.Request{}, 0)
	if err != nil {
		return nil, err
	}
	counts := map[stream.Topic]int32{}
	for _, t := range res.Topics {
		if topic := c.topic(t.Name); c.name(topic) == t.Name && code(t.ErrorCode) == nil {
			counts[topic] = int32(len(t.Partitions))
		}
	}
	return counts, nil
}

// Create makes the topics that do not exist, and returns which it made.
func (c *Client) Create(ctx context.Context, specs []TopicSpec, replication int16) ([]stream.Topic, error) {
	req := &createtopics.Request{TimeoutMs: int32(requestTimeout.Milliseconds())}
	for _, s := range specs {
		t := createtopics.RequestTopic{Name: c.name(s.Topic), NumPartitions: s.Partitions, ReplicationFactor: replication}
		for _, key := range slices.Sorted(maps.Keys(s.Config)) {
			t.Configs = append(t.Configs, createtopics.RequestConfig{Name: key, Value: s.Config[key]})
		}
		req.Topics = append(req.Topics, t)
	}
	res, err := ask[*createtopics.Response](ctx, c, req, 0)
	if err != nil {
		return nil, err
	}
	var made []stream.Topic
	var failures []error
	for _, t := range res.Topics {
		switch err := code(t.ErrorCode); {
		case err == nil:
			made = append(made, c.topic(t.Name))
		case !errors.Is(err, kafka.TopicAlreadyExists):
			failures = append(failures, fmt.Errorf("topic %s: %w %s", t.Name, words(err), t.ErrorMessage))
		}
	}
	return made, errors.Join(failures...)
}

// Config returns the effective settings of a topic.
func (c *Client) Config(ctx context.Context, t stream.Topic) (map[string]string, error) {
	res, err := ask[*describeconfigs.Response](ctx, c, &describeconfigs.Request{Resources: []describeconfigs.RequestResource{{
		ResourceType: int8(kafka.ResourceTypeTopic), ResourceName: c.name(t),
	}}}, 0)
	if err != nil {
		return nil, err
	}
	settings := map[string]string{}
	for _, r := range res.Resources {
		if err := code(r.ErrorCode); err != nil {
			return nil, fmt.Errorf("topic %s: %w", c.name(t), words(err))
		}
		for _, entry := range r.ConfigEntries {
			settings[entry.ConfigName] = entry.ConfigValue
		}
	}
	return settings, nil
}

// Bounds returns the log start of a partition and its last stable offset: a
// reader of committed records ends there.
func (c *Client) Bounds(ctx context.Context, p stream.Partition) (start, end int64, err error) {
	if start, err = c.offset(ctx, p, kafka.FirstOffset); err != nil {
		return 0, 0, err
	}
	end, err = c.offset(ctx, p, kafka.LastOffset)
	return start, end, err
}

func (c *Client) offset(ctx context.Context, p stream.Partition, which int64) (int64, error) {
	res, err := ask[*listoffsets.Response](ctx, c, &listoffsets.Request{ReplicaID: -1, IsolationLevel: 1, Topics: []listoffsets.RequestTopic{{
		Topic: c.name(p.Topic), Partitions: []listoffsets.RequestPartition{{Partition: p.ID, CurrentLeaderEpoch: -1, Timestamp: which}},
	}}}, 0)
	if err != nil {
		return 0, err
	}
	if len(res.Topics) != 1 || len(res.Topics[0].Partitions) != 1 {
		return 0, kafka.UnknownTopicOrPartition
	}
	part := res.Topics[0].Partitions[0]
	if err := code(part.ErrorCode); err != nil {
		return 0, fmt.Errorf("offsets of %s[%d]: %w", p.Topic, p.ID, err)
	}
	return part.Offset, nil
}
