package kafka

import (
	"context"
	"errors"
	"time"

	"github.com/segmentio/kafka-go"

	"cordon/internal/stream"
)

// Writer writes records that the brokers deduplicate, for tools and sources
// outside the stages. It belongs to one goroutine.
type Writer struct{ p producer }

// NewWriter takes a producer id; it retries for a minute at most.
func (c *Client) NewWriter(ctx context.Context) (*Writer, error) {
	w := &Writer{p: producer{client: c, timeout: time.Minute}}
	return w, w.p.acquire(ctx)
}

// Write returns when every record is acknowledged by all in-sync replicas.
func (w *Writer) Write(ctx context.Context, sends []stream.Send) error { return w.p.send(ctx, sends) }

// Follow calls fn for every committed batch of a partition from offset on,
// until ctx ends or fn fails; what was deleted is skipped. Failures that may pass are retried.
func (c *Client) Follow(ctx context.Context, at stream.Position, fn func(stream.Batch) error) error {
	f := &fetcher{client: c, from: stream.Partition{Topic: at.Topic, ID: at.Partition}, bytes: 4 << 20, wait: pollWait}
	var b backoff
	for next := at.Next; ; {
		got, err := f.fetch(ctx, next)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, kafka.OffsetOutOfRange):
			if next, _, err = c.Bounds(ctx, f.from); err != nil && !retryable(err) {
				return words(err)
			}
			continue
		case err != nil && !retryable(err):
			return words(err)
		case err != nil:
			if b.wait(ctx) != nil {
				return nil
			}
			continue
		}
		b.reset()
		for _, batch := range got.batches {
			if err := fn(batch); err != nil {
				return err
			}
		}
		next = got.next
	}
}
