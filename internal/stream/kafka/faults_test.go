package kafka_test

import (
	"encoding/binary"
	"errors"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"cordon/internal/failure"
	"cordon/internal/kafkatest"
	"cordon/internal/stream"
	"cordon/internal/stream/kafka"
)

// The broker goes down while records flow, by kill -9 and in good order, stays
// away until the runner has noticed, and comes back.
func TestBrokerRestarts(t *testing.T) {
	const partitions, rounds = 2, 3
	broker := kafkatest.Private(t)
	c := deployOn(t, broker.Addresses(), partitions)
	r := start(t, c, stage(true))
	outages := func() int { return r.told("trying again") + r.told("interrupted") }
	for round := uint64(0); round < rounds; round++ {
		written := writing(t, c, round*2000, round*2000+2000, partitions) // through the outage
		await(t, "records of the round taken", func() bool { return taken(r) > int64(round*2000) })
		before := outages()
		if round%2 == 0 {
			broker.Kill(t)
		} else {
			broker.Stop(t)
		}
		await(t, "told of the outage", func() bool { return outages() > before })
		broker.Restart(t)
		<-written
		check(t, c, round*2000+2000, partitions)
		await(t, "all records of the round in a checkpoint", func() bool { return taken(r) == int64(round*2000+2000) })
	}
}

// Leaders of all partitions move back and forth between three brokers while
// records are produced and fetched.
func TestLeadersMove(t *testing.T) {
	const partitions, moves = 3, 60
	cluster := fake(t, 3)
	c := deployOn(t, cluster.ListenAddrs(), partitions)
	start(t, c, stage(true))
	written := writing(t, c, 0, 6000, partitions)
	for range moves {
		cluster.ShufflePartitionLeaders()
		cluster.RehashCoordinators()
		time.Sleep(20 * time.Millisecond)
	}
	<-written
	check(t, c, 6000, partitions)
}

// Every kind of request of a runner fails now and then, in every way that Kafka
// says may pass; a request that timed out was carried out all the same.
func TestRequestsFail(t *testing.T) {
	const partitions = 2
	cluster := fake(t, 1)
	c := deployOn(t, cluster.ListenAddrs(), partitions)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0)) // used by the cluster's goroutine only
	now := func(req kmsg.Request) bool {
		switch req := req.(type) {
		case *kmsg.ProduceRequest:
			if req.TransactionID == nil {
				return false // the test's own
			}
		case *kmsg.InitProducerIDRequest:
			if req.TransactionalID == nil {
				return false
			}
		}
		return random.IntN(25) == 0
	}
	var faults []kfake.Fault
	for key, errs := range map[kmsg.Key][]*kerr.Error{
		kmsg.Produce:            {kerr.RequestTimedOut, kerr.NotLeaderForPartition, kerr.NotEnoughReplicasAfterAppend, kerr.OutOfOrderSequenceNumber},
		kmsg.Fetch:              {kerr.NotLeaderForPartition, kerr.UnknownTopicOrPartition},
		kmsg.ListOffsets:        {kerr.NotLeaderForPartition},
		kmsg.InitProducerID:     {kerr.ConcurrentTransactions, kerr.RequestTimedOut, kerr.CoordinatorLoadInProgress},
		kmsg.AddPartitionsToTxn: {kerr.ConcurrentTransactions, kerr.NotCoordinator, kerr.InvalidTxnState},
		kmsg.EndTxn:             {kerr.RequestTimedOut, kerr.CoordinatorNotAvailable, kerr.UnknownServerError, kerr.InvalidTxnState},
	} {
		for _, err := range errs {
			topLevel := key == kmsg.InitProducerID || key == kmsg.EndTxn
			faults = append(faults, kfake.Fault{Keys: []kmsg.Key{key}, Err: err, Count: -1, When: now, TopLevel: topLevel})
		}
	}
	total := uint64(100_000) // the first transactions have several batches a partition
	write(t, c, 0, total, partitions)
	handle := cluster.Fault(faults...)
	start(t, c, stage(true))
	for ; handle.Hits() < 100; total += 50 {
		write(t, c, total, total+50, partitions)
		time.Sleep(5 * time.Millisecond)
	}
	handle.Remove()
	check(t, c, total, partitions)
}

// An answer to EndTxn that never comes leaves the outcome open: the transaction
// is aborted, which does nothing to one that was committed, and the log decides.
func TestUnknownOutcomeOfACommit(t *testing.T) {
	for name, err := range map[string]*kerr.Error{"committed": kerr.RequestTimedOut, "not committed": kerr.CoordinatorNotAvailable} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := fake(t, 1)
			c := deployOn(t, cluster.ListenAddrs(), 1)
			r := start(t, c, stage(true), func(s *kafka.RunnerSettings) { s.TransactionTimeout = time.Second })
			write(t, c, 0, 100, 1)
			check(t, c, 100, 1)
			commit := func(req kmsg.Request) bool { return req.(*kmsg.EndTxnRequest).Commit }
			handle := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.EndTxn}, Err: err, Count: -1, When: commit, TopLevel: true})
			write(t, c, 100, 200, 1)
			await(t, "a commit given up", func() bool { return r.told("interrupted") > 0 })
			handle.Remove()
			check(t, c, 200, 1)
		})
	}
}

// A runner that cannot write its last checkpoint ends all the same, in less than
// the 10 s a supervisor gives it, says so, and loses nothing.
func TestStopsInTime(t *testing.T) {
	t.Parallel()
	cluster := fake(t, 1)
	c := deployOn(t, cluster.ListenAddrs(), 1)
	r := start(t, c, stage(true))
	write(t, c, 0, 100, 1)
	check(t, c, 100, 1)
	checkpoints := func(req kmsg.Request) bool { return req.(*kmsg.ProduceRequest).TransactionID != nil }
	handle := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotLeaderForPartition, Count: -1, When: checkpoints})
	write(t, c, 100, 200, 1)
	await(t, "a checkpoint that fails", func() bool { return handle.Hits() > 0 })
	began := time.Now()
	r.stop()
	if took := time.Since(began); took > 9*time.Second {
		t.Errorf("took %v to stop", took)
	}
	if r.told("stopped without a last checkpoint") != 1 {
		t.Error("not told that the last checkpoint is missing")
	}
	handle.Remove()
	start(t, c, stage(true))
	check(t, c, 200, 1)
}

// A worker that was fenced does not take its id back while the coordinator does
// not confirm that it is a member, and does so once it is confirmed.
func TestFencedOwnerAsksTheGroupFirst(t *testing.T) {
	t.Parallel()
	cluster := fake(t, 1, kfake.GroupMinSessionTimeout(time.Second))
	c := deployOn(t, cluster.ListenAddrs(), 1)
	r := start(t, c, stage(true), func(s *kafka.RunnerSettings) { s.SessionTimeout = time.Second })
	write(t, c, 0, 100, 1)
	check(t, c, 100, 1)
	steals := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID}, Count: -1, Observe: true, TopLevel: true, When: func(req kmsg.Request) bool {
		init := req.(*kmsg.InitProducerIDRequest)
		return init.TransactionalID != nil && init.ProducerID == -1
	}})
	refused := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.IllegalGeneration, Count: -1})
	cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.ProducerFenced, TopLevel: true})
	write(t, c, 100, 200, 1)
	await(t, "the fenced worker asking the group", func() bool { return refused.Hits() > 0 })
	if n := steals.Hits(); n != 0 {
		t.Errorf("%d take-overs without the group's word", n)
	}
	refused.Remove()
	check(t, c, 200, 1)
	if r.told("another instance took over") != 1 || steals.Hits() != 1 {
		t.Errorf("told %d times, %d take-overs; want 1 of each", r.told("another instance took over"), steals.Hits())
	}
}

// Two deployments set to the same topics by mistake, in groups of their own:
// each take-over fences the other, and the outputs stay those of one.
func TestTwoGroupsFenceEachOther(t *testing.T) {
	if kafkatest.Broker(t).Kind() == kafkatest.KindEmbedded {
		t.Skip("kfake lets a fenced producer take its id back with a stale epoch")
	}
	const partitions = 2
	c := deployment(t, partitions)
	own := func(name string) func(*kafka.RunnerSettings) {
		return func(s *kafka.RunnerSettings) { s.Group, s.SessionTimeout = s.Group+name, 6*time.Second }
	}
	a := start(t, c, stage(true), own("-a"))
	write(t, c, 0, 500, partitions)
	check(t, c, 500, partitions)
	b := start(t, c, stage(true), own("-b"))
	await(t, "the later one ready", func() bool { ready, _ := b.Ready(); return ready })
	for n := uint64(500); a.told("another instance took over") == 0 || b.told("another instance took over") == 0; n += 100 {
		write(t, c, n, n+100, partitions)
		check(t, c, n+100, partitions)
	}
}

// A runner started before its topics says so once, and goes on when they exist.
func TestTopicsComeLater(t *testing.T) {
	c := connect(t, kafka.Settings{Brokers: kafkatest.Broker(t).Addresses(), Prefix: kafkatest.UniquePrefix(t)})
	r := start(t, c, stage(true))
	await(t, "told of the absent topics", func() bool { return r.told("create the topics with: cordonctl topics create") > 0 })
	create(t, c, 1, numbers, sums, state)
	write(t, c, 0, 100, 1)
	check(t, c, 100, 1)
	if n := r.told("waiting for the topics"); n != 1 {
		t.Errorf("told %d times of absent topics, want once", n)
	}
}

func TestRefusesTopicsThatDoNotFit(t *testing.T) {
	c := connect(t, kafka.Settings{Brokers: kafkatest.Broker(t).Addresses(), Prefix: kafkatest.UniquePrefix(t)})
	create(t, c, 4, numbers, sums)
	create(t, c, 2, state)
	err := start(t, c, stage(true)).fails()
	if !errors.Is(err, failure.ErrUsage) || !strings.Contains(err.Error(), "state has 2 partitions and must have 4") {
		t.Errorf("error %v; want one of usage that names both counts", err)
	}
}

// Records deleted before they were read: told, given to the task, gone on behind.
func TestDataLoss(t *testing.T) {
	cluster := fake(t, 1)
	c := deployOn(t, cluster.ListenAddrs(), 1)
	name := c.Name(numbers)
	tasks := []*summing{}
	s := stage(true)
	s.NewTask = func(p int32) stream.Task {
		tasks = append(tasks, &summing{partition: p})
		return tasks[len(tasks)-1]
	}
	write(t, c, 0, 100, 1)
	if err := cluster.DeleteRecords(name, 0, 20); err != nil { // before the first start: nothing of ours is lost
		t.Fatal(err)
	}
	r := start(t, c, s)
	if got := read(t, c, 0, 80); len(got) != 80 {
		t.Fatalf("%d sums, want 80", len(got))
	}
	r.stop()
	if n := r.told("data loss"); n != 0 {
		t.Errorf("data loss told %d times at a first start", n)
	}
	write(t, c, 100, 200, 1)
	if err := cluster.DeleteRecords(name, 0, 150); err != nil {
		t.Fatal(err)
	}
	r = start(t, c, s)
	if got := read(t, c, 0, 130); len(got) != 130 {
		t.Fatalf("%d sums, want 130", len(got))
	}
	r.stop()
	if last := tasks[len(tasks)-1]; last.lost != 1 || r.told("were deleted before they were read") != 1 {
		t.Errorf("the task was given %d lost inputs, told %d times; want 1 of each", last.lost, r.told("were deleted"))
	}
}

// A re-created topic is refused: by its end when it is shorter, by the
// fingerprint when it is longer.
func TestRefusesARecreatedTopic(t *testing.T) {
	for name, c := range map[string]struct {
		records uint64
		want    string
	}{
		"shorter": {10, "which ends at 10: the topic was re-created"},
		"longer":  {300, "another batch at offset 99"},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := fake(t, 1)
			client := deployOn(t, cluster.ListenAddrs(), 1)
			r := start(t, client, stage(true))
			write(t, client, 0, 100, 1)
			check(t, client, 100, 1)
			r.stop()
			if err := cluster.DeleteTopic(client.Name(numbers)); err != nil {
				t.Fatal(err)
			}
			create(t, client, 1, numbers)
			write(t, client, 1000, 1000+c.records, 1)
			err := start(t, client, stage(true)).fails()
			if !errors.Is(err, stream.ErrState) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "topics.prefix") {
				t.Errorf("error %v; want an ErrState with %q and the remedy", err, c.want)
			}
		})
	}
}

// Records of aborted transactions are not taken, wherever they lie.
func TestAbortedInputIsNotTaken(t *testing.T) {
	c := deployment(t, 1)
	start(t, c, stage(true))
	aborting(t, c, 5000)
	write(t, c, 0, 50, 1)
	aborting(t, c, 6000)
	write(t, c, 50, 100, 1)
	aborting(t, c, 7000)
	check(t, c, 100, 1)
}

// A task that deletes and rewrites its pieces is restored from a compacted state
// topic, tombstones included, to what it was.
func TestRestoresFromACompactedState(t *testing.T) {
	cluster := fake(t, 1)
	c := connect(t, kafka.Settings{Brokers: cluster.ListenAddrs(), Prefix: "x."})
	create(t, c, 1, numbers, sums)
	spec := kafka.TopicSpec{Topic: state, Partitions: 1, Config: map[string]string{"cleanup.policy": "compact", "segment.bytes": "4096", "min.cleanable.dirty.ratio": "0.01", "delete.retention.ms": "0"}}
	if _, err := c.Create(t.Context(), []kafka.TopicSpec{spec}, 1); err != nil {
		t.Fatal(err)
	}
	s := stage(true)
	s.NewTask = func(int32) stream.Task { return &recent{held: map[uint64]bool{}, changed: map[uint64]bool{}} }
	for round := uint64(0); round < 4; round++ {
		r := start(t, c, s)
		write(t, c, round*500, round*500+500, 1)
		await(t, "the outputs of the round", func() bool { return uint64(len(outputs(t, c))) >= round*500+500 })
		r.stop()
		cluster.Compact()
	}
	got := outputs(t, c)
	if len(got) != 2000 {
		t.Errorf("%d outputs, want 2000", len(got))
	}
	for _, v := range got {
		n, held := binary.BigEndian.Uint64(v), binary.BigEndian.Uint64(v[8:])
		if want := min(n+1, recentKept); held != want {
			t.Fatalf("after number %d the task held %d pieces, want %d", n, held, want)
		}
	}
}

// recentKept is how many numbers a recent task holds.
const recentKept = 20

// recent is a task that holds the newest numbers, a piece for each, and says for
// each record how many those are.
type recent struct {
	held    map[uint64]bool
	changed map[uint64]bool
	cutting map[uint64]bool // changed before the cut that is written
}

func (s *recent) Restore(key, value []byte) error {
	if value == nil {
		delete(s.held, binary.BigEndian.Uint64(key))
		return nil
	}
	s.held[binary.BigEndian.Uint64(key)] = true
	return nil
}
func (s *recent) Start(stream.Start) error { return nil }
func (s *recent) Process(b stream.Batch, _ stream.Now, out *stream.Effects) int {
	for _, r := range b.Records {
		n := binary.BigEndian.Uint64(r.Value)
		s.held[n], s.changed[n] = true, true
		if old := n - recentKept; n >= recentKept {
			delete(s.held, old)
			s.changed[old] = true
		}
		out.Send(stream.Send{Topic: sums, Value: binary.BigEndian.AppendUint64(r.Value[:8:8], uint64(len(s.held)))})
	}
	return len(b.Records)
}
func (s *recent) Tick(stream.Now, *stream.Effects) {}
func (s *recent) Cut(cut *stream.Cut) {
	s.cutting, s.changed = s.changed, map[uint64]bool{}
	for n := range s.cutting {
		var value []byte
		if s.held[n] {
			value = []byte("held")
		}
		cut.Add(binary.BigEndian.AppendUint64(nil, n), value)
	}
}
func (s *recent) Settle(committed bool) {
	if !committed {
		maps.Copy(s.changed, s.cutting)
	}
}

// outputs returns the values of partition 0 of the sums that are committed now.
func outputs(t testing.TB, c *kafka.Client) (values [][]byte) {
	t.Helper()
	err := c.Read(t.Context(), stream.Partition{Topic: sums}, 0, func(b stream.Batch) error {
		for _, r := range b.Records {
			values = append(values, r.Value)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// aborting writes 10 numbers from n on to partition 0, 3 MB that hardly compress
// and so take several fetches, and takes them back.
func aborting(t testing.TB, c *kafka.Client, n uint64) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(kafkatest.Broker(t).Addresses()...), kgo.TransactionalID(c.Name("aborting")), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if err := cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	padding := make([]byte, 300<<10)
	_, _ = rand.NewChaCha8([32]byte{}).Read(padding) // never fails, by its documentation
	for m := n; m < n+10; m++ {
		r := &kgo.Record{Topic: c.Name(numbers), Value: append(binary.BigEndian.AppendUint64(nil, m), padding...)}
		if err := cl.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	if err := cl.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
		t.Fatal(err)
	}
}
