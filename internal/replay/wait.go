package replay

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/internal/stream/kafka"
)

// Mark is where the output topics end at some moment.
type Mark map[stream.Partition]int64

// MarkOutputs notes the ends of the topics a replay's results go to, so that
// only what comes after is shown.
func MarkOutputs(ctx context.Context, c *kafka.Client, topics ...stream.Topic) (Mark, error) {
	counts, err := c.Counts(ctx)
	if err != nil {
		return nil, err
	}
	m := Mark{}
	for _, t := range topics {
		for p := int32(0); p < counts[t]; p++ {
			at := stream.Partition{Topic: t, ID: p}
			if _, m[at], err = c.Bounds(ctx, at); err != nil {
				return nil, err
			}
		}
	}
	return m, nil
}

// Await waits until every stage of the pipeline has worked through event time
// at: the progress of all verdicts partitions has passed it, and the enforcer
// has taken what lies before. progress is called with the time of the partition
// that is looked at whenever it has moved. With at 0 there is nothing to wait
// for. When ctx ends first the error says which stage had come how far.
func Await(ctx context.Context, c *kafka.Client, from Mark, at record.Micros, progress func(record.Micros)) error {
	if at <= 0 {
		return nil
	}
	ends := Mark{}
	for p, next := range from {
		if p.Topic != stream.Verdicts {
			continue
		}
		end, err := awaitVerdicts(ctx, c, stream.Position{Topic: p.Topic, Partition: p.ID, Next: next}, at, progress)
		if err != nil {
			return err
		}
		ends[p] = end
	}
	for {
		covered, err := enforced(ctx, c, ends)
		if covered == len(ends) && err == nil {
			return nil
		}
		if err == nil {
			err = wait(ctx, 100*time.Millisecond)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w: the enforcer has taken %d of %d partitions of verdicts; does it run, and is it ready?", ctx.Err(), covered, len(ends))
		}
		if err != nil {
			return err
		}
	}
}

// awaitVerdicts follows one verdicts partition until its progress has passed
// event time at, and returns the offset behind it.
func awaitVerdicts(ctx context.Context, c *kafka.Client, from stream.Position, at record.Micros, progress func(record.Micros)) (end int64, err error) {
	reading, stop := context.WithCancel(ctx)
	defer stop()
	newest := record.Micros(0)
	err = c.Follow(reading, from, func(b stream.Batch) error {
		for _, rec := range b.Records {
			var s record.Progress
			if newest >= at || record.NameOf(rec.Value) != "Progress" || record.DecodeInto(rec.Value, &s) != nil {
				continue
			}
			newest = s.Time
			if progress != nil {
				progress(newest)
			}
			if newest >= at {
				end = rec.Offset + 1
				stop()
			}
		}
		return nil
	})
	switch {
	case newest >= at:
		return end, nil
	case ctx.Err() == nil:
		return 0, err
	case newest == 0:
		return 0, fmt.Errorf("%w: nothing is decided in %s[%d]; does the scorer run, and the collector before it?", ctx.Err(), from.Topic, from.Partition)
	}
	return 0, fmt.Errorf("%w: %s[%d] is decided up to %s, not yet to %s", ctx.Err(), from.Topic, from.Partition, newest, at)
}

// enforced returns how many of the offsets the enforcer's checkpoint covers.
func enforced(ctx context.Context, c *kafka.Client, ends Mark) (covered int, err error) {
	var h stream.Header
	err = c.Read(ctx, stream.Partition{Topic: stream.EnforcerState}, 0, func(b stream.Batch) error {
		for _, rec := range b.Records {
			if string(rec.Key) == stream.HeaderKey {
				h = stream.Header{}
				if err := json.Unmarshal(rec.Value, &h); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, at := range h.Positions {
		if end, asked := ends[stream.Partition{Topic: at.Topic, ID: at.Partition}]; asked && at.Next >= end {
			covered++
		}
	}
	return covered, nil
}
