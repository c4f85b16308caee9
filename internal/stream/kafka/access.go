package kafka

import (
	"context"
	"fmt"
	"time"

	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/internal/stream/recordbatch"
)

// The methods of worker in this file are its stream.Log. All but Commit are
// called by the worker's own goroutine and hold it until they are done.

// tailRecords is how many of the newest records a task without state is shown
// of its Resume topic; a Progress comes at least once per step.
const tailRecords = 2000

// Acquire takes over the transactional id, and a producer id of its own for what
// is sent outside the transactions.
func (w *worker) Acquire() error {
	if err := w.txn.acquire(w.ctx); err != nil {
		return err
	}
	if w.r.settings.Stage.Transactional {
		return nil
	}
	w.outputs = producer{client: w.r.client, timeout: w.r.settings.TransactionTimeout, id: recordbatch.NoProducer}
	return w.outputs.acquire(w.ctx)
}

// Counts returns the partition counts of the stage's topics.
func (w *worker) Counts() (map[stream.Topic]int32, error) { return w.r.stageTopics(w.ctx) }

// State reads the state partition to its end, and says how far it has come when
// that takes long.
func (w *worker) State(each func(stream.Record) error) error {
	from := stream.Partition{Topic: w.r.settings.Stage.State, ID: w.id}
	_, end, err := w.r.client.Bounds(w.ctx, from)
	if err != nil {
		return err
	}
	pieces, told := 0, time.Now()
	return w.r.client.Read(w.ctx, from, 0, func(b stream.Batch) error {
		for _, rec := range b.Records {
			if err := each(rec); err != nil {
				return err
			}
		}
		pieces += len(b.Records)
		if at := b.Records[len(b.Records)-1].Offset; time.Since(told) > time.Second {
			told = time.Now()
			w.r.tell(false, w.id, fmt.Sprintf("restoring: %d pieces of state read, %d %% of %s[%d]", pieces, 100*at/max(end, 1), from.Topic, from.ID), nil)
		}
		return nil
	})
}

// Bounds returns where a partition begins and where committed records end.
func (w *worker) Bounds(p stream.Partition) (start, end int64, err error) {
	return w.r.client.Bounds(w.ctx, p)
}

// Checksum returns the CRC of the batch that holds a record.
func (w *worker) Checksum(p stream.Partition, offset int64) (crc uint32, found bool, err error) {
	f := &fetcher{client: w.r.client, from: p, bytes: 1 << 20}
	got, err := f.fetch(w.ctx, offset)
	if err != nil || len(got.batches) == 0 || got.batches[0].Records[0].Offset != offset {
		return 0, false, err // not a record any more: nothing to compare
	}
	return got.batches[0].CRC, true, nil
}

// Tail returns the newest records of the Resume topic.
func (w *worker) Tail() ([]stream.Record, error) {
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

// Write sends outputs that may be repeated, so it begins anew under another
// producer id as often as it fails: to restore the task would cost more. The
// worker stands still meanwhile, which stops the fetching.
func (w *worker) Write(sends []stream.Send) error {
	err := w.outputs.send(w.hard, sends)
	for b := (backoff{}); err != nil && (retryable(err) || broken(err) || fenced(err)); {
		w.r.tell(true, w.id, "writing is interrupted, trying again", err)
		if err := w.r.client.wait(w.hard, &b, err); err != nil {
			return err
		}
		w.outputs.id = recordbatch.NoProducer
		if err = w.outputs.acquire(w.hard); err == nil {
			err = w.outputs.send(w.hard, sends)
		}
	}
	return err
}

// Commit starts the goroutine that writes a checkpoint; feed, Finish and abort
// wait for it.
func (w *worker) Commit(c *stream.Checkpoint) {
	w.writing = true
	w.begun++
	go func() { w.ended <- w.commit(c) }()
}

// Await waits for that goroutine.
func (w *worker) Await() error {
	err := <-w.ended
	w.writing = false
	return err
}

// commit writes a checkpoint in one transaction. Where it fails before the
// commit was asked for, the transaction is aborted and the id taken anew with our
// own epoch: nothing of it can come later, and nobody else can have come between.
func (w *worker) commit(c *stream.Checkpoint) error {
	err := w.send(c)
	if err == nil {
		return w.txn.end(w.hard, true)
	}
	if !retryable(err) || w.ctx.Err() != nil {
		return err
	}
	w.r.tell(true, w.id, "a checkpoint could not be written, trying again", err)
	if err := w.txn.end(w.hard, false); err != nil {
		return err
	}
	if err := w.txn.acquire(w.hard); err != nil {
		return err
	}
	return fmt.Errorf("%w: %w", stream.ErrAborted, err)
}

// send writes the records of a checkpoint. It gives up while there is still time
// to abort before the broker does: that would fence us.
func (w *worker) send(c *stream.Checkpoint) error {
	ctx, cancel := context.WithTimeout(w.hard, w.txn.timeout*2/3)
	defer cancel()
	if err := w.txn.send(ctx, c.Outputs); err != nil {
		return err
	}
	pieces, err := c.Pieces()
	if err != nil {
		return err
	}
	return w.txn.send(ctx, pieces)
}

// Wall is the wall clock.
func (w *worker) Wall() record.Micros { return record.MicrosOf(time.Now()) }

// Lost tells of records that were deleted before they were read.
func (w *worker) Lost(l stream.Loss) {
	w.r.tell(true, w.id, fmt.Sprintf("records of %s[%d] were deleted before they were read: data loss; going on %d offsets further", l.Topic, l.ID, l.Offsets), nil)
}
