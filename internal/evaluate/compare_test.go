package evaluate

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
)

func TestCompare(t *testing.T) {
	until := func(a Alarm, at float64) Alarm { a.Until = minute(at); return a }
	for name, c := range map[string]struct {
		before, after []Alarm
		want          []string
		same          int
	}{
		"nothing":    {nil, nil, nil, 0},
		"same":       {[]Alarm{alarm(1, malicious, 5)}, []Alarm{alarm(1, malicious, 5)}, nil, 1},
		"new":        {nil, []Alarm{alarm(1, malicious, 5)}, []string{New}, 0},
		"gone":       {[]Alarm{alarm(1, malicious, 5)}, nil, []string{Gone}, 0},
		"earlier":    {[]Alarm{alarm(1, malicious, 5)}, []Alarm{alarm(1, malicious, 4)}, []string{Earlier}, 0},
		"later":      {[]Alarm{alarm(1, malicious, 5)}, []Alarm{alarm(1, malicious, 6)}, []string{Later}, 0},
		"terminals":  {[]Alarm{alarm(1, malicious, 5)}, []Alarm{alarm(2, malicious, 5)}, []string{Gone, New}, 0},
		"classes":    {[]Alarm{alarm(1, watch, 5)}, []Alarm{alarm(1, malicious, 5)}, []string{New, Gone}, 0},
		"one of two": {[]Alarm{until(alarm(1, watch, 5), 6), alarm(1, watch, 20)}, []Alarm{alarm(1, watch, 19)}, []string{Gone, Earlier}, 0},
		"apart":      {[]Alarm{until(alarm(1, watch, 5), 6)}, []Alarm{until(alarm(1, watch, 7), 8)}, []string{Gone, New}, 0},
		"two in one": {[]Alarm{until(alarm(1, watch, 5), 6), until(alarm(1, watch, 7), 8)}, []Alarm{until(alarm(1, watch, 5), 8)}, []string{Gone}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			got := Compare(c.before, c.after)
			var what []string
			for _, change := range got.Changes {
				what = append(what, change.What)
			}
			if !slices.Equal(what, c.want) || got.Same != c.same {
				t.Errorf("got %v and %d the same, want %v and %d", what, got.Same, c.want, c.same)
			}
		})
	}
}

// Whatever the alarms: each counts once, a run compared with itself changes
// nothing, and the other way round new and gone, earlier and later change places.
func TestCompareLaws(t *testing.T) {
	drawn := rapid.Custom(func(r *rapid.T) []Alarm {
		var list []Alarm
		for range rapid.IntRange(0, 8).Draw(r, "alarms") {
			list = append(list, alarm(byte(rapid.IntRange(1, 3).Draw(r, "terminal")), rapid.SampledFrom([]record.Class{malicious, watch}).Draw(r, "class"), float64(rapid.IntRange(0, 20).Draw(r, "at"))))
		}
		slices.SortStableFunc(list, func(a, b Alarm) int { return int(a.At - b.At) })
		last := map[record.Pseudonym]int{} // a terminal has one alarm at a time
		for i := range list {
			if before, ok := last[list[i].Terminal]; ok {
				list[before].Until = list[i].At
			}
			last[list[i].Terminal] = i
		}
		return list
	})
	rapid.Check(t, func(r *rapid.T) {
		a, b := drawn.Draw(r, "before"), drawn.Draw(r, "after")
		there, back := Compare(a, b), Compare(b, a)
		count := func(c Comparison, what string) int {
			return c.Count(what, malicious) + c.Count(what, watch)
		}
		paired := count(there, Earlier) + count(there, Later) + there.Same
		if got := count(there, Gone) + paired; got != len(a) {
			r.Fatalf("%d of the first run count, want %d", got, len(a))
		}
		if got := count(there, New) + paired; got != len(b) {
			r.Fatalf("%d of the second run count, want %d", got, len(b))
		}
		if self := Compare(a, a); len(self.Changes) != 0 || self.Same != len(a) {
			r.Fatalf("compared with itself: %+v, want %d the same", self, len(a))
		}
		if count(there, New) != count(back, Gone) || count(there, Earlier) != count(back, Later) || there.Same != back.Same {
			r.Fatalf("there %+v, back %+v", there, back)
		}
	})
}
