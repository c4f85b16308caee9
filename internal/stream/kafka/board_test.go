package kafka

import (
	"testing"

	"cordon/internal/record"
	"cordon/internal/stream"
)

func at(t record.Micros) stream.Front { return stream.Front{Counts: true, Time: t} }

// A partition whose worker has just been assigned holds its siblings until its
// task is restored, and one that has left holds nobody.
func TestBoardHoldsForNewcomers(t *testing.T) {
	const s = record.Second
	b := newBoard(3)
	wake := make(chan struct{}, 1)
	if got := b.frontier(0); got != stream.Far {
		t.Errorf("empty board: frontier %d, want Far", got)
	}
	b.expect([]int32{0, 1})
	b.join(0, wake)
	b.publish(0, at(100*s))
	if got := b.frontier(0); got >= 0 {
		t.Errorf("1 is expected: frontier of 0 is %d, want one before all time", got)
	}
	b.publish(1, at(90*s))
	if got := b.frontier(0); got != 90*s+stream.AlignBound {
		t.Errorf("1 stands at 90 s: frontier of 0 is %d", got)
	}
	b.publish(2, stream.Front{Time: 5 * s}) // EMPTY or STALLED
	if got := b.frontier(0); got != 90*s+stream.AlignBound {
		t.Errorf("2 does not count: frontier of 0 is %d", got)
	}
	b.leave(1, nil)
	if got := b.frontier(0); got != stream.Far {
		t.Errorf("1 has left: frontier of 0 is %d, want Far", got)
	}
	b.publish(7, at(s)) // of a topic that has grown: not ours to follow
}

func TestBoardWakesSiblingsThatDoNotKnow(t *testing.T) {
	b := newBoard(2)
	mine, other := make(chan struct{}, 1), make(chan struct{}, 1)
	b.join(0, mine)
	b.join(1, other)
	b.publish(0, at(1))
	b.publish(0, at(2)) // must not block although 1 has not looked
	b.publish(0, at(2))
	if len(mine) != 0 || len(other) != 1 {
		t.Errorf("%d wake-ups for the mover and %d for its sibling, want 0 and 1", len(mine), len(other))
	}
	<-other
	b.publish(0, at(2))
	if len(other) != 0 {
		t.Error("woken although nothing moved")
	}
}

// The old worker of a partition may end after the new one has begun.
func TestBoardKeepsTheNewWorker(t *testing.T) {
	b := newBoard(1)
	before, after := make(chan struct{}, 1), make(chan struct{}, 1)
	b.join(0, before)
	b.join(0, after)
	b.publish(0, at(1))
	b.leave(0, before)
	if !b.owned(0) || !b.fronts[0].Counts {
		t.Errorf("owned %v, front %+v; want the new worker's", b.owned(0), b.fronts[0])
	}
	b.leave(0, after)
	if b.owned(0) || b.fronts[0].Counts {
		t.Errorf("owned %v, front %+v; want none", b.owned(0), b.fronts[0])
	}
}
