package simulation

import (
	"bytes"
	"fmt"

	"cordon/enforcer/audit"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// rawClock is what a telemetry partition was told of a raw partition.
type rawClock struct {
	time     record.Micros
	next     int64
	received int64
	at       record.Micros // when its owner spoke last
}

// checkClocks: what telemetry is told of a raw partition never goes back, its
// sources' records are counted once, and it is called silent only when it is.
func (w *world) checkClocks(got *Expected) error {
	n := w.in.Partitions
	heard := make([]rawClock, n*n)
	for id := range n {
		from := stream.Partition{Topic: stream.Telemetry, ID: id}
		for offset, more := int64(0), true; more; {
			var b stream.Batch
			b, offset, more = w.log.Fetch(from, offset)
			for _, r := range b.Records {
				if record.NameOf(r.Value) != "SourceClock" {
					continue
				}
				var c record.SourceClock
				if err := record.DecodeInto(r.Value, &c); err != nil {
					return err
				}
				if err := heard[id*n+c.RawPartition].hear(&c, b.AppendTime); err != nil {
					return fmt.Errorf("telemetry[%d] at %d: %w", id, r.Offset, err)
				}
			}
		}
	}
	if !w.in.Exact {
		return nil
	}
	return checkCounts(heard, n, got)
}

// hear takes the next word about a raw partition: its owner's, or that of another
// collector which has heard nothing of the owner for long.
func (h *rawClock) hear(c *record.SourceClock, at record.Micros) error {
	if c.State == record.ClockStalled && c.NextOffset == 0 && len(c.Sources) == 0 {
		// Another collector hears of it a little later than the log, never earlier.
		if h.at != 0 && at-h.at < stream.SilentAfter-5*record.Second {
			return fmt.Errorf("raw partition %d is called silent, %.0f s after its owner spoke", c.RawPartition, seconds(at-h.at))
		}
		return nil
	}
	if c.Time < h.time || c.NextOffset < h.next {
		return fmt.Errorf("the clock of raw partition %d goes back from %s and offset %d to %s and offset %d",
			c.RawPartition, clockText(h.time), h.next, clockText(c.Time), c.NextOffset)
	}
	h.time, h.next, h.at = c.Time, c.NextOffset, at
	for _, s := range c.Sources {
		h.received += s.Received
	}
	return nil
}

// checkCounts compares what SourceClocks counted with what was forwarded in the
// panes they have passed.
func checkCounts(heard []rawClock, n int32, got *Expected) error {
	forwarded := make([]int64, n)
	var d record.Decoder
	for _, o := range got.Outcomes {
		var t record.PseudonymisedTelemetry
		open := (heard[o.partition].time - 20*record.Second).Floor(10 * record.Second)
		if d.DecodeTelemetry(o.value, &t) == nil && t.OccurredAt < open {
			forwarded[o.partition]++
		}
	}
	for i, h := range heard {
		if want := forwarded[int32(i)%n]; h.received != want {
			return fmt.Errorf("telemetry[%d] is told of %d records of raw partition %d, %d were forwarded", int32(i)/n, h.received, int32(i)%n, want)
		}
	}
	return nil
}

// checkAudit: the chain holds, no command is given twice and no fence falls.
func (w *world) checkAudit() error {
	var v audit.Verifier
	given := map[record.ID]bool{}
	fences := map[stream.Partition]int64{}
	return each(w.log, func(p stream.Partition, r stream.Record) error {
		decoded, err := record.Decode(r.Value)
		switch d := decoded.(type) {
		case *record.AuditEvent:
			return v.Check(d)
		case *record.IsolationCommand:
			if d.Fence < fences[p] {
				return fmt.Errorf("fence %d after %d", d.Fence, fences[p])
			}
			fences[p] = d.Fence
			if given[d.CommandID] {
				return fmt.Errorf("a command is given twice: %s", text(r.Value))
			}
			given[d.CommandID] = true
		}
		return err
	}, stream.Audit, stream.IsolationCommands, stream.IsolationRehearsal)
}

// checkBounds: what tasks held stayed within their room, and it is noted that
// they came near it. That the scorer's is filled up is no fault: where a raw
// partition has a gap the others may read up to its next record, before its clock
// has come there. Nothing is late for it, and that is looked at.
func (w *world) checkBounds() error {
	r := w.want.room
	for _, b := range []struct {
		figure string
		most   int64
	}{{figureHeld, r.held}, {figureBindings, r.bindings}, {figureAhead, r.ahead}} {
		got := w.most[b.figure]
		if got > b.most {
			return fmt.Errorf("%s was %d, the bound is %d", b.figure, got, b.most)
		}
		if got >= b.most/2 && (w.in.Exact || b.figure == figureAhead) {
			w.tally[near(b.figure)]++
		}
	}
	return nil
}

// Names of what is measured and has a bound.
const (
	figureHeld     = "collector_held_bytes"
	figureBindings = "collector_bindings"
	figureAhead    = "scorer_held_bytes"
)

// near names a run that needed half of the room there was, or more.
func near(figure string) string { return figure + " comes to half its bound" }

// checkEnd: the clock of every partition of verdicts has come to the end.
func (w *world) checkEnd() error {
	last := w.in.Tail[len(w.in.Tail)-1].At - record.Minute
	newest := make([]record.Micros, w.in.Partitions)
	err := each(w.log, func(p stream.Partition, r stream.Record) error {
		if bytes.Equal(r.Key, []byte("progress")) {
			var g record.Progress
			if err := record.DecodeInto(r.Value, &g); err != nil {
				return err
			}
			newest[p.ID] = max(newest[p.ID], g.Time)
		}
		return nil
	}, stream.Verdicts)
	for id, at := range newest {
		if at < last && err == nil {
			return fmt.Errorf("the clock of verdicts[%d] stopped at %s, before the end at %s", id, clockText(at), clockText(last))
		}
	}
	return err
}
