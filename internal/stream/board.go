package stream

import (
	"math"
	"strings"
	"sync"

	"cordon/internal/record"
)

// Board shows every task of an aligned stage where the others stand: those of
// this instance, which publish what they have committed, and those of other
// instances, which are heard of by the progress topic. It is flow control only:
// what it does not know costs waiting, never a record.
//
// Every partition counts from the start, and stands before all time, until its
// owner has spoken or nobody has for SilentAfter. Safe for concurrent use.
type Board struct {
	mu     sync.Mutex
	fronts []Front
	heard  []record.Micros // wall time of the last word about each
	looked record.Micros   // wall time of the last look at heard
	seats  map[int32]*Seat
}

// Seat is the place of a task of this instance.
type Seat struct {
	id   int32
	wake func()
}

// NewBoard returns the board of n partitions; wall is the time now.
func NewBoard(n int32, wall record.Micros) *Board {
	b := &Board{fronts: make([]Front, n), heard: make([]record.Micros, n), looked: wall, seats: map[int32]*Seat{}}
	for i := range b.fronts {
		b.fronts[i], b.heard[i] = unknown, wall
	}
	return b
}

// unknown is the front of a partition whose owner has not spoken.
var unknown = Front{Counts: true, Time: math.MinInt64}

// Join makes a partition one of this instance; wake tells its task that another
// one moved, and must not block. Until it publishes the others wait: nobody
// knows how far a task that is not restored has come.
func (b *Board) Join(id int32, wake func()) *Seat {
	seat := &Seat{id, wake}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seats[id] = seat
	b.setLocked(id, unknown)
	return seat
}

// Leave ends that, unless another task has joined for the partition meanwhile.
// Where the partition stood last is remembered: another instance goes on from
// there.
func (b *Board) Leave(seat *Seat, wall record.Micros) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.seats[seat.id] == seat {
		delete(b.seats, seat.id)
		b.heard[seat.id] = wall
	}
}

// Publish shows, at a wall time, where a partition of this instance stands. Its
// task does so at every tick while nothing keeps it from its work.
func (b *Board) Publish(id int32, f Front, wall record.Micros) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if int(id) < len(b.heard) {
		b.heard[id] = wall
	}
	b.setLocked(id, f)
}

// Heard notes what the progress topic said about a partition at a wall time.
// Of a partition of this instance its own task knows better.
func (b *Board) Heard(id int32, f Front, wall record.Micros) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.seats[id] != nil || id < 0 || int(id) >= len(b.heard) {
		return
	}
	b.heard[id] = wall
	b.setLocked(id, f)
}

// giveUp ends the waiting for a partition of another instance.
func (b *Board) giveUp(id int32) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.seats[id] == nil {
		b.setLocked(id, Front{})
	}
}

// SilentSuffix ends the key, in the progress topic, of what others than its owner
// say of a partition: that nothing is heard of it. It is no word of the owner, and
// must not replace the owner's last one when the topic is compacted.
const SilentSuffix = "/silent"

// HeardRecord is Heard for a record of the progress topic.
func (b *Board) HeardRecord(r Record, wall record.Micros) {
	decoded, err := record.Decode(r.Value)
	if err != nil {
		return // a newer program's record: it holds nobody back
	}
	c, ok := decoded.(*record.SourceClock)
	switch {
	case !ok:
	case strings.HasSuffix(string(r.Key), SilentSuffix):
		b.giveUp(c.RawPartition)
	default:
		counts := c.State != record.ClockEmpty && c.State != record.ClockStalled
		b.Heard(c.RawPartition, Front{Counts: counts, Time: c.Time}, wall)
	}
}

// setLocked changes a front, and wakes the tasks of this instance if it moved.
func (b *Board) setLocked(id int32, f Front) {
	if id < 0 || int(id) >= len(b.fronts) || b.fronts[id] == f {
		return
	}
	b.fronts[id] = f
	for other, seat := range b.seats {
		if other != id {
			seat.wake()
		}
	}
}

// Frontier returns the event time up to which a task may take records.
func (b *Board) Frontier(id int32) record.Micros {
	b.mu.Lock()
	defer b.mu.Unlock()
	return Frontier(b.fronts, int(id), AlignBound)
}

// lookAgain is the gap between two looks, due at every tick, that means this
// process stood still or its clock was set: nobody was silent all that time.
const lookAgain = 5 * record.Second

// Silent returns the partitions but self of which nothing was heard for
// SilentAfter, and no longer waits for them. One of this instance is silent when its
// task cannot be restored, or hangs.
func (b *Board) Silent(self int32, wall record.Micros) (silent []int32) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if wall < b.looked || wall-b.looked > lookAgain {
		for id := range b.heard {
			b.heard[id] = wall
		}
	}
	b.looked = wall
	for i, at := range b.heard {
		if id := int32(i); id != self && wall-at >= SilentAfter {
			silent = append(silent, id)
			if b.fronts[i].Counts {
				b.setLocked(id, Front{})
			}
		}
	}
	return silent
}
