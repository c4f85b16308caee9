package memory_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/internal/stream/memory"
	"pgregory.net/rapid"
)

const (
	numbers stream.Topic = "numbers"
	sums    stream.Topic = "sums"
	state   stream.Topic = "state"
)

// summing is a task whose output depends on everything it ever took: a lost or
// repeated record changes every later sum.
type summing struct {
	total uint64
	take  int // records it takes of a batch at a time; 0: all
}

func (s *summing) Restore(_, value []byte) error {
	s.total = binary.BigEndian.Uint64(value)
	return nil
}
func (s *summing) Start(stream.Start) error { return nil }
func (s *summing) Process(b stream.Batch, _ stream.Now, out *stream.Effects) int {
	n := len(b.Records)
	if s.take > 0 {
		n = min(n, s.take)
	}
	for _, r := range b.Records[:n] {
		s.total = s.total*31 + binary.BigEndian.Uint64(r.Value)
		out.Send(stream.Send{Topic: sums, Partition: b.Partition.ID, Value: binary.BigEndian.AppendUint64(nil, s.total)})
	}
	return n
}
func (s *summing) Tick(stream.Now, *stream.Effects) {}
func (s *summing) Cut(cut *stream.Cut) {
	cut.Add([]byte("total"), binary.BigEndian.AppendUint64(nil, s.total))
}
func (s *summing) Settle(bool) {}

func stage(take int) *stream.Stage {
	return &stream.Stage{
		Name: "summing", Inputs: []stream.Topic{numbers}, State: state, Outputs: []stream.Topic{sums}, Transactional: true,
		NewTask: func(int32) stream.Task { return &summing{take: take} },
	}
}

func newLog() *memory.Log {
	log := memory.NewLog()
	for _, topic := range []stream.Topic{numbers, sums, state} {
		log.Create(topic, 2)
	}
	return log
}

func number(p int32, n uint64) stream.Send {
	return stream.Send{Topic: numbers, Partition: p, Value: binary.BigEndian.AppendUint64(nil, n)}
}

func read(t interface{ Fatalf(string, ...any) }, log *memory.Log, topic stream.Topic, p int32) []string {
	var out []string
	for offset := int64(0); ; {
		b, next, more := log.Fetch(stream.Partition{Topic: topic, ID: p}, offset)
		if !more {
			return out
		}
		for _, r := range b.Records {
			out = append(out, fmt.Sprintf("%x", r.Value))
		}
		if next <= offset {
			t.Fatalf("fetch of %s[%d] at %d went to %d", topic, p, offset, next)
		}
		offset = next
	}
}

// A run that is killed and restarted at any moment writes what a quiet run
// writes: nothing lost, nothing doubled.
func TestRestartChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Uint64(), 1, 40).Draw(t, "values")
		quiet, rough := newLog(), newLog()
		run := func(log *memory.Log, kills []int, take, cutBytes int) {
			next := 0
			runner, err := memory.NewRunner(log, stage(take))
			if err != nil {
				t.Fatalf("start: %v", err)
			}
			runner.CutBytes = cutBytes
			for step := 0; ; step++ {
				if len(kills) > 0 && step == kills[0] {
					kills = kills[1:]
					if runner, err = memory.NewRunner(log, stage(take)); err != nil {
						t.Fatalf("restart: %v", err)
					}
				}
				if next < len(values) {
					if err := log.Append([]stream.Send{number(int32(next%2), values[next])}); err != nil {
						t.Fatalf("append: %v", err)
					}
					next++
				}
				moved, err := runner.Step()
				if err != nil {
					t.Fatalf("step: %v", err)
				}
				if !moved && next == len(values) && len(kills) == 0 {
					return
				}
			}
		}
		run(quiet, nil, 0, 0)
		kills := []int{}
		for at, n := 0, rapid.IntRange(0, 4).Draw(t, "kills"); n > 0; n-- {
			at += rapid.IntRange(1, 15).Draw(t, "steps")
			kills = append(kills, at)
		}
		run(rough, kills, rapid.IntRange(0, 2).Draw(t, "take"), rapid.IntRange(0, 200).Draw(t, "cutBytes"))
		for p := int32(0); p < 2; p++ {
			want, got := read(t, quiet, sums, p), read(t, rough, sums, p)
			if fmt.Sprint(want) != fmt.Sprint(got) {
				t.Fatalf("partition %d: quiet run wrote %v, restarted run wrote %v", p, want, got)
			}
		}
	})
}

func TestTransactionsFollowKafka(t *testing.T) {
	log := newLog()
	old := log.Producer("id")
	if err := old.Send([]stream.Send{number(0, 1)}); err != nil {
		t.Fatal(err)
	}
	if err := log.Append([]stream.Send{number(0, 2)}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, log, numbers, 0); len(got) != 0 {
		t.Errorf("read past an open transaction: %v", got)
	}
	taken := log.Producer("id")
	if got := read(t, log, numbers, 0); len(got) != 1 {
		t.Errorf("after the takeover: got %v, want the one record that is not aborted", got)
	}
	if err := old.Send([]stream.Send{number(0, 3)}); !errors.Is(err, memory.ErrFenced) {
		t.Errorf("send of the fenced producer: got %v, want %v", err, memory.ErrFenced)
	}
	if err := old.Commit(); !errors.Is(err, memory.ErrFenced) {
		t.Errorf("commit of the fenced producer: got %v, want %v", err, memory.ErrFenced)
	}
	log.HoldMarkers(true)
	if err := errors.Join(taken.Send([]stream.Send{number(0, 4)}), taken.Commit()); err != nil {
		t.Fatal(err)
	}
	if got := read(t, log, numbers, 0); len(got) != 1 {
		t.Errorf("committed without marker: got %v, want 1 record", got)
	}
	if err := taken.Send([]stream.Send{number(0, 5)}); !errors.Is(err, memory.ErrMarkersPending) {
		t.Errorf("send before the markers: got %v, want %v", err, memory.ErrMarkersPending)
	}
	if !log.DeliverMarkers("id") {
		t.Error("no markers to deliver")
	}
	if got := read(t, log, numbers, 0); len(got) != 2 {
		t.Errorf("after the markers: got %v, want 2 records", got)
	}
}

func TestTrimKeepsOffsets(t *testing.T) {
	log := newLog()
	for n := uint64(0); n < 5; n++ {
		if err := log.Append([]stream.Send{number(0, n)}); err != nil {
			t.Fatal(err)
		}
	}
	p := stream.Partition{Topic: numbers, ID: 0}
	log.Trim(p, 3)
	if log.Start(p) != 3 || log.End(p) != 5 {
		t.Errorf("got start %d and end %d, want 3 and 5", log.Start(p), log.End(p))
	}
	if b, next, more := log.Fetch(p, 0); !more || b.Records[0].Offset != 3 || next != 4 {
		t.Errorf("fetch below the start: got offset %v, next %d", b.Records, next)
	}
}

func TestFrontierJumpsOverAGapInAllPartitions(t *testing.T) {
	counting := func(at ...int64) []stream.Front {
		var fronts []stream.Front
		for _, v := range at {
			fronts = append(fronts, stream.Front{Counts: true, Time: seconds(v)})
		}
		return fronts
	}
	for _, c := range []struct {
		fronts []stream.Front
		self   int
		want   int64
	}{
		{counting(100), 0, -1},
		{counting(100, 50), 0, 70},
		{counting(100, 50), 1, 120},
		{append(counting(100, 900), stream.Front{}), 0, 920},
	} {
		got := stream.Frontier(c.fronts, c.self, stream.AlignBound)
		want := seconds(c.want)
		if c.want < 0 {
			want = stream.Far
		}
		if got != want {
			t.Errorf("frontier of %d in %v: got %d, want %d", c.self, c.fronts, got, want)
		}
	}
}

func seconds(n int64) record.Micros { return record.Micros(n) * record.Second }
