package evaluate

import (
	"bytes"
	"cmp"
	"slices"

	"cordon/internal/record"
)

// What a change of configuration does to a verdict.
const (
	New     = "new"
	Gone    = "gone"
	Earlier = "earlier"
	Later   = "later"
)

// Change is one verdict that is not the same under two configurations.
type Change struct {
	What     string // New, Gone, Earlier or Later
	Terminal record.Pseudonym
	Class    record.Class
	Before   record.Micros // decided under the first configuration; 0: not raised
	After    record.Micros // decided under the second; 0: not raised
	// Evidence is the most while the verdict stood, in milli-nats, where it was
	// raised under both that of the second.
	Evidence int64
	Named    []record.ExceptionID
}

// Comparison is what two configurations make of the same input.
type Comparison struct {
	Changes []Change // by terminal, then by time
	Same    int      // verdicts raised at the same time under both
}

// Compare pairs the alarms of two runs over the same input. Two alarms are of
// one verdict where they have one terminal and one class and stood at the same
// time at least once: names of cases differ between configurations. Each alarm
// has one partner at most, the first in time.
func Compare(before, after []Alarm) Comparison {
	a, b := ordered(before), ordered(after)
	var c Comparison
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && precedes(&a[0], &b[0]):
			c.add(&a[0], nil)
			a = a[1:]
		case len(a) == 0 || precedes(&b[0], &a[0]):
			c.add(nil, &b[0])
			b = b[1:]
		default:
			c.add(&a[0], &b[0])
			a, b = a[1:], b[1:]
		}
	}
	slices.SortStableFunc(c.Changes, func(x, y Change) int {
		return cmp.Or(bytes.Compare(x.Terminal[:], y.Terminal[:]), cmp.Compare(x.at(), y.at()))
	})
	return c
}

// ordered sorts alarms by terminal, class and time.
func ordered(list []Alarm) []Alarm {
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b Alarm) int { return cmp.Or(subject(&a, &b), cmp.Compare(a.At, b.At)) })
	return sorted
}

func subject(a, b *Alarm) int {
	return cmp.Or(bytes.Compare(a.Terminal[:], b.Terminal[:]), cmp.Compare(a.Class, b.Class))
}

// precedes reports whether a is of an earlier subject than b, or was over before
// b began: then no later alarm can be its partner either.
func precedes(a, b *Alarm) bool {
	order := subject(a, b)
	return order < 0 || order == 0 && a.Until != 0 && a.Until <= b.At && a.At < b.At
}

func (c *Comparison) add(a, b *Alarm) {
	change := Change{}
	switch {
	case a == nil:
		change = Change{What: New, After: b.At}
	case b == nil:
		change = Change{What: Gone, Before: a.At}
	case a.At == b.At:
		c.Same++
		return
	case b.At < a.At:
		change = Change{What: Earlier, Before: a.At, After: b.At}
	default:
		change = Change{What: Later, Before: a.At, After: b.At}
	}
	shown := b
	if b == nil {
		shown = a
	}
	change.Terminal, change.Class, change.Evidence = shown.Terminal, shown.Class, shown.Evidence
	for _, n := range shown.Named {
		change.Named = append(change.Named, n.ID)
	}
	c.Changes = append(c.Changes, change)
}

// at is when the change first shows.
func (c *Change) at() record.Micros {
	if c.Before == 0 || c.After != 0 && c.After < c.Before {
		return c.After
	}
	return c.Before
}

// Count is how many changes there are of one sort and class.
func (c *Comparison) Count(what string, class record.Class) (n int) {
	for i := range c.Changes {
		if c.Changes[i].What == what && c.Changes[i].Class == class {
			n++
		}
	}
	return n
}
