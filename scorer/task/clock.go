package task

import (
	"cmp"
	"slices"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// maxRawPartitions bounds what a SourceClock is believed to say.
const maxRawPartitions = 1 << 16

// rawClock is what is known of one raw partition.
type rawClock struct {
	time    record.Micros
	state   record.ClockState
	heard   bool // it has spoken
	dropped bool // not waited for until it has caught up
}

// counts reports whether the watermark waits for the partition.
func (r *rawClock) counts() bool {
	return r.heard && !r.dropped && r.state != record.ClockEmpty && r.state != record.ClockStalled
}

// clock is the one clock of the partition: the watermark is the least time of
// the raw partitions that count, less the lateness. It never goes back and
// stands still until every raw partition has been heard, or when none counts.
type clock struct {
	lateness  record.Micros
	raw       []rawClock
	watermark record.Micros
	running   bool // the watermark has been set
}

// hear takes what a raw partition says and reports whether it could be
// believed: the number of raw partitions is fixed by the first to speak, and
// there are no panes beyond pane.MaxTime.
func (c *clock) hear(s *record.SourceClock) bool {
	if s.Time >= pane.MaxTime || s.RawPartitions < 1 || s.RawPartitions > maxRawPartitions || s.RawPartition < 0 || s.RawPartition >= s.RawPartitions ||
		(c.raw != nil && int(s.RawPartitions) != len(c.raw)) {
		return false
	}
	if c.raw == nil {
		c.raw = make([]rawClock, s.RawPartitions)
	}
	r := &c.raw[s.RawPartition]
	r.time, r.state, r.heard = max(r.time, s.Time), s.State, true
	if r.dropped && c.running && r.time-c.lateness >= c.watermark {
		r.dropped = false
	}
	return true
}

// next returns where the watermark may go.
func (c *clock) next() (record.Micros, bool) {
	least, found := record.Micros(0), false
	for i := range c.raw {
		r := &c.raw[i]
		if !r.heard && !r.dropped {
			return 0, false
		}
		if r.counts() && (!found || r.time < least) {
			least, found = r.time, true
		}
	}
	least = max(least-c.lateness, 0)
	return least, found && (!c.running || least > c.watermark)
}

// drop stops waiting for the slowest raw partition: one that never spoke, else
// the one with the least time while another one counts. It reports whether
// there was one.
func (c *clock) drop() bool {
	slowest, counting := -1, 0
	for i := range c.raw {
		r := &c.raw[i]
		if !r.heard && !r.dropped {
			r.dropped = true
			return true
		}
		if r.counts() {
			counting++
			if slowest < 0 || r.time < c.raw[slowest].time {
				slowest = i
			}
		}
	}
	if counting < 2 {
		return false
	}
	c.raw[slowest].dropped = true
	return true
}

// dropped returns how many raw partitions are not waited for though they count.
func (c *clock) dropped() int64 {
	var n int64
	for i := range c.raw {
		if c.raw[i].dropped {
			n++
		}
	}
	return n
}

// waits lists the raw partitions for Progress. One that is not waited for
// because it held up the partition is told as stalled.
func (c *clock) waits() []record.SourceWait {
	list := make([]record.SourceWait, 0, len(c.raw))
	for i := range c.raw {
		w := record.SourceWait{RawPartition: int32(i), State: c.raw[i].state, Time: c.raw[i].time}
		if c.raw[i].dropped {
			w.State = record.ClockStalled
		}
		list = append(list, w)
	}
	return list
}

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
