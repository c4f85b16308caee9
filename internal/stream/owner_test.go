package stream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
)

const (
	in  Topic = "in"
	out Topic = "out"
	st  Topic = "st"
)

// tally is a task with many pieces: for each residue of 5 the sum of the values
// seen, and an output for each record that depends on all of them. It takes a
// record only when its value is within the frontier.
type tally struct {
	sums    [5]uint64
	dirty   [5]bool
	cutting [5]bool
	ticks   uint64
}

func (s *tally) Restore(key, value []byte) error {
	s.sums[key[0]] = 0
	if value != nil {
		s.sums[key[0]] = binary.BigEndian.Uint64(value)
	}
	return nil
}
func (s *tally) Start(Start) error { return nil }
func (s *tally) Process(b Batch, now Now, out *Effects) int {
	for i, r := range b.Records {
		v := binary.BigEndian.Uint64(r.Value)
		if record.Micros(v) > now.Frontier {
			return i
		}
		s.sums[v%5], s.dirty[v%5] = s.sums[v%5]*31+v, true
		out.Send(Send{Topic: "out", Key: r.Key, Value: s.text()})
	}
	return len(b.Records)
}
func (s *tally) text() []byte               { return fmt.Append(nil, s.sums) }
func (s *tally) Tick(now Now, out *Effects) { s.ticks++ }
func (s *tally) Cut(cut *Cut) {
	s.cutting, s.dirty = s.dirty, [5]bool{}
	for i, changed := range s.cutting {
		if !changed {
			continue
		}
		var value []byte
		if s.sums[i] != 0 {
			value = binary.BigEndian.AppendUint64(nil, s.sums[i])
		}
		cut.Add([]byte{byte(i)}, value)
	}
}
func (s *tally) Settle(committed bool) {
	for i := range s.dirty {
		s.dirty[i] = s.dirty[i] || !committed && s.cutting[i]
	}
}

func tallying() *Stage {
	return &Stage{Name: "tally", Inputs: []Topic{in}, State: st, Outputs: []Topic{out}, Transactional: true, NewTask: func(int32) Task { return &tally{} }}
}

// log is what Kafka would hold of a partition: batches of the input, committed
// records of the state and of the output.
type log struct {
	input  []Batch
	state  []Record
	output []string
}

// owner restores one from the log, as a runner does.
func (l *log) owner(t interface{ Fatal(...any) }) *Owner {
	o := NewOwner(tallying(), 0, []Partition{{in, 0}})
	for _, r := range l.state {
		if err := o.Restored(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.Begin(Start{Partitions: map[Topic]int32{in: 1}}); err != nil {
		t.Fatal(err)
	}
	return o
}

// from returns what a fetch at an offset gives: the batch that holds it, whole or
// from the offset on, as brokers and decoders do.
func (l *log) from(offset int64, whole bool) (Batch, bool) {
	for _, b := range l.input {
		if last := b.Records[len(b.Records)-1].Offset; last < offset {
			continue
		}
		for !whole && b.Records[0].Offset < offset {
			b.Records = b.Records[1:]
		}
		return b, true
	}
	return Batch{}, false
}

// settle ends a checkpoint, and keeps what it holds when it is to commit.
func (l *log) settle(o *Owner, c *Checkpoint, commit bool) error {
	pieces, err := c.Pieces()
	if err != nil {
		return err
	}
	if commit {
		for _, s := range c.Outputs {
			l.output = append(l.output, string(s.Value))
		}
		for _, s := range pieces {
			l.state = append(l.state, Record{Key: slices.Clone(s.Key), Value: slices.Clone(s.Value)})
		}
	}
	o.Settle(commit)
	return nil
}

// Whatever the sizes of batches, the parts of them taken, what is taken while a
// cut is written, aborted cuts and crashes, what is committed is what one quiet pass gives.
func TestOwnerCommitsWhatOneQuietPassGives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &log{}
		values := rapid.SliceOfN(rapid.Uint64Range(0, 60), 1, 40).Draw(t, "values")
		twin := &tally{}
		var want []string
		for offset := int64(0); len(values) > 0; {
			n := rapid.IntRange(1, len(values)).Draw(t, "batch")
			b := Batch{Partition: Partition{in, 0}, CRC: uint32(offset) + 1}
			for _, v := range values[:n] {
				b.Records = append(b.Records, Record{Offset: offset, Value: binary.BigEndian.AppendUint64(nil, v)})
				twin.sums[v%5] = twin.sums[v%5]*31 + v
				want = append(want, string(twin.text()))
				offset += rapid.Int64Range(1, 3).Draw(t, "step") // markers and compaction leave gaps
			}
			l.input, values = append(l.input, b), values[n:]
		}
		o := l.owner(t)
		var cut *Checkpoint // under way
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0, 1:
				if b, ok := l.from(o.Positions()[0].Next, rapid.Bool().Draw(t, "whole")); ok {
					o.Take(b, Now{Frontier: record.Micros(rapid.IntRange(0, 60).Draw(t, "frontier"))})
				}
			case 2:
				o.Tick(Now{})
			case 3:
				if cut == nil {
					cut = o.Cut()
					continue
				}
				if err := l.settle(o, cut, rapid.Bool().Draw(t, "commit")); err != nil {
					t.Fatal(err)
				}
				cut = nil
			case 4:
				o, cut = l.owner(t), nil // a crash
			}
		}
		if cut != nil {
			if err := l.settle(o, cut, rapid.Bool().Draw(t, "commit the last")); err != nil {
				t.Fatal(err)
			}
		}
		for b, ok := l.from(o.Positions()[0].Next, true); ok; b, ok = l.from(o.Positions()[0].Next, true) {
			o.Take(b, Now{Frontier: Far})
		}
		if err := l.settle(o, o.Cut(), true); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(l.output, want) {
			t.Errorf("outputs %q\nwant %q", l.output, want)
		}
		if got := l.owner(t).Task().(*tally).sums; got != twin.sums {
			t.Errorf("restored %v, want %v", got, twin.sums)
		}
	})
}

func TestOwnerTakes(t *testing.T) {
	record := func(offset int64) Record { return Record{Offset: offset, Value: make([]byte, 8)} }
	batch := func(crc uint32, offsets ...int64) Batch {
		b := Batch{Partition: Partition{in, 0}, CRC: crc, AppendTime: 7}
		for _, o := range offsets {
			b.Records = append(b.Records, record(o))
		}
		return b
	}
	for _, c := range []struct {
		name  string
		batch Batch
		now   Now
		taken int
		at    Position
	}{
		{"from the position on", batch(1, 10, 11), Now{}, 2, Position{in, 0, 12, 1, 7}},
		{"what lies before it is done with", batch(1, 8, 9, 10, 12), Now{}, 4, Position{in, 0, 13, 1, 7}},
		{"all before it", batch(1, 8, 9), Now{}, 2, Position{Topic: in, Next: 10}},
		{"the task holds back", batch(1, 8, 10, 11), Now{Frontier: -1}, 1, Position{Topic: in, Next: 10}},
		{"not an input", Batch{Partition: Partition{out, 0}, Records: []Record{record(10)}}, Now{}, 1, Position{Topic: in, Next: 10}},
		{"empty", batch(1), Now{}, 0, Position{Topic: in, Next: 10}},
	} {
		o := NewOwner(tallying(), 0, []Partition{{in, 0}})
		if err := o.Begin(Start{}); err != nil {
			t.Fatal(err)
		}
		o.Skip(Partition{in, 0}, 10)
		if taken := o.Take(c.batch, c.now); taken != c.taken || o.Positions()[0] != c.at {
			t.Errorf("%s: took %d, position %+v; want %d, %+v", c.name, taken, o.Positions()[0], c.taken, c.at)
		}
	}
}

// A checkpoint is due at once at a first start, and then when something changed.
func TestOwnerChanges(t *testing.T) {
	l := &log{input: []Batch{{Partition: Partition{in, 0}, Records: []Record{{Offset: 0, Value: make([]byte, 8)}}}}}
	o := l.owner(t)
	steps := []struct {
		name string
		do   func()
		want bool
	}{
		{"first start", func() {}, true},
		{"aborted cut", func() { _ = l.settle(o, o.Cut(), false) }, true},
		{"committed cut", func() { _ = l.settle(o, o.Cut(), true) }, false},
		{"tick without effect", func() { o.Tick(Now{}) }, false},
		{"nothing taken", func() { o.Take(l.input[0], Now{Frontier: -1}) }, false},
		{"a record taken", func() { o.Take(l.input[0], Now{}) }, true},
		{"committed cut", func() { _ = l.settle(o, o.Cut(), true) }, false},
		{"restart", func() { o = l.owner(t) }, false},
		{"moved to the log start", func() { o.Skip(Partition{in, 0}, 5) }, true},
	}
	for _, s := range steps {
		if s.do(); o.Changed() != s.want {
			t.Errorf("%s: changed %v, want %v", s.name, o.Changed(), s.want)
		}
	}
}

// A checkpoint that cannot be continued is refused with what to do about it.
func TestOwnerRefusesCheckpoints(t *testing.T) {
	for _, c := range []struct {
		name   string
		header string
		want   []string
	}{
		{"other partition count", `{"version":1,"partitions":{"in":4,"unknown":9}}`, []string{"topic in has 1 partitions", "st[0] was made with 4", "topics.prefix"}},
		{"newer header", `{"version":2}`, []string{"st[0] has header version 2, this program knows 1", "run the version that wrote it", "delete the state topic"}},
		{"not a header", `{`, []string{"st[0]", "cannot read", "delete the state topic"}},
	} {
		o := NewOwner(tallying(), 0, []Partition{{in, 0}})
		err := o.Restored(Record{Key: []byte(HeaderKey), Value: []byte(c.header)})
		if err == nil {
			err = o.Begin(Start{Partitions: map[Topic]int32{in: 1}})
		}
		if !errors.Is(err, ErrState) {
			t.Errorf("%s: error %v, want an ErrState", c.name, err)
			continue
		}
		for _, words := range c.want {
			if !strings.Contains(err.Error(), words) {
				t.Errorf("%s: told %q, want %q in it", c.name, err, words)
			}
		}
	}
}

// The arena may move while effects are added; what was sent stays as it was.
func TestEffectsKeepWhatWasSent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var e Effects
		for range 2 { // the second round reuses the memory of the first
			var want []string
			size := 0
			for range rapid.IntRange(0, 40).Draw(t, "sends") {
				value := slices.Repeat([]byte{byte(len(want))}, rapid.IntRange(0, 9000).Draw(t, "size"))
				e.Send(Send{Value: value})
				want, size = append(want, string(value)), size+len(value)
				clear(value) // the caller reuses its buffer
			}
			for i, s := range e.Sends() {
				if string(s.Value) != want[i] {
					t.Fatalf("send %d of %d: %d bytes differ", i, len(want), len(s.Value))
				}
			}
			if len(e.Sends()) != len(want) || e.Size() != size {
				t.Fatalf("%d sends of %d bytes, want %d of %d", len(e.Sends()), e.Size(), len(want), size)
			}
			e.Reset()
		}
	})
}

func TestStageNamesItsTopicsOnce(t *testing.T) {
	s := &Stage{Inputs: []Topic{"b", "a"}, State: "s", Outputs: []Topic{"a", "c"}, Resume: "c", Counts: []Topic{"d"}}
	if got := s.Named(); !slices.Equal(got, []Topic{"a", "b", "c", "d", "s"}) {
		t.Errorf("named %v", got)
	}
	if got := (&Stage{State: "s"}).Named(); !slices.Equal(got, []Topic{"s"}) {
		t.Errorf("named %v, want the state alone", got)
	}
}

func ExampleOwner() {
	o := NewOwner(tallying(), 0, []Partition{{in, 0}})
	_ = o.Begin(Start{Partitions: map[Topic]int32{in: 1}})
	b := Batch{Partition: Partition{in, 0}, CRC: 7, Records: []Record{{Offset: 41, Value: binary.BigEndian.AppendUint64(nil, 3)}}}
	o.Take(b, Now{Frontier: Far})
	for _, s := range o.Effects().Sends() {
		fmt.Printf("%s: %s\n", s.Topic, s.Value)
	}
	c := o.Cut() // its outputs and pieces go into one transaction
	pieces, _ := c.Pieces()
	o.Settle(true)
	fmt.Println(len(pieces), "records of state, next offset", o.Positions()[0].Next)
	// Output:
	// out: [0 0 0 3 0]
	// 2 records of state, next offset 42
}
