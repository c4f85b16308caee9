package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"cordon/internal/record"
	"cordon/internal/stream"
)

const (
	// pollWait is how long the broker may hold a fetch back while it has
	// nothing: also how often a silent partition is known to be silent.
	pollWait = 500 * time.Millisecond
	// tickEvery is how often a task is told the time.
	tickEvery = 50 * time.Millisecond
	// maxEffects is how many bytes of outputs a transaction gathers.
	maxEffects = 8 << 20
	// finishWithin bounds the abort of a worker that could not finish, and what
	// a write may take beyond its retries.
	finishWithin = 2 * time.Second
)

// worker owns one task: it restores it, feeds it, and commits its checkpoints.
type worker struct {
	r      *Runner
	id     int32
	ctx    context.Context
	cancel context.CancelFunc

	owner   *stream.Owner
	txn     producer // checkpoints, and outputs of a transactional stage
	outputs producer // outputs of the other kind
	pending []stream.Batch
	atEnd   map[stream.Partition]bool
	lastCut time.Time
	counted time.Time
	wake    <-chan struct{}

	mu      sync.Mutex
	figures []Figure
	counts  []Count
	caught  bool
}

func newWorker(r *Runner, id int32) *worker {
	ctx, cancel := context.WithCancel(context.Background()) // outlives the generation; stop ends it
	return &worker{r: r, id: id, ctx: ctx, cancel: cancel}
}

// stop asks the worker to finish; run returns soon after.
func (w *worker) stop() { w.cancel() }

// run restores and feeds the task until stop, again after every failure that
// may pass. A checkpoint that cannot be continued ends the program.
func (w *worker) run() {
	defer w.r.board.leave(w.id)
	var b backoff
	for w.ctx.Err() == nil {
		began := time.Now()
		err := w.live()
		switch {
		case err == nil || w.ctx.Err() != nil && (retryable(err) || errors.Is(err, context.Canceled)):
			return
		case fenced(err):
			// Whoever fenced us owns the partition, unless the group still says
			// it is ours: then the next generation or this pause has shown it.
			w.r.tell(true, w.id, "another instance took over; trying again unless the group moves the partition", err)
			_ = sleep(w.ctx, w.r.settings.SessionTimeout/2)
		case retryable(err) || broken(err):
			w.r.tell(true, w.id, "interrupted; going on from the last checkpoint", err)
			if time.Since(began) > time.Minute {
				b.reset()
			}
			_ = b.wait(w.ctx)
		default:
			w.r.fail(fmt.Errorf("%s partition %d: %w", w.r.settings.Stage.Name, w.id, err))
			return
		}
	}
}

// live is one life of the task: take over, restore, feed, finish.
func (w *worker) live() error {
	if err := w.restore(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(w.ctx)
	results := make(chan fetched)
	failures := make(chan error, 1)
	var fetchers sync.WaitGroup
	for _, at := range w.owner.Positions() {
		fetchers.Go(func() { w.fetch(ctx, at, results, failures) })
	}
	err := w.feed(ctx, results, failures)
	cancel()
	fetchers.Wait()
	if err != nil {
		w.abort()
		return err
	}
	return w.finish()
}

// fetch reads one input from its position on and hands over what it gets, until
// ctx ends. Hand-over blocks while the task is busy: that is the back pressure.
func (w *worker) fetch(ctx context.Context, at stream.Position, results chan<- fetched, failures chan<- error) {
	f := &fetcher{client: w.r.client, from: stream.Partition{Topic: at.Topic, ID: at.Partition}, bytes: int32(w.r.settings.PrefetchBytes), wait: pollWait}
	var b backoff
	for next := at.Next; ctx.Err() == nil; {
		got, err := f.fetch(ctx, next)
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			if !retryable(err) {
				select {
				case failures <- words(err):
				case <-ctx.Done():
				}
				return
			}
			got = fetched{from: f.from, next: next, end: next + 1} // not at the end: its time stands still
			if b.wait(ctx) != nil {
				return
			}
		} else {
			b.reset()
		}
		next = got.next
		select {
		case results <- got:
		case <-ctx.Done():
			return
		}
	}
}

// feed hands records to the task and commits, until ctx ends.
func (w *worker) feed(ctx context.Context, results <-chan fetched, failures <-chan error) error {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		blocked, err := w.take()
		if err != nil {
			return err
		}
		if err := w.commitDue(blocked); err != nil {
			return err
		}
		in := results
		if len(w.pending) > 0 {
			in = nil
		}
		select {
		case <-ctx.Done():
			return nil
		case err := <-failures:
			return err
		case got := <-in:
			w.pending = got.batches
			w.note(got)
		case <-w.wake:
		case <-ticker.C:
			w.owner.Tick(w.now())
			w.count()
		}
	}
}

// take offers the pending batches to the task. It reports whether the task
// holds back, and sends what a non-transactional stage wants sent.
func (w *worker) take() (blocked bool, err error) {
	for len(w.pending) > 0 && !blocked {
		b := &w.pending[0]
		taken := w.owner.Take(*b, w.now())
		if blocked = taken < len(b.Records); blocked {
			b.Records = b.Records[taken:]
		} else {
			w.pending = w.pending[1:]
		}
		if w.owner.Effects().Size() >= maxEffects {
			if err := w.flush(); err != nil {
				return blocked, err
			}
		}
	}
	if !w.r.settings.Stage.Transactional {
		return blocked, w.flush()
	}
	return blocked, nil
}

// flush gets the gathered outputs out: in a commit of their own where they are
// transactional.
func (w *worker) flush() error {
	if w.r.settings.Stage.Transactional {
		return w.cut()
	}
	if len(w.owner.Effects().Sends()) == 0 {
		return nil
	}
	ctx, cancel := w.grace()
	defer cancel()
	defer w.owner.Effects().Reset()
	return w.outputs.send(ctx, w.owner.Effects().Sends())
}

// commitDue cuts a checkpoint when its time has come, or at once when siblings
// wait for what this task has done.
func (w *worker) commitDue(blocked bool) error {
	due := time.Since(w.lastCut) >= w.r.settings.Interval
	if w.owner.Changed() && (due || blocked && w.r.settings.Stage.Transactional) {
		if err := w.cut(); err != nil {
			return err
		}
	}
	if w.r.settings.Stage.Aligned && !w.owner.Changed() {
		w.r.board.publish(w.id, w.owner.Front())
	}
	return nil
}

// cut commits a checkpoint. After an error the outcome may be unknown, so the
// caller starts over from the log.
func (w *worker) cut() error {
	if !w.owner.Changed() {
		return nil
	}
	ctx, cancel := w.grace()
	defer cancel()
	pieces, err := w.owner.Cut()
	if err != nil {
		return err
	}
	if w.r.settings.Stage.Transactional {
		if err := w.txn.send(ctx, w.owner.Effects().Sends()); err != nil {
			return err
		}
	}
	if err := w.txn.send(ctx, pieces); err != nil {
		return err
	}
	if err := w.txn.end(ctx, true); err != nil {
		return err
	}
	w.owner.Settle(true)
	w.lastCut = time.Now()
	w.measure()
	return nil
}

// grace is the context of a write: a stop does not break it off half-way, but
// it may take finishWithin longer than the retries of one request.
func (w *worker) grace() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(w.ctx), w.r.settings.TransactionTimeout+finishWithin)
}

// abort ends the open transaction as well as it can, so that readers need not
// wait for its timeout.
func (w *worker) abort() {
	ctx, cancel := context.WithTimeout(context.Background(), finishWithin)
	defer cancel()
	_ = w.txn.end(ctx, false) // the next owner's take-over aborts it otherwise
}

// finish commits what is done after stop. Records waiting for the task are left
// to the next owner.
func (w *worker) finish() error {
	w.pending = nil
	err := w.flush()
	if err == nil {
		err = w.cut()
	}
	if err != nil {
		w.abort()
	}
	return err
}

// now is what the task may know of the world.
func (w *worker) now() stream.Now {
	now := stream.Now{Wall: record.MicrosOf(time.Now()), Frontier: stream.Far, AtEnd: len(w.pending) == 0}
	for _, at := range w.owner.Positions() {
		now.AtEnd = now.AtEnd && w.atEnd[stream.Partition{Topic: at.Topic, ID: at.Partition}]
	}
	if w.r.settings.Stage.Aligned {
		now.Frontier = w.r.board.frontier(w.id)
	}
	return now
}
