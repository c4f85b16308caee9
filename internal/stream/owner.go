package stream

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"cordon/internal/record"
)

// ErrState reports a checkpoint that cannot be continued: another layout,
// other partition counts, another log. The text names the remedy.
var ErrState = errors.New("state cannot be continued")

// Far is a frontier that holds nothing back.
const Far = record.Micros(math.MaxInt64)

// AlignBound is how far an aligned task may read ahead of its slowest sibling, in
// event time; with lateness and patience it bounds the panes a scorer holds open.
const AlignBound = 20 * record.Second

// Owner feeds one task and keeps the position that belongs to its state. Both
// logs use it; it does no input or output of its own and is used by one
// goroutine at a time.
//
// The order of calls: Restored for every record of the state partition, Begin
// once, then Take and Tick in any order, and among them Cut and Settle in turns.
type Owner struct {
	stage     *Stage
	id        int32
	task      Task
	header    Header
	restored  bool
	counts    map[Topic]int32
	positions []Position
	effects   *Effects
	leaving   *Effects // in the checkpoint that is not settled
	cut       Cut
	cutting   *Checkpoint
	pieces    []Send // memory for those of the next checkpoint
	changed   bool
}

// NewOwner returns the owner of task id of the stage, which reads inputs.
func NewOwner(stage *Stage, id int32, inputs []Partition) *Owner {
	o := &Owner{stage: stage, id: id, task: stage.NewTask(id), effects: &Effects{}, leaving: &Effects{}}
	for _, p := range inputs {
		o.positions = append(o.positions, Position{Topic: p.Topic, Partition: p.ID})
	}
	slices.SortFunc(o.positions, func(a, b Position) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return o
}

// Task returns the task, for figures and fronts.
func (o *Owner) Task() Task { return o.task }

// Restored takes the next record of the state partition.
func (o *Owner) Restored(r Record) error {
	if string(r.Key) != HeaderKey {
		return o.task.Restore(r.Key, r.Value)
	}
	var h Header
	if err := json.Unmarshal(r.Value, &h); err != nil {
		return fmt.Errorf("%w: %s[%d] has a header this program cannot read (%v); delete the state topic to start over", ErrState, o.stage.State, o.id, err)
	}
	if h.Version != HeaderVersion {
		return fmt.Errorf("%w: %s[%d] has header version %d, this program knows %d; run the version that wrote it, or delete the state topic to start over",
			ErrState, o.stage.State, o.id, h.Version, HeaderVersion)
	}
	o.header, o.restored = h, true
	return nil
}

// Begin ends the restore. It refuses a checkpoint of other partition counts,
// takes over its positions and starts the task.
func (o *Owner) Begin(s Start) error {
	s.Restored, s.Header = o.restored, o.header
	o.counts = s.Partitions
	if err := o.checkCounts(); err != nil {
		return err
	}
	for _, p := range o.header.Positions {
		if at := o.find(Partition{p.Topic, p.Partition}); at != nil {
			*at = p
		}
	}
	// A first checkpoint is due at once: a task that is killed before it has one
	// would start as if it had never been, under another generation.
	o.changed = o.changed || !o.restored || len(s.Lost) > 0
	return o.task.Start(s)
}

// checkCounts compares the partition counts of the checkpoint with today's: a
// terminal's partition depends on them, so a change would split its history.
func (o *Owner) checkCounts() error {
	if !o.restored {
		return nil
	}
	for _, topic := range slices.Sorted(maps.Keys(o.header.Partitions)) {
		now, known := o.counts[topic]
		if was := o.header.Partitions[topic]; known && now != was {
			return fmt.Errorf("%w: topic %s has %d partitions, the checkpoint in %s[%d] was made with %d; set the count back, or start over under another topics.prefix",
				ErrState, topic, now, o.stage.State, o.id, was)
		}
	}
	return nil
}

func (o *Owner) find(p Partition) *Position {
	for i := range o.positions {
		if o.positions[i].Topic == p.Topic && o.positions[i].Partition == p.ID {
			return &o.positions[i]
		}
	}
	return nil
}

// Restoring returns the header that Restored found, and whether there is one.
func (o *Owner) Restoring() (Header, bool) { return o.header, o.restored }

// Positions returns the position of every input, sorted by topic and partition.
func (o *Owner) Positions() []Position { return o.positions }

// Skip moves an input to the log start, where its position fell below it or
// where there is no position yet.
func (o *Owner) Skip(p Partition, next int64) {
	if at := o.find(p); at != nil {
		*at = Position{Topic: p.Topic, Partition: p.ID, Next: next}
		o.changed = true
	}
}

// Take offers a batch to the task and returns how many of its records are
// done with: what the task took, and what lay before the position.
func (o *Owner) Take(b Batch, now Now) int {
	at := o.find(b.Partition)
	if at == nil {
		return len(b.Records)
	}
	before := 0
	for before < len(b.Records) && b.Records[before].Offset < at.Next {
		before++
	}
	b.Records = b.Records[before:]
	if len(b.Records) == 0 {
		return before
	}
	taken := o.task.Process(b, now, o.effects)
	if taken > 0 {
		at.Next = b.Records[taken-1].Offset + 1
		at.CRC, at.AppendTime = b.CRC, b.AppendTime
		o.changed = true
	}
	return before + taken
}

// Tick lets wall time pass for the task.
func (o *Owner) Tick(now Now) {
	before := len(o.effects.Sends())
	o.task.Tick(now, o.effects)
	o.changed = o.changed || len(o.effects.Sends()) > before
}

// Effects returns what the task wants sent and no cut holds yet. A stage whose
// outputs lie outside the transaction sends and resets it at any time.
func (o *Owner) Effects() *Effects { return o.effects }

// Changed reports whether a cut would hold anything: an empty one is skipped.
func (o *Owner) Changed() bool { return o.changed }

// Front returns where an aligned task stands; the zero Front otherwise.
func (o *Owner) Front() Front {
	if a, ok := o.task.(Aligned); ok {
		return a.Front()
	}
	return Front{}
}

// Cut copies what changed, positions included. The task may go on at once; until
// Settle tells the outcome there must be no other Cut.
func (o *Owner) Cut() *Checkpoint {
	o.cut.Reset()
	o.task.Cut(&o.cut)
	positions := slices.Clone(o.positions)
	c := &Checkpoint{
		Positions: positions, Front: o.Front(), state: Partition{o.stage.State, o.id}, cut: &o.cut, sends: o.pieces[:0],
		header: Header{
			Version: HeaderVersion, Positions: positions, Partitions: o.counts,
			Watermark: o.cut.Watermark, StateVersion: o.cut.StateVersion, StateGeneration: o.cut.StateGeneration,
			ConfigDigest: o.cut.ConfigDigest, Fence: o.cut.Fence,
		},
	}
	if o.stage.Transactional {
		o.effects, o.leaving = o.leaving, o.effects
		c.Outputs = o.leaving.Sends()
	}
	o.changed, o.cutting = false, c
	return c
}

// Settle tells the outcome of the last Cut. What an uncommitted one held,
// outputs of a transactional stage included, belongs to the next.
func (o *Owner) Settle(committed bool) {
	o.task.Settle(committed)
	if !committed {
		for _, s := range o.effects.Sends() {
			o.leaving.Send(s)
		}
		o.effects, o.leaving = o.leaving, o.effects
		o.changed = true
	}
	o.leaving.Reset()
	o.pieces, o.cutting = o.cutting.sends, nil
}

// Frontier returns the event time up to which the partition at index self may
// take records: bound ahead of the slowest sibling that counts. A partition
// that waits counts with the record it waits to take, so that a gap in all of
// them is jumped over instead of waited in for ever.
func Frontier(fronts []Front, self int, bound record.Micros) record.Micros {
	least := Far
	for i, f := range fronts {
		if i != self && f.Counts {
			least = min(least, f.Time)
		}
	}
	if least > Far-bound {
		return Far
	}
	return least + bound
}
