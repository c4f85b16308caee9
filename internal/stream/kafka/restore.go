package kafka

import (
	"fmt"
	"time"

	"cordon/internal/stream"
	"cordon/internal/stream/recordbatch"
)

// tailRecords is how many of the newest records a task without state is shown
// of its Resume topic; a Progress comes at least once per step.
const tailRecords = 2000

// restore takes the task over and brings it to its last checkpoint. The order
// matters: offsets or state read before the take-over may be older than a
// commit of the former owner that is still on its way.
func (w *worker) restore() error {
	s := w.r.settings
	if err := w.txn.acquire(w.ctx); err != nil {
		return err
	}
	if !s.Stage.Transactional {
		w.outputs = producer{client: w.r.client, timeout: s.TransactionTimeout, id: recordbatch.NoProducer}
		if err := w.outputs.acquire(w.ctx); err != nil {
			return err
		}
	}
	began := time.Now()
	var err error
	if w.topics, err = w.r.stageTopics(w.ctx); err != nil {
		return err
	}
	w.owner = stream.NewOwner(s.Stage, w.id, w.inputs())
	w.pending, w.ends, w.atEnd, w.committed = nil, map[stream.Partition]int64{}, map[stream.Partition]bool{}, nil
	if s.Stage.Aligned {
		w.r.board.join(w.id, w.wake)
	}
	pieces, err := w.restoreState()
	if err != nil {
		return err
	}
	if err := w.begin(); err != nil {
		return err
	}
	w.measure()
	if err := w.cut(); err != nil {
		return err
	}
	w.r.tell(false, w.id, fmt.Sprintf("started with %d pieces of state, restored in %d ms", pieces, time.Since(began).Milliseconds()), nil)
	return nil
}

// begin starts the restored task at its positions.
func (w *worker) begin() error {
	moved, lost, err := w.checkPositions()
	if err != nil {
		return err
	}
	start := stream.Start{Partitions: w.topics, Lost: lost}
	if _, restored := w.owner.Restoring(); !restored && w.r.settings.Stage.Resume != "" {
		if start.Tail, err = w.tail(); err != nil {
			return err
		}
	}
	if err := w.owner.Begin(start); err != nil {
		return err
	}
	for from, first := range moved {
		w.owner.Skip(from, first)
	}
	for _, from := range lost {
		w.r.tell(true, w.id, fmt.Sprintf("records of %s[%d] were deleted before they were read: data loss; going on at offset %d", from.Topic, from.ID, moved[from]), nil)
	}
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
		for p := int32(0); p < w.topics[topic]; p++ {
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
// the log start of inputs that begin behind their position, and which of them
// had one, so that records are lost.
func (w *worker) checkPositions() (moved map[stream.Partition]int64, lost []stream.Partition, err error) {
	header, _ := w.owner.Restoring()
	known := map[stream.Partition]stream.Position{}
	for _, at := range header.Positions {
		known[stream.Partition{Topic: at.Topic, ID: at.Partition}] = at
	}
	moved = map[stream.Partition]int64{}
	for _, from := range w.inputs() {
		start, end, err := w.r.client.Bounds(w.ctx, from)
		if err != nil {
			return nil, nil, err
		}
		at, was := known[from]
		switch {
		case at.Next < start:
			moved[from] = start
			if was {
				lost = append(lost, from)
			}
		case at.Next > end:
			return nil, nil, fmt.Errorf("%w: the checkpoint stands at offset %d of %s[%d], which ends at %d: the topic was re-created or cut; restore it, or start over under another topics.prefix",
				stream.ErrState, at.Next, w.r.client.name(from.Topic), from.ID, end)
		case at.Next > start && at.CRC != 0 && !at.Topic.Compacted():
			if err := w.checkFingerprint(at); err != nil {
				return nil, nil, err
			}
		}
	}
	return moved, lost, nil
}

// checkFingerprint makes sure that the batch before the position is the one the
// checkpoint was made behind. The checksum covers the append time.
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
