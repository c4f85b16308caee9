package kafkatest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// describe asks a broker for everything it knows of its cluster.
func describe(ctx context.Context, client *kgo.Client) (*kmsg.MetadataResponse, error) {
	request := kmsg.NewPtrMetadataRequest()
	request.Topics = nil // all
	return request.RequestWith(ctx, client)
}

// Leader returns the node that leads a partition, once there is one.
func (c *Cluster) Leader(t testing.TB, topic string, partition int32) *Node {
	t.Helper()
	var leader *Node
	c.await(t, func(metadata *kmsg.MetadataResponse) error {
		for _, p := range partitionsOf(metadata) {
			if p.topic == topic && p.Partition == partition {
				leader = c.node(p.Leader)
			}
		}
		if leader == nil {
			return fmt.Errorf("%s[%d] has no leader", topic, partition)
		}
		return nil
	})
	return leader
}

// AwaitInSync returns when every partition has a leader and all its copies
// follow it: only then may the next broker fail and nothing stands still.
func (c *Cluster) AwaitInSync(t testing.TB) {
	t.Helper()
	c.await(t, func(metadata *kmsg.MetadataResponse) error {
		if got := len(metadata.Brokers); got != len(c.nodes) {
			return fmt.Errorf("%d brokers of %d live", got, len(c.nodes))
		}
		for _, p := range partitionsOf(metadata) {
			if p.ErrorCode != 0 || len(p.ISR) < len(p.Replicas) {
				return fmt.Errorf("%s[%d]: %d of %d copies in sync: %w",
					p.topic, p.Partition, len(p.ISR), len(p.Replicas), kerr.ErrorForCode(p.ErrorCode))
			}
		}
		return nil
	})
}

// await asks the cluster until the answer is what is wanted, within readyTimeout.
func (c *Cluster) await(t testing.TB, wanted func(*kmsg.MetadataResponse) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	err := awaitAnswer(ctx, c.Addresses(), func(ctx context.Context, client *kgo.Client) error {
		metadata, err := describe(ctx, client)
		if err != nil {
			return err
		}
		return wanted(metadata)
	})
	if err != nil {
		t.Fatalf("%s at %s: %v", c.name, strings.Join(c.Addresses(), ","), err)
	}
}

func (c *Cluster) node(id int32) *Node {
	for _, n := range c.nodes {
		if n.id == id {
			return n
		}
	}
	return nil
}

// placed is a partition with the name of its topic.
type placed struct {
	topic string
	kmsg.MetadataResponseTopicPartition
}

func partitionsOf(metadata *kmsg.MetadataResponse) []placed {
	var all []placed
	for _, topic := range metadata.Topics {
		for _, p := range topic.Partitions {
			all = append(all, placed{*topic.Topic, p})
		}
	}
	return all
}

// DiskBytes returns how much the segments of a partition take on the disk of the
// broker that leads it.
func (c *Cluster) DiskBytes(t testing.TB, topic string, partition int32) int64 {
	t.Helper()
	leader := c.Leader(t, topic, partition)
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	var size int64
	err := awaitAnswer(ctx, []string{leader.Address()}, func(ctx context.Context, client *kgo.Client) error {
		request := kmsg.NewPtrDescribeLogDirsRequest()
		request.Topics = []kmsg.DescribeLogDirsRequestTopic{{Topic: topic, Partitions: []int32{partition}}}
		response, err := client.Broker(int(leader.id)).Request(ctx, request)
		if err != nil {
			return err
		}
		for _, dir := range response.(*kmsg.DescribeLogDirsResponse).Dirs {
			for _, held := range dir.Topics {
				for _, p := range held.Partitions {
					size = p.Size
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("disk of the broker %s: %v", leader.name, err)
	}
	return size
}
