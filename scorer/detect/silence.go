package detect

import (
	"fmt"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// SilenceRules are those of the first half of D16: a terminal with a regular life
// that is not heard of any more, while its neighbours are.
type SilenceRules struct {
	Enabled bool
	// Weight in per cent of the nats (100).
	Weight int64
	// Ratio of the longest pause of the last two weeks after which it is missed (5:
	// detection reference 3.4).
	Ratio pane.Number
	// Least is the shortest silence that is one (6 h; ours: shorter than a night, and
	// longer than works on a cell or a probe mostly take).
	Least pane.Number
}

// Limits of D16 on silence. All of them are ours.
const (
	// regularDays of history must be there: a week shows what weekends are like.
	regularDays = 7
	// regularPause is the longest pause of a life round the clock: whoever sleeps for
	// longer may be switched off by somebody.
	regularPause = pane.Number(6 * record.Hour / pane.Length)
	hoursOfWeek  = 7 * hoursOfDay
	panesPerUnit = pane.Number(record.Minute / pane.Length) // of a pause
	// silenceSpan is how long a terminal is missed: then it is gone.
	silenceSpan = pane.Number(7 * record.Day / pane.Length)
)

// pauses are the longest pauses between two panes of a terminal, in minutes, of this
// week and of the one before.
type pauses [2]uint16

// turn begins a week, or several at once.
func (p *pauses) turn(weeks pane.Number) {
	switch {
	case weeks == 1:
		*p = pauses{0, p[0]}
	case weeks > 1:
		*p = pauses{}
	}
}

// Pause notes that a terminal was not heard of for so many panes before the present
// one, which Advance has taken.
func (h *Habit) Pause(panes pane.Number) {
	h.pauses[0] = max(h.pauses[0], uint16(min((panes+panesPerUnit-1)/panesPerUnit, 1<<16-1)))
}

// longest returns the longest pause of the last one to two weeks.
func (h *Habit) longest() pane.Number {
	return pane.Number(max(h.pauses[0], h.pauses[1])) * panesPerUnit
}

// Missed returns how long a terminal must be silent to be missed; 0: nobody knows when
// it will speak, for it is new or has no life round the clock.
func (r *SilenceRules) Missed(h *Habit) pane.Number {
	longest := h.longest()
	if !r.Enabled || h.days < regularDays || longest == 0 || longest > regularPause {
		return 0
	}
	return max(longest*r.Ratio, r.Least)
}

// Overdue returns after how long a silence is no pause any more: twice the longest.
// It tells what befell several at once.
func (h *Habit) Overdue() pane.Number { return 2 * h.longest() }

// silence is what is kept of one.
type silence struct {
	said pane.Number // when it was missed; 0: it is heard of
	nats Nats
	// quiet and usual are its length when it was said and the longest pause before, in minutes.
	quiet, usual int32
}

// Miss notes at pane n that the terminal has not been heard of since pane last.
func (d *Device) Miss(n, last pane.Number, h *Habit, r *SilenceRules) {
	d.wake(n)
	d.silence = silence{
		said: n, nats: min(FaultCap*Nats(r.Weight)/100, FaultCap),
		quiet: int32((n - last) / panesPerUnit), usual: int32(h.longest() / panesPerUnit),
	}
}

// Missing reports whether the terminal has been missed since it was last heard of.
func (d *Device) Missing() bool { return d.silence.said != 0 }

// Mover reports whether the terminal was seen in more areas than a home has: it may be
// where there is no coverage.
func (d *Device) Mover() bool { return d.mover() }

// at returns the evidence when pane n has passed.
func (s *silence) at(n pane.Number) Nats {
	if s.said == 0 || n-s.said >= silenceSpan {
		return 0
	}
	return s.nats
}

// find explains the silence.
func (s *silence) find() Finding {
	return Finding{
		Feature: "silence", Unit: "minutes", Value: int64(s.quiet), Expected: int64(s.usual), Reference: record.ReferenceOwn,
		Samples: []string{fmt.Sprintf("the longest pause of two weeks was %d minutes", s.usual)},
	}
}
