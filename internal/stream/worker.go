package stream

import (
	"errors"

	"cordon/internal/record"
)

// Log is what a Worker needs of the log underneath. Every call may wait, and
// tries again by itself what may pass; an error it returns ends the worker's
// life, and the next one starts from the log.
type Log interface {
	// Acquire takes over the task's transactional id: it fences the former
	// owner, aborts what it left open and waits for the markers of the rest.
	Acquire() error
	// Counts returns the partition count of every topic the stage names.
	Counts() (map[Topic]int32, error)
	// State calls each for every committed record of the task's state partition.
	State(each func(Record) error) error
	// Bounds returns the log start of a partition and the end of its committed
	// records.
	Bounds(p Partition) (start, end int64, err error)
	// Checksum returns the CRC of the batch that holds a record of an input, and
	// whether there is such a record.
	Checksum(p Partition, offset int64) (crc uint32, found bool, err error)
	// Tail returns the newest records of the stage's Resume topic.
	Tail() ([]Record, error)
	// Write returns when the records are acknowledged, outside any transaction.
	Write(sends []Send) error
	// Commit begins to write a checkpoint in one transaction and returns. How it
	// ended comes with a Settled event, or from Await.
	Commit(c *Checkpoint)
	// Await waits until the checkpoint under way has ended and returns how.
	Await() error
	// Wall is the wall clock.
	Wall() record.Micros
	// Lost tells people of records that were deleted before they were read.
	Lost(l Loss)
}

// ErrAborted reports a checkpoint that was not committed and never will be: the
// task goes on, and the next one holds all of it. Any other error of a commit
// leaves the outcome to the log.
var ErrAborted = errors.New("checkpoint was aborted")

// Event is what a Worker waits for.
type Event struct {
	Kind EventKind
	// Of Fetched: batches of one input from the position asked for on, the offset
	// behind them, and where the committed records end.
	From      Partition
	Batches   []Batch
	Next, End int64
	// Err of Settled says how the checkpoint ended.
	Err error
}

// EventKind says what happened.
type EventKind uint8

// Kinds of events.
const (
	Tick    EventKind = iota // time passed
	Moved                    // another task of an aligned stage moved
	Fetched                  // an input was read
	Settled                  // the checkpoint under way ended
	Due                      // a checkpoint is asked for before its time
)

// MaxEffects is how many bytes of outputs a transactional task gathers before it
// must commit; while it waits for that it takes no more.
const MaxEffects = 8 << 20

// maxUncommitted bounds what checkpoints that are aborted one after the other may
// pile up: each holds what the one before held, and what came meanwhile. With more
// the worker begins anew from the log, where all of it still is.
const maxUncommitted = 3 * MaxEffects

// Worker runs one task on a Log: it takes the task over, restores it, hands it
// what was read, and commits its checkpoints. It is the same on every log, starts
// no goroutine and belongs to one.
//
//	Restore ─► Step, Step, … ─► Finish
//	   ▲         │ error
//	   └─────────┘
type Worker struct {
	stage    *Stage
	id       int32
	log      Log
	board    *Board // of an aligned stage
	interval record.Micros

	owner     *Owner
	pending   []Batch
	ends      map[Partition]int64
	atEnd     map[Partition]bool
	committed []Position
	flying    *Checkpoint
	lastCut   record.Micros
	silent    []int32
	figures   workerFigures
}

// NewWorker returns the worker of task id. Interval is the wall time between two
// checkpoints; board may be nil where the stage is not aligned.
func NewWorker(stage *Stage, id int32, log Log, board *Board, interval record.Micros) *Worker {
	return &Worker{stage: stage, id: id, log: log, board: board, interval: interval}
}

// Step takes one event in and does what it makes due.
func (w *Worker) Step(e Event) error {
	switch e.Kind {
	case Tick:
		if w.board != nil {
			w.silent = w.board.Silent(w.id, w.log.Wall())
		}
		w.owner.Tick(w.now())
	case Fetched:
		w.pending = append(w.pending, e.Batches...)
		w.ends[e.From], w.atEnd[e.From] = e.End, e.Next >= e.End
	case Settled:
		if err := w.settle(e.Err); err != nil {
			return err
		}
	case Due:
		w.lastCut = w.log.Wall() - w.interval
	}
	blocked, err := w.take()
	if err != nil {
		return err
	}
	w.commitDue(blocked)
	return nil
}

// Hungry reports whether the task would take more: what is fetched while it is
// not waits, which stops the fetching behind it.
func (w *Worker) Hungry() bool { return len(w.pending) == 0 }

// take offers what is pending to the task, and reports whether it holds back.
// What a stage with outputs outside the transaction wants sent is sent.
func (w *Worker) take() (blocked bool, err error) {
	for len(w.pending) > 0 && !blocked {
		if w.stage.Transactional && w.owner.Effects().Size() >= MaxEffects {
			if w.flying != nil {
				return false, nil
			}
			w.cut()
		}
		b := &w.pending[0]
		taken := w.owner.Take(*b, w.now())
		if blocked = taken < len(b.Records); blocked {
			b.Records = b.Records[taken:]
		} else {
			w.pending = w.pending[1:]
		}
		if err := w.flush(MaxEffects); err != nil {
			return blocked, err
		}
	}
	return blocked, w.flush(1)
}

// flush sends the outputs outside the transaction once they have a size.
func (w *Worker) flush(size int) error {
	e := w.owner.Effects()
	if w.stage.Transactional || e.Size() < size {
		return nil
	}
	defer e.Reset()
	return w.log.Write(e.Sends())
}

// commitDue begins a checkpoint when its time has come, or at once when other
// tasks wait for what this one has done.
func (w *Worker) commitDue(blocked bool) {
	since := w.log.Wall() - w.lastCut // below 0: the wall clock was set back
	due := since < 0 || since >= w.interval || blocked && w.stage.Transactional
	if due && w.flying == nil && w.owner.Changed() {
		w.cut()
	}
	if w.board != nil && w.flying == nil && !w.owner.Changed() {
		w.board.Publish(w.id, w.owner.Front(), w.log.Wall())
	}
}

func (w *Worker) cut() {
	began := w.log.Wall()
	w.flying = w.owner.Cut()
	w.lastCut = w.log.Wall()
	w.figures.pause = w.lastCut - began
	w.log.Commit(w.flying)
}

// settle ends the checkpoint under way. What it committed is shown to the other
// tasks: before that, readers behind could not see its records.
func (w *Worker) settle(err error) error {
	c := w.flying
	w.flying = nil
	if err != nil && !errors.Is(err, ErrAborted) {
		return err
	}
	w.figures.settled(c, err)
	w.owner.Settle(err == nil)
	if err != nil {
		if w.owner.Effects().Size() >= maxUncommitted {
			return err
		}
		return nil
	}
	w.committed = c.Positions
	if w.board != nil {
		w.board.Publish(w.id, c.Front, w.log.Wall())
	}
	return nil
}

// Finish commits what is done. Records that wait for the task are left to the
// next owner.
func (w *Worker) Finish() error {
	w.pending = nil
	if w.flying != nil {
		if err := w.settle(w.log.Await()); err != nil {
			return err
		}
	}
	if err := w.flush(1); err != nil {
		return err
	}
	return w.Checkpoint()
}

// Checkpoint makes a checkpoint and waits for it, unless it would hold nothing or one
// is under way.
func (w *Worker) Checkpoint() error {
	if !w.owner.Changed() || w.flying != nil {
		return nil
	}
	w.cut()
	err := w.log.Await()
	return errors.Join(w.settle(err), err)
}

// now is what the task may know of the world.
func (w *Worker) now() Now {
	now := Now{Wall: w.log.Wall(), Frontier: Far, AtEnd: len(w.pending) == 0 && w.CaughtUp(), Silent: w.silent}
	if w.board != nil {
		now.Frontier = w.board.Frontier(w.id)
	}
	return now
}
