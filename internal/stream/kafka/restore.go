package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"

	"cordon/internal/stream"
)

// tailRecords is how many of the newest records a task without state is shown
// of its Resume topic; a Progress comes at least once per step.
const tailRecords = 2000

// restore takes the task over and brings it to its last checkpoint. The order
// matters: offsets or state read before the take-over may be older than a
// commit of the former owner that is still on its way.
func (w *worker) restore() error {
	s := w.r.settings
	w.txn = producer{client: w.r.client, txid: fmt.Sprintf("%s%s-%d", w.r.client.settings.Prefix, s.Stage.Name, w.id), timeout: s.TransactionTimeout}
	if err := w.txn.acquire(w.ctx); err != nil {
		return err
	}
	if !s.Stage.Transactional {
		w.outputs = producer{client: w.r.client, timeout: s.TransactionTimeout}
		if err := w.outputs.acquire(w.ctx); err != nil {
			return err
		}
	}
	w.owner = stream.NewOwner(s.Stage, w.id, w.inputs())
	w.pending, w.atEnd, w.lastCut = nil, map[stream.Partition]bool{}, time.Now()
	if s.Stage.Aligned {
		w.wake = w.r.board.join(w.id)
	}
	began := time.Now()
	pieces, err := w.restoreState()
	if err != nil {
		return err
	}
	start := stream.Start{Partitions: w.r.counts}
	if start.Lost, err = w.checkPositions(); err != nil {
		return err
	}
	if _, restored := w.owner.Restoring(); !restored && s.Stage.Resume != "" {
		if start.Tail, err = w.tail(); err != nil {
			return err
		}
	}
	if err := w.owner.Begin(start); err != nil {
		return err
	}
	for _, lost := range start.Lost {
		w.r.tell(true, w.id, fmt.Sprintf("records of %s[%d] were deleted before they were read: data loss", lost.Topic, lost.ID), nil)
		first, _, err := w.r.client.Bounds(w.ctx, lost)
		if err != nil {
			return err
		}
		w.owner.Skip(lost, first)
	}
	if err := w.cut(); err != nil {
		return err
	}
	w.r.tell(false, w.id, fmt.Sprintf("started with %d pieces of state, restored in %d ms", pieces, time.Since(began).Milliseconds()), nil)
	return nil
}

// inputs names the partitions this task reads.
func (w *worker) inputs() []stream.Partition {
	var all []stream.Partition
	for _, topic := range w.r.settings.Stage.Inputs {
		if !w.r.settings.Stage.Single {
			all = append(all, stream.Partition{Topic: topic, ID: w.id})
			continue
		}
		for p := int32(0); p < w.r.counts[topic]; p++ {
			all = append(all, stream.Partition{Topic: topic, ID: p})
		}
	}
	return all
}

// restoreState reads the state partition to its end and returns how many
// records it held.
func (w *worker) restoreState() (int, error) {
	from := stream.Partition{Topic: w.r.settings.Stage.State, ID: w.id}
	n := 0
	err := w.r.client.Read(w.ctx, from, 0, func(b stream.Batch) error {
		for _, rec := range b.Records {
			n++
			if err := w.owner.Restored(rec); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// checkPositions compares the checkpoint's positions with the log. It returns
// the inputs of which records are gone.
func (w *worker) checkPositions() ([]stream.Partition, error) {
	header, restored := w.owner.Restoring()
	if !restored {
		return nil, nil
	}
	var lost []stream.Partition
	for _, at := range header.Positions {
		from := stream.Partition{Topic: at.Topic, ID: at.Partition}
		start, end, err := w.r.client.Bounds(w.ctx, from)
		if err != nil {
			return nil, err
		}
		switch {
		case at.Next < start:
			lost = append(lost, from)
		case at.Next > end:
			return nil, fmt.Errorf("%w: the checkpoint stands at offset %d of %s[%d], which ends at %d: the topic was re-created or cut; restore it, or start over under another topics.prefix",
				stream.ErrState, at.Next, w.r.client.name(at.Topic), at.Partition, end)
		case at.Next > start && at.CRC != 0 && !at.Topic.Compacted():
			if err := w.checkFingerprint(at); err != nil {
				return nil, err
			}
		}
	}
	return lost, nil
}

// checkFingerprint makes sure that the batch before the position is the one the
// checkpoint was made behind.
func (w *worker) checkFingerprint(at stream.Position) error {
	from := stream.Partition{Topic: at.Topic, ID: at.Partition}
	f := &fetcher{client: w.r.client, from: from, bytes: 1 << 20}
	got, err := f.fetch(w.ctx, at.Next-1)
	if err != nil {
		return err
	}
	if len(got.batches) == 0 || got.batches[0].Records[0].Offset != at.Next-1 {
		return nil // not a record any more: nothing to compare
	}
	if got.batches[0].CRC != at.CRC {
		return fmt.Errorf("%w: %s[%d] holds another batch at offset %d than when the checkpoint was made: the topic was re-created; restore it, or start over under another topics.prefix",
			stream.ErrState, w.r.client.name(at.Topic), at.Partition, at.Next-1)
	}
	return nil
}

// tail returns the newest records of the Resume topic.
func (w *worker) tail() ([]stream.Record, error) {
	from := stream.Partition{Topic: w.r.settings.Stage.Resume, ID: w.id}
	start, end, err := w.r.client.Bounds(w.ctx, from)
	if err != nil {
		return nil, err
	}
	var records []stream.Record
	err = w.r.client.Read(w.ctx, from, max(start, end-tailRecords), func(b stream.Batch) error {
		records = append(records, b.Records...)
		return nil
	})
	return records, err
}

// Read calls fn for every committed batch of a partition from offset on, up to
// what was committed when it began. Offsets below the log start are skipped.
func (c *Client) Read(ctx context.Context, from stream.Partition, offset int64, fn func(stream.Batch) error) error {
	var b backoff
	f := &fetcher{client: c, from: from, bytes: 4 << 20, wait: pollWait}
	end := int64(-1)
	for {
		start, last, err := c.Bounds(ctx, from)
		if err == nil {
			offset = max(offset, start)
			if end < 0 {
				end = last
			}
			err = readTo(ctx, f, &offset, end, fn)
		}
		if err == nil {
			return nil
		}
		if !retryable(err) && !errors.Is(err, kafka.OffsetOutOfRange) {
			return words(err)
		}
		if werr := b.wait(ctx); werr != nil {
			return werr
		}
	}
}

// readTo reads up to end and keeps the offset reached.
func readTo(ctx context.Context, f *fetcher, offset *int64, end int64, fn func(stream.Batch) error) error {
	for *offset < end {
		got, err := f.fetch(ctx, *offset)
		if err != nil {
			return err
		}
		for _, batch := range got.batches {
			if err := fn(batch); err != nil {
				return err
			}
		}
		*offset = got.next
	}
	return nil
}
