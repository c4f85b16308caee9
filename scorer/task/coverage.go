package task

import (
	"cmp"
	"slices"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// tally counts records for coverage.
type tally struct{ received, missing, late, rejected int64 }

// add sums up.
func (t *tally) add(o tally) {
	t.received += o.received
	t.missing += o.missing
	t.late += o.late
	t.rejected += o.rejected
}

// coverage writes a tally as the contract has it. Where nothing was expected
// nothing is missing.
func (t tally) coverage() record.Coverage {
	c := record.Coverage{Received: t.received, Missing: t.missing, Late: t.late, Rejected: t.rejected, Permille: 1000}
	if all := t.received + t.missing + t.late + t.rejected; all > 0 {
		c.Permille = int32(1000 * t.received / all)
	}
	return c
}

// dated is a tally of the panes up to one.
type dated struct {
	upTo  pane.Number
	tally tally
}

// coverage keeps what was received and what was not: since the last Progress,
// and over the last one to two hours of event time for verdicts. What a raw
// partition says of panes that are still open waits in ahead, so that a verdict
// holds the counts of the panes up to its own, however early they were known.
type coverage struct {
	progress, hour, before tally
	since                  record.Micros // start of hour
	ahead                  []dated       // in order of upTo
}

// hold takes a tally of the panes up to one.
func (c *coverage) hold(upTo pane.Number, t tally) {
	if t == (tally{}) {
		return
	}
	at, found := slices.BinarySearchFunc(c.ahead, upTo, func(d dated, n pane.Number) int { return cmp.Compare(d.upTo, n) })
	if !found {
		c.ahead = slices.Insert(c.ahead, at, dated{upTo: upTo})
	}
	c.ahead[at].tally.add(t)
}

// reach counts what is known of the panes up to n.
func (c *coverage) reach(n pane.Number) {
	done := 0
	for done < len(c.ahead) && c.ahead[done].upTo <= n {
		c.add(c.ahead[done].tally, c.ahead[done].upTo.End())
		done++
	}
	c.ahead = slices.Delete(c.ahead, 0, done)
}

// add counts at event time now; never back.
func (c *coverage) add(t tally, now record.Micros) {
	if hour := max(now.Floor(record.Hour), c.since); hour != c.since {
		c.before = tally{}
		if hour-c.since == record.Hour {
			c.before = c.hour
		}
		c.hour, c.since = tally{}, hour
	}
	c.hour.add(t)
	c.progress.add(t)
}

// recent returns the tally of the last one to two hours.
func (c *coverage) recent() tally {
	t := c.hour
	t.add(c.before)
	return t
}
