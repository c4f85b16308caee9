package recorded

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"cordon/internal/evaluate"
	"cordon/internal/evaluate/fleet"
	"cordon/internal/record"
)

// Outcome is what came of one terminal.
type Outcome struct {
	Class      record.Class
	At         record.Micros // when it was first called that
	Exceptions []record.ExceptionID
}

// Outcomes are those of all terminals that something was said of.
func Outcomes(r *fleet.Result) map[record.Pseudonym]Outcome {
	all := map[record.Pseudonym]Outcome{}
	for _, a := range evaluate.Alarms(r.Statements) {
		o, known := all[a.Terminal]
		if !known || rank(a.Class) > rank(o.Class) || (a.Class == o.Class && a.At < o.At) {
			o.Class, o.At = a.Class, a.At
		}
		for _, e := range a.Named {
			if !slices.Contains(o.Exceptions, e.ID) {
				o.Exceptions = append(o.Exceptions, e.ID)
			}
		}
		all[a.Terminal] = o
	}
	return all
}

// rank orders classes by how grave they are.
func rank(c record.Class) int {
	return slices.Index([]record.Class{record.ClassWatch, record.ClassMalfunctioning, record.ClassMalicious}, c)
}

// slack is how much later counts as the same time: one pane.
const slack = 10 * record.Second

// worse reports whether b says less than a of the same terminal.
func worse(a, b Outcome, known bool) bool {
	if !known || rank(b.Class) < rank(a.Class) || (b.Class == a.Class && b.At > a.At+slack) {
		return true
	}
	return slices.ContainsFunc(a.Exceptions, func(id record.ExceptionID) bool { return !slices.Contains(b.Exceptions, id) })
}

// Count is how many terminals were called what, and how soon.
type Count struct {
	Malicious, Malfunctioning, Watch int
	First                            *record.Micros // MALICIOUS, after the first record of the set; nil: never
	Early                            *record.Micros // first early warning
}

// Comparison of a set alone and among a fleet.
type Comparison struct {
	Alone, Merged Count
	// Worse is how many terminals of the set were called less, later by more than
	// a pane, or not by all exceptions, Better how many more, or earlier.
	Worse int
	// Others are terminals of the fleet that were called what they are not called
	// in the fleet by itself.
	Others Count
}

// Compare holds a set among a fleet against the set and the fleet by themselves.
func (m *Merged) Compare(quiet *fleet.Result) Comparison {
	alone, merged, without := Outcomes(m.Alone), Outcomes(m.Merged), Outcomes(quiet)
	c := Comparison{Alone: m.count(m.Alone, m.Alone.Terminals), Merged: m.count(m.Merged, m.Alone.Terminals)}
	for id, o := range alone {
		other, known := merged[id]
		if worse(o, other, known) {
			c.Worse++
		}
	}
	for id, o := range merged {
		before, known := without[id]
		if !m.Alone.Terminals[id] && (!known || rank(o.Class) > rank(before.Class)) {
			c.Others.add(o.Class)
		}
	}
	return c
}

func (c *Count) add(class record.Class) {
	switch class {
	case record.ClassMalicious:
		c.Malicious++
	case record.ClassMalfunctioning:
		c.Malfunctioning++
	case record.ClassWatch:
		c.Watch++
	}
}

// count counts the terminals of a set.
func (m *Merged) count(r *fleet.Result, of map[record.Pseudonym]bool) (c Count) {
	for id, o := range Outcomes(r) {
		if !of[id] {
			continue
		}
		c.add(o.Class)
		if o.Class == record.ClassMalicious {
			c.First = earlier(c.First, o.At-m.start)
		}
	}
	for _, w := range r.Warnings {
		if of[w.Terminal] {
			c.Early = earlier(c.Early, w.At-m.start)
		}
	}
	return c
}

func earlier(a *record.Micros, b record.Micros) *record.Micros {
	if a == nil || b < *a {
		return &b
	}
	return a
}

// Difference of two runs of the same set.
type Difference struct {
	Verdicts int // of the first
	// Changed is how many of either run have no partner in the other: one of the
	// same terminal, time, status, class and exceptions. Evidence is how many
	// partners differ in their milli-nats.
	Changed, Evidence int
	// Early is how many early warnings have no partner.
	Early int
}

// None reports whether nothing at all differs.
func (d *Difference) None() bool { return d.Changed == 0 && d.Evidence == 0 && d.Early == 0 }

// Differ compares the verdicts of two runs one by one; times of the second are
// later by shift.
func Differ(a, b *fleet.Result, shift record.Micros) Difference {
	d := Difference{Verdicts: len(a.Statements)}
	evidence := map[string][]int64{}
	for _, s := range inOrder(a.Statements) {
		name := nameOf(&s, 0)
		evidence[name] = append(evidence[name], s.Evidence)
	}
	for _, s := range inOrder(b.Statements) {
		name := nameOf(&s, shift)
		list := evidence[name]
		if len(list) == 0 {
			d.Changed++
			continue
		}
		if list[0] != s.Evidence {
			d.Evidence++
		}
		evidence[name] = list[1:]
	}
	for _, list := range evidence {
		d.Changed += len(list)
	}
	d.Early = differEarly(a.Warnings, b.Warnings, shift)
	return d
}

// inOrder sorts by terminal and number.
func inOrder(list []evaluate.Statement) []evaluate.Statement {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b evaluate.Statement) int {
		return cmp.Or(bytes.Compare(a.Terminal[:], b.Terminal[:]), cmp.Compare(a.Generation, b.Generation), cmp.Compare(a.Sequence, b.Sequence))
	})
	return list
}

// nameOf is what of a verdict has to be the same.
func nameOf(s *evaluate.Statement, shift record.Micros) string {
	return fmt.Sprintf("%x %d %d %d %v", s.Terminal, s.At-shift, s.Status, s.Class, s.Exceptions)
}

func differEarly(a, b []evaluate.Warning, shift record.Micros) (n int) {
	left := map[evaluate.Warning]int{}
	for _, w := range a {
		left[w]++
	}
	for _, w := range b {
		w.At -= shift
		left[w]--
	}
	for _, more := range left {
		n += max(more, -more)
	}
	return n
}
