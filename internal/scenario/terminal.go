package scenario

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// properties are what a line says of terminals.
type properties struct {
	terminal
	tac  string
	pool destinations // addresses of a fleet, one for each
}

// terminals reads "terminal cam-1 tac 35693803 dnn iot", or a fleet,
// "terminals cam-1..200".
func (p *parser) terminals(l *line) {
	names := fleet(l.peek())
	if names != nil {
		l.next("")
	} else {
		names = []string{p.fresh(l, "a terminal")}
	}
	like := properties{}
	for !l.done() {
		p.property(l, &like)
	}
	if len(names) > 1 && (like.supi != "" || like.pei != "" || like.address.IsValid()) {
		l.failf("a fleet cannot share one supi, pei or address: leave them out, or give addresses as 10.45.0.0/16")
	}
	if len(p.s.terminals)+len(names) > maxFleet {
		l.failf("more than %d terminals", maxFleet)
		return
	}
	for i, name := range names {
		if p.s.terminal(name) != nil || p.s.source(name) != nil {
			l.failf("%q is in use already", name)
		}
		t := like.terminal
		t.name, t.number = name, len(p.s.terminals)+1
		if like.pool.addresses > 0 {
			t.address, _ = like.pool.nth(uint64(i) + 1)
		}
		t.identify(like.tac)
		p.s.terminals = append(p.s.terminals, &t)
		p.s.byName[name] = &t
	}
}

// property reads one property of a terminal.
func (p *parser) property(l *line, like *properties) {
	t := &like.terminal
	switch word := l.next("a property"); word {
	case "supi":
		t.supi = l.next("supi")
	case "pei":
		t.pei = l.next("pei")
	case "tac":
		if like.tac = l.next("tac"); len(like.tac) != 8 || strings.Trim(like.tac, "0123456789") != "" {
			l.failf("tac: want the 8 digits of a type allocation code")
		}
	case "address":
		if strings.Contains(l.peek(), "/") {
			like.pool = l.pool()
			return
		}
		t.address = l.address("address")
	case "dnn":
		t.dnn = l.next("dnn")
	case "slice":
		t.snssai = l.next("slice")
	case "group":
		t.group = l.next("group")
	case "area":
		t.area = l.next("area")
	case "cell":
		t.cell = l.next("cell")
	case "via":
		t.source = p.sourceNamed(l)
	default:
		l.failf("%q is no property of a terminal: want supi, pei, tac, address, dnn, slice, group, area, cell or via", word)
	}
}

// pool takes a prefix of which every terminal of a fleet has an address, from the
// first host on.
func (l *line) pool() destinations {
	d, err := parseHosts(l.next("address"))
	if err != nil || d.addresses <= maxFleet {
		l.failf("address: want one, or a prefix with room for a fleet such as 10.45.0.0/16")
	}
	return d
}

// becomes reads "at 12:00 cam-1 becomes tac 86012345 dnn internet": what is said
// of a terminal from then on.
func (p *parser) becomes(l *line, s *step) {
	like := properties{}
	if l.peek() == "" {
		l.failf("what it becomes is missing: becomes tac 86012345")
	}
	for !l.done() {
		p.property(l, &like)
	}
	if like.supi != "" || like.source != nil || like.pool.addresses > 0 {
		l.failf("a terminal can become pei, tac, address, dnn, slice, group, area and cell: another supi is another terminal, and via stands in each line")
		return
	}
	for _, t := range s.who {
		is := *t.as(s.at)
		is.change(&like, len(t.later)+1)
		if n := len(t.later); n > 0 && t.later[n-1].from > s.at {
			l.failf("%s became something at %s above: write what it becomes in order of time", t.name, clockText(t.later[n-1].from))
		}
		t.later = append(t.later, version{s.at, &is})
	}
}

// change takes over what a line says. Another type allocation code is another
// device: it gets a serial number of its own.
func (t *terminal) change(like *properties, times int) {
	for _, text := range []struct {
		to *string
		is string
	}{
		{&t.pei, like.pei}, {&t.dnn, like.dnn}, {&t.snssai, like.snssai}, {&t.group, like.group}, {&t.area, like.area}, {&t.cell, like.cell},
	} {
		if text.is != "" {
			*text.to = text.is
		}
	}
	if like.address.IsValid() {
		t.address = like.address
	}
	if like.tac != "" {
		t.pei = peiOf(like.tac, t.number+times*maxFleet)
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
func (t *terminal) identify(tac string) {
	if t.supi == "" {
		t.supi = fmt.Sprintf("imsi-00101%010d", 7_310_000_000+t.number)
	}
	if tac == "" {
		tac = "35693803"
	}
	if t.pei == "" {
		t.pei = peiOf(tac, t.number)
	}
	t.gpsi = fmt.Sprintf("msisdn-88261%08d", 40_990_000+t.number)
	if t.cell == "" {
		t.cell = fmt.Sprintf("ecgi-c3e%07x", 0x5a17000+t.number)
	}
}

// peiOf returns the identity of a device of a type.
func peiOf(tac string, number int) string {
	return fmt.Sprintf("imei-%s%07d", tac, (5_820_000+number)%10_000_000)
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

// who takes terminals: "all", or names, parts of a fleet ("cam-1..20") and
// beginnings of names ("cam-*"), separated by commas.
func (p *parser) who(l *line) []*terminal {
	word := l.next("a terminal")
	if word == "all" {
		return slices.Clone(p.s.terminals)
	}
	var list []*terminal
	for _, part := range strings.Split(word, ",") {
		list = append(list, p.named(l, part)...)
	}
	return list
}

// named finds the terminals of one part of a list.
func (p *parser) named(l *line, part string) []*terminal {
	if stem, open := strings.CutSuffix(part, "*"); open {
		var list []*terminal
		for _, t := range p.s.terminals {
			if strings.HasPrefix(t.name, stem) {
				list = append(list, t)
			}
		}
		if len(list) == 0 {
			l.failf("no terminal whose name begins with %q stands above", stem)
		}
		return list
	}
	names := fleet(part)
	if names == nil {
		names = []string{part}
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
