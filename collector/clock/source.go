package clock

import "cordon/internal/record"

// Source is what is known of one source of a raw partition.
type Source struct {
	// Changed reports that the entry differs from the last cut; the caller
	// resets it.
	Changed bool

	id      string // empty: the shared entry
	started bool
	clocked bool          // it writes Clocks
	time    record.Micros // newest event time, or that of its newest Clock
	window  window        // of the numbers it sends
	former  window        // of the numbers it sent before an old record, a restart or a great loss
	since   int32         // numbers it sent since former was the window
	panes   []paneCount   // of open panes, oldest first; a handful
}

// ID returns the name of the source; empty for the shared entry.
func (s *Source) ID() string { return s.id }

type paneCount struct {
	start  record.Micros
	counts [3]int64 // by Outcome
}

// count adds to the pane that starts at start.
func (s *Source) count(start record.Micros, counts [3]int64) {
	s.Changed = true
	at := len(s.panes)
	for at > 0 && s.panes[at-1].start >= start {
		at--
	}
	if at == len(s.panes) || s.panes[at].start != start {
		s.panes = append(s.panes, paneCount{})
		copy(s.panes[at+1:], s.panes[at:])
		s.panes[at] = paneCount{start: start}
	}
	for i, n := range counts {
		s.panes[at].counts[i] += n
	}
}

// takeBack lowers the newest counts of an outcome by n, as far as they go.
func (s *Source) takeBack(outcome Outcome, n int64) {
	for i := len(s.panes) - 1; i >= 0 && n > 0; i-- {
		less := min(n, s.panes[i].counts[outcome])
		s.panes[i].counts[outcome] -= less
		n -= less
		s.Changed = true
	}
}

// take removes the panes that end at or before open and returns their sum.
func (s *Source) take(open record.Micros) (sum [3]int64) {
	n := 0
	for n < len(s.panes) && s.panes[n].start+Pane <= open {
		for i := range sum {
			sum[i] += s.panes[n].counts[i]
		}
		n++
	}
	if n > 0 {
		s.Changed = true
		s.panes = s.panes[:copy(s.panes, s.panes[n:])]
	}
	return sum
}

// windowSize is how many of a source's last numbers are remembered.
const windowSize = 1024

// largestGap is the largest jump that is counted as loss. A source that lost a
// billion records was silent for hours, which the clock shows; a larger jump is
// another numbering.
const largestGap = 1 << 30

// window is a bitmap of the numbers (high-windowSize, high].
type window struct {
	used bool
	high int64
	bits [windowSize / 64]uint64
}

// Repeated notes the number of a record and reports whether it was among the
// last 1,024 of its source, and how many numbers before it are missing (-1: it
// fills a gap that was counted).
//
// A number below the window, or far above it, begins another: the probe was
// restarted, or a record was late by very much. The former window is kept: what
// the source sends next is then no loss, and a repeat is still known.
func (s *Source) Repeated(number record.Opt[int64]) (repeated bool, missing int64) {
	if !number.Set || s.id == "" {
		return false, 0
	}
	s.Changed = true
	n := number.Value
	if s.since++; s.since > windowSize {
		s.former, s.since = window{}, 0 // no longer of the last 1,024
	}
	w := &s.window
	switch {
	case !w.near(n) && s.former.near(n):
		s.turn(s.former)
	case !w.used:
		*w = window{used: true, high: n}
	case n <= w.high-windowSize || n-w.high-1 > largestGap:
		s.turn(window{used: true, high: n})
	}
	switch {
	case n > w.high:
		if missing = n - w.high - 1; missing >= windowSize {
			s.turn(*w)
		}
		w.advance(n)
	case w.has(n):
		return true, 0
	case n < w.high:
		missing = -1
	}
	w.set(n)
	return false, missing
}

// turn goes on with another window and keeps the present one.
func (s *Source) turn(to window) { s.former, s.window, s.since = s.window, to, 0 }

// near reports whether the window covers n, or n follows it closely.
func (w *window) near(n int64) bool {
	return w.used && n > w.high-windowSize && (n <= w.high || n-w.high <= windowSize)
}

func (w *window) slot(n int64) (word int, bit uint64) {
	at := uint64(n) % windowSize
	return int(at / 64), 1 << (at % 64)
}

func (w *window) has(n int64) bool {
	word, bit := w.slot(n)
	return w.bits[word]&bit != 0
}

func (w *window) set(n int64) {
	word, bit := w.slot(n)
	w.bits[word] |= bit
}

// advance moves the window up to n; the numbers it passes over are unseen.
func (w *window) advance(n int64) {
	if n-w.high >= windowSize {
		w.bits = [windowSize / 64]uint64{}
	} else {
		for m := w.high + 1; m <= n; m++ {
			word, bit := w.slot(m)
			w.bits[word] &^= bit
		}
	}
	w.high = n
}
