package simulation

import (
	"errors"
	"strings"

	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// wrapping puts a task around the tasks of one program, or of all.
func wrapping(program string, around func(stream.Task) stream.Task) func(stream.Stage) *stream.Stage {
	return func(s stream.Stage) *stream.Stage {
		if inner := s.NewTask; program == "" || program == s.Name {
			s.NewTask = func(p int32) stream.Task { return around(inner(p)) }
		}
		return &s
	}
}

// wrapped is a task that shows the other faces of the one inside.
type wrapped struct{ stream.Task }

func (w wrapped) Front() stream.Front {
	if a, ok := w.Task.(stream.Aligned); ok {
		return a.Front()
	}
	return stream.Front{}
}

func (w wrapped) Counts(add func(string, string, int64)) { w.Task.(stream.Counted).Counts(add) }

// forgetful takes what a cut held for stored, committed or not.
type forgetful struct{ wrapped }

func (f *forgetful) Settle(bool) { f.wrapped.Settle(true) }

// forgetAborted takes what is not committed for committed.
func forgetAborted(err error) error {
	if errors.Is(err, stream.ErrAborted) {
		return nil
	}
	return err
}

// hasty reads the state, then takes the id over.
type hasty struct {
	access
	pieces []stream.Record
}

func (h *hasty) Acquire() error {
	h.pieces = nil
	err := h.access.State(func(r stream.Record) error {
		h.pieces = append(h.pieces, r)
		return nil
	})
	if err != nil {
		return err
	}
	return h.access.Acquire()
}

func (h *hasty) State(each func(stream.Record) error) error {
	for _, r := range h.pieces {
		if err := each(r); err != nil {
			return err
		}
	}
	return nil
}

// amnesiac restores a scorer without one kind of pieces.
type amnesiac struct {
	access
	kind byte
}

func (a *amnesiac) State(each func(stream.Record) error) error {
	return a.access.State(func(r stream.Record) error {
		if a.stage == 1 && len(r.Key) > 0 && r.Key[0] == a.kind {
			return nil
		}
		return each(r)
	})
}

// coarse holds a fetch back as a whole or not at all.
type coarse struct {
	wrapped
	wall record.Micros // of the last batch: those of one fetch come at once
}

func (c *coarse) Process(b stream.Batch, now stream.Now, out *stream.Effects) int {
	if c.wall != now.Wall {
		first := b
		first.Records = b.Records[:1]
		if c.wrapped.Process(first, now, out) == 0 {
			return 0
		}
		c.wall = now.Wall
		b.Records = b.Records[1:]
		now.Frontier = stream.Far
		return 1 + c.wrapped.Process(b, now, out)
	}
	now.Frontier = stream.Far
	return c.wrapped.Process(b, now, out)
}

// rash says that a partition is at its end before it was read.
type rash struct {
	wrapped
	read bool
}

func (r *rash) Process(b stream.Batch, now stream.Now, out *stream.Effects) int {
	r.read = true
	return r.wrapped.Process(b, now, out)
}

func (r *rash) Tick(now stream.Now, out *stream.Effects) {
	now.AtEnd = now.AtEnd || !r.read
	r.wrapped.Tick(now, out)
}

// loyal waits for every source it has heard of, however late its clock.
type loyal struct {
	wrapped
	at  map[int32]map[string]record.Micros // by partition, whatever becomes of the task
	out stream.Effects
}

func (l *loyal) Process(b stream.Batch, now stream.Now, out *stream.Effects) int {
	taken := l.wrapped.Process(b, now, &l.out)
	for _, r := range b.Records[:taken] {
		var d raw.Decoder
		var t raw.Telemetry
		if d.Decode(r.Value, &t) == nil {
			of := l.at[b.Partition.ID]
			if of == nil {
				of = map[string]record.Micros{}
				l.at[b.Partition.ID] = of
			}
			of[strings.Clone(t.SourceID)] = max(of[t.SourceID], t.OccurredAt)
		}
	}
	l.pass(out)
	return taken
}

func (l *loyal) Tick(now stream.Now, out *stream.Effects) {
	l.wrapped.Tick(now, &l.out)
	l.pass(out)
}

func (l *loyal) pass(out *stream.Effects) {
	for _, s := range l.out.Sends() {
		if s.Topic == stream.Telemetry && record.NameOf(s.Value) == "SourceClock" {
			var c record.SourceClock
			if record.DecodeInto(s.Value, &c) == nil {
				for _, at := range l.at[c.RawPartition] {
					c.Time = min(c.Time, at)
				}
				s.Value, _ = record.Append(nil, &c)
			}
		}
		out.Send(s)
	}
	l.out.Reset()
}

// selfish lets the time of the partition follow each terminal's records.
type selfish struct {
	wrapped
	partitions int32
}

func (s *selfish) Start(from stream.Start) error {
	s.partitions = from.Partitions[stream.Telemetry]
	return s.wrapped.Start(from)
}

func (s *selfish) Process(b stream.Batch, now stream.Now, out *stream.Effects) int {
	for _, r := range b.Records {
		one := b
		one.Records = []stream.Record{r}
		var d record.Decoder
		var t record.PseudonymisedTelemetry
		if d.DecodeTelemetry(r.Value, &t) == nil {
			for p := range s.partitions {
				value, _ := record.Append(nil, &record.SourceClock{RawPartition: p, RawPartitions: s.partitions, Time: t.OccurredAt, State: record.ClockActive})
				clock := b
				clock.Records = []stream.Record{{Offset: r.Offset, Value: value}}
				s.wrapped.Process(clock, now, out)
			}
		}
		s.wrapped.Process(one, now, out)
	}
	return len(b.Records)
}

// numberless takes records without their numbers, so that no repeat is known.
type numberless struct{ wrapped }

func (n *numberless) Process(b stream.Batch, now stream.Now, out *stream.Effects) int {
	plain := b
	plain.Records = nil
	for _, r := range b.Records {
		var d raw.Decoder
		var t raw.Telemetry
		if d.Decode(r.Value, &t) == nil {
			t.SourceSequence = record.Opt[int64]{}
			r.Value = raw.AppendTelemetry(nil, &t)
		}
		plain.Records = append(plain.Records, r)
	}
	return n.wrapped.Process(plain, now, out)
}

// credulous takes a write for done whatever the answer.
type credulous struct{ access }

func (c *credulous) Write(sends []stream.Send) error {
	for _, part := range byPartition(sends) {
		err := c.request(writing, func() error { return c.w.log.Append(part) })
		if err != nil && !errors.Is(err, errBroken) {
			return err
		}
	}
	return nil
}
