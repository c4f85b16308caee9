package resolve

import (
	"container/heap"
	"slices"

	"cordon/internal/identity"
	"cordon/internal/record"
)

// heldOverhead is what a record that waits costs beside its bytes: its entry,
// its slot, its places in a map and a queue.
const heldOverhead = 200

// Held is a record that names only an address and waits to be decided.
type Held struct {
	At       record.Micros // event time
	Appended record.Micros // when the log took it
	Offset   int64         // in the raw partition
	Key      Key
	Value    []byte // the raw record

	place  int   // in its queue
	listed int   // in the list of its key, while it is in waiting
	slot   int32 // names its piece of state
}

// Hold keeps a copy of a record until it is decided, and reports whether there
// was room.
func (t *Table) Hold(h Held) bool {
	if t.bytes+len(h.Value)+heldOverhead > t.settings.HeldBytes {
		return false
	}
	kept := &Held{}
	if n := len(t.pool); n > 0 {
		kept, t.pool = t.pool[n-1], t.pool[:n-1]
	}
	value := append(kept.Value[:0], h.Value...)
	*kept = h
	kept.Value = value
	t.slots.enter(kept)
	t.admit(kept)
	return true
}

func (t *Table) admit(h *Held) {
	t.bytes += len(h.Value) + heldOverhead
	heap.Push(&t.fresh, h)
}

// Oldest returns the event time of the oldest record that waits, or a time
// after every other if none does.
func (t *Table) Oldest() record.Micros {
	oldest := forever
	if len(t.fresh) > 0 {
		oldest = t.fresh[0].At
	}
	if len(t.waiting) > 0 {
		oldest = min(oldest, t.waiting[0].At)
	}
	return oldest
}

// Next removes and returns the next record that is decided now that R is
// passed: with its subscriber, or with the zero SUPI if the wait is over. It
// returns nil when there is none. The record is valid until Done.
func (t *Table) Next(passed record.Micros) (*Held, identity.SUPI) {
	for len(t.fresh) > 0 && t.fresh[0].At < passed {
		h := t.popFresh()
		if holder := t.Holder(h.Key, h.At); !holder.IsZero() {
			t.leave(h)
			return h, holder
		}
		t.await(h)
	}
	if len(t.waiting) > 0 && passed-t.waiting[0].At >= t.settings.Wait {
		h := heap.Pop(&t.waiting).(*Held)
		t.unlist(h)
		t.leave(h)
		return h, identity.SUPI{}
	}
	return nil, identity.SUPI{}
}

func (t *Table) popFresh() *Held { return heap.Pop(&t.fresh).(*Held) }

// await moves a record that nobody is known to be behind to those that wait for
// a session event.
func (t *Table) await(h *Held) {
	heap.Push(&t.waiting, h)
	list := t.byKey[h.Key]
	h.listed = len(list)
	t.byKey[h.Key] = append(list, h)
}

// Covered hands out every record that waits for the key and is decided by what
// was noted since, in order. A record is valid until Done; yield notes nothing.
func (t *Table) Covered(k Key, yield func(*Held, identity.SUPI)) {
	var covered []*Held
	for _, h := range t.byKey[k] {
		if !t.Holder(k, h.At).IsZero() {
			covered = append(covered, h)
		}
	}
	slices.SortFunc(covered, func(a, b *Held) int {
		if before(a, b) {
			return -1
		}
		return 1
	})
	for _, h := range covered {
		heap.Remove(&t.waiting, h.place)
		t.unlist(h)
		t.leave(h)
		yield(h, t.Holder(k, h.At))
	}
}

// unlist takes a record off the list of its key at a cost that does not grow
// with the list: one address may have all the records that wait.
func (t *Table) unlist(h *Held) {
	list := t.byKey[h.Key]
	last := len(list) - 1
	list[h.listed] = list[last]
	list[h.listed].listed = h.listed
	list[last] = nil
	if last == 0 {
		delete(t.byKey, h.Key)
		return
	}
	t.byKey[h.Key] = list[:last]
}

func (t *Table) leave(h *Held) {
	t.bytes -= len(h.Value) + heldOverhead
	t.slots.leave(h)
}

// poolSize and poolValue bound the entries kept for reuse. A common record has
// 160 bytes; what a longer one took is not kept, for a short one that waited in
// it would cost more than is counted.
const (
	poolSize  = 4096
	poolValue = 1 << 10
)

// Done gives back a record that Next or Covered returned.
func (t *Table) Done(h *Held) {
	if len(t.pool) < poolSize && cap(h.Value) <= poolValue {
		t.pool = append(t.pool, h)
	}
}

// before orders records by event time, then by offset.
func before(a, b *Held) bool { return a.At < b.At || a.At == b.At && a.Offset < b.Offset }

// queue is a heap of records, the oldest first.
type queue []*Held

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return before(q[i], q[j]) }
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}
func (q *queue) Push(x any) {
	h := x.(*Held)
	h.place = len(*q)
	*q = append(*q, h)
}
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	(*q)[len(*q)-1] = nil
	*q = (*q)[:len(*q)-1]
	return last
}
