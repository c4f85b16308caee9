package simulate

import (
	"math/bits"
	"math/rand/v2"

	"cordon/internal/record"
)

// dice are the random choices of one terminal, or of the fleet. Integers only:
// floating point differs between processors that fuse operations.
type dice struct{ pcg rand.PCG }

// newDice returns the dice with a number of their own under a seed.
func newDice(seed, number uint64) dice {
	var d dice
	// An odd multiplier spreads neighbouring numbers over all bits (2^64 ÷ φ).
	d.pcg.Seed(seed, (number+1)*0x9e3779b97f4a7c15)
	return d
}

// below returns a number of 0..n-1; n ≥ 1.
func (d *dice) below(n int64) int64 {
	high, _ := bits.Mul64(d.pcg.Uint64(), uint64(n))
	return int64(high)
}

// span is a range of amounts, both ends included.
type span struct{ from, to int64 }

// in returns a number within s.
func (d *dice) in(s span) int64 { return s.from + d.below(s.to-s.from+1) }

// chance reports true in so many of a thousand cases.
func (d *dice) chance(perMille int64) bool { return d.below(1000) < perMille }

// around returns a time within so many per cent of mean.
func (d *dice) around(mean record.Micros, percent int64) record.Micros {
	reach := int64(mean) * percent / 100
	return mean + record.Micros(d.in(span{-reach, reach}))
}

// irregular returns the time to the next of events that happen independently of
// each other, mean apart: nearly exponential, with log2 drawn straight between
// the powers of two. The mean of that is 3/2, hence the factor.
func (d *dice) irregular(mean record.Micros) record.Micros {
	const fractionBits = 16
	u := d.pcg.Uint64() | 1
	zeros := bits.LeadingZeros64(u)
	fraction := u << zeros << 1 >> (64 - fractionBits)
	log := int64(zeros+1)<<fractionBits - int64(fraction)
	high, low := bits.Mul64(uint64(mean), uint64(log))
	quotient, _ := bits.Div64(high, low, 3<<(fractionBits-1))
	return record.Micros(quotient)
}
