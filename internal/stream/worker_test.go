package stream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"

	"cordon/internal/record"
)

// desk is a Log in the test's hand: checkpoints end when the test says how.
type desk struct {
	log
	wall   record.Micros
	asked  []string // calls in order
	flying *Checkpoint
	await  error // what Await says; nil also commits
	first  int64 // log start of the input
	end    int64
	lost   []Loss
}

func (d *desk) note(call string) { d.asked = append(d.asked, call) }

func (d *desk) Acquire() error { d.note("acquire"); return nil }
func (d *desk) Counts() (map[Topic]int32, error) {
	d.note("counts")
	return map[Topic]int32{in: 1, st: 1}, nil
}
func (d *desk) State(each func(Record) error) error {
	d.note("state")
	for _, r := range d.state {
		if err := each(r); err != nil {
			return err
		}
	}
	return nil
}
func (d *desk) Bounds(Partition) (start, end int64, err error) {
	d.note("bounds")
	return d.first, d.end, nil
}
func (d *desk) Checksum(_ Partition, offset int64) (uint32, bool, error) {
	d.note("checksum")
	return 7, true, nil
}
func (d *desk) Tail() ([]Record, error) { d.note("tail"); return nil, nil }
func (d *desk) Write(sends []Send) error {
	d.note(fmt.Sprintf("write %d", len(sends)))
	return nil
}
func (d *desk) Commit(c *Checkpoint) { d.note("commit"); d.flying = c }
func (d *desk) Await() error         { d.keep(d.await == nil); return d.await }
func (d *desk) Wall() record.Micros  { return d.wall }
func (d *desk) Lost(l Loss) {
	d.lost = append(d.lost, l)
}

// keep ends the checkpoint under way in the log.
func (d *desk) keep(commit bool) {
	c := d.flying
	d.flying = nil
	pieces, _ := c.Pieces()
	if !commit {
		return
	}
	for _, s := range c.Outputs {
		d.output = append(d.output, string(s.Value))
	}
	for _, s := range pieces {
		d.state = append(d.state, Record{Key: slices.Clone(s.Key), Value: slices.Clone(s.Value)})
	}
}

// settle ends the checkpoint under way and tells the worker.
func (d *desk) settle(t *testing.T, w *Worker, err error) {
	t.Helper()
	d.keep(err == nil)
	step(t, w, Event{Kind: Settled, Err: err})
}

func step(t *testing.T, w *Worker, e Event) {
	t.Helper()
	if err := w.Step(e); err != nil {
		t.Fatal(err)
	}
}

// fetched is the event of one batch of one record.
func fetched(offset int64, value uint64) Event {
	b := Batch{Partition: Partition{in, 0}, CRC: 7, Records: []Record{{Offset: offset, Value: binary.BigEndian.AppendUint64(nil, value)}}}
	return Event{Kind: Fetched, From: b.Partition, Batches: []Batch{b}, Next: offset + 1, End: offset + 1}
}

func working(t *testing.T, d *desk, board *Board) *Worker {
	t.Helper()
	w := NewWorker(tallying(), 0, d, board, 10*second)
	if err := w.Restore(); err != nil {
		t.Fatal(err)
	}
	return w
}

// transactions.md rule 1: what is read before the take-over may be older than a
// commit of the former owner.
func TestWorkerTakesOverBeforeItReads(t *testing.T) {
	d := &desk{}
	w := working(t, d, nil)
	want := []string{"acquire", "counts", "state", "bounds", "commit"}
	if !slices.Equal(d.asked, want) {
		t.Errorf("a first start asks %q, want %q", d.asked, want)
	}
	d.asked, d.end = nil, 1
	step(t, w, fetched(0, 3))
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	d.asked = nil
	working(t, d, nil)
	want = []string{"acquire", "counts", "state", "bounds", "checksum"}
	if !slices.Equal(d.asked, want) {
		t.Errorf("a restart asks %q, want %q", d.asked, want)
	}
}

// The task goes on while its checkpoint is written; one at a time, and what an
// aborted one held is in the next.
func TestWorkerGoesOnWhileItCommits(t *testing.T) {
	d := &desk{}
	w := working(t, d, nil)
	d.wall = 10 * second
	step(t, w, fetched(0, 1))
	if d.flying == nil {
		t.Fatal("no checkpoint after the interval")
	}
	d.wall = 30 * second
	step(t, w, fetched(1, 2))
	if want := []string{"acquire", "counts", "state", "bounds", "commit", "commit"}; !slices.Equal(d.asked, want) {
		t.Fatalf("asked %q, want %q: no checkpoint while another is written", d.asked, want)
	}
	d.settle(t, w, fmt.Errorf("no room: %w", ErrAborted))
	if d.flying == nil || len(d.output) != 0 {
		t.Fatalf("after an abort: checkpoint %v, outputs %q; want the next one under way and none", d.flying, d.output)
	}
	d.settle(t, w, nil)
	if want := []string{"[0 1 0 0 0]", "[0 1 2 0 0]"}; !slices.Equal(d.output, want) {
		t.Errorf("outputs %q, want %q", d.output, want)
	}
	if at := w.Committed()[0].Next; at != 2 {
		t.Errorf("committed up to %d, want 2", at)
	}
	counts := map[string]int64{}
	w.Counts(func(name, label string, value int64) { counts[name+label] = value })
	if counts["checkpoints_totalcommitted"] != 2 || counts["checkpoints_totalaborted"] != 1 {
		t.Errorf("counted %v, want 2 committed, the first at the start, and 1 aborted", counts)
	}
}

// An outcome that nobody knows ends the life of the worker: only the log knows.
func TestWorkerRestoresAfterAnUnknownOutcome(t *testing.T) {
	d := &desk{}
	w := working(t, d, nil)
	d.wall = 10 * second
	step(t, w, fetched(0, 1))
	d.keep(true)
	unknown := errors.New("timeout")
	if err := w.Step(Event{Kind: Settled, Err: unknown}); !errors.Is(err, unknown) {
		t.Fatalf("step: %v, want %v", err, unknown)
	}
	d.end = 1
	if at := working(t, d, nil).Committed()[0].Next; at != 1 {
		t.Errorf("restored at %d, want 1: it had been committed", at)
	}
}

// A task takes no more than MaxEffects of outputs before they can leave.
func TestWorkerStopsWhenOutputsCannotLeave(t *testing.T) {
	d := &desk{}
	w := working(t, d, nil)
	w.stage.NewTask = func(int32) Task { return &verbose{} }
	if err := w.Restore(); err != nil {
		t.Fatal(err)
	}
	offset := int64(0)
	for ; offset < 100 && w.Hungry(); offset++ {
		step(t, w, fetched(offset, 1))
	}
	if w.Hungry() || d.flying == nil || w.owner.Effects().Size() > MaxEffects+1<<20 {
		t.Fatalf("after %d records of 1 MB: hungry %v, %d bytes gathered", offset, w.Hungry(), w.owner.Effects().Size())
	}
	d.settle(t, w, nil)
	if !w.Hungry() {
		t.Error("still full after the commit")
	}
}

// Each aborted checkpoint adds to the next; what piles up is bounded, and given up
// for what the log holds.
func TestWorkerBeginsAnewWhenTooMuchPilesUp(t *testing.T) {
	d := &desk{}
	w := working(t, d, nil)
	w.stage.NewTask = func(int32) Task { return &verbose{} }
	if err := w.Restore(); err != nil {
		t.Fatal(err)
	}
	var err error
	offset := int64(0)
	for aborts := 0; err == nil && aborts < 10; aborts++ {
		for ; w.Hungry(); offset++ {
			step(t, w, fetched(offset, 1))
		}
		d.keep(false)
		err = w.Step(Event{Kind: Settled, Err: fmt.Errorf("no room: %w", ErrAborted)})
	}
	if !errors.Is(err, ErrAborted) || offset > maxUncommitted>>20+2 {
		t.Errorf("after %d records of 1 MB in aborted checkpoints: %v, want %v before %d MB", offset, err, ErrAborted, maxUncommitted>>20)
	}
	if err := w.Restore(); err != nil || w.owner.Effects().Size() != 0 || !w.Hungry() {
		t.Errorf("anew: %v, %d bytes, hungry %v", err, w.owner.Effects().Size(), w.Hungry())
	}
}

// A wall clock that is set back keeps nobody from a checkpoint.
func TestWorkerCommitsAfterTheClockWasSetBack(t *testing.T) {
	d := &desk{wall: record.Hour}
	w := working(t, d, nil)
	d.wall = second
	step(t, w, fetched(0, 1))
	if d.flying == nil {
		t.Fatal("no checkpoint until the wall clock is back where it was")
	}
	d.settle(t, w, nil)
	step(t, w, fetched(1, 1))
	if d.flying != nil {
		t.Error("another checkpoint before the interval")
	}
}

// verbose sends 1 MB for each record.
type verbose struct{ tally }

func (v *verbose) Process(b Batch, _ Now, out *Effects) int {
	for range b.Records {
		out.Send(Send{Topic: "out", Value: make([]byte, 1<<20)})
	}
	return len(b.Records)
}

// What siblings see is committed: readers behind could not see the rest. Who is
// held back commits at once, for others may wait for that.
func TestWorkerShowsWhatIsCommitted(t *testing.T) {
	d := &desk{}
	board := NewBoard(2, 0)
	board.Join(0, func() {})
	w := NewWorker(tallying(), 0, d, board, 10*second)
	w.stage.NewTask = func(int32) Task { return &aligned{} }
	if err := w.Restore(); err != nil {
		t.Fatal(err)
	}
	board.Heard(1, Front{Counts: true, Time: 5 - AlignBound}, 0)
	step(t, w, fetched(0, 4))
	if got := board.Frontier(1); got != AlignBound {
		t.Errorf("4 is taken and not committed: the frontier of 1 is %d, want %d", got, AlignBound)
	}
	step(t, w, fetched(1, 9)) // ahead of the frontier
	if d.flying == nil {
		t.Fatal("held back, and no checkpoint")
	}
	d.settle(t, w, nil)
	if got := board.Frontier(1); got != 9+AlignBound {
		t.Errorf("9 waits: the frontier of 1 is %d, want %d", got, 9+AlignBound)
	}
	board.Heard(1, Front{Counts: true, Time: 9}, 0)
	step(t, w, Event{Kind: Moved})
	if !w.Hungry() {
		t.Error("1 has moved, and 9 still waits")
	}
}

// aligned is a tally whose time is the largest value seen.
type aligned struct {
	tally
	time record.Micros
}

func (a *aligned) Process(b Batch, now Now, out *Effects) int {
	for _, r := range b.Records {
		a.time = max(a.time, record.Micros(binary.BigEndian.Uint64(r.Value)))
	}
	return a.tally.Process(b, now, out)
}
func (a *aligned) Front() Front { return Front{Counts: true, Time: a.time} }

// Records deleted before they were read are told once, to the task and to people.
func TestWorkerTellsWhatIsLost(t *testing.T) {
	d := &desk{}
	w := working(t, d, nil)
	d.end = 1
	step(t, w, fetched(0, 1))
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	d.first, d.end = 5, 9
	if w = working(t, d, nil); !slices.Equal(d.lost, []Loss{{Partition{in, 0}, 4}}) || w.Committed()[0].Next != 5 {
		t.Errorf("lost %v, position %d; want the input and 4 offsets, and 5", d.lost, w.Committed()[0].Next)
	}
	d.end = 3
	d.first = 0
	if err := NewWorker(tallying(), 0, d, nil, 0).Restore(); !errors.Is(err, ErrState) {
		t.Errorf("a log that ends before the position: %v, want %v", err, ErrState)
	}
}
