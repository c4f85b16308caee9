package guard

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
)

func TestRoomRoundsUp(t *testing.T) {
	for _, c := range []struct {
		seen []int64
		want int64
	}{
		{[]int64{0, -1}, 0}, {[]int64{1, -1}, 1}, {[]int64{100, 0}, 1}, {[]int64{100, 1}, 2}, {[]int64{5000, 5000}, 100},
	} {
		g := New(Limits{PerMinute: 1, SharePermille: 10}, 2)
		for p, n := range c.seen {
			g.Seen(int32(p), n)
		}
		if got, known := g.Room(); got != c.want || !known {
			t.Errorf("1 %% of %v seen: room %d (known %v), want %d", c.seen, got, known, c.want)
		}
	}
}

func TestUnknownPopulationAdmitsNobody(t *testing.T) {
	g := New(Limits{PerMinute: 100, SharePermille: 1000}, 4)
	if got := g.Check(0); got != NoPopulation {
		t.Fatalf("before any Progress: %v, want %v", got, NoPopulation)
	}
	g.Seen(3, 0)
	if got := g.Check(0); got != Share {
		t.Fatalf("with no terminal seen: %v, want %v", got, Share)
	}
}

func TestShareCountsTerminalsInForce(t *testing.T) {
	g := New(Limits{PerMinute: 100, SharePermille: 10}, 1)
	g.Seen(0, 200)
	g.Restored()
	g.Isolate(0)
	if got := g.Check(0); got != Share {
		t.Fatalf("2 of 200 isolated: %v, want %v", got, Share)
	}
	g.Free()
	if got := g.Check(0); got != Admitted {
		t.Fatalf("1 of 200 isolated: %v, want %v", got, Admitted)
	}
}

func TestWindowSlides(t *testing.T) {
	g := New(Limits{PerMinute: 2, SharePermille: 1000}, 1)
	g.Seen(0, 1000)
	g.Isolate(10 * record.Second)
	g.Isolate(30 * record.Second)
	for _, c := range []struct {
		at   record.Micros
		want Refusal
	}{
		{-30 * record.Second, Admitted}, // 60 s before the second: no minute holds all three
		{-29 * record.Second, Rate},
		{10 * record.Second, Rate}, {69 * record.Second, Rate}, {70 * record.Second, Admitted},
	} {
		if got := g.Check(c.at); got != c.want {
			t.Errorf("2 a minute, isolated at 10 s and 30 s, asked at %v: %v, want %v", c.at.Duration(), got, c.want)
		}
	}
}

func TestForgettingFailsClosed(t *testing.T) {
	g := New(Limits{PerMinute: 6000, SharePermille: 1000}, 1)
	g.Seen(0, 1<<40)
	for i := range remembered + 1 {
		g.Isolate(record.Micros(i) * record.Second)
	}
	if got := g.Check(30 * record.Second); got != Forgotten {
		t.Errorf("30 s, with the isolation at 0 s forgotten: %v, want %v", got, Forgotten)
	}
	if got := g.Check(61 * record.Second); got != Admitted {
		t.Errorf("61 s, with the isolation at 0 s forgotten: %v, want %v", got, Admitted)
	}
}

// TestRateLaw compares with the definition: no window of a minute, wherever it
// starts, holds more than the limit; and nobody is refused without need.
func TestRateLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(1, 5).Draw(t, "limit")
		g := New(Limits{PerMinute: limit, SharePermille: 1000}, 1)
		g.Seen(0, 1<<40)
		var admitted []record.Micros
		for i, at := range rapid.SliceOfN(rapid.Int64Range(0, 300), 0, 60).Draw(t, "seconds") {
			at := record.Micros(at) * record.Second
			got := g.Check(at)
			want := Admitted
			if crowded(append(slices.Clone(admitted), at), limit) {
				want = Rate
			}
			if got != want {
				t.Fatalf("isolation %d at %v after %v, limit %d: %v, want %v", i, at.Duration(), admitted, limit, got, want)
			}
			if got == Admitted {
				g.Isolate(at)
				admitted = append(admitted, at)
			}
		}
	})
}

func crowded(times []record.Micros, limit int64) bool {
	for _, start := range times {
		n := int64(0)
		for _, at := range times {
			if at >= start && at-start < window {
				n++
			}
		}
		if n > limit {
			return true
		}
	}
	return false
}

// TestForgetLaw: what is dropped can no longer matter.
func TestForgetLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keep, drop := New(Limits{2, 1000}, 1), New(Limits{2, 1000}, 1)
		keep.Seen(0, 1000)
		drop.Seen(0, 1000)
		clock := record.Micros(0)
		for range rapid.IntRange(0, 50).Draw(t, "steps") {
			clock += record.Micros(rapid.Int64Range(0, 40).Draw(t, "pause")) * record.Second
			drop.Forget(clock)
			a, b := keep.Check(clock), drop.Check(clock)
			if a != b {
				t.Fatalf("at %v: %v with all remembered, %v with the old forgotten", clock.Duration(), a, b)
			}
			if a == Admitted {
				keep.Isolate(clock)
				drop.Isolate(clock)
				keep.Free()
				drop.Free()
			}
		}
	})
}

func ExampleGuard() {
	g := New(Limits{PerMinute: 100, SharePermille: 10}, 2)
	fmt.Println(g.Check(0)) // nothing is known yet
	g.Seen(0, 60)
	g.Seen(1, 40)
	fmt.Println(g.Check(0)) // 1 % of 100
	g.Isolate(0)
	fmt.Println(g.Check(0))
	// Output:
	// NO_POPULATION
	// ADMITTED
	// SHARE
}
