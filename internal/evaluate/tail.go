package evaluate

import "cordon/internal/record"

// EvidenceObserver is told of the evidence against terminals. The verdicts tell
// it of those with a case; a scorer that knows the evidence against the others
// may tell it as well, in any order and as often as it likes.
type EvidenceObserver interface {
	// Evidence says that the evidence for malice against a terminal stood at so
	// many milli-nats.
	Evidence(terminal record.Pseudonym, milliNats int64)
}

// Tail keeps the most evidence that ever stood against each terminal, from
// which the rate of false verdicts beyond what can be counted is extrapolated
// (detection reference, 0.3). It is an EvidenceObserver.
type Tail struct {
	most map[record.Pseudonym]int64
}

var _ EvidenceObserver = (*Tail)(nil)

// TailNats are the levels that a tail is counted at, in nats.
var TailNats = []int64{8, 10, 12, 14, 16, 18, 20}

// Evidence implements EvidenceObserver.
func (t *Tail) Evidence(terminal record.Pseudonym, milliNats int64) {
	if t.most == nil {
		t.most = map[record.Pseudonym]int64{}
	}
	t.most[terminal] = max(t.most[terminal], milliNats)
}

// Counts is how many terminals reached each of TailNats, those left out for
// which attacked reports true.
func (t *Tail) Counts(attacked func(record.Pseudonym) bool) []int {
	counts := make([]int, len(TailNats))
	for id, most := range t.most {
		for i, nats := range TailNats {
			if most >= 1000*nats && !attacked(id) {
				counts[i]++
			}
		}
	}
	return counts
}

// Most is the most evidence against any terminal that is not attacked, in
// milli-nats.
func (t *Tail) Most(attacked func(record.Pseudonym) bool) (most int64) {
	for id, reached := range t.most {
		if !attacked(id) {
			most = max(most, reached)
		}
	}
	return most
}
