package scenario

import (
	"strings"

	"cordon/internal/raw"
	"cordon/internal/record"
)

// behaviours reads the beginning of a line about terminals, by the word of the
// language.
var behaviours = map[string]func(p *parser, l *line, tr *traffic){
	"flow": (*parser).towards, "stream": (*parser).towards, "flood": (*parser).towards, "scan": (*parser).scan,
	"inbound": (*parser).from, "usage": (*parser).usage,
	"session": (*parser).session, "registration": (*parser).registration, "radio-failure": (*parser).radio,
	"status": (*parser).status, "external": (*parser).external,
}

// traffic reads what the terminals do and how it reaches the collector.
func (p *parser) traffic(l *line, s *step) {
	word := l.next("what the terminal does")
	begin := behaviours[word]
	switch {
	case word == "raw":
		p.verbatim(l, &s.traffic)
		return
	case word == "becomes":
		p.becomes(l, s)
		return
	case begin == nil:
		l.failf("%q is nothing a terminal does: want flow, stream, flood, scan, inbound, usage, session, registration, radio-failure, status, external, becomes or raw", word)
		return
	}
	begin(p, l, &s.traffic)
	q := quantities{rate: 0, per: record.Second, size: attemptSize}
	for !l.done() {
		p.qualifier(l, s, &q)
	}
	q.settle(l, word, &s.traffic)
}

// towards reads protocol and destination.
func (p *parser) towards(l *line, tr *traffic) {
	tr.verb = doFlow
	tr.protocol = protocol(l)
	tr.to = l.destinations("a destination")
}

// from reads "inbound tcp from 198.51.100.7": the far end opened it.
func (p *parser) from(l *line, tr *traffic) {
	tr.verb, tr.inbound = doFlow, true
	tr.protocol = protocol(l)
	l.expect("from")
	if tr.to = l.destinations("who opened it"); tr.to.port == 0 {
		tr.to.port = ephemeral
	}
}

// ephemeral is the port a stranger connects from unless the line says another:
// the first of those that are for that (RFC 6335).
const ephemeral = 49152

// scan reads "scan tcp port 23": new destinations, one attempt each.
func (p *parser) scan(l *line, tr *traffic) {
	tr.verb, tr.scatter, tr.outcome = doFlow, true, unanswered
	tr.protocol = protocol(l)
	where := scanned
	if l.accept("in") {
		where = l.next("in")
	}
	l.expect("port")
	to, err := parseDestinations(where + ":" + l.next("a port"))
	if err != nil {
		l.failf("%w", err)
	}
	tr.to = to
}

// usage reads "usage": volume of the whole session.
func (p *parser) usage(_ *line, tr *traffic) { tr.verb, tr.span = doUsage, 10*record.Second }

// verbatim reads "raw {…}": plain JSON of a TerminalTelemetry; time, source and
// identity are filled in.
func (p *parser) verbatim(l *line, tr *traffic) {
	tr.verb, tr.json = doVerbatim, strings.Join(l.words, " ")
	l.words = nil
	var t raw.Telemetry
	if err := raw.ParseJSON([]byte(tr.json), &t); err != nil {
		l.failf("raw: %w", err)
	}
}

func protocol(l *line) int32 {
	name := l.next("a protocol")
	n, known := protocols[name]
	if !known {
		l.failf("%q is no protocol: want tcp, udp or icmp", name)
	}
	return n
}

// destinations takes the far ends of traffic.
func (l *line) destinations(what string) destinations {
	to, err := parseDestinations(l.next(what))
	if err != nil {
		l.failf("%w", err)
	}
	return to
}

// qualifier reads one qualifier of traffic.
func (p *parser) qualifier(l *line, s *step, q *quantities) {
	word := l.next("a qualifier")
	tr := &s.traffic
	if tr.often(l, word) || p.delivery(l, s, word) || tr.context(l, word) {
		return
	}
	switch tr.verb {
	case doFlow, doStream:
		if tr.amount(l, word) || q.of(l, word) || tr.answer(l, word) {
			return
		}
		l.failf("%q is not understood here: want up, down, packets, size, rate, lasting, reported, answered, unanswered, refused, domain, rcode%s", word, anywhere)
	case doUsage:
		if tr.amount(l, word) {
			return
		}
		l.failf("%q is not understood here: want up, down%s", word, anywhere)
	default:
		tr.detail(l, word)
	}
}

// anywhere lists the qualifiers that every line takes.
const anywhere = ", or every, for, jitter, spread, cell, area, slice, dnn, id, address, sampled, via, late, twice, lost"

// amount reads a word about what is sent.
func (tr *traffic) amount(l *line, word string) bool {
	switch word {
	case "up":
		tr.up = l.volume("up")
	case "down":
		tr.down = l.volume("down")
	case "packets":
		up, down, both := strings.Cut(l.next("packets"), "/")
		var err1, err2 error
		tr.packets, err1 = parseAmount(up)
		if both {
			tr.downPackets, err2 = parseAmount(down)
		}
		if err1 != nil || err2 != nil {
			l.failf("packets: want a number, or two for up and down such as 5/4")
		}
	default:
		return false
	}
	return true
}

// answer reads a word about what comes back.
func (tr *traffic) answer(l *line, word string) bool {
	switch word {
	case "unanswered":
		tr.outcome = unanswered
	case "refused":
		tr.outcome = refused
	case "answered":
		tr.outcome = answered
	case "domain":
		tr.domains = l.list("domain")
	case "rcode":
		tr.rcode = record.Some(l.number("rcode", 0, 4095))
	default:
		return false
	}
	return true
}
