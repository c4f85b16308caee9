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

// of reads one word about rate, size and length.
func (q *quantities) of(l *line, word string) bool {
	switch word {
	case "rate":
		q.rate, q.per = l.rate("rate")
		q.rated = true
	case "size":
		q.size = l.amount("size")
	case "lasting":
		q.lasting = l.length("lasting")
	case "reported":
		l.expect("every")
		if q.reportEvery = l.length("reported every"); q.reportEvery == 0 {
			l.failf("reported every: want a length of time above 0")
		}
	default:
		return false
	}
	return true
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
	case "flow", "inbound":
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
	if word != "stream" {
		tr.grid = q.reportEvery
	}
	tr.rhythm.settle(l)
}

// attempt sets size and report time of a connection that fails.
func (tr *traffic) attempt() {
	if tr.outcome == answered {
		return
	}
	if tr.up == 0 && !tr.inbound {
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
	if tr.every > 0 || tr.jitter > 0 {
		l.failf("a stream is one connection: want reported every 60s, or a flow for many")
	}
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
