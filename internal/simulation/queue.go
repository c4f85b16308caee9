package simulation

import (
	"container/heap"

	"cordon/internal/record"
)

// event is something that happens at a time.
type event struct {
	at    record.Micros
	actor uint64
	n     uint64 // among the events of all actors, in the order they were made
	of    *instance
	do    func()
}

// queue holds what is to come. At the same time the actor with the smaller name
// comes first, whatever order their events were made in.
type queue []event

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	a, b := &q[i], &q[j]
	switch {
	case a.at != b.at:
		return a.at < b.at
	case a.actor != b.actor:
		return a.actor < b.actor
	}
	return a.n < b.n
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(event)) }
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	old[len(old)-1] = event{}
	*q = old[:len(old)-1]
	return last
}

// after has something happen later, whatever becomes of the processes: what the
// brokers do, or somebody from outside.
func (w *world) after(wait record.Micros, actor uint64, do func()) {
	w.put(wait, event{actor: actor, do: do})
}

// after has the process do something later: not when it is dead by then, and
// after its wake-up while it stands still.
func (i *instance) after(wait record.Micros, do func()) {
	i.w.put(wait, event{actor: i.actor, of: i, do: do})
}

func (r *routine) after(wait record.Micros, do func()) {
	r.w.put(wait, event{actor: r.actor, of: r.of, do: do})
}

func (w *world) put(wait record.Micros, e event) {
	w.made++
	e.at, e.n = w.now+wait, w.made
	heap.Push(&w.queue, e)
}

// step lets the next thing happen, and reports whether there was one before the
// limit.
func (w *world) step(limit record.Micros) bool {
	if len(w.queue) == 0 || w.queue[0].at > limit {
		w.setTime(limit)
		return false
	}
	e := heap.Pop(&w.queue).(event)
	w.setTime(e.at)
	w.steps++
	switch {
	case e.of == nil:
	case e.of.dead:
		return true
	case e.of.frozen:
		e.of.parked = append(e.of.parked, e)
		return true
	}
	e.do()
	return true
}

func (w *world) setTime(at record.Micros) {
	if at > w.now {
		w.now = at
		w.log.SetTime(at)
	}
}
