package scenario

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"cordon/internal/record"
)

// atLeastOnce is the count of an expectation that names none.
const atLeastOnce = -1

// expectation is one "expect" line: facts like this one have to come out as
// often as it says.
type expectation struct {
	line         int
	text         string
	kind         string
	count        int64
	who          string // empty: anybody
	tags         []string
	bounds       []bound
	destinations []netip.AddrPort
	from, to     record.Micros // of the facts, both included; to 0: open
}

// bound is a figure a fact has to have.
type bound struct {
	name, operator string
	value          int64
}

// expectation reads "expect [no|COUNT] KIND [WHO] [SYMBOL|destination D|NAME OP N]… [WINDOW]".
func (p *parser) expectation(l *line) {
	e := expectation{line: p.number, text: p.text, count: atLeastOnce}
	if l.accept("no") {
		e.count = 0
	} else if n, err := strconv.ParseInt(l.peek(), 10, 32); err == nil && n >= 0 {
		e.count = n
		l.next("")
	}
	e.kind = l.next("what is expected")
	if e.kind == "dead" {
		l.expect("letter")
		e.kind = "dead letter"
	}
	if !slices.Contains(kinds, e.kind) {
		l.failf("%q cannot be expected: want %s", e.kind, strings.Join(kinds, ", "))
		return
	}
	if name := l.peek(); p.s.terminal(name) != nil || p.s.source(name) != nil {
		e.who = l.next("")
	} else {
		l.accept("any")
	}
	for !l.done() {
		p.condition(l, &e)
	}
	p.s.expects = append(p.s.expects, e)
}

// condition reads one condition of an expectation.
func (p *parser) condition(l *line, e *expectation) {
	switch word := l.next("a condition"); word {
	case "destination":
		e.destinations = append(e.destinations, destination(l))
	case "evidence", "score", "sequence", "confidence", "coverage", "seconds":
		b := bound{name: word, operator: l.next("an operator")}
		if !slices.Contains([]string{"=", "<", "<=", ">", ">="}, b.operator) {
			l.failf("%q is no operator: want =, <, <=, > or >=", b.operator)
		}
		if b.value = l.amount(word); word == "evidence" {
			b.value *= 1000 // nats in the file, milli-nats in the record
		}
		e.bounds = append(e.bounds, b)
	case "within":
		d := l.length("within")
		l.expect("of")
		e.from = l.clock("of")
		e.to = e.from + d
	case "before":
		e.to = l.clock("before") - 1
	case "after":
		e.from = l.clock("after") + 1
	case "from":
		e.from = l.clock("from")
		l.expect("to")
		e.to = l.clock("to")
	default:
		if known := vocabulary(e.kind); known != nil && !slices.Contains(known, word) {
			l.failf("%q is neither a terminal or source that stands above, nor a symbol of a %s", word, e.kind)
		}
		e.tags = append(e.tags, word)
	}
}

// destination takes "203.0.113.7:80" or "203.0.113.7:*".
func destination(l *line) netip.AddrPort {
	text := l.next("a destination")
	d, err := netip.ParseAddrPort(strings.Replace(text, ":*", ":0", 1))
	if err != nil {
		l.failf("%q: want a destination such as 203.0.113.7:80, or 203.0.113.7:* for any port", text)
	}
	return d
}

// matches reports whether a fact is what the expectation is about.
func (e *expectation) matches(f *fact) bool {
	if f.kind != e.kind || e.who != "" && f.who != e.who || f.at < e.from || e.to != 0 && f.at > e.to {
		return false
	}
	for _, tag := range e.tags {
		if !slices.Contains(f.tags, tag) {
			return false
		}
	}
	for _, d := range e.destinations {
		if !slices.Contains(f.destinations, d) {
			return false
		}
	}
	for _, b := range e.bounds {
		if !b.holds(f) {
			return false
		}
	}
	return true
}

func (b bound) holds(f *fact) bool {
	for _, n := range f.numbers {
		if n.name != b.name {
			continue
		}
		switch b.operator {
		case "=":
			return n.value == b.value
		case "<":
			return n.value < b.value
		case "<=":
			return n.value <= b.value
		case ">":
			return n.value > b.value
		}
		return n.value >= b.value
	}
	return false
}

// Failure is an expectation that was not met.
type Failure struct {
	File  string
	Line  int
	Want  string   // the line itself
	Got   []string // what came out instead, in words
	Input []string // the lines that are about the same terminal
}

// String shows the line, what was put in, what came out and what was wanted.
func (f Failure) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d: not met\n\twant:  %s", f.File, f.Line, f.Want)
	for _, list := range []struct {
		title string
		lines []string
	}{{"got:   ", f.Got}, {"input: ", f.Input}} {
		if len(list.lines) == 0 {
			fmt.Fprintf(&b, "\n\t%snothing", list.title)
		}
		for i, line := range list.lines {
			if i == shown {
				fmt.Fprintf(&b, "\n\t       and %d more", len(list.lines)-shown)
				break
			}
			fmt.Fprintf(&b, "\n\t%s%s", list.title, line)
		}
	}
	return b.String()
}

// shown is how many lines of a list a failure prints.
const shown = 12

// Check returns the expectations that were not met.
func (r *Result) Check() []Failure {
	var failures []Failure
	for i := range r.scenario.expects {
		e := &r.scenario.expects[i]
		count := int64(0)
		for j := range r.facts {
			if e.matches(&r.facts[j]) {
				count += r.facts[j].count
			}
		}
		if count == e.count || e.count == atLeastOnce && count > 0 {
			continue
		}
		failures = append(failures, Failure{
			File: r.scenario.Name, Line: e.line, Want: fmt.Sprintf("%s (counted %d)", e.text, count),
			Got: r.similar(e), Input: r.scenario.inputs(e.who),
		})
	}
	return failures
}

// similar tells what came out of the same kind about the same subject.
func (r *Result) similar(e *expectation) []string {
	var list []string
	for i := range r.facts {
		if f := &r.facts[i]; f.kind == e.kind && (e.who == "" || f.who == e.who) {
			list = append(list, f.String())
		}
	}
	return list
}

// inputs returns the "at" lines about a terminal; empty: all.
func (s *Scenario) inputs(who string) []string {
	var list []string
	for _, step := range s.steps {
		about := who == "" || len(step.who) == 0
		for _, t := range step.who {
			about = about || t.name == who || t.source != nil && t.source.name == who
		}
		if about {
			list = append(list, step.text)
		}
	}
	return list
}
