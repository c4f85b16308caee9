package detect

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record/wire"
	"cordon/scorer/pane"
)

// An amount lies below what its level stands for, by an eighth at most.
func TestLevels(t *testing.T) {
	if LevelOf(0) != 0 || AmountOf(0) != 0 {
		t.Errorf("nothing has level %d, and level 0 is %d", LevelOf(0), AmountOf(0))
	}
	for x := uint64(1); x < 1<<20; x += 1 + x/97 {
		if got := AmountOf(LevelOf(x)); got < x || got > x+x/8+1 {
			t.Errorf("%d has level %d, which stands for up to %d", x, LevelOf(x), got)
		}
	}
	if LevelOf(math.MaxUint64) != 255 {
		t.Errorf("the largest amount has level %d", LevelOf(math.MaxUint64))
	}
}

// day lets a terminal live through a day with a constant amount per pane.
func (h *Habit) day(n pane.Number, uplink uint64, normal Normal) pane.Number {
	for end := n + panesPerDay; n < end; n += 60 {
		h.Advance(n)
		h.Learn(n, Amounts{uplink, normal.Value}, Amounts{1000, 40_000})
	}
	return n
}

// Reference 3.12 (11, 12): nothing is learned before a day has passed, and then the
// own envelope weighs as much as the prior; a raise forgets what waits.
func TestHabitLearnsADayLater(t *testing.T) {
	prior := Class{Normal: Normal{Value: 300_000}, Trust: 1}
	var h Habit
	n := h.day(864_000, 100_000, prior.Normal)
	if got := h.Uplink(n-1, prior); got.Value != 300_000 {
		t.Errorf("within the first day: %d, want the prior", got.Value)
	}
	n = h.day(n, 100_000, prior.Normal)
	if got := h.Uplink(n-1, prior); got.Value < 190_000 || got.Value > 230_000 {
		t.Errorf("after a day: %d, want half way between 100,000 and 300,000", got.Value)
	}
	for range 30 {
		n = h.day(n, 100_000, h.Uplink(n, prior))
	}
	settled := h.Uplink(n-1, prior).Value
	if settled < 100_000 || settled > 125_000 {
		t.Errorf("after a month: %d, want about 100,000", settled)
	}
	stolen := n
	n = h.day(n, 50_000_000, h.Uplink(n, prior))
	h.Forget()
	n = h.day(n, 100_000, h.Uplink(n, prior))
	if got := h.Uplink(n-1, prior).Value; got > settled+settled/7 {
		t.Errorf("after an exfiltration at %d that raised a case: %d, want %d", stolen, got, settled)
	}
}

// Reference 3.8 (2): whoever grows slowly needs 16 days to double.
func TestHabitGrowsSlowly(t *testing.T) {
	prior := Class{Normal: Normal{Value: 300_000}, Trust: 1}
	var h Habit
	n := pane.Number(864_000)
	for range 12 {
		n = h.day(n, 100_000, h.Uplink(n, prior))
	}
	before := h.Largest()
	for range 16 {
		n = h.day(n, 10_000_000, Normal{Value: 10_000_000})
	}
	if got := h.Largest(); got < before || got > 2*before+before/4 {
		t.Errorf("in 16 days it grew from %d to %d, want at most twice as much", before, got)
	}
}

// A day of history counts whatever hours the terminal speaks at.
func TestHabitCountsDays(t *testing.T) {
	for _, c := range []struct {
		name  string
		hours []int // of each day in turn
		want  int16 // after ten days
	}{
		{"always at eight", []int{8}, 9},
		{"all day", []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}, 9},
		{"at night, in the morning, and never again at night", []int{3, 8}, 9},
		{"never", nil, 0},
	} {
		var h Habit
		for day := range 10 {
			for _, hour := range c.hours {
				if len(c.hours) == 2 && hour == 3 && day > 0 {
					continue
				}
				n := 864_000 + pane.Number(day)*panesPerDay + pane.Number(hour)*panesPerHour
				h.Advance(n)
				h.Learn(n, Amounts{1000, 300_000}, Amounts{})
			}
		}
		if h.days < c.want-1 || h.days > c.want+1 {
			t.Errorf("%s: %d days of history, want %d", c.name, h.days, c.want)
		}
	}
}

// Whoever moves to an hour in which the terminal never sent anything gains nothing.
func TestHabitGrowsSlowlyInNewHours(t *testing.T) {
	var h Habit
	n := pane.Number(864_000)
	send := func(hour int, uplink, normal uint64) {
		start := n + pane.Number(hour)*panesPerHour
		h.Advance(start)
		h.Learn(start, Amounts{uplink, normal}, Amounts{})
		n += panesPerDay
	}
	for range 12 { // an hour a day, at eight in the morning
		send(8, 100_000, 300_000)
	}
	before := h.Largest()
	for hour := 9; hour < 23; hour++ { // each day another one
		send(hour, 10_000_000, 10_000_000)
	}
	if got := h.Largest(); got < before || got > 2*before {
		t.Errorf("in 14 days, each day in a new hour, it grew from %d to %d, want at most twice as much", before, got)
	}
}

func TestHabitSurvivesItsStoredForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h, back Habit
		n := pane.Number(864_000)
		for range rapid.IntRange(0, 60).Draw(t, "panes") {
			n += pane.Number(rapid.IntRange(1, 3000).Draw(t, "gap"))
			h.Advance(n)
			h.Learn(n, Amounts{rapid.Uint64().Draw(t, "uplink"), 1 << 20}, Amounts{rapid.Uint64().Draw(t, "starts"), 1 << 20})
		}
		r := wire.NewReader(h.Append(nil))
		if !back.Read(&r) || !r.Done() || back != h {
			t.Errorf("read %+v, want %+v", back, h)
		}
	})
}

func FuzzReadHabit(f *testing.F) {
	f.Add(new(Habit).Append(nil))
	f.Add([]byte{0, 1, 0}) // a negative number of days
	f.Fuzz(func(t *testing.T, b []byte) {
		r := wire.NewReader(b)
		if h := new(Habit); h.Read(&r) { // nothing it holds may stop what follows
			h.Advance(864_000)
			h.Learn(864_000, Amounts{1, 1}, Amounts{1, 1})
			h.Uplink(864_000, Class{Normal: Normal{Value: 300_000}, Trust: 1})
		}
	})
}
