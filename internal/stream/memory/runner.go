package memory

import (
	"fmt"
	"math"
	"slices"

	"cordon/internal/record"
	"cordon/internal/stream"
)

// Runner runs all tasks of one stage on a Log, one batch at a time and always
// in partition order, so that a run is the same each time.
type Runner struct {
	log   *Log
	stage *stream.Stage
	board *stream.Board // nil where the stage is not aligned
	owned []*owned
	heard int64 // position in the progress topic
	moved bool  // a task took a record, or its siblings may
	// CutBytes is how many bytes of effects a transactional task may gather
	// before it commits; 0 commits after every batch.
	CutBytes int
}

// owned is one task with its worker. It commits when the Runner says so.
type owned struct {
	*stream.Worker
	access  *Access
	id      int32
	seat    *stream.Seat
	paused  bool // Pause
	failing bool // Fail
}

// never is an interval that does not end.
const never = record.Micros(math.MaxInt64)

// NewRunner starts every task of the stage from its committed state.
func NewRunner(log *Log, stage *stream.Stage) (*Runner, error) {
	r := &Runner{log: log, stage: stage}
	n := int32(1)
	if !stage.Single {
		n = log.Partitions(stage.Inputs[0])
	}
	if stage.Aligned {
		r.board = stream.NewBoard(n, log.Time())
	}
	for id := range n {
		o := &owned{access: log.Access(stage, id), id: id}
		o.Worker = stream.NewWorker(stage, id, o.access, r.board, never)
		r.owned = append(r.owned, o)
		if err := r.start(o); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *Runner) start(o *owned) error {
	if r.board != nil {
		o.seat = r.board.Join(o.id, r.woken)
	}
	if err := o.Restore(); err != nil {
		return fmt.Errorf("%s task %d: %w", r.stage.Name, o.id, err)
	}
	return nil
}

// Pause lets the task of a partition stand still, as when its instance has died
// and nobody has taken over: the others hear of it by the progress topic only.
func (r *Runner) Pause(id int32, on bool) {
	o := r.owned[id]
	switch {
	case o.paused == on || r.board == nil:
	case on:
		r.board.Leave(o.seat, r.log.Time())
	default:
		o.seat = r.board.Join(id, r.woken)
	}
	o.paused = on
}

// Fail lets every read of a task's inputs fail, as when their leader is gone.
func (r *Runner) Fail(id int32, on bool) { r.owned[id].failing = on }

// woken notes that a task moved, so that another one may go on.
func (r *Runner) woken() { r.moved = true }

// Step lets every task take one batch of every input it can, and commits what
// is due. It reports whether anything moved.
func (r *Runner) Step() (bool, error) {
	r.moved = false
	r.listen()
	for _, o := range r.owned {
		if o.paused {
			continue
		}
		if err := r.step(o); err != nil {
			return r.moved, fmt.Errorf("%s task %d: %w", r.stage.Name, o.id, err)
		}
	}
	return r.moved, nil
}

// listen hears of tasks that stand still what others say of them.
func (r *Runner) listen() {
	at := stream.Partition{Topic: stream.Progress}
	if !slices.ContainsFunc(r.owned, func(o *owned) bool { return o.paused }) {
		r.heard = r.log.End(at)
		return
	}
	for {
		b, next, more := r.log.Fetch(at, r.heard)
		r.heard = next
		if !more {
			return
		}
		for _, rec := range b.Records {
			r.board.HeardRecord(rec, r.log.Time())
		}
	}
}

// step takes one batch of every input, or lets time pass where there is none.
func (r *Runner) step(o *owned) error {
	took := false
	for i := range o.Positions() {
		did, err := r.fetch(o, i)
		if err != nil {
			return err
		}
		took = took || did
	}
	if !took {
		before := reached(o.Positions())
		if err := r.handle(o, stream.Event{Kind: stream.Tick}); err != nil {
			return err
		}
		took = reached(o.Positions()) > before // what it held back until the time had come
	}
	r.moved = r.moved || took
	if r.stage.Transactional && (!took || o.Size() >= r.CutBytes) {
		return o.Checkpoint()
	}
	return nil
}

// reached sums up how far all inputs were taken.
func reached(positions []stream.Position) (sum int64) {
	for _, at := range positions {
		sum += at.Next
	}
	return sum
}

// fetch hands a task the next batch of an input, unless it holds back. It reports
// whether the task took any record.
func (r *Runner) fetch(o *owned, i int) (took bool, err error) {
	at := o.Positions()[i]
	e := stream.Event{Kind: stream.Moved}
	if o.Hungry() {
		from := stream.Partition{Topic: at.Topic, ID: at.Partition}
		b, next, more := r.log.Fetch(from, at.Next)
		e = stream.Event{Kind: stream.Fetched, From: from, Next: next, End: next}
		switch {
		case o.failing:
			e.Next, e.End = at.Next, at.Next+1 // not at the end, as far as anybody knows
		case more:
			e.Batches, e.End = append(e.Batches, b), r.log.End(from)
		}
	}
	err = r.handle(o, e)
	return o.Positions()[i].Next > at.Next, err
}

// handle lets a task do what an event asks for, its checkpoint included.
func (r *Runner) handle(o *owned, e stream.Event) error {
	if err := o.Step(e); err != nil {
		return err
	}
	for o.access.ended {
		if err := o.Step(stream.Event{Kind: stream.Settled, Err: o.access.Await()}); err != nil {
			return err
		}
	}
	return nil
}

// Cut commits a checkpoint of one task; one that would hold nothing is skipped.
func (r *Runner) Cut(id int32) error { return r.owned[id].Checkpoint() }

// Trim forgets what every task of the stage has taken, and the state topic but
// for its newest version: for runs that need no restart.
func (r *Runner) Trim() {
	for _, o := range r.owned {
		for _, at := range o.Positions() {
			r.log.Trim(stream.Partition{Topic: at.Topic, ID: at.Partition}, at.Next)
		}
		state := stream.Partition{Topic: r.stage.State, ID: o.id}
		r.log.Trim(state, r.log.End(state))
	}
}

// Tasks returns the running tasks in partition order, for their figures.
func (r *Runner) Tasks() []stream.Task {
	tasks := make([]stream.Task, len(r.owned))
	for i, o := range r.owned {
		tasks[i] = o.Task()
	}
	return tasks
}
