package peer

import (
	"math/bits"

	"cordon/internal/record/wire"
)

// voters is a set of terminals by hash: linear counting, within a tenth up to some
// hundred and full at fifteen hundred.
type voters [4]uint64

func (v *voters) add(terminal uint64) { v[terminal>>6%4] |= 1 << (terminal % 64) }

func (v voters) or(w voters) voters {
	for i := range v {
		v[i] |= w[i]
	}
	return v
}

// count estimates how many there are.
func (v voters) count() int64 {
	set := 0
	for _, word := range v {
		set += bits.OnesCount64(word)
	}
	return estimates[set]
}

// estimates by the number of bits that are set: −256 ln(free ÷ 256), by the harmonic
// numbers.
var estimates = linearCounts()

func linearCounts() (counts [257]int64) {
	sum := int64(0)
	for set := 1; set < len(counts); set++ {
		sum += 256 * 1000 / int64(257-set)
		counts[set] = (sum + 500) / 1000
	}
	return counts
}

// append appends the set: most words are empty.
func (v *voters) append(b []byte) []byte {
	for _, word := range v {
		b = wire.AppendLong(b, int64(word))
	}
	return b
}

// read reads what append wrote.
func (v *voters) read(r *wire.Reader) {
	for i := range v {
		v[i] = uint64(r.Long())
	}
}
