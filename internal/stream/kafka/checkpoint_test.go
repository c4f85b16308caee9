package kafka_test

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"cordon/internal/stream/kafka"
)

// What cannot be written for longer than a transaction may last is written when
// it can be again: nothing is lost, and no task is restored for it.
func TestWritesThatFailLong(t *testing.T) {
	for name, c := range map[string]struct {
		transactional bool // of the stage, and of the requests that fail
		told          string
	}{
		"checkpoints": {true, "a checkpoint could not be written"},
		"outputs":     {false, "writing is interrupted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := fake(t, 1)
			client := deployOn(t, cluster.ListenAddrs(), 1)
			r := start(t, client, stage(c.transactional), func(s *kafka.RunnerSettings) { s.TransactionTimeout = 4 * time.Second })
			write(t, client, 0, 100, 1)
			check(t, client, 100, 1)
			topic := client.Name(sums)
			ours := func(req kmsg.Request) bool {
				produce := req.(*kmsg.ProduceRequest)
				for _, to := range produce.Topics {
					if to.Topic == topic && (produce.TransactionID != nil) == c.transactional {
						return true
					}
				}
				return false
			}
			handle := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotEnoughReplicas, Count: -1, When: ours})
			write(t, client, 100, 200, 1)
			await(t, "told of the failure twice", func() bool { return r.told(c.told) >= 2 })
			handle.Remove()
			check(t, client, 200, 1)
			if n := r.told("restored in"); n != 1 {
				t.Errorf("restored %d times, want once, at the start", n)
			}
		})
	}
}

// A member makes a checkpoint before it joins a new generation, so that the next
// owner of a partition repeats nothing that lies before that.
func TestCheckpointBeforeARebalance(t *testing.T) {
	const partitions = 4
	c := deployment(t, partitions)
	rarely := func(s *kafka.RunnerSettings) { s.Interval = time.Hour }
	a := start(t, c, stage(false), rarely)
	write(t, c, 0, 1000, partitions)
	check(t, c, 1000, partitions)
	b := start(t, c, stage(false), rarely)
	await(t, "shared out", func() bool { ready, _ := b.Ready(); return ready && len(b.Figures()) == partitions/2 })
	write(t, c, 1000, 2000, partitions)
	check(t, c, 2000, partitions)
	if n := a.told("restored in"); n != partitions {
		t.Errorf("the first restored %d times, want once a partition", n)
	}
}
