// Package clock tells how far a raw partition has come in event time.
//
// What it promises (architecture section 4): R, the time every source that is
// waited for has passed, never goes back; it depends on the records in their
// order and, only while the partition is silent, on the wall clock it is told.
// A source that writes Clocks is believed instead of guessed. Every record is
// counted for its source in exactly one SourceClock. Memory is bounded:
// MaxSources sources, and what is beyond shares one entry without a memory for
// duplicates.
//
// What it does not: it holds no records, so the partition's T, which waits for
// held ones, is made by the caller. A Clock is used by one goroutine.
package clock

import (
	"slices"
	"strings"

	"cordon/internal/record"
)

// MaxSources is how many sources of a raw partition have an entry of their own.
// A probe per user plane function gives tens; the bound is against a source
// that makes up names.
const MaxSources = 4096

// Pane is the unit in which records are counted and scored.
const Pane = 10 * record.Second

// forgetAfter is how far a source may fall behind the newest before its entry,
// duplicates included, is given up: probes that were renamed must not fill the
// table.
const forgetAfter = record.Day

// pauseAfter is the gap between two ticks, due once a second, that means this
// process stood still or the wall clock was set ahead: what it did not see in that
// time is not silence. Every wait begins anew, as it does when the clock is set back.
const pauseAfter = 5 * record.Second

// Settings are the lengths of time a clock needs, in microseconds.
type Settings struct {
	Lateness     record.Micros // panes up to T less this are final
	Patience     record.Micros // a source further behind the newest is not waited for
	IdleAfter    record.Micros // of silence at the end of the partition
	Every        record.Micros // between two SourceClocks, in event and in wall time
	ClockPause   record.Micros // without a Clock, where sources write them: STALLED
	StalledAfter record.Micros // without a successful read: STALLED
}

// Clock is the clock of one raw partition. Call New.
type Clock struct {
	settings Settings
	sources  []*Source // sorted by id
	byID     map[string]*Source
	last     *Source // the source of the last look-up
	others   *Source // shared by sources beyond MaxSources and by records of no source
	low      *Source // the oldest source that is waited for, nil: to be looked for
	newest   record.Micros
	passed   record.Micros // R
	swept    record.Micros // hour of the newest time when sources were last forgotten
	removed  []string

	lastEvent, lastAppend record.Micros // of the last record that was taken
	stated                record.Micros // T of the last SourceClock, -1: none
	open                  record.Micros // start of the first pane not yet reported
	lost                  bool          // records were deleted before they were read, and no SourceClock has said so yet

	silence
	statement record.SourceClock
}

// New returns the clock of a partition that has seen nothing.
func New(settings Settings) *Clock {
	return &Clock{settings: settings, byID: map[string]*Source{}, others: &Source{}, stated: -1, passed: -1,
		silence: silence{statedWall: -1}}
}

// Source returns the entry of a source, a new one where there is room.
func (c *Clock) Source(id string) *Source {
	if c.last != nil && c.last.id == id {
		return c.last
	}
	s := c.byID[id]
	if s == nil {
		if len(c.sources) >= MaxSources {
			return c.others
		}
		s = c.add(&Source{id: strings.Clone(id)})
	}
	c.last = s
	return s
}

// Known returns the entry of a source that has sent a good record, or the
// shared one: a bad record must not fill the table.
func (c *Clock) Known(id string) *Source {
	if s := c.byID[id]; s != nil {
		return s
	}
	return c.others
}

func (c *Clock) add(s *Source) *Source {
	at, _ := slices.BinarySearchFunc(c.sources, s, byID)
	c.sources = slices.Insert(c.sources, at, s)
	c.byID[s.id] = s
	return s
}

func byID(a, b *Source) int { return strings.Compare(a.id, b.id) }

// Take notes a good record of a source. A Clock (isClock) is the source's word
// that it sends nothing older; once it gave its word, only that counts.
func (c *Clock) Take(s *Source, at, appended record.Micros, isClock bool) {
	c.lastEvent, c.lastAppend = at, appended
	s.Changed = true
	if !c.move(s, at, isClock && s != c.others) {
		return
	}
	if hour := c.newest.Floor(record.Hour); hour > c.swept {
		c.swept = hour
		c.forget()
	}
	// The least time changes only when the source that held it moved or is no
	// longer waited for, or when this one lies below it. One pass over the
	// sources is then cheaper than keeping them in a heap: there are few.
	if s == c.low || c.low == nil || c.skewed(c.low) || s.time < c.low.time {
		c.findLow()
	}
	if c.low != nil {
		c.passed = max(c.passed, c.low.time)
	}
}

// move sets the time of a source and reports whether it did.
func (c *Clock) move(s *Source, at record.Micros, word bool) bool {
	switch {
	case word && s.started && !s.clocked:
		// The first Clock may lie behind what was guessed. The newest time is
		// then looked for again, so that there is always a source to wait for.
		s.clocked, s.time, c.newest, c.low = true, at, 0, nil
		for _, other := range c.sources {
			c.newest = max(c.newest, other.time)
		}
		c.newest = max(c.newest, c.others.time)
		return true
	case s.started && (word != s.clocked || at <= s.time):
		return false
	}
	s.started, s.clocked, s.time = true, word, at
	c.newest = max(c.newest, at)
	return true
}

func (c *Clock) skewed(s *Source) bool { return c.newest-s.time > c.settings.Patience }

func (c *Clock) findLow() {
	c.low = nil
	for _, s := range c.sources {
		if !c.skewed(s) && s.started && (c.low == nil || s.time < c.low.time) {
			c.low = s
		}
	}
	if s := c.others; s.started && !c.skewed(s) && (c.low == nil || s.time < c.low.time) {
		c.low = s
	}
}

// forget gives up sources that fell far behind; what was counted for them is
// reported with the others.
func (c *Clock) forget() {
	c.sources = slices.DeleteFunc(c.sources, func(s *Source) bool {
		if c.newest-s.time <= forgetAfter {
			return false
		}
		for _, p := range s.panes {
			c.others.count(p.start, p.counts)
		}
		delete(c.byID, s.id)
		c.removed = append(c.removed, s.id)
		if c.last == s {
			c.last = nil
		}
		return true
	})
}

// Passed returns R: every source that is waited for has passed it. It is -1
// before the first record.
func (c *Clock) Passed() record.Micros { return c.passed }

// Outcome is what became of a record, for the counts of its source.
type Outcome uint8

// Outcomes of a record.
const (
	Received Outcome = iota // forwarded; what waits is counted when it is decided
	Missing                 // never came: a gap in the numbers
	Rejected                // went to the dead letters
)

// Count counts n records of a source at an event time. A pane that was reported
// already gives way to the first one that is open, so that every record is reported
// once. A negative n takes back what was counted and not yet reported.
func (c *Clock) Count(s *Source, at record.Micros, outcome Outcome, n int64) {
	if n <= 0 {
		s.takeBack(outcome, -n)
		return
	}
	pane := max(c.open, max(at, 0).Floor(Pane))
	var counts [3]int64
	counts[outcome] = n
	s.count(pane, counts)
}

// Sane returns an event time at which a bad record may be counted, whose own may be
// any number: not ahead of all sources.
func (c *Clock) Sane(at record.Micros) record.Micros { return min(at, c.newest) }

// Due reports whether event time T is far enough past the last SourceClock for
// the next: in another step of Every, or past the end of another pane. Steps
// lie on a grid, so that a SourceClock that the wall clock asked for in between
// moves none of the later ones, and each reports the same panes in every run.
func (c *Clock) Due(t record.Micros) bool {
	if t < 0 || c.stated < 0 {
		return t >= 0
	}
	return t.Floor(c.settings.Every) > c.stated.Floor(c.settings.Every) ||
		(t-c.settings.Lateness).Floor(Pane) > (c.stated-c.settings.Lateness).Floor(Pane)
}

// State returns the SourceClock of a partition whose every record up to t was
// forwarded, and takes its counts as reported. It is valid until the next call.
func (c *Clock) State(t, wall record.Micros) *record.SourceClock {
	c.stated = max(c.stated, t)
	c.statedWall = wall
	c.open = max(c.open, (c.stated - c.settings.Lateness).Floor(Pane))
	st := &c.statement
	st.Time, st.State = max(c.stated, 0), c.state()
	st.Sources = st.Sources[:0]
	for _, s := range c.sources {
		st.Sources = append(st.Sources, c.report(s))
	}
	if others := c.report(c.others); others.Received+others.Missing+others.Rejected > 0 {
		st.Sources = append(st.Sources, others)
	}
	c.lost = c.lost && st.State != record.ClockDataLoss
	return st
}

func (c *Clock) report(s *Source) record.SourceCount {
	counts := s.take(c.open)
	state := record.SourceActive
	if c.skewed(s) {
		state = record.SourceSkewed
	}
	return record.SourceCount{SourceID: s.id, Received: counts[Received], Missing: counts[Missing], Rejected: counts[Rejected], State: state}
}

// Stated returns the T of the last SourceClock, -1 before the first.
func (c *Clock) Stated() record.Micros { return c.stated }

// Standing is how a clock is doing now.
type Standing struct {
	State   record.ClockState
	Sources int // with an entry of their own
	Skewed  int // of them not waited for
}

// Standing returns how the clock is doing.
func (c *Clock) Standing() Standing {
	s := Standing{State: c.state(), Sources: len(c.sources)}
	for _, source := range c.sources {
		if c.skewed(source) {
			s.Skewed++
		}
	}
	return s
}
