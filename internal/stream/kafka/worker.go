package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

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
	// finishWithin is how long a stopped worker may take for its last
	// checkpoint: with abortWithin and leaving the group it keeps a program
	// within the 10 s after which supervisors kill.
	finishWithin = 5 * time.Second
	// abortWithin bounds the abort of a transaction that failed.
	abortWithin = 2 * time.Second
)

// worker owns one task on the brokers: it keeps its stream.Worker alive, feeds it
// from one fetching goroutine an input, and is its stream.Log (access.go).
type worker struct {
	r  *Runner
	id int32
	// A worker outlives the generation that started it, so it keeps contexts of
	// its own. ctx ends with stop; hard ends finishWithin later, so that a stop
	// does not break off a write half-way.
	ctx, hard    context.Context
	cancel, kill context.CancelFunc
	seat         *stream.Seat  // on the board of an aligned stage
	wake         chan struct{} // a sibling moved
	ended        chan error    // how the checkpoint under way ended
	asked        chan request  // checkpoints asked for before their time

	*stream.Worker
	txn     producer // checkpoints, and outputs of a transactional stage
	outputs producer // outputs of the other kind: the epoch of txn would not fence them
	writing bool     // a goroutine writes a checkpoint and will send to ended
	begun   int      // checkpoints since the worker started
	asking  []request
	counted time.Time

	mu      sync.Mutex
	figures []Figure
	counts  []Count
	refused int64 // batches passed over, since the worker started
	caught  bool
}

// request asks for a checkpoint: done is closed when number of them have ended.
type request struct {
	number int
	done   chan struct{}
}

func newWorker(r *Runner, id int32) *worker {
	w := &worker{r: r, id: id, wake: make(chan struct{}, 1), ended: make(chan error, 1), asked: make(chan request)}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	w.hard, w.kill = context.WithCancel(context.Background())
	w.txn = producer{
		client: r.client, txid: fmt.Sprintf("%s%s-%d", r.client.settings.Prefix, r.settings.Stage.Name, id),
		timeout: r.settings.TransactionTimeout, id: recordbatch.NoProducer,
	}
	if r.board != nil {
		w.seat = r.board.Join(id, w.moved)
	}
	w.Worker = stream.NewWorker(r.settings.Stage, id, w, r.board, record.MicrosIn(r.settings.Interval))
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
	if w.seat != nil {
		defer func() { w.r.board.Leave(w.seat, w.Wall()) }()
	}
	var b backoff
	for w.ctx.Err() == nil {
		began := time.Now()
		err := w.live()
		switch {
		case w.ctx.Err() != nil:
			switch {
			case err == nil, w.hard.Err() == nil && errors.Is(err, context.Canceled):
			case fenced(err):
				w.r.tell(false, w.id, "handed over; the new owner took it before the last checkpoint and repeats what came after the one before", err)
			default:
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
			_ = w.r.client.wait(w.ctx, &b, err)
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
	for _, at := range w.Committed() {
		fetchers.Go(func() { w.fetch(ctx, at, results, failures) })
	}
	err = w.feed(ctx, results, failures)
	cancel()
	fetchers.Wait()
	if err != nil {
		return err
	}
	return w.Finish()
}

// restore brings the task to its last checkpoint.
func (w *worker) restore() error {
	began := time.Now()
	if err := w.Restore(); err != nil {
		return err
	}
	w.show()
	w.r.tell(false, w.id, fmt.Sprintf("restored in %d ms", time.Since(began).Milliseconds()), nil)
	return nil
}

// moved tells the worker that a sibling moved.
func (w *worker) moved() {
	select {
	case w.wake <- struct{}{}:
	default: // it has been told and has not looked yet
	}
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
		case !retryable(err), errors.Is(err, kafka.UnknownTopicOrPartition):
			// A topic that is not there any more may have been made anew when it is
			// asked again: only a restore compares it with the checkpoint.
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
			_ = w.r.client.wait(ctx, &b, err)
		}
		next = got.next
		select {
		case results <- got:
		case <-ctx.Done():
			return
		}
	}
}

// feed hands the task what happens, until ctx ends.
func (w *worker) feed(ctx context.Context, results <-chan fetched, failures <-chan error) error {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		in := results
		if !w.Hungry() {
			in = nil
		}
		var e stream.Event
		select {
		case <-ctx.Done():
			return nil
		case err := <-failures:
			return err
		case got := <-in:
			w.note(got)
			e = stream.Event{Kind: stream.Fetched, From: got.from, Batches: got.batches, Next: got.next, End: got.end}
		case err := <-w.ended:
			w.writing = false
			e = stream.Event{Kind: stream.Settled, Err: err}
		case <-w.wake:
			e.Kind = stream.Moved
		case req := <-w.asked:
			e.Kind = stream.Due
			req.number = w.begun + 1
			w.asking = append(w.asking, req)
		case <-ticker.C:
			w.count()
		}
		if err := w.Step(e); err != nil {
			return err
		}
		w.answer()
		if e.Kind == stream.Settled || e.Kind == stream.Fetched {
			w.show()
		}
	}
}

// ask asks for a checkpoint and waits until it has ended, or until limit or the
// worker does. Any goroutine may call it.
func (w *worker) ask(limit context.Context) {
	req := request{done: make(chan struct{})}
	select {
	case w.asked <- req:
	case <-limit.Done():
		return
	case <-w.ctx.Done():
		return
	}
	select {
	case <-req.done:
	case <-limit.Done():
	case <-w.ctx.Done():
	}
}

// answer tells those who asked for a checkpoint that it has ended, or that there
// is nothing to hold.
func (w *worker) answer() {
	w.asking = slices.DeleteFunc(w.asking, func(r request) bool {
		if w.writing && r.number >= w.begun {
			return false
		}
		close(r.done)
		return true
	})
}

// abort ends the open transaction as well as it can, so that readers need not
// wait for its timeout.
func (w *worker) abort() {
	if w.writing {
		_ = w.Await() // it has failed, or will
	}
	ctx, cancel := context.WithTimeout(context.Background(), abortWithin)
	defer cancel()
	_ = w.txn.end(ctx, false) // the next take-over aborts it otherwise
}
