package clock

import "cordon/internal/record"

// silence watches the wall clock for what records cannot tell: that a partition
// has none. Nothing of it is stored: after a restart every wait begins anew.
type silence struct {
	tick       record.Micros // wall time of the last tick, 0: none
	quiet      record.Micros // since when the partition was at its end without a record, 0: it is not
	read       record.Micros // when it was last read without error
	word       record.Micros // when a Clock was last taken
	statedWall record.Micros // when a SourceClock was last made, -1: never
	atEnd      bool
	idle       bool
	stalled    bool
}

// Touch notes that records were offered, and whether there was a Clock.
func (c *Clock) Touch(wall record.Micros, isClock bool) {
	c.quiet, c.idle, c.atEnd = 0, false, false
	c.read = wall
	if isClock {
		c.word = wall
	}
	// Records alone do not end the wait for a source that gave its word.
	c.stalled = c.stalled && !isClock && c.clocked()
}

// Tick lets wall time pass. atEnd reports that the partition was read to its
// end without error, waiting that a record is at hand which siblings hold back.
//
// IDLE: T goes on with the wall clock from where the last record stood, less
// the silence that was waited out. STALLED: no Clock for too long where sources
// write them, or no read without error.
func (c *Clock) Tick(wall record.Micros, atEnd, waiting bool) {
	if c.tick == 0 || wall < c.tick || wall-c.tick > pauseAfter || waiting {
		c.quiet, c.read, c.word = 0, wall, wall
	}
	c.tick, c.atEnd = wall, atEnd && !waiting
	if !c.atEnd {
		c.quiet = 0
	} else {
		c.read = wall
		if c.quiet == 0 {
			c.quiet = wall
		}
	}
	clocked := c.clocked()
	c.stalled = wall-c.read >= c.settings.StalledAfter || clocked && wall-c.word >= c.settings.ClockPause
	c.idle = !clocked && c.hasSource() && c.quiet != 0 && wall-c.quiet >= c.settings.IdleAfter
	if c.idle {
		c.passed = max(c.passed, c.lastEvent+(wall-c.lastAppend)-c.settings.IdleAfter)
	}
}

// clocked reports whether a source that is waited for writes Clocks: then silence
// says nothing. One that fell behind the others says nothing about them: a replay
// that ended must not stall the live sources of its partition.
func (c *Clock) clocked() bool {
	for _, s := range c.sources {
		if s.clocked && !c.skewed(s) {
			return true
		}
	}
	return false
}

// DueByWall reports whether a SourceClock is due although event time does not
// say so. A partition without a source that was neither read to its end nor
// given up has nothing to state.
func (c *Clock) DueByWall(wall record.Micros) bool {
	return (c.hasSource() || c.empty() || c.stalled) && (c.statedWall < 0 || wall < c.statedWall || wall-c.statedWall >= c.settings.Every)
}

// hasSource reports whether the partition ever had a source; the last one may
// have shared the entry of the others.
func (c *Clock) hasSource() bool { return len(c.sources) > 0 || c.others.started }

// empty reports that the partition was read to its end and never had a source.
func (c *Clock) empty() bool { return !c.hasSource() && c.atEnd }

// Counts reports whether siblings wait for this partition.
func (c *Clock) Counts() bool { return !c.empty() && !c.stalled }

// Lost notes that records were deleted before they were read. The next
// SourceClock says so, also if this process ends before it is committed.
func (c *Clock) Lost() { c.lost = true }

func (c *Clock) state() record.ClockState {
	switch {
	case c.lost && c.hasSource():
		return record.ClockDataLoss
	case c.empty():
		return record.ClockEmpty
	case c.stalled:
		return record.ClockStalled
	case c.idle:
		return record.ClockIdle
	}
	return record.ClockActive
}
