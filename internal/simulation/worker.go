package simulation

import (
	"errors"
	"fmt"

	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/internal/stream/memory"
)

// errStopped breaks a restore off when the partition is taken away.
var errStopped = errors.New("stopped")

// worker keeps one stream.Worker of an instance alive, as stream/kafka's worker
// does: it restores again after an error, waits for the group's word when it was
// fenced, and finishes when its partition is taken away.
type worker struct {
	routine
	*stream.Worker
	inst  *instance
	stage int
	id    int32
	plain *memory.Access // what reads need no request for
	txn   transactional
	seat  *stream.Seat

	writing *checkpoint // under way
	cuts    int
	settled bool // a checkpoint ended and the task was not told
	outcome error

	life     int // which life of the task this is
	fetchers []*fetcher
	idle     bool // waits for something to happen
	fed      bool // has been restored, and is fed
	moved    bool // a sibling moved
	ticked   bool // time passed
	due      bool // a checkpoint is asked for
	stopping bool
	gone     bool // has ended for good
}

// String names it in a story.
func (w *worker) String() string { return fmt.Sprintf("%s, partition %d", w.inst, w.id) }

func newWorker(i *instance, id int32) *worker {
	i.started++
	w := &worker{routine: newRoutine(i, name(i.actor, uint64(i.started), uint64(id))), inst: i, stage: i.stage, id: id}
	all := i.w
	stage := all.stages[i.stage]
	w.plain = all.log.Access(stage, id)
	w.txn = transactional{w: all, id: memory.TransactionalID(stage, id)}
	if i.board != nil {
		w.seat = i.board.Join(id, func() {
			w.moved = true
			w.poke()
		})
	}
	log := stream.Log(access{w})
	if all.hooks.log != nil {
		log = all.hooks.log(w)
	}
	w.Worker = stream.NewWorker(stage, id, log, i.board, all.plan.Intervals[i.stage])
	w.start(w.run)
	w.resumeIn(w.dice.between(10, 20*record.Millisecond))
	w.after(w.dice.between(0, tickEvery), w.tick)
	return w
}

// tick lets the task know that time passed.
func (w *worker) tick() {
	if w.dead || w.gone {
		return
	}
	w.ticked = true
	w.poke()
	w.measure()
	w.after(tickEvery, w.tick)
}

// poke wakes the worker where it waits for something to happen.
func (w *worker) poke() {
	if w.idle {
		w.resumeIn(w.dice.between(20, 500))
	}
}

// halt asks it to finish, and does away with it when that takes too long.
func (w *worker) halt() {
	w.stopping = true
	w.poke()
	w.after(finishWithin, func() {
		if !w.gone {
			w.w.tally["a worker does not finish in time"]++
			w.w.tell("%s did not finish in time", w)
			w.vanish()
		}
	})
}

// vanish drops it with all its routines; what it has sent is on its way.
func (w *worker) vanish() {
	if w.writing != nil {
		w.writing.drop()
	}
	w.drop()
	w.leaveBoard()
}

func (w *worker) leaveBoard() {
	w.gone = true
	if w.seat != nil {
		w.inst.board.Leave(w.seat, w.inst.wall())
		w.seat = nil
	}
}

// run is a worker from start to stop.
func (w *worker) run() {
	for !w.stopping && !w.dead {
		err := w.live()
		switch {
		case w.dead:
			return
		case w.stopping && err != nil:
			w.w.tell("%s is stopped without a last checkpoint: %v", w, err)
		case w.stopping:
		case fenced(err):
			w.w.tally["an owner is fenced"]++
			w.w.tell("%s is fenced", w)
			w.renew()
		case errors.Is(err, errBroken):
			w.w.tell("%s is interrupted and begins again", w)
			w.sleep(w.dice.between(50*record.Millisecond, 2*record.Second))
		default:
			w.w.fail(fmt.Errorf("%s: %w", w, err))
			return
		}
	}
	if !w.dead {
		w.leaveBoard()
		w.inst.finished(w)
	}
}

// renew waits until the group says that this instance is still the owner.
func (w *worker) renew() {
	for !w.stopping && w.sleep(sessionTimeout/2) {
		if w.inst.member() {
			w.w.tally["a fenced owner goes on"]++
			w.txn.producer = nil
			return
		}
	}
}

// live is one life of the task.
func (w *worker) live() (err error) {
	w.life++
	w.w.lives[w.stage][w.id]++
	w.settled, w.fed = false, false
	defer func() {
		w.fed = false
		if err != nil {
			w.giveUp()
		}
	}()
	if err := w.Restore(); err != nil {
		return err
	}
	w.w.tell("%s is restored", w)
	w.fetch()
	w.fed = true
	for {
		e, more := w.event()
		if w.dead {
			return errDropped
		}
		if !more {
			w.fed = false
			return w.Finish()
		}
		if err := w.Step(e); err != nil {
			return err
		}
	}
}

// giveUp ends the open transaction as well as it can.
func (w *worker) giveUp() {
	if w.writing != nil {
		_ = access{w}.Await()
	}
	if !w.dead {
		_ = w.request(aborting, w.txn.ending(false, w.dice))
	}
}

// event waits for what comes next; of several things that have come any may be
// first. There is none when the partition is taken away.
func (w *worker) event() (stream.Event, bool) {
	for !w.stopping && !w.dead {
		if e, found := w.pick(); found {
			return e, true
		}
		w.idle = true
		w.wait()
		w.idle = false
	}
	return stream.Event{}, false
}

// pick takes one of the things that have come.
func (w *worker) pick() (stream.Event, bool) {
	var ready []func() stream.Event
	offer := func(flag *bool, e stream.Event) {
		if *flag {
			ready = append(ready, func() stream.Event {
				*flag = false
				return e
			})
		}
	}
	offer(&w.settled, stream.Event{Kind: stream.Settled, Err: w.outcome})
	offer(&w.ticked, stream.Event{Kind: stream.Tick})
	offer(&w.moved, stream.Event{Kind: stream.Moved})
	offer(&w.due, stream.Event{Kind: stream.Due})
	for _, f := range w.fetchers {
		if f.got != nil && w.Hungry() {
			ready = append(ready, f.take)
		}
	}
	if len(ready) == 0 {
		return stream.Event{}, false
	}
	return ready[w.dice.IntN(len(ready))](), true
}

// measure keeps the most that the task held.
func (w *worker) measure() {
	if !w.fed {
		return
	}
	w.Task().(stream.Counted).Counts(func(figure, _ string, value int64) {
		switch figure {
		case figureHeld, figureBindings, figureAhead:
			w.w.note(figure, value)
		}
	})
}
