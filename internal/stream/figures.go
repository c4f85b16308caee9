package stream

import "cordon/internal/record"

// CaughtUp reports that every input was read to its end when last fetched.
func (w *Worker) CaughtUp() bool {
	for _, at := range w.committed {
		if !w.atEnd[Partition{at.Topic, at.Partition}] {
			return false
		}
	}
	return true
}

// Committed returns the positions of the last checkpoint, sorted; valid until the
// next Step.
func (w *Worker) Committed() []Position { return w.committed }

// Positions returns how far every input was taken, sorted; valid until the next
// Step.
func (w *Worker) Positions() []Position { return w.owner.Positions() }

// End returns where the committed records of an input ended when last fetched.
func (w *Worker) End(p Partition) int64 { return w.ends[p] }

// Task returns the running task, for its figures.
func (w *Worker) Task() Task { return w.owner.Task() }

// Size returns the bytes that wait to be sent.
func (w *Worker) Size() int { return w.owner.Effects().Size() }

// workerFigures count what a worker did since it was made.
type workerFigures struct {
	committed, aborted int64
	pieces, bytes      int64         // of committed checkpoints, before compression
	pause              record.Micros // of the last cut: so long the task stood still
}

func (f *workerFigures) settled(c *Checkpoint, err error) {
	if err != nil {
		f.aborted++
		return
	}
	f.committed++
	f.pieces += int64(len(c.sends))
	for i := range c.sends {
		f.bytes += int64(len(c.sends[i].Key) + len(c.sends[i].Value))
	}
}

// WorkerFigures says what the figures of Worker.Counts mean.
var WorkerFigures = map[string]string{
	"checkpoints_total":             "Checkpoints by how they ended: committed, or aborted and made again.",
	"checkpoint_pieces_total":       "Records of state in committed checkpoints.",
	"checkpoint_bytes_total":        "Bytes of state in committed checkpoints, keys included, before compression.",
	"checkpoint_pause_microseconds": "How long the task stood still for its last checkpoint, microseconds; it goes on while that is written.",
}

// Counts tells the figures of the worker, as those of a Counted task.
func (w *Worker) Counts(add func(name, label string, value int64)) {
	f := &w.figures
	add("checkpoints_total", "committed", f.committed)
	add("checkpoints_total", "aborted", f.aborted)
	add("checkpoint_pieces_total", "", f.pieces)
	add("checkpoint_bytes_total", "", f.bytes)
	add("checkpoint_pause_microseconds", "", int64(f.pause))
}
