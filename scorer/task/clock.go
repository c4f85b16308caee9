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
//
// The newest word about a raw partition holds, whoever wrote it: another
// collector that hears nothing of the owner says STALLED, with time 0, and the
// owner's next word ends that.
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
	if r.dropped && (!c.running || r.time-c.lateness >= c.watermark) {
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

// drop stops waiting for the raw partition that holds up the others most: one
// that never spoke, else the one with the least time. It reports whether there
// was one; where all that count stand at the same time, nobody holds up anybody.
func (c *clock) drop() bool {
	var slowest, fastest, unheard *rawClock
	for i := range c.raw {
		switch r := &c.raw[i]; {
		case !r.heard && !r.dropped:
			unheard = r
		case !r.counts():
		default:
			if slowest == nil || r.time < slowest.time {
				slowest = r
			}
			if fastest == nil || r.time > fastest.time {
				fastest = r
			}
		}
	}
	switch {
	case fastest == nil: // without one that counts the watermark stands still in any case
		return false
	case unheard != nil:
		unheard.dropped = true
	case slowest.time == fastest.time:
		return false
	default:
		slowest.dropped = true
	}
	return true
}

// standing counts the raw partitions by how the watermark takes them.
type standing struct {
	counting int64 // waited for
	unheard  int64 // waited for, and nothing was said of them yet
	empty    int64
	stalled  int64
	dropped  int64 // not waited for until they have caught up
}

func (c *clock) standing() (s standing) {
	for i := range c.raw {
		switch r := &c.raw[i]; {
		case r.dropped:
			s.dropped++
		case !r.heard:
			s.unheard++
		case r.state == record.ClockEmpty:
			s.empty++
		case r.state == record.ClockStalled:
			s.stalled++
		default:
			s.counting++
		}
	}
	return s
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
