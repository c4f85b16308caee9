package task

import (
	"cmp"
	"slices"

	"cordon/internal/record"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// Silence is told at full hours only: then one look at all terminals says what befell
// many at once. The turns of terminals lie in an agenda of their own, which is not
// corrected by every record: a turn that comes too early is put off. It is not stored
// either, for when a terminal is missed follows from when it was last seen.

// Limits of what befalls many at once.
const (
	// together is how far apart terminals fall silent that do so for one reason.
	together = pane.Number(30 * record.Minute / pane.Length)
	// silentTogether in one tracking area is no fault of theirs: works on a cell, a cut in the electricity.
	silentTogether = 5
	// silentShare of an area, one in so many, is none either, where there are two or more.
	silentShare = 5
	// silentAnywhere, and one in silentPart of the partition: a probe that has gone.
	silentAnywhere, silentPart = 20, 100
	// farewell is how long after it left there are still reports of a terminal.
	farewell = pane.Number(10 * record.Minute / pane.Length)
	// aliveNearby must go on in the area: else it is not known that anybody listens.
	aliveNearby = 5
)

// hush is when a terminal fell silent, and where.
type hush struct {
	area uint32
	last pane.Number
}

// hushes are all terminals with a life round the clock, as they stand at a pane.
type hushes struct {
	silent  []hush // for longer than any pause of theirs, by area and time
	all     []hush // the same by time
	regular []int  // of each area
	total   int
}

// vigil gives a terminal that was just seen its turn, if it has none and its silence
// would tell something.
func (t *Task) vigil(number int32) {
	term := t.roster.look(number)
	if term.vigil == 0 {
		if due := t.missed(term); due != 0 {
			t.vigils.set(number, due)
		}
	}
}

// missed returns the full hour from which on a terminal is missed if it stays silent; 0: never.
func (t *Task) missed(term *terminal) pane.Number {
	span := t.rules.device.Silence.Missed(&term.habit)
	if span == 0 || term.is(flagLeft) {
		return 0
	}
	d := t.roster.device.look(term.parts.device)
	if d != nil && (d.Missing() || d.Mover()) {
		return 0
	}
	return fullHour(term.last + span)
}

// fullHour returns the first pane at or after n that begins an hour.
func fullHour(n pane.Number) pane.Number { return (n + panesPerHour - 1) / panesPerHour * panesPerHour }

// listen finds the terminals that are missed in pane n and puts them into the order,
// to be judged. It reports whether there are any.
func (t *Task) listen(n pane.Number) bool {
	due := t.vigils.due(n, t.turns[:0])
	t.turns = due
	missed := due[:0]
	for _, number := range due {
		switch at := t.missed(t.roster.look(number)); {
		case at == 0:
			t.vigils.remove(number)
		case at > n:
			t.vigils.set(number, at)
		default:
			t.vigils.set(number, fullHour(n+1)) // unless it is told now
			if t.ring.Find(n, &t.roster.look(number).open) == nil {
				missed = append(missed, number)
			}
		}
	}
	if len(missed) == 0 {
		return false
	}
	before, h := len(t.order), t.hushed(n)
	for _, number := range missed {
		if term := t.roster.look(number); h.alone(hush{term.context.TrackingAreaCode, term.last}, t.settings.Gate.Enabled) {
			t.vigils.remove(number)
			t.miss(number, n)
			t.enlist(number)
		}
	}
	return len(t.order) > before
}

// hushed looks at all terminals of the partition.
func (t *Task) hushed(n pane.Number) *hushes {
	h := &hushes{regular: make([]int, len(t.names.strings))}
	for number := range t.roster.terminals.Len() {
		term := t.roster.look(number)
		if !term.is(flagLive) || term.is(flagLeft) || t.rules.device.Silence.Missed(&term.habit) == 0 {
			continue
		}
		area := term.context.TrackingAreaCode
		h.regular[area]++
		h.total++
		if n-term.last > term.habit.Overdue() {
			h.silent = append(h.silent, hush{area, term.last})
		}
	}
	h.sort()
	return h
}

// sort orders those that are silent.
func (h *hushes) sort() {
	h.all = slices.Clone(h.silent)
	slices.SortFunc(h.all, func(a, b hush) int { return cmp.Compare(a.last, b.last) })
	slices.SortFunc(h.silent, func(a, b hush) int { return cmp.Or(cmp.Compare(a.area, b.area), cmp.Compare(a.last, b.last)) })
}

// alone reports whether a terminal that fell silent did so by itself, while others in
// its area go on.
func (h *hushes) alone(x hush, gate bool) bool {
	regular := h.regular[x.area]
	from, _ := slices.BinarySearchFunc(h.silent, x.area, func(a hush, area uint32) int { return cmp.Compare(a.area, area) })
	to, _ := slices.BinarySearchFunc(h.silent, x.area+1, func(a hush, area uint32) int { return cmp.Compare(a.area, area) })
	if regular-(to-from) < aliveNearby {
		return false
	}
	if !gate {
		return true
	}
	near, anywhere := within(h.silent[from:to], x.last), within(h.all, x.last)
	return near < silentTogether && (near < 2 || near*silentShare < regular) &&
		(anywhere < silentAnywhere || anywhere*silentPart < h.total)
}

// within counts those of a list, by time, that fell silent at about one time.
func within(list []hush, at pane.Number) int {
	compare := func(a hush, n pane.Number) int { return cmp.Compare(a.last, n) }
	from, _ := slices.BinarySearchFunc(list, at-together, compare)
	to, _ := slices.BinarySearchFunc(list, at+together+1, compare)
	return to - from
}

// miss holds its silence against a terminal.
func (t *Task) miss(number int32, n pane.Number) {
	term := t.roster.at(number)
	before := t.roster.standing(term).At(n - 1)
	t.roster.device.open(&term.parts.device).Miss(n, term.last, &term.habit, &t.rules.device.Silence)
	if c := t.roster.caseOf(term); c == nil || c.Stale(before, n) {
		t.roster.cases.open(&term.parts.file).Begin(before, n)
	}
}

// pause notes how long a terminal was not heard of before the pane that was read, unless
// it had left.
func (t *Task) pause(term *terminal, n, idle pane.Number) {
	if !term.is(flagLeft) && term.first < n {
		term.habit.Pause(idle)
	}
	term.leave(&t.vector, idle)
}

// leave notes whether the terminal took its leave in a pane: one that was switched off
// properly deregisters, and is not missed. idle is how long it was not heard of before:
// what is reported within minutes is of what was before it left.
func (t *terminal) leave(v *feature.Vector, idle pane.Number) {
	if idle > farewell && v.Totals.Records > 0 {
		t.set(flagLeft, false)
	}
	for i := range v.Events {
		switch e := &v.Events[i]; {
		case e.Kind == record.KindRegistration && record.RegistrationEvent(e.What) == record.Deregistration:
			t.set(flagLeft, true)
		case e.Kind == record.KindRegistration, e.Kind == record.KindSession && record.SessionEvent(e.What) == record.SessionEstablished:
			t.set(flagLeft, false)
		}
	}
}
