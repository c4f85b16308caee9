package memory

import (
	"fmt"

	"cordon/internal/stream"
)

// Runner runs all tasks of one stage on a Log, one batch at a time and always
// in partition order, so that a run is the same each time.
type Runner struct {
	log    *Log
	stage  *stream.Stage
	owners []*owned
	fronts []stream.Front
	// CutBytes is how many bytes of effects a transactional task may gather
	// before it commits; 0 commits after every batch.
	CutBytes int
}

type owned struct {
	*stream.Owner
	id       int32
	producer *Producer
}

// NewRunner starts every task of the stage from its committed state.
func NewRunner(log *Log, stage *stream.Stage) (*Runner, error) {
	r := &Runner{log: log, stage: stage}
	n := int32(1)
	if !stage.Single {
		n = log.Partitions(stage.Inputs[0])
	}
	r.fronts = make([]stream.Front, n)
	for id := int32(0); id < n; id++ {
		o, err := r.acquire(id)
		if err != nil {
			return nil, fmt.Errorf("%s task %d: %w", stage.Name, id, err)
		}
		r.owners = append(r.owners, o)
		if err := r.Cut(id); err != nil {
			return nil, fmt.Errorf("%s task %d: %w", stage.Name, id, err)
		}
		r.fronts[id] = o.Front()
	}
	return r, nil
}

// acquire fences the former owner of a task, then restores its state: in this
// order, or a late commit of the former owner would be missed.
func (r *Runner) acquire(id int32) (*owned, error) {
	producer := r.log.Producer(fmt.Sprintf("%s-%d", r.stage.Name, id))
	o := &owned{Owner: stream.NewOwner(r.stage, id, r.inputs(id)), id: id, producer: producer}
	at := stream.Partition{Topic: r.stage.State, ID: id}
	for offset := int64(0); ; {
		b, next, more := r.log.Fetch(at, offset)
		if !more {
			break
		}
		for _, rec := range b.Records {
			if err := o.Restored(rec); err != nil {
				return nil, err
			}
		}
		offset = next
	}
	start := stream.Start{Partitions: r.counts()}
	header, restored := o.Restoring()
	if !restored {
		start.Tail = r.tail(id)
	}
	for _, p := range header.Positions {
		from := stream.Partition{Topic: p.Topic, ID: p.Partition}
		if p.Next < r.log.Start(from) {
			start.Lost = append(start.Lost, from)
		}
	}
	return o, o.Begin(start)
}

// inputs names the partitions task id reads.
func (r *Runner) inputs(id int32) []stream.Partition {
	var all []stream.Partition
	for _, topic := range r.stage.Inputs {
		if !r.stage.Single {
			all = append(all, stream.Partition{Topic: topic, ID: id})
			continue
		}
		for p := int32(0); p < r.log.Partitions(topic); p++ {
			all = append(all, stream.Partition{Topic: topic, ID: p})
		}
	}
	return all
}

func (r *Runner) counts() map[stream.Topic]int32 {
	counts := map[stream.Topic]int32{}
	for _, topic := range r.stage.Named() {
		counts[topic] = r.log.Partitions(topic)
	}
	return counts
}

// tail returns all committed records of the stage's Resume topic.
func (r *Runner) tail(id int32) []stream.Record {
	if r.stage.Resume == "" {
		return nil
	}
	var records []stream.Record
	for offset := int64(0); ; {
		b, next, more := r.log.Fetch(stream.Partition{Topic: r.stage.Resume, ID: id}, offset)
		if !more {
			return records
		}
		records = append(records, b.Records...)
		offset = next
	}
}

// Step lets every task take one batch of every input it can, and commits what
// is due. It reports whether anything moved.
func (r *Runner) Step() (bool, error) {
	moved := false
	for _, o := range r.owners {
		did, err := r.step(o)
		if err != nil {
			return moved, fmt.Errorf("%s task %d: %w", r.stage.Name, o.id, err)
		}
		moved = moved || did
	}
	return moved, nil
}

func (r *Runner) step(o *owned) (bool, error) {
	moved, blocked := false, false
	for _, at := range append([]stream.Position(nil), o.Positions()...) {
		from := stream.Partition{Topic: at.Topic, ID: at.Partition}
		b, _, more := r.log.Fetch(from, at.Next)
		if !more {
			continue
		}
		taken := o.Take(b, r.now(o, false))
		moved = moved || taken > 0
		blocked = blocked || taken < len(b.Records)
		if err := r.flush(o); err != nil {
			return moved, err
		}
	}
	if !moved && !blocked {
		o.Tick(r.now(o, true))
	}
	if due := blocked || !moved || o.Effects().Size() >= r.CutBytes; r.stage.Transactional && due {
		if err := r.Cut(o.id); err != nil {
			return moved, err
		}
	}
	return r.publish(o) || moved, r.flush(o)
}

// publish shows the siblings where a task stands. What is not committed is not
// shown: readers behind could not see its records yet.
func (r *Runner) publish(o *owned) bool {
	if o.Changed() && r.stage.Transactional {
		return false
	}
	was := r.fronts[o.id]
	r.fronts[o.id] = o.Front()
	return was != r.fronts[o.id]
}

func (r *Runner) now(o *owned, atEnd bool) stream.Now {
	now := stream.Now{Wall: r.log.Time(), Frontier: stream.Far, AtEnd: atEnd}
	if r.stage.Aligned {
		now.Frontier = stream.Frontier(r.fronts, int(o.id), stream.AlignBound)
	}
	return now
}

// flush sends the outputs of a stage whose outputs lie outside the transaction.
func (r *Runner) flush(o *owned) error {
	if r.stage.Transactional || len(o.Effects().Sends()) == 0 {
		return nil
	}
	defer o.Effects().Reset()
	return r.log.Append(o.Effects().Sends())
}

// Cut commits a checkpoint of one task; one that would hold nothing is skipped.
func (r *Runner) Cut(id int32) error {
	o := r.owners[id]
	if !o.Changed() {
		return nil
	}
	pieces, err := o.Cut()
	if err != nil {
		return err
	}
	if r.stage.Transactional {
		err = o.producer.Send(o.Effects().Sends())
	}
	if err == nil {
		err = o.producer.Send(pieces)
	}
	if err == nil {
		err = o.producer.Commit()
	}
	o.Settle(err == nil)
	return err
}

// Trim forgets what every task of the stage has taken, and the state topic but
// for its newest version: for runs that need no restart.
func (r *Runner) Trim() {
	for _, o := range r.owners {
		for _, at := range o.Positions() {
			r.log.Trim(stream.Partition{Topic: at.Topic, ID: at.Partition}, at.Next)
		}
		state := stream.Partition{Topic: r.stage.State, ID: o.id}
		r.log.Trim(state, r.log.End(state))
	}
}

// Tasks returns the running tasks in partition order, for their figures.
func (r *Runner) Tasks() []stream.Task {
	tasks := make([]stream.Task, len(r.owners))
	for i, o := range r.owners {
		tasks[i] = o.Task()
	}
	return tasks
}
