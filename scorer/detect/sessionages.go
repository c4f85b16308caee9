package detect

import (
	"math/bits"

	"cordon/internal/record"
	"cordon/internal/record/wire"
	"cordon/scorer/pane"
)

// SessionAges is what a partition knows of the length of its terminals' sessions:
// counts by length, in eighths of an octave, and by six hours of the time they
// ended. What is younger than 12 h is not looked at: learned live, an attack would
// itself become the reference (detection reference 3.12, 15).
type SessionAges struct {
	counts [agesKept][ageBins]uint32
	newest pane.Number // six hours that the newest counts stand for, since 1970
	short  record.Micros
	known  pane.Number // six hours for which short was found
}

const (
	// ageLength is the length of one set of counts.
	ageLength = pane.Number(6 * record.Hour / pane.Length)
	// agesKept of them reach back 14 days, beside the present one.
	agesKept = 57
	// agesYoung of them, the newest, are younger than 12 h in part.
	agesYoung = 3
	// ageBins are the eighths of octaves from 1 ms to 2^32 ms (50 d).
	ageBins = 8 * 32
	// agesNeeded is how many sessions must have ended before they are a reference.
	agesNeeded = 100
)

// Add counts a session that ended in pane n.
func (a *SessionAges) Add(length record.Micros, n pane.Number) {
	a.roll(n)
	if age := a.newest - n/ageLength; age >= 0 && age < agesKept {
		a.counts[(n/ageLength)%agesKept][ageBin(length)]++
	}
}

// roll makes room for the six hours that a pane lies in.
func (a *SessionAges) roll(n pane.Number) {
	now := n / ageLength
	for range min(now-a.newest, agesKept) {
		a.newest++
		a.counts[a.newest%agesKept] = [ageBins]uint32{}
	}
	if now > a.newest { // further than all that is kept, which is gone
		a.newest = now
	}
}

// ageBin returns the bin of a length.
func ageBin(length record.Micros) int {
	ms := uint64(max(length/record.Millisecond, 1))
	octave := bits.Len64(ms) - 1
	eighth := ms << 3 >> octave & 7
	return min(8*octave+int(eighth), ageBins-1)
}

// lengthOf returns the shortest length of a bin.
func lengthOf(bin int) record.Micros {
	return record.Micros((8+uint64(bin)%8)<<(bin/8)>>3) * record.Millisecond
}

// Short returns the length under which a session is short at pane n: 0.8 times the
// shortest hundredth of those that ended 12 h to 14 d before; 0 while fewer than
// 100 are known.
func (a *SessionAges) Short(n pane.Number) record.Micros {
	a.roll(n)
	if a.known == a.newest {
		return a.short
	}
	var sum [ageBins]int64
	total := int64(0)
	for age := agesYoung; age < agesKept && a.newest >= pane.Number(age); age++ {
		for bin, count := range a.counts[(a.newest-pane.Number(age))%agesKept] {
			sum[bin] += int64(count)
			total += int64(count)
		}
	}
	a.known, a.short = a.newest, 0
	if total < agesNeeded {
		return 0
	}
	bin := 0
	for left := total / 100; left >= sum[bin]; bin++ {
		left -= sum[bin]
	}
	a.short = lengthOf(bin) * 4 / 5
	return a.short
}

// Append appends the counts in their stored form.
func (a *SessionAges) Append(b []byte) []byte {
	b = wire.AppendInt(b, int32(a.newest))
	for i := range a.counts {
		for bin, count := range a.counts[i] {
			if count != 0 {
				b = wire.AppendLong(wire.AppendInt(b, int32(i*ageBins+bin)+1), int64(count))
			}
		}
	}
	return wire.AppendInt(b, 0)
}

// Read reads what Append wrote and reports whether it could.
func (a *SessionAges) Read(r *wire.Reader) bool {
	*a = SessionAges{newest: pane.Number(r.Int()), known: -1}
	for {
		at := r.Int()
		if at == 0 || r.Failed() {
			return !r.Failed()
		}
		if at < 1 || at > agesKept*ageBins {
			return false
		}
		a.counts[(at-1)/ageBins][(at-1)%ageBins] = uint32(r.Long())
	}
}
