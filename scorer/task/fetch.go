package task

import (
	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/scorer/pane"
)

// ahead is how many terminals are fetched together: more loads than a processor
// keeps under way, and few enough to stay in its nearest caches (ours, measured).
const ahead = 8

// fetch reads what the next terminals are judged by in pane n. Terminals come in the
// order of their pseudonyms, which memory knows nothing of: of a million none is in a
// cache. Whoever reads them one after the other waits for memory with every step,
// and whoever reads some at once waits once for all of them.
func (t *Task) fetch(n pane.Number, next []ordered) {
	read := byte(0)
	for _, o := range next {
		read |= t.roster.terminals.Touch(o.number)
	}
	for _, o := range next {
		read |= t.ring.Touch(n, &t.roster.look(o.number).open)
	}
	for _, o := range next {
		term := t.roster.look(o.number)
		read |= t.ring.TouchDestination(n, &term.open) | t.roster.pools.touch(&term.parts)
	}
	t.touched = read
}

// fetchOwners is fetch for the terminals of records, which are keyed by them.
func (t *Task) fetchOwners(next []stream.Record) {
	read := byte(0)
	for i := range next {
		if key := next[i].Key; len(key) == len(record.Pseudonym{}) {
			read |= t.roster.index.touch((*record.Pseudonym)(key))
		}
	}
	for i := range next {
		key := next[i].Key
		if len(key) != len(record.Pseudonym{}) {
			continue // of no terminal
		}
		if number, known := t.roster.find((*record.Pseudonym)(key)); known {
			read |= byte(t.roster.look(number).context.DNN)
		}
	}
	t.touched = read
}
