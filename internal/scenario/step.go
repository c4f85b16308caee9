package scenario

import (
	"slices"

	"cordon/internal/record"
)

// step reads what follows "at".
func (p *parser) step(l *line) {
	s := step{line: p.number, text: p.text, at: l.clock("at"), copies: 1}
	switch l.peek() {
	case "restart", "decide", "ack", "garbage", "collector", "telemetry.raw", "profile", "setting":
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
	case "profile":
		a.kind = provision
		p.profile(l, a)
	case "setting":
		a.kind = provision
		p.setting(l, a)
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

// delivery reads a word about how the records reach the collector.
func (p *parser) delivery(l *line, s *step, word string) bool {
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
		return false
	}
	return true
}
