package evaluate

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"cordon/internal/record"
)

// DefaultGrace is how long after its end an episode may still be found. A
// verdict is decided up to half a minute after the pane that decides it, and
// what is told within minutes of a burst still serves whoever acts on it.
const DefaultGrace = 10 * record.Minute

// Input is what is held against each other.
type Input struct {
	Episodes  []Episode // resolved: see Terminals.Resolve
	Alarms    []Alarm
	Early     []Warning
	Terminals int           // watched, the attacked among them
	Days      float64       // terminal-days watched
	End       record.Micros // of the input: where episodes without an end stop counting as days
	Grace     record.Micros // see DefaultGrace
}

// Outcome is what came of one episode.
type Outcome struct {
	Episode
	Found    bool
	After    record.Micros // from the start to the first sign; where found
	Right    bool          // a sign named the exception of the truth
	Early    bool          // there was an early warning
	EarlyIn  record.Micros // from the start to the first; where early
	CalledAs record.Class  // the gravest class inside the window; ClassUnknown: none
}

// Report is what comes out. Groups of labels are malicious, malfunctioning and
// watch (of which there are false verdicts only), always and in this order.
type Report struct {
	Labels     []Group     `json:"labels"`
	Exceptions []Group     `json:"exceptions"`
	Kinds      []Group     `json:"kinds,omitempty"` // where the truth names them
	Confusion  []Confusion `json:"confusion"`       // malicious, malfunctioning, benign
	Days       Days        `json:"terminalDays"`
	Terminals  int         `json:"terminals"`

	Outcomes []Outcome `json:"-"` // of every episode, in the order of the input
	False    []Alarm   `json:"-"` // by terminal, then by time
}

// Days are terminal-days by what was true during them.
type Days struct {
	Benign         float64 `json:"benign"`
	Malicious      float64 `json:"malicious"`
	Malfunctioning float64 `json:"malfunctioning"`
}

// Confusion is a line of the table of what was true and what was said: of
// episodes for malicious and malfunctioning, of terminals without any for
// benign. Each counts once, under the gravest class it was called.
type Confusion struct {
	Label          Label `json:"label"`
	Malicious      int   `json:"malicious"`
	Malfunctioning int   `json:"malfunctioning"`
	Watch          int   `json:"watch"`
	None           int   `json:"none"`
}

// Evaluate compares.
func Evaluate(in Input) *Report {
	byTerminal := map[record.Pseudonym][]int{}
	for i, e := range in.Episodes {
		byTerminal[e.Terminal] = append(byTerminal[e.Terminal], i)
	}
	r := &Report{Terminals: in.Terminals, Outcomes: make([]Outcome, len(in.Episodes))}
	for i, e := range in.Episodes {
		r.Outcomes[i].Episode = e
	}
	gravest := map[record.Pseudonym]record.Class{} // of terminals without an episode
	alarms := slices.Clone(in.Alarms)
	slices.SortStableFunc(alarms, func(a, b Alarm) int {
		return cmp.Or(bytes.Compare(a.Terminal[:], b.Terminal[:]), cmp.Compare(a.At, b.At))
	})
	for _, a := range alarms {
		within := false
		for _, i := range byTerminal[a.Terminal] {
			within = r.Outcomes[i].take(&a, in.Grace) || within
		}
		if !within {
			r.False = append(r.False, a)
		}
		if len(byTerminal[a.Terminal]) == 0 {
			gravest[a.Terminal] = graver(gravest[a.Terminal], a.Class)
		}
	}
	for _, w := range in.Early {
		for _, i := range byTerminal[w.Terminal] {
			r.Outcomes[i].warn(w, in.Grace)
		}
	}
	delete(byTerminal, record.Pseudonym{}) // sources that are none of the input's
	r.Days = daysOf(&in)
	r.count(in.Terminals-len(byTerminal), gravest)
	r.group()
	return r
}

// contains reports whether a time lies in the window of an episode.
func (e *Episode) contains(at, grace record.Micros) bool {
	return at >= e.Start && (e.End == 0 || at <= e.End+grace)
}

// take lets an alarm count for the episode, and reports whether it was raised
// inside the window.
func (o *Outcome) take(a *Alarm, grace record.Micros) (within bool) {
	within = o.contains(a.At, grace)
	if within {
		o.CalledAs = graver(o.CalledAs, a.Class)
	}
	if a.Class != o.Label.Class() {
		return within
	}
	a.signs(func(at record.Micros) {
		if o.contains(at, grace) && (!o.Found || at-o.Start < o.After) {
			o.Found, o.After = true, at-o.Start
			o.CalledAs = graver(o.CalledAs, a.Class)
		}
	})
	for _, n := range a.Named {
		o.Right = o.Right || n.ID == o.ExceptionID && o.contains(n.At, grace)
	}
	return within
}

func (o *Outcome) warn(w Warning, grace record.Micros) {
	if o.contains(w.At, grace) && (!o.Early || w.At-o.Start < o.EarlyIn) {
		o.Early, o.EarlyIn = true, w.At-o.Start
	}
}

// graver returns the class that weighs more: malice, then malfunction, then
// watch, then none.
func graver(a, b record.Class) record.Class {
	if a == record.ClassUnknown || b != record.ClassUnknown && b < a {
		return b
	}
	return a
}

func (r *Report) count(benign int, gravest map[record.Pseudonym]record.Class) {
	r.Confusion = []Confusion{{Label: Malicious}, {Label: Malfunctioning}, {Label: Benign, None: benign - len(gravest)}}
	r.confuse()
	for _, class := range gravest {
		r.Confusion[2].add(class)
	}
}

// confuse counts the episodes into their lines.
func (r *Report) confuse() {
	for i := range r.Outcomes {
		line := 0
		if r.Outcomes[i].Label == Malfunctioning {
			line = 1
		}
		r.Confusion[line].add(r.Outcomes[i].CalledAs)
	}
}

func (c *Confusion) add(class record.Class) {
	switch class {
	case record.ClassMalicious:
		c.Malicious++
	case record.ClassMalfunctioning:
		c.Malfunctioning++
	case record.ClassWatch:
		c.Watch++
	default:
		c.None++
	}
}

// daysOf shares the terminal-days out. Overlapping episodes of a terminal count
// once; what is in none of them is benign.
func daysOf(in *Input) Days {
	total := func(wanted func(Episode) bool) float64 {
		return float64(union(in, wanted)) / float64(record.Day)
	}
	any := total(func(Episode) bool { return true })
	return Days{
		Benign:         max(0, in.Days-any),
		Malicious:      total(func(e Episode) bool { return e.Label == Malicious }),
		Malfunctioning: total(func(e Episode) bool { return e.Label == Malfunctioning }),
	}
}

// union is how long terminals of the input were in an episode that is wanted.
func union(in *Input, wanted func(Episode) bool) (total record.Micros) {
	var list []Episode
	for _, e := range in.Episodes {
		if e.End == 0 || e.End > in.End {
			e.End = in.End
		}
		if wanted(e) && !e.Terminal.IsZero() && e.End > e.Start {
			list = append(list, e)
		}
	}
	slices.SortFunc(list, func(a, b Episode) int {
		return cmp.Or(bytes.Compare(a.Terminal[:], b.Terminal[:]), cmp.Compare(a.Start, b.Start))
	})
	var terminal record.Pseudonym
	var reached record.Micros
	for _, e := range list {
		if e.Terminal != terminal {
			terminal, reached = e.Terminal, math.MinInt64
		}
		total += max(0, e.End-max(e.Start, reached))
		reached = max(reached, e.End)
	}
	return total
}
