package feature

import (
	"math/bits"

	"cordon/scorer/pane"
)

// floodSample estimates the unanswered uplink to destinations that are not
// known: exact while all destinations were kept, else what fell out of the
// sample is taken to be like the sample.
type floodSample struct {
	totals            *pane.Totals
	kept, suspect     uint64 // packets of unanswered reports: all kept, and those that count
	keptUL, suspectUL uint64 // bytes of the same
}

// sampleOf starts an estimate for a pane.
func sampleOf(s *pane.Slot) floodSample { return floodSample{totals: &s.Totals} }

// answeredShare is the part of its reports, one in 16, that may be answered
// while a destination still counts as not answering: a victim that goes down
// answers at first.
const answeredShare = 16

// take adds a kept destination and reports whether it counts as unanswered.
func (f *floodSample) take(d *pane.Destination, m *Memory) bool {
	f.kept += d.UnansweredPackets
	f.keptUL += d.UnansweredUL
	if !d.Silent() || uint64(d.Answered)*answeredShare > uint64(d.Flows) || m.Known(d.Hash) {
		return false
	}
	f.suspect += d.UnansweredPackets
	f.suspectUL += d.UnansweredUL
	return true
}

// write fills in the amounts.
func (f *floodSample) write(v *Vector) {
	t := f.totals
	seen := observations(t.UnansweredWeighted, t.UnansweredPackets)
	v.UnansweredPackets = Amount{f.suspect + share(t.UnansweredPackets-f.kept, f.suspect, f.kept), seen}
	v.UnansweredBytes = Amount{f.suspectUL + share(t.UnansweredUL-f.keptUL, f.suspectUL, f.keptUL), seen}
}

// share returns amount × part ÷ whole, part ≤ whole; 0 where whole is 0.
func share(amount, part, whole uint64) uint64 {
	if whole == 0 {
		return 0
	}
	high, low := bits.Mul64(amount, part)
	quotient, _ := bits.Div64(high, low, whole)
	return quotient
}
