package detect

import (
	"cordon/internal/record"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// BeaconRules are those of D5: contacts that keep time. Benign ones do as well
// (time servers, keep-alives, polling), so the rhythm weighs as much as the
// destination surprises.
type BeaconRules struct {
	Enabled bool
	// Weight in per cent of the nats (100).
	Weight int64
}

// Limits of D5 (detection reference 3.4).
const (
	gapLeast = 5 * 1000 // ms: shorter ones are one contact
	gapMost  = 1 << 30  // ms: twelve days
	// openLeast is the same for a flow that stays open: what it says in between is
	// part of one exchange. Shares and orders come at random, but hardly a minute
	// without.
	openLeast = 50 * 1000
	burst     = 2  // more contacts than that in a pane are closer than any gap that counts
	gapMemory = 16 // the mean follows the last gaps
	rhythmCap = 30 * Nat
	gapCap    = 2 * Nat
	gapFloor  = -4 * Nat
	// sipBytes is the most uplink of a pane in which an open flow counts as a
	// contact: a keep-alive, a share, an order. More is a transfer.
	sipBytes = 4096
)

// hear adds the gap since the last contact. A flow that stays open has a contact in
// every pane in which it says little.
func (s *slot) hear(d *feature.Seen, n pane.Number) {
	if d.Form == pane.FormName && d.Flows >= tunnelRate {
		s.rhythm = min(s.rhythm+Nat, rhythmCap)
	}
	if d.Inbound || d.Form == pane.FormName || d.Began == 0 && (d.UL == 0 || d.UL > sipBytes) {
		return
	}
	at := int64(n.Start()/record.Millisecond) + int64(d.Time)
	gap, least := at-s.contact, int64(gapLeast)
	if d.Began == 0 {
		least = openLeast
	}
	switch {
	case s.contact == 0 || gap > gapMost || d.Began > burst:
		s.contact = at
		return
	case gap <= least: // one contact with the one before
		return
	}
	s.contact = at
	s.gaps++
	if s.gaps == 1 {
		s.mean = int32(gap)
		return
	}
	s.rhythm = min(max(s.rhythm+gapNats(gap, int64(s.mean)), 0), rhythmCap)
	s.mean += int32((gap - int64(s.mean)) / int64(min(s.gaps, gapMemory)))
}

// regular is K ln K − ln Γ(K) for K = 6, in milli-nats: how much denser six-fold
// regular gaps lie at their mean than random ones (6 ln 6 − ln 120 = 10.751 − 4.787).
const regular = 5_963

// gapNats weighs a gap against their mean: the logarithm of how much likelier it is
// of a gamma distribution with shape 6 than of an exponential one,
// 6 ln 6 − ln Γ(6) + 5 ln z − 5 z, between −4 and 2 nats.
func gapNats(gap, mean int64) Nats {
	if gap >= 8*mean || mean >= 64*gap { // far out: −4
		return gapFloor
	}
	ratio := Nats(5 * 1000 * gap / mean)
	return min(max(regular+5*LnRatio(uint64(gap), uint64(mean))-ratio, gapFloor), gapCap)
}

// weigh returns the nats of the rhythm: min(14, S × surprise ÷ 6).
func (r *BeaconRules) weigh(s *slot, sup Nats) Nats {
	if s.key.Form == pane.FormName {
		return min(s.rhythm*Nats(r.Weight)/100, Beaconing.Cap())
	}
	nats := Nats(int64(s.rhythm) * int64(sup) / int64(6*Nat) * r.Weight / 100)
	return min(nats, Beaconing.Cap())
}
