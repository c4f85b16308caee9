package scenario

import (
	"bufio"
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
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
	case "set":
		p.set(l)
	case "source":
		p.source(l)
	case "terminal":
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
	"within": true, "before": true, "after": true, "from": true,
}

// fresh takes a name that is not in use.
func (p *parser) fresh(l *line, what string) string {
	name := l.next(what)
	if reserved[name] || strings.Contains(name, "..") {
		l.failf("%q cannot be the name of %s", name, what)
	}
	if p.s.terminal(name) != nil || p.s.source(name) != nil {
		l.failf("%q is in use already", name)
	}
	return name
}

// terminals reads "terminal cam-1 tac 35693803 dnn iot", or a fleet,
// "terminal cam-1..200".
func (p *parser) terminals(l *line) {
	names := fleet(l.peek())
	if names != nil {
		l.next("")
	} else {
		names = []string{p.fresh(l, "a terminal")}
	}
	like := terminal{}
	var tac string
	for !l.done() {
		p.property(l, &like, &tac)
	}
	if len(names) > 1 && (like.supi != "" || like.pei != "" || like.address.IsValid()) {
		l.failf("a fleet cannot share one supi, pei or address")
	}
	if len(p.s.terminals)+len(names) > maxFleet {
		l.failf("more than %d terminals", maxFleet)
		return
	}
	for _, name := range names {
		if p.s.terminal(name) != nil || p.s.source(name) != nil {
			l.failf("%q is in use already", name)
		}
		t := like
		t.name = name
		t.identify(len(p.s.terminals)+1, tac)
		p.s.terminals = append(p.s.terminals, &t)
		p.s.byName[name] = &t
	}
}

// property reads one property of a terminal.
func (p *parser) property(l *line, t *terminal, tac *string) {
	switch word := l.next("a property"); word {
	case "supi":
		t.supi = l.next("supi")
	case "pei":
		t.pei = l.next("pei")
	case "tac":
		if *tac = l.next("tac"); len(*tac) != 8 {
			l.failf("tac: want the 8 digits of a type allocation code")
		}
	case "address":
		t.address = l.address("address")
	case "dnn":
		t.dnn = l.next("dnn")
	case "slice":
		t.snssai = l.next("slice")
	case "group":
		t.group = l.next("group")
	case "area":
		t.area = l.next("area")
	case "via":
		t.source = p.sourceNamed(l)
	default:
		l.failf("%q is no property of a terminal: want supi, pei, tac, address, dnn, slice, group, area or via", word)
	}
}

// address takes an IP address.
func (l *line) address(what string) netip.Addr {
	a, err := netip.ParseAddr(l.next(what))
	if err != nil {
		l.failf("%s: want an IP address", what)
	}
	return a
}

// identify gives a terminal the identities that its line leaves out. They are
// marks: none of them may be seen behind the collector.
func (t *terminal) identify(number int, tac string) {
	if t.supi == "" {
		t.supi = fmt.Sprintf("imsi-00101%010d", 7_310_000_000+number)
	}
	if tac == "" {
		tac = "35693803"
	}
	if t.pei == "" {
		t.pei = fmt.Sprintf("imei-%s%07d", tac, 5_820_000+number)
	}
	t.gpsi = fmt.Sprintf("msisdn-88261%08d", 40_990_000+number)
	t.cell = fmt.Sprintf("ecgi-c3e%07x", 0x5a17000+number)
}

// fleet returns the names that "cam-1..200" stands for; nil for any other word.
func fleet(text string) []string {
	head, last, ok := strings.Cut(text, "..")
	if !ok {
		return nil
	}
	stem := strings.TrimRight(head, "0123456789")
	from, err1 := strconv.Atoi(head[len(stem):])
	to, err2 := strconv.Atoi(last)
	if err1 != nil || err2 != nil || stem == "" || from < 0 || to <= from || to > maxFleet {
		return nil
	}
	var names []string
	for i := from; i <= to; i++ {
		names = append(names, stem+strconv.Itoa(i))
	}
	return names
}

func (p *parser) sourceNamed(l *line) *source {
	name := l.next("a source")
	src := p.s.source(name)
	if src == nil {
		l.failf("no source %q stands above", name)
	}
	return src
}

// who takes a terminal, a part of a fleet, or "all".
func (p *parser) who(l *line) []*terminal {
	word := l.next("a terminal")
	if word == "all" {
		return p.s.terminals
	}
	names := fleet(word)
	if names == nil {
		names = []string{word}
	}
	var list []*terminal
	for _, name := range names {
		list = append(list, p.one(l, name))
	}
	return list
}

func (p *parser) one(l *line, name string) *terminal {
	t := p.s.terminal(name)
	if t == nil {
		l.failf("no terminal %q stands above", name)
		return &terminal{}
	}
	return t
}
