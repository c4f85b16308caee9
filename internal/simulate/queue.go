package simulate

import "cordon/internal/record"

// queue is a heap of activities by when their next record comes, then by number,
// so that order never depends on how it was built. Four children per node: half
// the depth of two, and they share a cache line.
type queue []entry

type entry struct {
	at       record.Micros
	activity int32
}

const children = 4

func (e entry) before(other entry) bool {
	return e.at < other.at || e.at == other.at && e.activity < other.activity
}

// order makes a heap of entries in any order.
func (q queue) order() {
	for i := len(q)/children + 1; i >= 0; i-- {
		q.sink(i)
	}
}

// moveTop gives the first entry a later time.
func (q queue) moveTop(at record.Micros) {
	q[0].at = at
	q.sink(0)
}

// pop takes the first entry out.
func (q *queue) pop() {
	last := len(*q) - 1
	(*q)[0] = (*q)[last]
	*q = (*q)[:last]
	q.sink(0)
}

func (q queue) sink(i int) {
	if i >= len(q) {
		return
	}
	e := q[i]
	for {
		least := i*children + 1
		if least >= len(q) {
			break
		}
		for c := least + 1; c < min(i*children+1+children, len(q)); c++ {
			if q[c].before(q[least]) {
				least = c
			}
		}
		if !q[least].before(e) {
			break
		}
		q[i] = q[least]
		i = least
	}
	q[i] = e
}
