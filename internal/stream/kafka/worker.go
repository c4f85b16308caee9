package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/internal/stream/recordbatch"
)

const (
	// pollWait is how long the broker may hold a fetch back while it has
	// nothing: also how often a silent partition is known to be silent.
	pollWait = 500 * time.Millisecond
	// tickEvery is how often a task is told the time.
	tickEvery = 50 * time.Millisecond
	// maxEffects is how many bytes of outputs a transaction gathers.
	maxEffects = 8 << 20
	// finishWithin is how long a stopped worker may take for its last
	// checkpoint: with abortWithin and leaving the group it keeps a program
	// within the 10 s after which supervisors kill.
	finishWithin = 5 * time.Second
	// abortWithin bounds the abort of a transaction that failed.
	abortWithin = 2 * time.Second
)

// worker owns one task: it restores it, feeds it, and commits its checkpoints.
type worker struct {
	r  *Runner
	id int32
	// A worker outlives the generation that started it, so it keeps contexts of
	// its own. ctx ends with stop; hard ends finishWithin later, so that a stop
	// does not break off a write half-way.
	ctx, hard    context.Context
	cancel, kill context.CancelFunc
	wake         chan struct{} // a sibling moved

	owner     *stream.Owner
	topics    map[stream.Topic]int32 // partition counts of the stage's topics
	txn       producer               // checkpoints, and outputs of a transactional stage
	outputs   producer               // outputs of the other kind: the epoch of txn would not fence them
	pending   []stream.Batch
	ends      map[stream.Partition]int64 // last stable offset of each input, as last seen
	atEnd     map[stream.Partition]bool
	committed []stream.Position // of the last checkpoint
	lastCut   time.Time
	counted   time.Time

	mu      sync.Mutex
	figures []Figure
	counts  []Count
	refused int64 // batches passed over, since the worker started
	caught  bool
}

func newWorker(r *Runner, id int32) *worker {
	w := &worker{r: r, id: id, wake: make(chan struct{}, 1)}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	w.hard, w.kill = context.WithCancel(context.Background())
	w.txn = producer{
		client: r.client, txid: fmt.Sprintf("%s%s-%d", r.client.settings.Prefix, r.settings.Stage.Name, id),
		timeout: r.settings.TransactionTimeout, id: recordbatch.NoProducer,
	}
	return w
}

// stop asks the worker to finish; run returns soon after.
func (w *worker) stop() {
	w.cancel()
	time.AfterFunc(finishWithin, w.kill)
}

// run restores and feeds the task until stop, again after every failure that
// may pass. A checkpoint that cannot be continued ends the program.
func (w *worker) run() {
	defer w.kill()
	defer w.r.board.leave(w.id, w.wake)
	var b backoff
	for w.ctx.Err() == nil {
		began := time.Now()
		err := w.live()
		switch {
		case w.ctx.Err() != nil:
			if err != nil && (w.hard.Err() != nil || !errors.Is(err, context.Canceled)) {
				w.r.tell(true, w.id, "stopped without a last checkpoint; the next owner repeats what came after the one before", err)
			}
		case fenced(err):
			w.r.tell(true, w.id, "another instance took over; going on only if the group still says that the partition is ours", err)
			w.renew()
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

// renew waits until the group's coordinator confirms that this process still is
// the partition's owner, and only then lets the next take-over fence whoever
// has fenced us. The pause gives a new owner time to finish its restore, should
// two groups be set to the same topics by mistake.
func (w *worker) renew() {
	for sleep(w.ctx, w.r.settings.SessionTimeout/2) == nil {
		if w.r.member() {
			w.txn.id = recordbatch.NoProducer
			return
		}
	}
}

// live is one life of the task: take over, restore, feed, finish.
func (w *worker) live() (err error) {
	defer func() {
		if err != nil {
			w.abort()
		}
	}()
	if err := w.restore(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(w.ctx)
	results := make(chan fetched)
	failures := make(chan error, 1)
	var fetchers sync.WaitGroup
	for _, at := range w.committed {
		fetchers.Go(func() { w.fetch(ctx, at, results, failures) })
	}
	err = w.feed(ctx, results, failures)
	cancel()
	fetchers.Wait()
	if err != nil {
		return err
	}
	return w.finish()
}

// fetch reads one input from its position on and hands over what it gets, until
// ctx ends. Hand-over blocks while the task is busy: that is the back pressure.
func (w *worker) fetch(ctx context.Context, at stream.Position, results chan<- fetched, failures chan<- error) {
	from := stream.Partition{Topic: at.Topic, ID: at.Partition}
	f := &fetcher{client: w.r.client, from: from, bytes: int32(min(w.r.settings.PrefetchBytes, maxFetch)), wait: pollWait, skip: true}
	var b backoff
	for next := at.Next; ctx.Err() == nil; {
		got, err := f.fetch(ctx, next)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			b.reset()
		case !retryable(err):
			select {
			case failures <- words(err):
			case <-ctx.Done():
			}
			return
		default:
			if b.last == 0 {
				w.r.tell(true, w.id, fmt.Sprintf("reading %s[%d] is interrupted, trying again", at.Topic, at.Partition), words(err))
			}
			got = fetched{from: from, next: next, end: next + 1} // not at the end: its time stands still
			_ = b.wait(ctx)
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
	defer w.owner.Effects().Reset()
	return w.outputs.send(w.hard, w.owner.Effects().Sends())
}

// commitDue cuts a checkpoint when its time has come, or at once when siblings
// wait for what this task has done.
func (w *worker) commitDue(blocked bool) error {
	due := time.Since(w.lastCut) >= w.r.settings.Interval
	if due || blocked && w.r.settings.Stage.Transactional {
		if err := w.cut(); err != nil {
			return err
		}
	}
	if w.r.settings.Stage.Aligned && !w.owner.Changed() {
		w.r.board.publish(w.id, w.owner.Front())
	}
	return nil
}

// cut commits a checkpoint, if it would hold anything. After an error the
// outcome may be unknown, so the caller starts over from the log.
func (w *worker) cut() error {
	if !w.owner.Changed() {
		return nil
	}
	sends, err := w.owner.Cut()
	if err != nil {
		return err
	}
	if w.r.settings.Stage.Transactional {
		sends = slices.Concat(w.owner.Effects().Sends(), sends)
	}
	if err := w.txn.send(w.hard, sends); err != nil {
		return err
	}
	if err := w.txn.end(w.hard, true); err != nil {
		return err
	}
	w.owner.Settle(true)
	w.lastCut = time.Now()
	w.measure()
	return nil
}

// abort ends the open transaction as well as it can, so that readers need not
// wait for its timeout.
func (w *worker) abort() {
	ctx, cancel := context.WithTimeout(context.Background(), abortWithin)
	defer cancel()
	_ = w.txn.end(ctx, false) // the next take-over aborts it otherwise
}

// finish commits what is done after stop. Records waiting for the task are left
// to the next owner.
func (w *worker) finish() error {
	w.pending = nil
	if err := w.flush(); err != nil {
		return err
	}
	return w.cut()
}

// now is what the task may know of the world.
func (w *worker) now() stream.Now {
	now := stream.Now{Wall: record.MicrosOf(time.Now()), Frontier: stream.Far, AtEnd: len(w.pending) == 0 && w.allAtEnd()}
	if w.r.settings.Stage.Aligned {
		now.Frontier = w.r.board.frontier(w.id)
	}
	return now
}
