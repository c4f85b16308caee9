package scenario

import "cordon/internal/record"

// quantities are what lines say in their own terms.
type quantities struct {
	rate, size  int64
	per         record.Micros
	rated       bool
	lasting     record.Micros
	reportEvery record.Micros
}

// settle turns the terms of a line into reports.
func (q *quantities) settle(l *line, word string, tr *traffic) {
	if q.rated && (q.rate < 1 || word != "scan" && word != "flood") {
		l.failf("a rate above 0 belongs to scan and flood")
		return
	}
	switch word {
	case "scan":
		if !q.rated || tr.lasts == 0 {
			l.failf("a scan needs a rate and how long: rate 10/s for 60s")
			return
		}
		tr.every = max(q.per/record.Micros(q.rate), 1)
		tr.attempt()
	case "flow":
		tr.span = max(q.lasting, record.Second)
		tr.attempt()
	case "stream":
		q.stream(l, tr)
	case "flood":
		q.flood(l, tr)
	case "usage":
		if tr.every > 0 {
			tr.span = tr.every
		}
	}
	if tr.every > 0 && tr.lasts == 0 || tr.every == 0 && tr.lasts > 0 {
		l.failf("every and for belong together: every 10s for 10m")
	}
}

// attempt sets size and report time of a connection that fails.
func (tr *traffic) attempt() {
	if tr.outcome == answered {
		return
	}
	if tr.up == 0 {
		tr.up = attemptSize
	}
	tr.span = 0
	if tr.outcome == unanswered {
		tr.span = unansweredAfter
	}
}

// stream spreads bytes per second over the reports.
func (q *quantities) stream(l *line, tr *traffic) {
	tr.verb = doStream
	tr.every = q.reportEvery
	if tr.every == 0 {
		tr.every = 10 * record.Second
	}
	if tr.lasts == 0 {
		l.failf("a stream needs how long: for 10m")
	}
	tr.span = tr.every
	tr.up = tr.up * int64(tr.every) / int64(record.Second)
	tr.down = tr.down * int64(tr.every) / int64(record.Second)
}

// flood makes a report a second, each of a new flow, of packets nobody answers.
func (q *quantities) flood(l *line, tr *traffic) {
	tr.outcome, tr.scatter = unanswered, false
	if tr.every == 0 {
		tr.every = record.Second
	}
	if !q.rated || tr.lasts == 0 {
		l.failf("a flood needs a rate and how long: rate 2k/s size 512 for 60s")
		return
	}
	tr.span = tr.every
	tr.packets = max(q.rate*int64(tr.every)/int64(q.per), 1)
	tr.up = tr.packets * q.size
}
