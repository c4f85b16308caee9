package detect

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// The integer logarithm is the real one, to a milli-nat.
func TestLn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Uint64Min(1).Draw(t, "x")
		if got, want := float64(Ln(x)), 1000*math.Log(float64(x)); math.Abs(got-want) > 1 {
			t.Errorf("Ln(%d) = %v, want %v", x, got, want)
		}
	})
	for x, want := range map[uint64]Nats{0: 0, 1: 0, 2: 693, 19: 2944, 20_000: 9903, math.MaxUint64: 44361} {
		if got := Ln(x); got != want {
			t.Errorf("Ln(%d) = %d, want %d", x, got, want)
		}
	}
}

// Decay halves every half-life and never rises.
func TestDecay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := Nats(rapid.IntRange(0, 60_000).Draw(t, "value"))
		elapsed := rapid.Int64Range(0, 1e7).Draw(t, "elapsed")
		halfLife := rapid.Int64Range(1, 1e6).Draw(t, "half-life")
		got := Decay(value, elapsed, halfLife)
		want := float64(value) * math.Exp2(-float64(elapsed)/float64(halfLife))
		if math.Abs(float64(got)-want) > 2 {
			t.Errorf("Decay(%d, %d, %d) = %d, want %v", value, elapsed, halfLife, got, want)
		}
		if later := Decay(value, elapsed+1, halfLife); later > got {
			t.Errorf("Decay(%d, %d, %d) = %d rises from %d", value, elapsed+1, halfLife, later, got)
		}
	})
}

// Permille is the logistic function, to one per mille.
func TestPermille(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := Nats(rapid.Int32Range(-60_000, 60_000).Draw(t, "x"))
		got, want := float64(Permille(x)), 1000/(1+math.Exp(-float64(x)/1000))
		if math.Abs(got-want) > 1 {
			t.Errorf("Permille(%d) = %v, want %v", x, got, want)
		}
	})
}
