package kafka_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"cordon/internal/kafkatest"
	"cordon/internal/stream"
	"cordon/internal/stream/kafka"
)

func TestMain(m *testing.M) { os.Exit(kafkatest.Main(m)) }

const (
	numbers stream.Topic = "numbers"
	sums    stream.Topic = "sums"
	state   stream.Topic = "state"
)

// summing is a task whose output depends on everything it ever took: a lost or
// repeated record changes every later sum.
type summing struct {
	partition int32
	total     uint64
	count     uint64
}

func (s *summing) Restore(_, value []byte) error {
	s.total, s.count = binary.BigEndian.Uint64(value), binary.BigEndian.Uint64(value[8:])
	return nil
}
func (s *summing) Start(stream.Start) error { return nil }
func (s *summing) Process(b stream.Batch, _ stream.Now, out *stream.Effects) int {
	for _, r := range b.Records {
		s.total = s.total*31 + binary.BigEndian.Uint64(r.Value)
		s.count++
		out.Send(stream.Send{Topic: sums, Partition: s.partition, Value: s.value()})
	}
	return len(b.Records)
}
func (s *summing) value() []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, s.total), s.count)
}
func (s *summing) Tick(stream.Now, *stream.Effects) {}
func (s *summing) Cut(cut *stream.Cut)              { cut.Add([]byte("total"), s.value()) }
func (s *summing) Settle(bool)                      {}

func stage(transactional bool) *stream.Stage {
	return &stream.Stage{
		Name: "summing", Inputs: []stream.Topic{numbers}, State: state, Outputs: []stream.Topic{sums}, Transactional: transactional,
		NewTask: func(p int32) stream.Task { return &summing{partition: p} },
	}
}

// deployment is a client with its topics made.
func deployment(t *testing.T, partitions int32) *kafka.Client {
	t.Helper()
	c, err := kafka.NewClient(kafka.Settings{Brokers: kafkatest.Broker(t).Addresses(), ClientID: "test", Prefix: kafkatest.UniquePrefix(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	var specs []kafka.TopicSpec
	for _, topic := range []stream.Topic{numbers, sums, state} {
		specs = append(specs, kafka.TopicSpec{Topic: topic, Partitions: partitions, Config: map[string]string{"message.timestamp.type": "LogAppendTime"}})
	}
	if _, err := c.Create(t.Context(), specs, 1); err != nil {
		t.Fatal(err)
	}
	return c
}

// start runs a stage until the returned function is called.
func start(t *testing.T, c *kafka.Client, s *stream.Stage) (stop func()) {
	t.Helper()
	r := kafka.NewRunner(c, kafka.RunnerSettings{
		Stage: s, Group: t.Name(), SessionTimeout: 6 * time.Second, TransactionTimeout: 15 * time.Second,
		Interval: 20 * time.Millisecond, PrefetchBytes: 1 << 20, StartTimeout: 30 * time.Second,
		Tell: func(n kafka.Notice) { t.Logf("partition %d: %s %v", n.Partition, n.Text, n.Err) },
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("run: %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

// write appends the numbers from..to-1, each to partition n mod partitions.
func write(t *testing.T, c *kafka.Client, from, to uint64, partitions int32) {
	t.Helper()
	w, err := c.NewWriter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for n := from; n < to; n += 50 {
		var sends []stream.Send
		for m := n; m < min(n+50, to); m++ {
			sends = append(sends, stream.Send{Topic: numbers, Partition: int32(m % uint64(partitions)), Value: binary.BigEndian.AppendUint64(nil, m)})
		}
		if err := w.Write(t.Context(), sends); err != nil {
			t.Fatal(err)
		}
	}
}

// check waits until the sums of all partitions are there, and compares them
// with what one quiet pass gives.
func check(t *testing.T, c *kafka.Client, total uint64, partitions int32) {
	t.Helper()
	for p := int32(0); p < partitions; p++ {
		want := summing{}
		var wanted []string
		for n := uint64(p); n < total; n += uint64(partitions) {
			want.total = want.total*31 + n
			want.count++
			wanted = append(wanted, fmt.Sprintf("%x", want.value()))
		}
		var got []string
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		err := c.Follow(ctx, stream.Position{Topic: sums, Partition: p}, func(b stream.Batch) error {
			for _, r := range b.Records {
				got = append(got, fmt.Sprintf("%x", r.Value))
			}
			if len(got) >= len(wanted) {
				cancel()
			}
			return nil
		})
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(wanted) {
			t.Fatalf("partition %d: %d sums, want %d", p, len(got), len(wanted))
		}
		for i := range got {
			if got[i] != wanted[i] {
				t.Fatalf("partition %d: sum %d is %s, want %s", p, i, got[i], wanted[i])
			}
		}
	}
}

func TestRestartsLoseAndDoubleNothing(t *testing.T) {
	const partitions = 3
	c := deployment(t, partitions)
	for round := uint64(0); round < 3; round++ {
		stop := start(t, c, stage(true))
		write(t, c, round*1000, round*1000+1000, partitions)
		if round == 2 {
			check(t, c, 3000, partitions)
		}
		stop()
	}
}

// Two members of one group share the partitions; when one leaves, the other
// takes over where it stopped.
func TestTwoInstancesShareAndHandOver(t *testing.T) {
	const partitions = 4
	c := deployment(t, partitions)
	stopA := start(t, c, stage(true))
	write(t, c, 0, 1000, partitions)
	start(t, c, stage(true))
	write(t, c, 1000, 2000, partitions)
	stopA()
	write(t, c, 2000, 3000, partitions)
	check(t, c, 3000, partitions)
}

func TestOutputsOutsideTheTransaction(t *testing.T) {
	c := deployment(t, 2)
	stop := start(t, c, stage(false))
	write(t, c, 0, 1000, 2)
	check(t, c, 1000, 2)
	stop()
	start(t, c, stage(false))
	write(t, c, 1000, 1500, 2)
	check(t, c, 1500, 2)
}
