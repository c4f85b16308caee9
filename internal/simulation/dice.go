package simulation

import (
	"math/rand/v2"

	"cordon/internal/record"
)

// dice are the choices of one actor.
type dice struct{ *rand.Rand }

// newDice returns the dice of an actor, which is named by numbers.
func newDice(seed uint64, actor ...uint64) dice {
	return dice{rand.New(rand.NewPCG(seed, name(actor...)))}
}

// name mixes the numbers that name an actor into one.
func name(parts ...uint64) uint64 {
	h := uint64(0x9e3779b97f4a7c15)
	for _, p := range parts {
		h = (h ^ p) * 0xbf58476d1ce4e5b9
		h ^= h >> 29
	}
	return h
}

// between returns a time from a to b, b excluded.
func (d dice) between(a, b record.Micros) record.Micros {
	if b <= a {
		return a
	}
	return a + record.Micros(d.Int64N(int64(b-a)))
}

// one is true once in n times.
func (d dice) one(n int) bool { return d.IntN(n) == 0 }

// latency returns how long a request or its answer takes: a few milliseconds,
// now and then much longer.
func (d dice) latency() record.Micros {
	switch d.IntN(64) {
	case 0:
		return d.between(50*record.Millisecond, 800*record.Millisecond)
	case 1, 2, 3:
		return d.between(5*record.Millisecond, 50*record.Millisecond)
	}
	return d.between(200, 5*record.Millisecond)
}
