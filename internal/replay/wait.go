package replay

import (
	"context"
	"encoding/json"
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
// has taken what lies before. progress is called with the slowest partition's
// time whenever it has moved.
func Await(ctx context.Context, c *kafka.Client, from Mark, at record.Micros, progress func(record.Micros)) error {
	ends, err := awaitVerdicts(ctx, c, from, at, progress)
	if err != nil {
		return err
	}
	for {
		done, err := enforced(ctx, c, ends)
		if done || err != nil {
			return err
		}
		if err := wait(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

// awaitVerdicts follows the verdicts partitions one after the other; the
// slowest decides. It returns the offsets behind the Progress it waited for.
func awaitVerdicts(ctx context.Context, c *kafka.Client, from Mark, at record.Micros, progress func(record.Micros)) (Mark, error) {
	ends := Mark{}
	for p, offset := range from {
		if p.Topic != stream.Verdicts {
			continue
		}
		reading, stop := context.WithCancel(ctx)
		reached := false
		err := c.Follow(reading, stream.Position{Topic: p.Topic, Partition: p.ID, Next: offset}, func(b stream.Batch) error {
			for _, rec := range b.Records {
				var s record.Progress
				if reached || record.NameOf(rec.Value) != "Progress" || record.DecodeInto(rec.Value, &s) != nil {
					continue
				}
				if progress != nil {
					progress(s.Time)
				}
				if s.Time >= at {
					ends[p], reached = rec.Offset+1, true
					stop()
				}
			}
			return nil
		})
		stop()
		if err == nil && !reached {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
	}
	return ends, nil
}

// enforced reports whether the enforcer's checkpoint covers the offsets.
func enforced(ctx context.Context, c *kafka.Client, ends Mark) (bool, error) {
	var h stream.Header
	err := c.Read(ctx, stream.Partition{Topic: stream.EnforcerState}, 0, func(b stream.Batch) error {
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
		return false, err
	}
	covered := 0
	for _, at := range h.Positions {
		if end, asked := ends[stream.Partition{Topic: at.Topic, ID: at.Partition}]; asked && at.Next >= end {
			covered++
		}
	}
	return covered == len(ends), nil
}
