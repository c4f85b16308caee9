package main

import (
	"context"

	"cordon/internal/record"
	"cordon/internal/stream"
)

// said is the newest record of a kind in a partition, and when the log took it.
type said[T any] struct {
	Record T
	At     record.Micros
	Found  bool
}

// lookBack is how far before the end the newest records are looked for first;
// when they are not there, further each time.
const lookBack = 64

// backwards reads the end of a partition, more of it each time until enough
// reports that what was looked for is among it. take sees the records anew from
// an earlier one on each time, so that the last one it keeps is the newest.
func (d *doctor) backwards(ctx context.Context, p stream.Partition, enough func() bool, take func(stream.Batch) error) error {
	start, end, err := d.client.Bounds(ctx, p)
	if err != nil {
		return err
	}
	for back := int64(lookBack); start < end; back *= 16 {
		from := max(start, end-back)
		if err := d.client.Read(ctx, p, from, take); err != nil {
			return err
		}
		if from == start || enough() {
			break
		}
	}
	return nil
}

// newest returns the newest record of a name in a partition.
func newest[T any](ctx context.Context, d *doctor, p stream.Partition, name string) (said[T], error) {
	var s said[T]
	err := d.backwards(ctx, p, func() bool { return s.Found }, func(b stream.Batch) error {
		for _, r := range b.Records {
			var rec T
			if record.NameOf(r.Value) == name && record.DecodeInto(r.Value, &rec) == nil {
				s = said[T]{rec, b.AppendTime, true}
			}
		}
		return nil
	})
	return s, err
}

// count returns how many committed records lie from next to the end. Offsets
// alone do not tell: the markers of transactions have some, too. A long way is
// not counted but taken as it is.
func (d *doctor) count(ctx context.Context, p stream.Partition, next, end int64) (int64, error) {
	const countable = 10_000
	if end-next > countable || next >= end {
		return max(end-next, 0), nil
	}
	n := int64(0)
	err := d.client.Read(ctx, p, next, func(b stream.Batch) error {
		for _, r := range b.Records {
			if r.Offset >= next {
				n++
			}
		}
		return nil
	})
	return n, err
}
