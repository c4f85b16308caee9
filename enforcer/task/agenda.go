package task

import (
	"bytes"

	"cordon/internal/record"
)

// entry is one terminal's turn.
type entry struct {
	at record.Micros
	id record.Pseudonym
}

func (e entry) before(o entry) bool {
	return e.at < o.at || e.at == o.at && bytes.Compare(e.id[:], o.id[:]) < 0
}

// agenda holds at most one turn per terminal, the earliest first; equal times
// go by terminal, so that the order never depends on how turns were entered.
// It is a heap that knows where each terminal stands. The zero agenda is empty.
type agenda struct {
	entries []entry
	where   map[record.Pseudonym]int
}

// Len returns how many terminals have a turn.
func (a *agenda) Len() int { return len(a.entries) }

// First returns the earliest turn.
func (a *agenda) First() (entry, bool) {
	if len(a.entries) == 0 {
		return entry{}, false
	}
	return a.entries[0], true
}

// Set gives a terminal its turn, in place of the one it had.
func (a *agenda) Set(id record.Pseudonym, at record.Micros) {
	i, known := a.where[id]
	if !known {
		if a.where == nil {
			a.where = map[record.Pseudonym]int{}
		}
		i = len(a.entries)
		a.entries = append(a.entries, entry{at, id})
		a.where[id] = i
	}
	a.entries[i].at = at
	a.settle(i)
}

// Remove takes a terminal's turn away, if it has one.
func (a *agenda) Remove(id record.Pseudonym) {
	i, known := a.where[id]
	if !known {
		return
	}
	last := len(a.entries) - 1
	a.swap(i, last)
	a.entries = a.entries[:last]
	delete(a.where, id)
	if i < last {
		a.settle(i)
	}
}

// settle moves the entry at i to where it belongs.
func (a *agenda) settle(i int) {
	for i > 0 && a.entries[i].before(a.entries[(i-1)/2]) {
		a.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(a.entries); child++ {
			if a.entries[child].before(a.entries[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		a.swap(i, least)
		i = least
	}
}

func (a *agenda) swap(i, j int) {
	a.entries[i], a.entries[j] = a.entries[j], a.entries[i]
	a.where[a.entries[i].id], a.where[a.entries[j].id] = i, j
}
