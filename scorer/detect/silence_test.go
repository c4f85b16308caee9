package detect

import (
	"testing"

	"cordon/internal/record"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// lives lets a terminal send something at each of these minutes of so many days.
func lives(days int, minutes ...int) (*Habit, pane.Number) {
	var h Habit
	last := pane.Number(0)
	for day := range days {
		for _, m := range minutes {
			n := 864_000 + pane.Number(day)*panesPerDay + pane.Number(m)*panesPerUnit
			h.Advance(n)
			if last != 0 {
				h.Pause(n - last)
			}
			h.Learn(n, Amounts{300, 300_000}, Amounts{1000, 40_000})
			last = n
		}
	}
	return &h, last
}

// D16: who is missed, and after how long.
func TestMissed(t *testing.T) {
	var everyHour, everyHalf, byDay []int
	for h := range 24 {
		everyHour = append(everyHour, 60*h)
		everyHalf = append(everyHalf, 60*h, 60*h+30)
		if h >= 8 && h < 20 {
			byDay = append(byDay, 60*h)
		}
	}
	for _, c := range []struct {
		name    string
		days    int
		minutes []int
		want    pane.Number // hours
	}{
		{"every hour for nine days", 9, everyHour, 6},
		{"every half an hour", 9, everyHalf, 6},
		{"every two hours", 9, []int{0, 120, 240, 360, 480, 600, 720, 840, 960, 1080, 1200, 1320}, 10},
		{"four times a day", 9, []int{0, 360, 720, 1080}, 30},
		{"three times a day: its pauses are too long", 9, []int{0, 480, 960}, 0},
		{"it sleeps at night", 9, byDay, 0},
		{"five days of history", 5, everyHour, 0},
		{"never heard of", 0, nil, 0},
	} {
		h, _ := lives(c.days, c.minutes...)
		r := DefaultDeviceRules().Silence
		if got := r.Missed(h); got != c.want*panesPerHour {
			t.Errorf("%s: missed after %d panes, want %d hours", c.name, got, c.want)
		}
		r.Enabled = false
		if got := r.Missed(h); got != 0 {
			t.Errorf("%s: switched off, missed after %d panes", c.name, got)
		}
	}
}

// A long pause counts for the week it is in and the next.
func TestPausesAreForgotten(t *testing.T) {
	h, last := lives(9, 0, 300, 600, 900, 1200)
	r := DefaultDeviceRules().Silence
	back := last + 2*panesPerDay
	h.Advance(back)
	h.Pause(back - last)
	if got := r.Missed(h); got != 0 {
		t.Errorf("after a pause of two days: missed after %d panes, want never", got)
	}
	for n := back; n < back+15*panesPerDay; n += panesPerHour {
		h.Advance(n)
		h.Pause(panesPerHour)
	}
	if got, want := r.Missed(h), 6*panesPerHour; got != want {
		t.Errorf("15 days later: missed after %d panes, want %d", got, want)
	}
	h.Advance(back + 40*panesPerDay) // both weeks are over
	if got := r.Missed(h); got != 0 {
		t.Errorf("after three weeks without a pane: missed after %d panes, want never", got)
	}
}

// A silence stands until the terminal is heard of, and for a week at most.
func TestSilence(t *testing.T) {
	h, last := lives(9, 0, 120, 240, 360, 480, 600, 720, 840, 960, 1080, 1200, 1320)
	r := DefaultDeviceRules()
	var d Device
	n := last + r.Silence.Missed(h)
	d.Miss(n, last, h, &r.Silence)
	for after, want := range map[pane.Number]Nats{0: FaultCap, 7*panesPerDay - 1: FaultCap, 7 * panesPerDay: 0} {
		var l Levels
		if d.At(n+after, &l); l.Faults[Silence] != want || l.Sum() != 0 {
			t.Errorf("%d panes after it was missed: %d nats of silence, %d of malice, want %d, 0", after, l.Faults[Silence], l.Sum(), want)
		}
	}
	found := d.FindFault(Silence, n)
	if found.Value != 600 || found.Expected != 120 || found.Exception != record.ExceptionUnknown {
		t.Errorf("found %+v, want 600 minutes where 120 are usual, and no exception", found)
	}
	if d.LastFault(Silence) != n || !d.Missing() {
		t.Errorf("last sign in pane %d, missing %v, want %d, true", d.LastFault(Silence), d.Missing(), n)
	}
	d.Step(&feature.Vector{Pane: n + 100}, &Reference{}, &r)
	var l Levels
	if d.At(n+100, &l); l.Faults[Silence] != 0 || d.Missing() {
		t.Errorf("heard of again: %d nats, want 0", l.Faults[Silence])
	}
}

func BenchmarkD16Silence(b *testing.B) {
	h, _ := lives(9, 0, 120, 240, 360)
	r := DefaultDeviceRules().Silence
	for b.Loop() {
		h.Pause(6)
		_ = r.Missed(h)
	}
}
