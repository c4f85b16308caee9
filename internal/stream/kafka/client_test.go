package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/rawproduce"
)

// What happens while brokers die and leaders move may pass; what an operator
// must mend may not.
func TestRetryable(t *testing.T) {
	moved := &rawproduce.Request{Topics: []rawproduce.RequestTopic{{Topic: "a", Partitions: []rawproduce.RequestPartition{{Partition: 0}, {Partition: 1}}}}}
	_, unaddressed := moved.Broker(protocol.Cluster{
		Brokers: map[int32]protocol.Broker{1: {ID: 1}, 2: {ID: 2}},
		Topics:  map[string]protocol.Topic{"a": {Name: "a", Partitions: map[int32]protocol.Partition{0: {ID: 0, Leader: 1}, 1: {ID: 1, Leader: 2}}}},
	})
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"leaders moved before the request was addressed", unaddressed, true},
		{"leader moved before it came", kafka.NotLeaderForPartition, true},
		{"full disk", kafka.KafkaStorageError, true},
		{"too few copies", kafka.NotEnoughReplicas, true},
		{"markers under way", kafka.ConcurrentTransactions, true},
		{"broker died", fmt.Errorf("read: %w", io.ErrUnexpectedEOF), true},
		{"broker is down", &net.OpError{Op: "dial", Err: errors.New("connection refused")}, true},
		{"broker is silent", context.DeadlineExceeded, true},
		{"fenced", kafka.ProducerFenced, false},
		{"not allowed", kafka.TopicAuthorizationFailed, false},
		{"too large", kafka.MessageSizeTooLarge, false},
		{"given up", context.Canceled, false},
	} {
		if got := retryable(c.err); got != c.want || c.err == nil {
			t.Errorf("%s (%v): retryable %t, want %t", c.name, c.err, got, c.want)
		}
	}
}
