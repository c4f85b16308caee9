package kafka_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

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
	lost      int
	padding   int // bytes added to each sum
}

func (s *summing) Restore(_, value []byte) error {
	s.total, s.count = binary.BigEndian.Uint64(value), binary.BigEndian.Uint64(value[8:])
	return nil
}
func (s *summing) Start(from stream.Start) error {
	s.lost += len(from.Lost)
	return nil
}
func (s *summing) Process(b stream.Batch, _ stream.Now, out *stream.Effects) int {
	for _, r := range b.Records {
		s.total = s.total*31 + binary.BigEndian.Uint64(r.Value)
		s.count++
		out.Send(stream.Send{Topic: sums, Partition: s.partition, Value: append(s.value(), make([]byte, s.padding)...)})
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

// deployment is a client of the shared broker with its topics made.
func deployment(t testing.TB, partitions int32) *kafka.Client {
	t.Helper()
	return deployOn(t, kafkatest.Broker(t).Addresses(), partitions)
}

func deployOn(t testing.TB, brokers []string, partitions int32) *kafka.Client {
	t.Helper()
	c := connect(t, kafka.Settings{Brokers: brokers, ClientID: "test", Prefix: kafkatest.UniquePrefix(t)})
	create(t, c, partitions, numbers, sums, state)
	return c
}

func connect(t testing.TB, s kafka.Settings) *kafka.Client {
	t.Helper()
	c, err := kafka.NewClient(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func create(t testing.TB, c *kafka.Client, partitions int32, topics ...stream.Topic) {
	t.Helper()
	var specs []kafka.TopicSpec
	for _, topic := range topics {
		specs = append(specs, kafka.TopicSpec{Topic: topic, Partitions: partitions, Config: map[string]string{"message.timestamp.type": "LogAppendTime"}})
	}
	if _, err := c.Create(t.Context(), specs, 1); err != nil {
		t.Fatal(err)
	}
}

// fake starts a kfake of several brokers; its faults and leaders are in the
// test's hand.
func fake(t testing.TB, brokers int, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append(opts, kfake.NumBrokers(brokers), kfake.DataDir(t.TempDir()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// running is a runner under test.
type running struct {
	*kafka.Runner
	t      testing.TB
	cancel context.CancelFunc
	done   chan error
	once   sync.Once

	mu      sync.Mutex
	notices []string
}

// start runs a stage until stop or the end of the test.
func start(t testing.TB, c *kafka.Client, s *stream.Stage, change ...func(*kafka.RunnerSettings)) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{t: t, cancel: cancel, done: make(chan error, 1)}
	settings := kafka.RunnerSettings{
		Stage: s, Group: strings.ReplaceAll(t.Name(), "/", "-"), SessionTimeout: 6 * time.Second, TransactionTimeout: 15 * time.Second,
		Interval: 20 * time.Millisecond, PrefetchBytes: 1 << 20, StartTimeout: 30 * time.Second, Tell: r.tell,
	}
	for _, f := range change {
		f(&settings)
	}
	r.Runner = kafka.NewRunner(c, settings)
	go func() { r.done <- r.Run(ctx) }()
	t.Cleanup(r.stop)
	return r
}

func (r *running) tell(n kafka.Notice) {
	text := fmt.Sprintf("partition %d: %s %v", n.Partition, n.Text, n.Err)
	r.t.Log(text)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notices = append(r.notices, text)
}

// stop ends the runner, which must do so without an error.
func (r *running) stop() {
	r.once.Do(func() {
		r.cancel()
		if err := <-r.done; err != nil {
			r.t.Errorf("run: %v", err)
		}
	})
}

// fails waits for the runner to end by itself, and returns why.
func (r *running) fails() (err error) {
	r.t.Helper()
	r.once.Do(func() {
		select {
		case err = <-r.done:
		case <-time.After(time.Minute):
			r.t.Fatal("still running after a minute")
		}
		r.cancel()
	})
	return err
}

// told counts the notices that contain text.
func (r *running) told(text string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, notice := range r.notices {
		if strings.Contains(notice, text) {
			n++
		}
	}
	return n
}

// await waits until a condition holds.
func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	limit := time.Now().Add(time.Minute)
	for !holds() {
		if time.Now().After(limit) {
			t.Fatalf("after a minute still not: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// write appends the numbers from..to-1, each to partition n mod partitions.
func write(t testing.TB, c *kafka.Client, from, to uint64, partitions int32) {
	t.Helper()
	if err := append50(t.Context(), c, from, to, partitions); err != nil {
		t.Fatal(err)
	}
}

// writing does the same beside the test, and closes the channel when done.
func writing(t testing.TB, c *kafka.Client, from, to uint64, partitions int32) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := append50(t.Context(), c, from, to, partitions); err != nil {
			t.Error(err)
		}
	}()
	return done
}

// append50 writes in steps of 50 numbers.
func append50(ctx context.Context, c *kafka.Client, from, to uint64, partitions int32) error {
	w, err := c.NewWriter(ctx)
	if err != nil {
		return err
	}
	for n := from; n < to; n += 50 {
		var sends []stream.Send
		for m := n; m < min(n+50, to); m++ {
			sends = append(sends, stream.Send{Topic: numbers, Partition: int32(m % uint64(partitions)), Value: binary.BigEndian.AppendUint64(nil, m)})
		}
		if err := w.Write(ctx, sends); err != nil {
			return err
		}
	}
	return nil
}

// wanted are the sums of partition p that one quiet pass gives.
func wanted(p int32, total uint64, partitions int32) []string {
	s := summing{}
	var all []string
	for n := uint64(p); n < total; n += uint64(partitions) {
		s.total = s.total*31 + n
		s.count++
		all = append(all, fmt.Sprintf("%x", s.value()))
	}
	return all
}

// read returns the sums of partition p, at least n of them.
func read(t testing.TB, c *kafka.Client, p int32, n int) []string {
	t.Helper()
	var got []string
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := c.Follow(ctx, stream.Position{Topic: sums, Partition: p}, func(b stream.Batch) error {
		for _, r := range b.Records {
			got = append(got, fmt.Sprintf("%x", r.Value[:16]))
		}
		if len(got) >= n {
			cancel()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// check waits until the sums of all partitions are there, and compares them
// with what one quiet pass gives.
func check(t testing.TB, c *kafka.Client, total uint64, partitions int32) {
	t.Helper()
	for p := int32(0); p < partitions; p++ {
		want := wanted(p, total, partitions)
		got := read(t, c, p, len(want))
		if len(got) != len(want) {
			t.Fatalf("partition %d: %d sums, want %d", p, len(got), len(want))
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("partition %d: sum %d is %s, want %s", p, i, got[i], want[i])
			}
		}
	}
}
