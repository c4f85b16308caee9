package evaluate

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func near(got, want, relative float64) bool { return math.Abs(got-want) <= relative*math.Abs(want) }

// Published one-sided 95 % limits, which are the two-sided 90 % ones of the
// usual tables.
func TestClopperPearsonKnownValues(t *testing.T) {
	for _, c := range []struct {
		k, n       int
		low, upper float64
	}{
		{0, 10, 0, 0.258866},
		{1, 10, 0.005116, 0.394163},
		{5, 10, 0.222441, 0.777559},
		{9, 10, 0.605837, 0.994884},
		{10, 10, 0.741134, 1},
		{0, 100, 0, 0.029513},
		{46, 46, 0.936950, 1},
		{0, 0, 0, 1},
	} {
		if got := LowerBound(c.k, c.n); !near(got, c.low, 1e-4) {
			t.Errorf("LowerBound(%d, %d): got %.6f, want %.6f", c.k, c.n, got, c.low)
		}
		if got := UpperBound(c.k, c.n); !near(got, c.upper, 1e-4) {
			t.Errorf("UpperBound(%d, %d): got %.6f, want %.6f", c.k, c.n, got, c.upper)
		}
	}
}

// The definition (Clopper and Pearson 1934): at the upper bound p, k or less of
// n have the probability 0.05; at the lower one, k or more have.
func TestClopperPearsonLaw(t *testing.T) {
	atMost := func(k, n int, p float64) (sum float64) {
		for i := 0; i <= k; i++ {
			choose := 1.0
			for j := range i {
				choose *= float64(n-j) / float64(j+1)
			}
			sum += choose * math.Pow(p, float64(i)) * math.Pow(1-p, float64(n-i))
		}
		return sum
	}
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(r, "n")
		k := rapid.IntRange(0, n).Draw(r, "k")
		if p := UpperBound(k, n); k < n && !near(atMost(k, n, p), 0.05, 1e-6) {
			r.Fatalf("UpperBound(%d, %d) = %g: %d or less have probability %g, want 0.05", k, n, p, k, atMost(k, n, p))
		}
		if p := LowerBound(k, n); k > 0 && !near(1-atMost(k-1, n, p), 0.05, 1e-6) {
			r.Fatalf("LowerBound(%d, %d) = %g: %d or more have probability %g, want 0.05", k, n, p, k, 1-atMost(k-1, n, p))
		}
	})
}

// Detection reference 5.1: "0 in n gives <= 3/n".
func TestRateBoundIsTheRuleOfThree(t *testing.T) {
	for _, days := range []float64{0.3, 1, 500, 300_000, 3_000_000} {
		if got := RateBound(0, days); !near(got, 3/days, 0.002) || got > 3/days {
			t.Errorf("RateBound(0, %g): got %g, want a little below %g", days, got, 3/days)
		}
	}
	// The exact Poisson limits, which it comes to: 4.744 for one, 16.96 for ten.
	for events, want := range map[int]float64{1: 4.743865, 10: 16.962219} {
		if got := RateBound(events, 1000) * 1000; !near(got, want, 1e-4) {
			t.Errorf("RateBound(%d, 1000): got %g per 1000 days, want %g", events, got, want)
		}
	}
}
