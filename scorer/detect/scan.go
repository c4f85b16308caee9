package detect

import (
	"cordon/internal/record"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// Scan is D1: a sequential test on first contacts (Jung et al., threshold
// random walk, S&P 2004). The evidence of one contact is the log-likelihood
// ratio of "a scanner fails" to "a terminal fails", summed with a slow leak.
type Scan struct {
	Rates                 FailureRates
	tcp, other, strangers contactWeights
}

// contactWeights are the nats of one first contact.
type contactWeights struct{ failed, answered Nats }

// Limits of D1, as in detection reference 3.4 and 3.12.
const (
	// scanCap bounds the standing evidence of a scanner.
	scanCap = 60 * Nat
	// scanHalfLife lets a slow scan add up over days: 1.6 failed first contacts
	// a day keep it at 20 nats.
	scanHalfLife = int64(3 * record.Day / pane.Length)
	// scanFloor is the evidence that counts as none, so that one contact is
	// forgotten after two weeks.
	scanFloor = 100
)

// FailureRates are the shares of first contacts that fail, in per mille, 1..999.
type FailureRates struct {
	TCP, Other int64 // of a benign terminal
	Strangers  int64 // Other, of one that strangers answer: see Among
	Scanner    int64 // of a scanner
	Weight     int64 // of the evidence, in per cent; 0 counts as 100
}

// NewScan returns the detector for failure rates.
func NewScan(r FailureRates) Scan {
	of := func(benign int64) contactWeights { return weightsOf(benign, r.Scanner).scale(r.Weight) }
	return Scan{Rates: r, tcp: of(r.TCP), other: of(r.Other), strangers: of(r.Strangers)}
}

// strangersMet is how many first contacts over other than TCP must be answered before
// a terminal counts as one that strangers answer. One may be a new time server.
const strangersMet = 2

// Among returns the test for a terminal that strangers answer over UDP, or for one
// that they do not. Peer-to-peer software punches holes towards many addresses, and
// most of them stay silent; a scanner of UDP ports meets hardly anybody who answers.
func (d *Scan) Among(strangers bool) Scan {
	among := *d
	if strangers {
		among.Rates.Other, among.other = d.Rates.Strangers, d.strangers
	}
	return among
}

// weightsOf returns the nats of a failed and an answered first contact.
func weightsOf(benign, scanner int64) contactWeights {
	return contactWeights{
		failed:   LnRatio(uint64(scanner), uint64(benign)),
		answered: LnRatio(uint64(1000-scanner), uint64(1000-benign)),
	}
}

// scale returns the weights in per cent of themselves.
func (w contactWeights) scale(percent int64) contactWeights {
	return contactWeights{weighted(w.failed, percent), weighted(w.answered, percent)}
}

// weighted returns evidence in per cent of itself; 0 per cent counts as 100.
func weighted(n Nats, percent int64) Nats {
	if percent == 0 {
		return n
	}
	return Nats(int64(n) * percent / 100)
}

// Evidence returns what the first contacts of a pane weigh; it may be negative.
func (d *Scan) Evidence(v *feature.Vector) Nats {
	return d.tcp.of(v.TCP) + d.other.of(v.Other)
}

// of weighs contacts.
func (w contactWeights) of(c feature.Contacts) Nats {
	return w.failed*Nats(c.Failed) + w.answered*Nats(c.Answered)
}

// Standing returns evidence within the bounds of a standing sum.
func (d *Scan) Standing(e Nats) Nats { return min(max(e, 0), scanCap) }

// MostPerContact returns the most that one more contact can add.
func (d *Scan) MostPerContact() Nats { return max(d.tcp.failed, d.other.failed, 0) }
