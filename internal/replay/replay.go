// Package replay writes telemetry into a deployment as its probes would, and
// waits for what comes out.
//
// What it promises: every record of the source is acknowledged by the brokers
// once, in the source's order per partition, with Clocks around it (package
// feed); a deployment whose clock is ahead of the telemetry is refused before
// anything is written, for all of it would be late.
//
// What it does not: it resumes nothing. A replay that was broken off is started
// again into a fresh prefix.
package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"cordon/internal/failure"
	"cordon/internal/feed"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/internal/stream/kafka"
)

const (
	// flushRecords and flushEvery bound how long a record waits for others.
	flushRecords = 2000
	flushEvery   = 50 * time.Millisecond
	// introduceWithin bounds the wait for collectors that are down.
	introduceWithin = 15 * time.Second
)

// Source gives telemetry in order of event time; io.EOF ends it.
type Source interface {
	Next(*raw.Telemetry) error
}

// Settings of one replay.
type Settings struct {
	// Client of the deployment.
	Client *kafka.Client
	// Source of the telemetry.
	Source Source
	// Shift is added to every time.
	Shift record.Micros
	// Speed is event time per wall time; 0: as fast as the brokers take it.
	Speed int64
	// Observe is called after every write with the records so far and the
	// event time reached; nil: nobody looks.
	Observe func(records int64, at record.Micros)
}

// Result says what was written.
type Result struct {
	Records int64
	First   record.Micros // event time of the first record, shifted
	Last    record.Micros // event time of the newest record, shifted
	Clock   record.Micros // time of the last Clocks
}

// settle is how far before the last Clock the pipeline's progress may stay: the
// lateness and what a pane takes.
const settle = record.Minute

// Settled is up to when everything is decided once the pipeline has worked
// through what was written, for Await. Without a record it is not after 0.
func (r Result) Settled() record.Micros { return r.Clock - settle }

// writer takes records to the brokers and returns once all have acknowledged
// them: a kafka.Writer.
type writer interface {
	Write(context.Context, []stream.Send) error
}

// run is one replay under way; it belongs to one goroutine.
type run struct {
	Settings
	writer  writer
	feed    *feed.Feed
	buffer  stream.Effects
	began   time.Time // when the first record was written
	flushed time.Time // when the buffer was last written
	result  Result
}

// Run writes the whole source.
func Run(ctx context.Context, s Settings) (Result, error) {
	counts, err := s.Client.Counts(ctx)
	if err != nil {
		return Result{}, err
	}
	n := counts[stream.TelemetryRaw]
	if n == 0 {
		return Result{}, failure.Usage(errors.New("there is no topic telemetry.raw with this prefix; create the topics with: cordonctl topics create"))
	}
	r := &run{Settings: s, feed: feed.New(n), flushed: time.Now()}
	if r.writer, err = s.Client.NewWriter(ctx); err != nil {
		return Result{}, err
	}
	var t raw.Telemetry
	for {
		switch err := s.Source.Next(&t); {
		case errors.Is(err, io.EOF):
			return r.end(ctx)
		case err != nil:
			return r.result, err
		}
		if err := r.add(ctx, &t); err != nil {
			return r.result, err
		}
	}
}

func (r *run) add(ctx context.Context, t *raw.Telemetry) error {
	if t.Kind == record.KindClock {
		return nil // the feed writes its own
	}
	t.Shift(r.Shift)
	if r.result.Records == 0 {
		r.result.First = t.OccurredAt
		if err := CheckClock(ctx, r.Client, t.OccurredAt); err != nil {
			return err
		}
	}
	if err := r.pace(ctx, t.OccurredAt); err != nil {
		return err
	}
	r.buffered(r.feed.Add(t))
	if r.result.Records == 0 {
		if err := r.introduce(ctx); err != nil {
			return err
		}
		r.began = time.Now()
	}
	r.result.Records++
	r.result.Last = r.feed.Newest()
	if len(r.buffer.Sends()) < flushRecords && time.Since(r.flushed) < flushEvery {
		return nil
	}
	return r.flush(ctx)
}

// introduce writes the first Clocks and waits until every raw partition has
// taken notice. A partition that never had a source does not count (EMPTY), so
// at full speed the others would run past its first records in the moment its
// collector needs to see them. Where no collector runs there is nothing to wait
// for: one that starts later reads every partition before it calls it empty.
func (r *run) introduce(ctx context.Context) error {
	before, err := states(ctx, r.Client)
	if err != nil {
		return err
	}
	if err := r.flush(ctx); err != nil {
		return err
	}
	limit, cancel := context.WithTimeout(ctx, introduceWithin)
	defer cancel()
	for len(before) > 0 {
		now, err := states(ctx, r.Client)
		if err != nil {
			return err
		}
		waiting := 0
		for p := range before {
			if now[p] == record.ClockEmpty {
				waiting++
			}
		}
		if waiting == 0 || wait(limit, 20*time.Millisecond) != nil {
			break
		}
	}
	return ctx.Err()
}

// states returns the newest state of every raw partition that has one.
func states(ctx context.Context, c *kafka.Client) (map[int32]record.ClockState, error) {
	known := map[int32]record.ClockState{}
	err := eachClock(ctx, c, func(s *record.SourceClock) { known[s.RawPartition] = s.State })
	return known, err
}

// eachClock calls fn for the newest clocks of all raw partitions, in the order
// they were written.
func eachClock(ctx context.Context, c *kafka.Client, fn func(*record.SourceClock)) error {
	return c.Read(ctx, stream.Partition{Topic: stream.Progress}, 0, func(b stream.Batch) error {
		for _, rec := range b.Records {
			var s record.SourceClock
			if record.DecodeInto(rec.Value, &s) == nil {
				fn(&s)
			}
		}
		return nil
	})
}

func (r *run) buffered(sends []stream.Send) {
	for _, s := range sends {
		r.buffer.Send(s)
	}
}

func (r *run) flush(ctx context.Context) error {
	defer r.buffer.Reset()
	err := r.writer.Write(ctx, r.buffer.Sends())
	// After the write: one that takes longer than flushEvery would else be followed
	// by one of a single record.
	r.flushed = time.Now()
	if err == nil && r.Observe != nil {
		r.Observe(r.result.Records, r.feed.Newest())
	}
	return err
}

// pace waits until a record of event time at is due. Silence is filled with
// Clocks, so that the pipeline's time does not stand still.
func (r *run) pace(ctx context.Context, at record.Micros) error {
	if r.Speed == 0 || r.result.Records == 0 {
		return nil
	}
	for {
		ahead := (at-r.result.First).Duration()/time.Duration(r.Speed) - time.Since(r.began)
		if ahead <= 0 {
			return nil
		}
		if err := r.flush(ctx); err != nil {
			return err
		}
		if err := wait(ctx, min(ahead, flushEvery)); err != nil {
			return err
		}
		now := r.result.First + record.MicrosIn(time.Since(r.began))*record.Micros(r.Speed)
		r.buffered(r.feed.Tick(min(now, at)))
	}
}

// end writes the last Clocks: past every timer, but not ahead of the brokers'
// own clock, which would refuse them.
func (r *run) end(ctx context.Context) (Result, error) {
	if r.result.Records == 0 {
		return r.result, nil
	}
	for _, at := range r.feed.End(record.MicrosOf(time.Now())) {
		r.buffered(r.feed.ClockAt(at))
		if len(r.buffer.Sends()) < flushRecords {
			continue
		}
		if err := r.flush(ctx); err != nil { // thousands of sources make many
			return r.result, err
		}
	}
	r.result.Clock = r.feed.Newest()
	return r.result, r.flush(ctx)
}

// CheckClock refuses a deployment in which the clock of any raw partition has
// passed first: the probes of a replay write into all of them, and in that one
// they would be too far behind to be waited for.
func CheckClock(ctx context.Context, c *kafka.Client, first record.Micros) error {
	ahead, at := record.Micros(0), int32(0)
	err := eachClock(ctx, c, func(s *record.SourceClock) {
		if s.Time > ahead {
			ahead, at = s.Time, s.RawPartition
		}
	})
	if err != nil {
		return err
	}
	if ahead > first {
		return failure.Usage(fmt.Errorf("the clock of this deployment stands at %s (raw partition %d), the first record is of %s and would be late: replay into a fresh prefix (--prefix), or shift the times (--start-at now with --speed real)", ahead, at, first))
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
