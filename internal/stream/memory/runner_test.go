package memory_test

import (
	"errors"
	"fmt"
	"testing"

	"cordon/internal/stream"
	"cordon/internal/stream/memory"
)

// told is a summing task that keeps what it was told at its start.
type told struct {
	summing
	starts *[]stream.Start
}

func (k *told) Start(s stream.Start) error {
	*k.starts = append(*k.starts, s)
	return nil
}

// resuming is a stage whose outputs lie outside the transaction, as the
// scorer's, and whose tasks without state are shown what they wrote.
func resuming(starts *[]stream.Start) *stream.Stage {
	s := stage(0)
	s.Transactional, s.Resume = false, sums
	s.NewTask = func(int32) stream.Task { return &told{starts: starts} }
	return s
}

func step(t *testing.T, r *memory.Runner) {
	t.Helper()
	for {
		moved, err := r.Step()
		if err != nil {
			t.Fatal(err)
		}
		if !moved {
			return
		}
	}
}

func started(t *testing.T, log *memory.Log, s *stream.Stage) *memory.Runner {
	t.Helper()
	r, err := memory.NewRunner(log, s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Outputs outside the transaction are there before the checkpoint, and come
// again after a crash before it: a repeat, never a loss.
func TestOutputsOutsideTheTransactionRepeat(t *testing.T) {
	log, starts := newLog(), []stream.Start{}
	r := started(t, log, resuming(&starts))
	for n := uint64(1); n <= 3; n++ {
		if err := log.Append([]stream.Send{number(0, n)}); err != nil {
			t.Fatal(err)
		}
		step(t, r)
		if n == 2 {
			if err := r.Cut(0); err != nil {
				t.Fatal(err)
			}
		}
	}
	before := read(t, log, sums, 0)
	step(t, started(t, log, resuming(&starts)))
	after := read(t, log, sums, 0)
	if want := append(before[:3:3], before[2]); len(before) != 3 || fmt.Sprint(after) != fmt.Sprint(want) {
		t.Errorf("after the crash the outputs are %v, want %v", after, want)
	}
}

func TestTasksAreToldWhatThereIs(t *testing.T) {
	log, starts := newLog(), []stream.Start{}
	if err := log.Append([]stream.Send{{Topic: sums, Partition: 1, Value: []byte("old")}, number(1, 7), number(1, 8)}); err != nil {
		t.Fatal(err)
	}
	step(t, started(t, log, resuming(&starts)))
	fresh := starts[1]
	if fresh.Restored || len(fresh.Tail) != 1 || string(fresh.Tail[0].Value) != "old" || fresh.Partitions[numbers] != 2 {
		t.Errorf("a task without state was told %+v, want the counts and the newest of %s", fresh, sums)
	}
	if err := log.Append([]stream.Send{number(1, 9)}); err != nil {
		t.Fatal(err)
	}
	log.Trim(stream.Partition{Topic: numbers, ID: 1}, 3)
	started(t, log, resuming(&starts))
	again := starts[3]
	if !again.Restored || len(again.Tail) != 0 || len(again.Lost) != 1 || again.Lost[0].Partition != (stream.Partition{Topic: numbers, ID: 1}) {
		t.Errorf("a task whose input was deleted was told %+v, want its state and what is lost", again)
	}
}

// The state belongs to partition counts: under others the terminals would move.
func TestOtherPartitionCountsAreRefused(t *testing.T) {
	log, starts := newLog(), []stream.Start{}
	started(t, log, resuming(&starts))
	grown := memory.NewLog()
	for _, topic := range []stream.Topic{sums, state} {
		grown.Create(topic, 2)
	}
	grown.Create(numbers, 1)
	var pieces []stream.Send
	for offset := int64(0); ; {
		b, next, more := log.Fetch(stream.Partition{Topic: state}, offset)
		if !more {
			break
		}
		for _, r := range b.Records {
			pieces = append(pieces, stream.Send{Topic: state, Key: r.Key, Value: r.Value})
		}
		offset = next
	}
	if err := grown.Append(pieces); err != nil {
		t.Fatal(err)
	}
	if _, err := memory.NewRunner(grown, resuming(&starts)); !errors.Is(err, stream.ErrState) {
		t.Errorf("got %v, want %v", err, stream.ErrState)
	}
}
