package kafka

import (
	"math"
	"sync"

	"cordon/internal/record"
	"cordon/internal/stream"
)

// board shows every partition of an aligned stage where its siblings stand. Safe
// for concurrent use.
type board struct {
	mu     sync.Mutex
	fronts []stream.Front
	wake   map[int32]chan struct{} // of the workers that run here
}

func newBoard(n int32) *board {
	return &board{fronts: make([]stream.Front, n), wake: map[int32]chan struct{}{}}
}

// expect makes the siblings wait for partitions whose workers are about to
// start: until one has restored its task, nobody knows how far it has come.
func (b *board) expect(ids []int32) {
	for _, id := range ids {
		b.publish(id, stream.Front{Counts: true, Time: math.MinInt64})
	}
}

// join adds a worker; wake, of capacity 1, tells it when a sibling moved.
func (b *board) join(id int32, wake chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wake[id] = wake
}

// leave takes a worker's partition off the board: nobody here waits for it.
// When another worker has joined for the partition meanwhile, it stays.
func (b *board) leave(id int32, wake chan struct{}) {
	b.mu.Lock()
	mine := b.wake[id] == wake
	if mine {
		delete(b.wake, id)
	}
	b.mu.Unlock()
	if mine {
		b.publish(id, stream.Front{})
	}
}

// publish shows where a partition stands, and wakes the siblings if it moved.
func (b *board) publish(id int32, f stream.Front) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if int(id) >= len(b.fronts) || b.fronts[id] == f {
		return
	}
	b.fronts[id] = f
	for other, c := range b.wake {
		if other == id {
			continue
		}
		select {
		case c <- struct{}{}:
		default: // it has been told and has not looked yet
		}
	}
}

// owned reports whether a worker here runs the partition.
func (b *board) owned(id int32) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.wake[id] != nil
}

func (b *board) frontier(id int32) record.Micros {
	b.mu.Lock()
	defer b.mu.Unlock()
	return stream.Frontier(b.fronts, int(id), stream.AlignBound)
}
