package detect

import "math/bits"

// Nats is evidence in milli-nats.
type Nats int32

// Nat is one nat.
const Nat Nats = 1000

// ln2 in units of 1e-9.
const ln2 = 693_147_181

// Ln returns 1000 × ln x, rounded; x ≥ 1. The error is below one milli-nat.
func Ln(x uint64) Nats {
	if x <= 1 {
		return 0
	}
	return Nats((log2(x)*ln2 + 1<<15*1_000_000) / (1 << 16 * 1_000_000))
}

// log2 returns log2 x with 16 bits behind the point, x ≥ 1, one bit per
// squaring of the mantissa.
func log2(x uint64) int64 {
	exponent := bits.Len64(x) - 1
	mantissa := x << (63 - exponent) // 1 ≤ mantissa < 2 with 63 bits behind the point
	result := int64(exponent)
	for range 16 {
		high, _ := bits.Mul64(mantissa, mantissa) // 1 ≤ high < 4 with 62 bits
		result <<= 1
		if high>>63 != 0 {
			result |= 1
			mantissa = high
		} else {
			mantissa = high << 1
		}
	}
	return result
}

// LnRatio returns 1000 × ln(a ÷ b), a and b ≥ 1.
func LnRatio(a, b uint64) Nats { return Ln(a) - Ln(b) }

// halves[i] is 2^-(1/2^(i+1)) with 32 bits behind the point.
var halves = [16]uint64{
	3037000500, 3611622603, 3938502376, 4112874773, 4202935003, 4248701965, 4271771996, 4283353945,
	4289156690, 4292061010, 4293513907, 4294240540, 4294603903, 4294785595, 4294876445, 4294921870,
}

// Decay returns value × 2^-(elapsed ÷ halfLife), cut; elapsed ≥ 0, halfLife > 0.
func Decay(value Nats, elapsed, halfLife int64) Nats {
	whole := elapsed / halfLife
	if whole >= 31 || value <= 0 {
		return 0
	}
	fraction := elapsed % halfLife << 16 / halfLife
	return Nats(uint64(value) * exp2(fraction) >> 32 >> whole)
}

// exp2 returns 2^-(fraction ÷ 2^16) with 32 bits behind the point.
func exp2(fraction int64) uint64 {
	result := uint64(1) << 32
	for i, h := range halves {
		if fraction&(1<<(15-i)) != 0 {
			result = result * h >> 32
		}
	}
	return result
}

// Permille returns 1000 ÷ (1 + e^-x), the logistic function of x in per mille.
func Permille(x Nats) int32 {
	negative := x < 0
	if negative {
		x = -x
	}
	// e^-x = 2^-(x ÷ ln 2), 32 bits behind the point.
	power := int64(x) * (1 << 16) * 1_000_000 / ln2
	small := uint64(0)
	if power>>16 < 32 {
		small = exp2(power&(1<<16-1)) >> (power >> 16)
	}
	one := uint64(1) << 32
	numerator := one
	if negative {
		numerator = small
	}
	return int32((1000*numerator + (one+small)/2) / (one + small))
}
