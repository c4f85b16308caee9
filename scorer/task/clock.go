package task

import (
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
