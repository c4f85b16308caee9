package kafka_test

import (
	"encoding/binary"
	"testing"
	"time"

	"go.uber.org/goleak"

	"cordon/internal/stream"
	"cordon/internal/stream/kafka"
)

func TestRestartsLoseAndDoubleNothing(t *testing.T) {
	const partitions = 3
	c := deployment(t, partitions)
	for round := uint64(0); round < 3; round++ {
		r := start(t, c, stage(true))
		write(t, c, round*1000, round*1000+1000, partitions)
		if round == 2 {
			check(t, c, 3000, partitions)
		}
		r.stop()
	}
}

// Two members of one group share the partitions; when one leaves, the other
// takes over where it stopped.
func TestTwoInstancesShareAndHandOver(t *testing.T) {
	const partitions = 4
	c := deployment(t, partitions)
	a := start(t, c, stage(true))
	write(t, c, 0, 1000, partitions)
	start(t, c, stage(true))
	write(t, c, 1000, 2000, partitions)
	a.stop()
	write(t, c, 2000, 3000, partitions)
	check(t, c, 3000, partitions)
}

func TestOutputsOutsideTheTransaction(t *testing.T) {
	c := deployment(t, 2)
	r := start(t, c, stage(false))
	write(t, c, 0, 1000, 2)
	check(t, c, 1000, 2)
	r.stop()
	start(t, c, stage(false))
	write(t, c, 1000, 1500, 2)
	check(t, c, 1500, 2)
}

// Figures are right before the first record after a restart: a position of 0
// would show as lag, and be committed to the group.
func TestFiguresAfterARestart(t *testing.T) {
	c := deployment(t, 1)
	r := start(t, c, stage(true))
	write(t, c, 0, 100, 1)
	check(t, c, 100, 1)
	r.stop()
	r = start(t, c, stage(true))
	await(t, "ready", func() bool { ready, _ := r.Ready(); return ready })
	want := kafka.Figure{Input: stream.Partition{Topic: numbers}, Next: 100}
	if got := r.Figures(); len(got) != 1 || got[0] != want {
		t.Errorf("figures %+v, want %+v", got, want)
	}
}

// Nothing that Run or a Client started outlives them, but for fetches under way:
// the broker answers those within the 500 ms they ask for.
func TestLeavesNoGoroutine(t *testing.T) {
	c := deployment(t, 2) // starts the broker
	c.Close()
	before := goleak.IgnoreCurrent()
	func() {
		r := start(t, c, stage(true))
		write(t, c, 0, 100, 2)
		check(t, c, 100, 2)
		r.stop()
	}()
	c.Close()
	await(t, "no goroutine left", func() bool { return goleak.Find(before) == nil })
}

// Records near the bound of a batch, and a transaction of many batches: 16 MB
// of effects in one interval, over 900 KB a partition.
func TestLargeRecordsAndCuts(t *testing.T) {
	const partitions, each = 2, 10
	c := deployment(t, partitions)
	s := stage(true)
	s.NewTask = func(p int32) stream.Task { return &summing{partition: p, padding: 800 << 10} }
	w, err := c.NewWriter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var sends []stream.Send
	for n := range uint64(partitions * each) {
		value := append(binary.BigEndian.AppendUint64(nil, n), make([]byte, 800<<10)...)
		sends = append(sends, stream.Send{Topic: numbers, Partition: int32(n % partitions), Value: value})
	}
	if err := w.Write(t.Context(), sends); err != nil {
		t.Fatal(err)
	}
	start(t, c, s, func(s *kafka.RunnerSettings) { s.Interval, s.PrefetchBytes = 500*time.Millisecond, 16<<20 })
	check(t, c, partitions*each, partitions)
}
