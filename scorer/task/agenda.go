package task

import "cordon/scorer/pane"

// turn is the pane in which an open case is to be judged.
type turn struct {
	at     pane.Number
	number int32 // of the terminal
}

// agenda holds the turn of every open case, the earliest first: a heap whose
// places the terminals know. A case without traffic costs nothing until its
// turn, so that a jump of days over thousands of cases takes no minutes. Another
// one, with vigil set, holds when terminals are to be missed.
type agenda struct {
	turns  []turn
	roster *roster
	vigil  bool
}

// place returns where a terminal keeps its index + 1, 0: it has no turn.
func (a *agenda) place(number int32) *int32 {
	term := a.roster.at(number)
	if a.vigil {
		return &term.vigil
	}
	return &term.place
}

// Len returns how many cases have a turn.
func (a *agenda) Len() int { return len(a.turns) }

// first returns the pane of the earliest turn, if there is one.
func (a *agenda) first() (pane.Number, bool) {
	if len(a.turns) == 0 {
		return 0, false
	}
	return a.turns[0].at, true
}

// due appends the terminals whose turn has come by pane n and leaves their
// turns, to be set anew.
func (a *agenda) due(n pane.Number, to []int32) []int32 {
	return a.dueBelow(0, n, to)
}

// dueBelow is due for the part of the heap below index i.
func (a *agenda) dueBelow(i int, n pane.Number, to []int32) []int32 {
	if i >= len(a.turns) || a.turns[i].at > n {
		return to
	}
	to = append(to, a.turns[i].number)
	return a.dueBelow(2*i+2, n, a.dueBelow(2*i+1, n, to))
}

// set gives a terminal its turn, in place of the one it had.
func (a *agenda) set(number int32, at pane.Number) {
	place := a.place(number)
	if *place == 0 {
		a.turns = append(a.turns, turn{at, number})
		*place = int32(len(a.turns))
	}
	i := int(*place) - 1
	a.turns[i].at = at
	a.settle(i)
}

// remove takes the turn of a terminal away, if it has one.
func (a *agenda) remove(number int32) {
	place := a.place(number)
	if *place == 0 {
		return
	}
	i, last := int(*place)-1, len(a.turns)-1
	a.swap(i, last)
	a.turns = a.turns[:last]
	*a.place(number) = 0
	if i < last {
		a.settle(i)
	}
}

// settle moves the turn at i to where it belongs.
func (a *agenda) settle(i int) {
	for i > 0 && a.turns[i].at < a.turns[(i-1)/2].at {
		a.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(a.turns); child++ {
			if a.turns[child].at < a.turns[least].at {
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

// swap exchanges two turns.
func (a *agenda) swap(i, j int) {
	a.turns[i], a.turns[j] = a.turns[j], a.turns[i]
	*a.place(a.turns[i].number) = int32(i) + 1
	*a.place(a.turns[j].number) = int32(j) + 1
}
