package stream

import (
	"fmt"
	"slices"

	"cordon/internal/record"
)

// Restore takes the task over and brings it to its last checkpoint. The order
// matters: offsets or state read before the take-over may be older than a commit
// of the former owner that is still on its way.
func (w *Worker) Restore() error {
	if err := w.log.Acquire(); err != nil {
		return err
	}
	counts, err := w.log.Counts()
	if err != nil {
		return err
	}
	w.owner = NewOwner(w.stage, w.id, w.stage.InputsOf(w.id, counts))
	w.pending, w.flying, w.committed = nil, nil, nil
	w.ends, w.atEnd = map[Partition]int64{}, map[Partition]bool{}
	if err := w.log.State(w.owner.Restored); err != nil {
		return err
	}
	if err := w.begin(counts); err != nil {
		return err
	}
	w.committed = slices.Clone(w.owner.Positions())
	w.lastCut = w.log.Wall() - w.stagger(counts)
	return w.Checkpoint()
}

// stagger spreads the checkpoints of the tasks over the interval, so that they do
// not take the machine all at once.
func (w *Worker) stagger(counts map[Topic]int32) record.Micros {
	n := max(counts[w.stage.State], 1)
	return w.interval * record.Micros(w.id%n) / record.Micros(n)
}

// InputsOf names the partitions that task id reads.
func (s *Stage) InputsOf(id int32, counts map[Topic]int32) []Partition {
	var all []Partition
	for _, topic := range s.Inputs {
		if !s.Single {
			if id < counts[topic] {
				all = append(all, Partition{Topic: topic, ID: id})
			}
			continue
		}
		for p := int32(0); p < counts[topic]; p++ {
			all = append(all, Partition{Topic: topic, ID: p})
		}
	}
	return all
}

// begin starts the restored task at its positions.
func (w *Worker) begin(counts map[Topic]int32) error {
	start := Start{Partitions: counts}
	moved, err := w.checkPositions(&start)
	if err != nil {
		return err
	}
	if _, restored := w.owner.Restoring(); !restored && w.stage.Resume != "" {
		if start.Tail, err = w.log.Tail(); err != nil {
			return err
		}
	}
	if err := w.owner.Begin(start); err != nil {
		return err
	}
	for _, to := range moved {
		w.owner.Skip(Partition{to.Topic, to.Partition}, to.Next)
	}
	for _, loss := range start.Lost {
		w.log.Lost(loss)
	}
	return nil
}

// checkPositions compares the checkpoint's positions with the log. It returns
// the log start of inputs that begin behind their position, and notes in start
// which of them had one, so that records are lost.
func (w *Worker) checkPositions(start *Start) (moved []Position, err error) {
	header, _ := w.owner.Restoring()
	known := map[Partition]Position{}
	for _, at := range header.Positions {
		known[Partition{at.Topic, at.Partition}] = at
	}
	for _, at := range w.owner.Positions() {
		from := Partition{at.Topic, at.Partition}
		first, end, err := w.log.Bounds(from)
		if err != nil {
			return nil, err
		}
		at, was := known[from]
		switch {
		case at.Next < first:
			moved = append(moved, Position{Topic: from.Topic, Partition: from.ID, Next: first})
			if was {
				start.Lost = append(start.Lost, Loss{from, first - at.Next})
			}
		case at.Next > end:
			return nil, fmt.Errorf("%w: the checkpoint stands at offset %d of %s[%d], which ends at %d: the topic was re-created or cut; restore it, or start over under another topics.prefix",
				ErrState, at.Next, from.Topic, from.ID, end)
		case at.Next > first && at.CRC != 0 && !at.Topic.Compacted():
			if err := w.checkFingerprint(at); err != nil {
				return nil, err
			}
		}
	}
	return moved, nil
}

// checkFingerprint makes sure that the batch before the position is the one the
// checkpoint was made behind. The checksum covers the append time.
func (w *Worker) checkFingerprint(at Position) error {
	crc, found, err := w.log.Checksum(Partition{at.Topic, at.Partition}, at.Next-1)
	if err != nil || !found || crc == at.CRC {
		return err
	}
	return fmt.Errorf("%w: %s[%d] holds another batch at offset %d than when the checkpoint was made: the topic was re-created; restore it, or start over under another topics.prefix",
		ErrState, at.Topic, at.Partition, at.Next-1)
}
