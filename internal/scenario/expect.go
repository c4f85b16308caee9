package scenario

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"cordon/internal/record"
)

// expectation is one "expect" line: facts like this one have to come out as
// often as it says.
type expectation struct {
	line         int
	text         string
	kind         string
	count        bound           // of the facts, or of the terminals that have one
	each         bool            // terminals are counted
	who          map[string]bool // nil: anybody
	tags         []string
	bounds       []bound
	texts        []string // that the counterfactual holds
	destinations []netip.AddrPort
	from, to     record.Micros // of the facts, both included; to 0: open
}

// bound is a figure a fact has to have.
type bound struct {
	name, operator string
	value          int64
}

// expectation reads "expect [AMOUNT [of WHO]] KIND [WHO] [CONDITION]… [WINDOW]".
func (p *parser) expectation(l *line) {
	e := expectation{line: p.number, text: p.text, count: amount(l)}
	switch {
	case l.accept("of"):
		p.group(l, &e)
	case e.count.name == "all":
		l.failf("whose is missing: all of meter-*")
	}
	switch e.kind = l.next("what is expected"); e.kind {
	case "dead":
		l.expect("letter")
		e.kind = "dead letter"
	case "cleared":
		e.kind, e.tags = "verdict", []string{record.StatusCleared.String()}
	}
	if !slices.Contains(kinds, e.kind) {
		l.failf("%q cannot be expected: want %s, cleared", e.kind, strings.Join(kinds, ", "))
		return
	}
	if !e.each && p.isName(l.peek()) {
		p.subjects(l, &e)
	} else {
		l.accept("any")
	}
	for !l.done() {
		p.condition(l, &e)
	}
	p.s.expects = append(p.s.expects, e)
}

// amount takes how often: "no", "3", "at most 3", "at least 3", "all"; at least
// once where nothing is said.
func amount(l *line) bound {
	switch {
	case l.accept("no"):
		return bound{operator: "=", value: 0}
	case l.accept("all"):
		return bound{name: "all", operator: "="}
	case l.accept("at"):
		operator := oneOf(l, "bound", map[string]string{"most": "<=", "least": ">="})
		return bound{operator: operator, value: l.amount("at " + operator)}
	}
	if n, err := strconv.ParseInt(l.peek(), 10, 32); err == nil && n >= 0 {
		l.next("")
		return bound{operator: "=", value: n}
	}
	return bound{operator: ">=", value: 1}
}

// group reads "of meter-*": terminals are counted, not what is told of them.
func (p *parser) group(l *line, e *expectation) {
	e.each, e.who = true, map[string]bool{}
	for _, t := range p.who(l) {
		e.who[t.name] = true
	}
	if e.count.name == "all" {
		e.count.value = int64(len(e.who))
	}
}

// isName reports whether a word names a terminal, a source or a part of a fleet.
func (p *parser) isName(word string) bool {
	return p.s.terminal(word) != nil || p.s.source(word) != nil || fleet(word) != nil || strings.ContainsAny(word, "*,")
}

// subjects takes whom an expectation is about: any of them.
func (p *parser) subjects(l *line, e *expectation) {
	if p.s.source(l.peek()) != nil {
		e.who = map[string]bool{l.next(""): true}
		return
	}
	e.who = map[string]bool{}
	for _, t := range p.who(l) {
		e.who[t.name] = true
	}
}

// condition reads one condition of an expectation.
func (p *parser) condition(l *line, e *expectation) {
	switch word := l.next("a condition"); word {
	case "destination":
		e.destinations = append(e.destinations, destination(l))
	case "counterfactual":
		l.expect("contains")
		e.texts = append(e.texts, l.quoted("contains"))
	case "feature":
		e.tags = append(e.tags, l.next(word))
	case "reference": // reads better before OWN, PEER, …
	case "evidence", "malfunction", "nats", "value", "allowed", "level", "score", "sequence", "confidence", "coverage", "seconds":
		b := bound{name: word, operator: l.next("an operator")}
		if !slices.Contains([]string{"=", "<", "<=", ">", ">="}, b.operator) {
			l.failf("%q is no operator: want =, <, <=, > or >=", b.operator)
		}
		if b.value = l.amount(word); word == "evidence" || word == "malfunction" || word == "nats" {
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

// quoted takes words between quotation marks.
func (l *line) quoted(what string) string {
	text := l.next(what)
	if !strings.HasPrefix(text, `"`) {
		l.failf("%s: want words between quotation marks", what)
		return ""
	}
	for len(text) < 2 || !strings.HasSuffix(text, `"`) {
		if text += " " + l.next("the closing quotation mark"); l.problem != nil {
			return ""
		}
	}
	return strings.Trim(text, `"`)
}

// matches reports whether a fact is what the expectation is about.
func (e *expectation) matches(f *fact) bool {
	if f.kind != e.kind || e.who != nil && !e.who[f.who] || f.at < e.from || e.to != 0 && f.at > e.to {
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
	for _, text := range e.texts {
		if !strings.Contains(f.counterfactual, text) {
			return false
		}
	}
	for _, b := range e.bounds {
		if !slices.ContainsFunc(f.numbers, func(n number) bool { return n.name == b.name && b.holds(n.value) }) {
			return false
		}
	}
	return true
}

// holds reports whether a figure is within the bound.
func (b bound) holds(value int64) bool {
	switch b.operator {
	case "=":
		return value == b.value
	case "<":
		return value < b.value
	case "<=":
		return value <= b.value
	case ">":
		return value > b.value
	}
	return value >= b.value
}
