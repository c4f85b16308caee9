package scenario

import (
	"bufio"
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Bounds of a file, so that a slip of the pen costs no memory.
const (
	maxPartitions = 64
	maxFleet      = 10_000
	maxReports    = 2_000_000
)

// Parse reads a scenario. Errors are *SyntaxError.
func Parse(name string, text []byte) (*Scenario, error) {
	p := parser{s: &Scenario{Name: name, partitions: defaultPartitions, byName: map[string]*terminal{}}}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for number := 1; lines.Scan(); number++ {
		written := strings.TrimSpace(lines.Text())
		l := newLine(written)
		if len(l.words) == 0 {
			continue
		}
		p.number, p.text = number, written
		p.statement(l)
		if l.problem == nil && len(l.words) > 0 {
			l.failf("%q is not understood here", l.peek())
		}
		if l.problem != nil {
			return nil, &SyntaxError{File: name, Line: number, Text: written, Problem: l.problem.Error()}
		}
	}
	if err := lines.Err(); err != nil {
		return nil, &SyntaxError{File: name, Line: p.number + 1, Problem: err.Error()}
	}
	return p.s, p.whole()
}

// whole checks what only the whole file shows.
func (p *parser) whole() error {
	for _, s := range p.s.sources {
		if s.clocksOff && p.s.until == 0 {
			return &SyntaxError{File: p.s.Name, Line: p.number, Text: p.text,
				Problem: fmt.Sprintf("source %s is clockless, so time goes on only while it is watched: an until line is missing", s.name)}
		}
	}
	return nil
}

// parser reads line by line: what a line names has to stand above it.
type parser struct {
	s       *Scenario
	number  int
	text    string
	reports int64 // of all steps so far
}

func (p *parser) statement(l *line) {
	switch word := l.next("a statement"); word {
	case "partitions":
		if p.s.partitions = int32(l.amount("partitions")); p.s.partitions < 1 || p.s.partitions > maxPartitions {
			l.failf("partitions: want 1 to %d", maxPartitions)
		}
		p.s.fixed = l.accept("fixed")
	case "set":
		p.set(l)
	case "source":
		p.source(l)
	case "terminal", "terminals":
		p.terminals(l)
	case "at":
		p.step(l)
	case "until":
		p.s.until = l.clock("until")
	case "expect":
		p.expectation(l)
	default:
		l.failf("%q is no statement: want partitions, set, source, terminal, at, until or expect", word)
	}
}

// set reads "set enforcer.mode ENFORCE".
func (p *parser) set(l *line) {
	program, key, found := strings.Cut(l.next("a key"), ".")
	if !found || !slices.Contains(stageNames, program) {
		l.failf("want a key that begins with collector, scorer or enforcer")
		return
	}
	value := strings.Join(l.words, " ")
	l.words = nil
	if value == "" {
		l.failf("the value of %s is missing", key)
	}
	p.s.settings = append(p.s.settings, setting{p.number, program, key, value})
}

// source reads "source upf-2 delay 25s".
func (p *parser) source(l *line) {
	src := &source{name: p.fresh(l, "a source")}
	for !l.done() {
		switch word := l.next("a property"); word {
		case "ahead":
			src.skew = l.length("ahead")
		case "behind":
			src.skew = -l.length("behind")
		case "delay":
			src.delay = l.length("delay")
		case "clockless":
			src.clocksOff = true
		case "silent":
			l.expect("from")
			src.silentFrom = l.clock("silent from")
			if l.accept("to") {
				src.silentUntil = l.clock("silent to")
			}
		default:
			l.failf("%q is no property of a source: want ahead, behind, delay, clockless or silent", word)
		}
	}
	p.s.sources = append(p.s.sources, src)
}

// reserved are the words that mean something where names stand.
var reserved = map[string]bool{
	"": true, "all": true, "any": true, "no": true, "restart": true, "decide": true, "ack": true, "garbage": true,
	"collector": true, "telemetry.raw": true,
	"profile": true, "setting": true, "within": true, "before": true, "after": true, "from": true,
}

// fresh takes a name that is not in use.
func (p *parser) fresh(l *line, what string) string {
	name := l.next(what)
	if reserved[name] || strings.Contains(name, "..") || strings.ContainsAny(name, "*,") {
		l.failf("%q cannot be the name of %s", name, what)
	}
	if p.s.terminal(name) != nil || p.s.source(name) != nil {
		l.failf("%q is in use already", name)
	}
	return name
}

func (p *parser) sourceNamed(l *line) *source {
	name := l.next("a source")
	src := p.s.source(name)
	if src == nil {
		l.failf("no source %q stands above", name)
	}
	return src
}
