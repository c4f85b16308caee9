package kafka

import (
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"cordon/internal/stream"
)

// Whether a fenced task may take its transactional id back is asked of the group
// also where no task was restored yet, and so there is no position to commit.
func TestMembershipIsAskedBeforeAnyRestore(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	client, err := NewClient(Settings{Brokers: cluster.ListenAddrs(), ClientID: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Create(t.Context(), []TopicSpec{{Topic: "state", Partitions: 2}}, 1); err != nil {
		t.Fatal(err)
	}
	r := NewRunner(client, RunnerSettings{Stage: &stream.Stage{Name: "test", State: "state"}, Group: "test", SessionTimeout: 6 * time.Second})
	group, err := kafka.NewConsumerGroup(r.groupConfig())
	if err != nil {
		t.Fatal(err)
	}
	defer group.Close()
	if r.gen, err = group.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !r.member() {
		t.Error("a member is told that it is none")
	}
	// As for a process that slept through a rebalance.
	cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.IllegalGeneration, Count: -1})
	if r.member() {
		t.Error("of a former generation, and told that it is a member")
	}
}
