package simulate

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
)

func TestDice(t *testing.T) {
	d := newDice(1, 1)
	const n = 100_000
	var irregular, around record.Micros
	longest, chances := record.Micros(0), 0
	for range n {
		x := d.irregular(record.Minute)
		irregular, longest = irregular+x, max(longest, x)
		y := d.around(record.Minute, 20)
		if y < 48*record.Second || y > 72*record.Second {
			t.Fatalf("around(1m, 20) = %v, want 48s to 72s", y.Duration())
		}
		around += y
		if d.chance(250) {
			chances++
		}
	}
	near := func(got, want record.Micros) bool { return got > want*98/100 && got < want*102/100 }
	if !near(irregular/n, record.Minute) || !near(around/n, record.Minute) {
		t.Errorf("means %v and %v, want 1m0s", (irregular / n).Duration(), (around / n).Duration())
	}
	if longest < 8*record.Minute {
		t.Errorf("longest of %d irregular gaps %v, want the tail of an exponential", n, longest.Duration())
	}
	if chances < n*24/100 || chances > n*26/100 {
		t.Errorf("chance(250) came true %d times of %d", chances, n)
	}
}

// TestQueue holds the heap against sorting.
func TestQueue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue
		var want []record.Micros
		for i, at := range rapid.SliceOf(rapid.Int64Range(0, 100)).Draw(t, "times") {
			q = append(q, entry{record.Micros(at), int32(i)})
			want = append(want, record.Micros(at))
		}
		q.order()
		for range rapid.IntRange(0, len(q)).Draw(t, "moves") {
			by := record.Micros(rapid.Int64Range(0, 50).Draw(t, "by"))
			want[slices.Index(want, q[0].at)] += by
			q.moveTop(q[0].at + by)
		}
		slices.Sort(want)
		var got []record.Micros
		for len(q) > 0 {
			got = append(got, q[0].at)
			q.pop()
		}
		if !slices.Equal(got, want) {
			t.Fatalf("popped %v, want %v", got, want)
		}
	})
}
