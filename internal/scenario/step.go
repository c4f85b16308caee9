package scenario

import (
	"slices"
	"strings"

	"cordon/internal/raw"
	"cordon/internal/record"
)

// step reads what follows "at".
func (p *parser) step(l *line) {
	s := step{line: p.number, text: p.text, at: l.clock("at"), copies: 1}
	switch l.peek() {
	case "restart", "decide", "ack", "garbage", "collector", "telemetry.raw":
		p.act(l, &s.act)
	default:
		s.who = p.who(l)
		p.traffic(l, &s)
		p.count(l, &s)
	}
	p.s.steps = append(p.s.steps, s)
}

// count keeps a file from asking for more reports than a test can run.
func (p *parser) count(l *line, s *step) {
	each := int64(1)
	if s.traffic.every > 0 {
		each = max(int64((s.traffic.lasts+s.traffic.every-1)/s.traffic.every), 1)
	}
	if p.s.until != 0 && s.at > p.s.until {
		l.failf("the scenario is watched until %s only", clockText(p.s.until))
	}
	if p.reports += each * int64(len(s.who)) * int64(max(s.copies, 1)); p.reports > maxReports {
		l.failf("that is more than %d reports in all", maxReports)
	}
}

// act reads what is done to the pipeline.
func (p *parser) act(l *line, a *act) {
	switch l.next("an act") {
	case "restart":
		a.kind = restart
		if a.stage = slices.Index(stageNames, l.next("a stage")); a.stage < 0 {
			l.failf("want collector, scorer or enforcer")
		}
	case "decide":
		a.kind = decide
		p.decision(l, a)
	case "ack":
		a.kind = answer
		a.terminal = p.one(l, l.next("a terminal"))
		state := l.next("a state")
		for a.state = record.AckAccepted; a.state.String() != state; a.state++ {
			if a.state > record.AckReleased {
				l.failf("%q is no state of an acknowledgement", state)
				return
			}
		}
	case "garbage":
		a.kind = garbage
		a.bytes = l.hex("garbage")
	case "collector":
		a.terminal = p.whose(l)
		switch word := l.next("stops or starts"); word {
		case "stops":
			a.kind = stop
		case "starts":
			a.kind = begin
		default:
			l.failf("%q is nothing that happens to a collector: want stops or starts", word)
		}
	case "telemetry.raw":
		a.terminal = p.whose(l)
		if l.accept("is") {
			a.kind = erase
			l.expect("deleted")
			return
		}
		a.kind = heal
		if !l.accept("can") {
			a.kind = fail
			l.expect("cannot")
		}
		l.expect("be")
		l.expect("read")
	}
}

// whose reads "of cam-1": the raw partition that the records of a terminal go to.
func (p *parser) whose(l *line) *terminal {
	l.expect("of")
	return p.one(l, l.next("a terminal"))
}

// decision reads "decide EXEMPT cam-1 until 12:00".
func (p *parser) decision(l *line, a *act) {
	kind := l.next("a decision")
	d := &a.decision
	for d.Kind = record.DecisionApprove; d.Kind.String() != kind; d.Kind++ {
		if d.Kind > record.DecisionEndSetMode {
			l.failf("%q is no decision of an operator", kind)
			return
		}
	}
	for !l.done() {
		if l.accept("until") {
			d.Until = record.Some(l.clock("until"))
			continue
		}
		a.terminal = p.one(l, l.next("a terminal"))
	}
}

// traffic reads what the terminals do and how it reaches the collector.
func (p *parser) traffic(l *line, s *step) {
	tr := &s.traffic
	word := l.next("what the terminal does")
	switch word {
	case "flow", "stream", "flood":
		p.towards(l, tr)
	case "scan":
		p.scan(l, tr)
	case "usage":
		tr.verb, tr.span = doUsage, 10*record.Second
	case "session":
		p.session(l, tr)
	case "raw":
		p.verbatim(l, tr)
		return
	default:
		l.failf("%q is nothing a terminal does: want flow, stream, flood, scan, usage, session or raw", word)
	}
	q := quantities{rate: 0, per: record.Second, size: attemptSize}
	for !l.done() {
		p.qualifier(l, s, &q)
	}
	q.settle(l, word, tr)
}

// towards reads protocol and destination.
func (p *parser) towards(l *line, tr *traffic) {
	tr.verb = doFlow
	tr.protocol = protocol(l)
	to, err := parseDestinations(l.next("a destination"))
	if err != nil {
		l.failf("%w", err)
	}
	tr.to = to
}

func protocol(l *line) int32 {
	name := l.next("a protocol")
	n, known := protocols[name]
	if !known {
		l.failf("%q is no protocol: want tcp, udp or icmp", name)
	}
	return n
}

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

// sessionEvents by the word of the language.
var sessionEvents = map[string]record.SessionEvent{
	"established": record.SessionEstablished, "released": record.SessionReleased, "moved": record.SessionAddressChanged,
	"rejected": record.SessionEstablishmentRejected, "modified": record.SessionModified,
}

// session reads "session moved from 10.45.0.7 to 10.45.0.8".
func (p *parser) session(l *line, tr *traffic) {
	tr.verb = doSession
	word := l.next("an event")
	tr.event = sessionEvents[word]
	if tr.event == record.SessionUnknown {
		l.failf("%q is no event of a session: want established, released, moved, rejected or modified", word)
	}
	if tr.event == record.SessionAddressChanged {
		l.expect("from")
		tr.former = l.address("from")
		l.expect("to")
		tr.address = l.address("to")
	}
}

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

// qualifier reads one qualifier of traffic.
func (p *parser) qualifier(l *line, s *step, q *quantities) {
	tr := &s.traffic
	switch word := l.next("a qualifier"); word {
	case "up":
		tr.up = l.volume("up")
	case "down":
		tr.down = l.volume("down")
	case "rate":
		q.rate, q.per = l.rate("rate")
		q.rated = true
	case "size":
		q.size = l.amount("size")
	case "every":
		tr.every = l.length("every")
	case "for":
		tr.lasts = l.length("for")
	case "lasting":
		q.lasting = l.length("lasting")
	case "reported":
		l.expect("every")
		q.reportEvery = l.length("reported every")
	case "unanswered":
		tr.outcome = unanswered
	case "refused":
		tr.outcome = refused
	case "answered":
		tr.outcome = answered
	case "inbound":
		tr.inbound = true
	case "domain":
		tr.domain = l.next("domain")
	case "address":
		tr.address = l.address("address")
	case "emergency":
		tr.emergency = true
	default:
		p.delivery(l, s, word)
	}
}

// delivery reads how the records reach the collector.
func (p *parser) delivery(l *line, s *step, word string) {
	switch word {
	case "via":
		s.via = p.sourceNamed(l)
	case "late":
		s.late, s.isLate = l.length("late"), true
	case "twice":
		s.copies = 2
	case "lost":
		s.copies = 0
	default:
		l.failf("%q is not understood here", word)
	}
}

// volume takes bytes, or bytes per second for streams ("64k/s").
func (l *line) volume(what string) int64 {
	if text, perSecond := strings.CutSuffix(l.peek(), "/s"); perSecond {
		l.words[0] = text
	}
	return l.amount(what)
}
