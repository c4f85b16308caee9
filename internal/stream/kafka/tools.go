package kafka

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/segmentio/kafka-go"

	"cordon/internal/stream"
	"cordon/internal/stream/recordbatch"
)

// Writer writes records that the brokers deduplicate, for tools and sources
// outside the stages. It belongs to one goroutine.
type Writer struct{ p producer }

// NewWriter takes a producer id; it retries for a minute at most.
func (c *Client) NewWriter(ctx context.Context) (*Writer, error) {
	w := &Writer{p: producer{client: c, timeout: time.Minute, id: recordbatch.NoProducer}}
	return w, w.p.acquire(ctx)
}

// Write returns when every record is acknowledged by all in-sync replicas.
func (w *Writer) Write(ctx context.Context, sends []stream.Send) error { return w.p.send(ctx, sends) }

// Read calls fn for every committed batch of a partition from offset on, up to
// what was committed when it began. Offsets below the log start are skipped.
func (c *Client) Read(ctx context.Context, from stream.Partition, offset int64, fn func(stream.Batch) error) error {
	var b backoff
	for {
		start, end, err := c.Bounds(ctx, from)
		if err == nil {
			return c.read(ctx, from, max(offset, start), end, fn)
		}
		if !retryable(err) {
			return words(err)
		}
		if err := c.wait(ctx, &b, err); err != nil {
			return err
		}
	}
}

// Follow calls fn for every committed batch of a partition from a position on,
// until ctx ends or fn fails; what was deleted is skipped.
func (c *Client) Follow(ctx context.Context, at stream.Position, fn func(stream.Batch) error) error {
	err := c.read(ctx, stream.Partition{Topic: at.Topic, ID: at.Partition}, at.Next, math.MaxInt64, fn)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// read calls fn for every committed batch of [offset, end). Failures that may
// pass are retried until ctx ends.
func (c *Client) read(ctx context.Context, from stream.Partition, offset, end int64, fn func(stream.Batch) error) error {
	f := &fetcher{client: c, from: from, bytes: 4 << 20, wait: pollWait}
	var b backoff
	for offset < end {
		got, err := f.fetch(ctx, offset)
		if errors.Is(err, kafka.OffsetOutOfRange) {
			var start int64
			if start, _, err = c.Bounds(ctx, from); err == nil {
				offset, err = start, kafka.OffsetNotAvailable // fetch again, after a pause
			}
		}
		switch {
		case err == nil:
			b.reset()
		case !retryable(err):
			return words(err)
		default:
			if err := c.wait(ctx, &b, err); err != nil {
				return err
			}
			continue
		}
		for _, batch := range got.batches {
			if err := fn(batch); err != nil {
				return err
			}
		}
		offset = got.next
	}
	return nil
}
