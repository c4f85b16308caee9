package kafka

import (
	"context"
	"time"

	"cordon/internal/record"
	"cordon/internal/stream"
)

// Figure is where one input of one task stands.
type Figure struct {
	Input stream.Partition
	Task  int32
	Next  int64 // offset of the next record at the last checkpoint
	Lag   int64 // offsets from there to the end of committed records
}

// each calls fn for every worker of this process, which holds still meanwhile.
func (r *Runner) each(fn func(*worker)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range r.workers {
		w.mu.Lock()
		fn(w)
		w.mu.Unlock()
	}
}

// Figures returns where every input of the tasks of this process stands.
func (r *Runner) Figures() (all []Figure) {
	r.each(func(w *worker) { all = append(all, w.figures...) })
	return all
}

// Ready reports whether every task of this process has caught up once since it
// was assigned, and why not.
func (r *Runner) Ready() (bool, string) {
	ready, reason := false, "no partition assigned yet"
	r.mu.Lock()
	if r.assigned {
		reason = "standing by: no partition assigned"
	}
	r.mu.Unlock()
	caught := true
	r.each(func(w *worker) { ready, reason, caught = true, "", caught && w.caught })
	if !caught {
		return false, "restoring or catching up"
	}
	return ready, reason
}

// note counts what a fetch had to pass over.
func (w *worker) note(got fetched) {
	if got.refused != nil {
		w.r.tell(true, w.id, "passing over a batch that cannot be read: its records are lost to this stage", got.refused)
		w.mu.Lock()
		w.refused++
		w.mu.Unlock()
	}
}

// show makes the figures anew.
func (w *worker) show() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.caught = w.caught || w.CaughtUp()
	w.figures = w.figures[:0]
	for _, at := range w.Committed() {
		input := stream.Partition{Topic: at.Topic, ID: at.Partition}
		w.figures = append(w.figures, Figure{Input: input, Task: w.id, Next: at.Next, Lag: max(0, w.End(input)-at.Next)})
	}
}

// watchProgress keeps the board informed of raw partitions that other instances
// read, from what was said last on, until ctx ends.
func (r *Runner) watchProgress(ctx context.Context) {
	for b := (backoff{}); ctx.Err() == nil; _ = b.wait(ctx) {
		start, _, err := r.client.Bounds(ctx, stream.Partition{Topic: stream.Progress})
		if err == nil {
			_ = r.client.Follow(ctx, stream.Position{Topic: stream.Progress, Next: start}, r.showOthers)
		}
	}
}

// showOthers puts the clocks of partitions that run elsewhere on the board.
func (r *Runner) showOthers(b stream.Batch) error {
	for _, rec := range b.Records {
		r.board.HeardRecord(rec, record.MicrosOf(time.Now()))
	}
	return nil
}

// Count is one figure of one task.
type Count struct {
	Task        int32
	Name, Label string
	Value       int64
}

// countEvery is how often a task is asked for its figures.
const countEvery = time.Second

// Counts returns the figures of all tasks of this process, at most countEvery
// old.
func (r *Runner) Counts() (all []Count) {
	r.each(func(w *worker) {
		all = append(append(all, w.counts...), Count{Task: w.id, Name: "batches_refused_total", Value: w.refused})
	})
	return all
}

// count takes over the figures of worker and task; only the owner may ask them.
func (w *worker) count() {
	if time.Since(w.counted) < countEvery {
		return
	}
	w.counted = time.Now()
	var counts []Count
	add := func(name, label string, value int64) {
		counts = append(counts, Count{Task: w.id, Name: name, Label: label, Value: value})
	}
	w.Worker.Counts(add)
	if task, ok := w.Task().(stream.Counted); ok {
		task.Counts(add)
	}
	w.mu.Lock()
	w.counts = counts
	w.mu.Unlock()
}
