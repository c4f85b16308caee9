package detect

import "math/bits"

// Envelope is D3 for one feature: a sequential test against the highest amount
// per pane that is normal, with an attacker at twice of it.
type Envelope struct {
	Normal uint64 // highest normal amount per pane
	Weight int64  // of the evidence, in per cent; 0 counts as 100
}

// Limits of D3, as in detection reference 3.3 and 3.12 (12).
const (
	volumeWeight  = 5       // nats at Normal: Normal ÷ overdispersion of the count
	volumePaneCap = 6 * Nat // of one pane: removes spikes
	volumeSumCap  = 30 * Nat
	volumeCap     = 12 * Nat // of the family: volume corroborates, it never decides
	volumeQuiet   = volumeWeight * Nat
)

// Evidence returns 5 × (x ÷ Normal × ln 2 − 1) nats, at most 6, at least −5.
func (e Envelope) Evidence(x uint64) Nats {
	if x >= 4*e.Normal { // 5 × (4 ln 2 − 1) = 8.9: above the cap
		return volumePaneCap
	}
	// 5 × 1000 × ln 2, in millionths; cut twice, which is cut once.
	high, low := bits.Mul64(x, volumeWeight*ln2)
	quotient, _ := bits.Div64(high, low, e.Normal)
	nats := Nats(quotient/1_000_000) - volumeQuiet
	if nats > 0 {
		nats = weighted(nats, e.Weight)
	}
	return min(nats, volumePaneCap)
}

// Of returns the test against another normal amount.
func (e Envelope) Of(n Normal) Envelope {
	e.Normal = max(n.Value, 1)
	return e
}
