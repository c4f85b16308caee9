package detect

import (
	"fmt"

	"cordon/internal/record"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// RetryRules are those of D15: a terminal that does not stop to call a known
// service that fails. It is broken, not hostile.
type RetryRules struct {
	Enabled bool
	// Weight in per cent of the nats (100).
	Weight int64
	// Known is how many failed attempts in a pane at a destination that answered
	// before are still patience (3).
	Known uint32
	// Service is the same at name, time and address services (8: resolvers ask again
	// within a second, at several servers).
	Service uint32
}

// Limits of D15 (detection reference 3.4).
const (
	retryPaneCap = Nat // two minutes to a case: by then it is known whether all fail
	retryQuiet   = 300 // taken away by every pane without: twelve nats last less than seven minutes
)

// count returns the failed attempts of a pane at destinations that answered before
// and at services, 0 where the terminal was patient or the fault is not its own.
func (r *RetryRules) count(v *feature.Vector) int64 {
	if !r.Enabled {
		return 0
	}
	sum := int64(0)
	for i := range v.Seen {
		s := &v.Seen[i]
		if failed(s) && (s.Service && s.Began > r.Service && !served(v, s.Port) || s.Before && !s.Service && s.Began > r.Known) {
			sum += int64(s.Began)
		}
	}
	return sum
}

// failed reports whether a destination did not answer, and not because it is down
// for all.
func failed(s *feature.Seen) bool {
	return s.Began > 0 && s.Answered == 0 && !s.Peers.Down && s.Remote()
}

// served reports whether a service answered in the pane: a resolver asks several in
// turn, and one that answers is enough.
func served(v *feature.Vector, port uint16) bool {
	for i := range v.Seen {
		if s := &v.Seen[i]; s.Service && s.Port == port && s.Answered > 0 {
			return true
		}
	}
	return false
}

// weighRetries adds min(1, n ÷ 3) nats for n attempts.
func (d *Destinations) weighRetries(count int64, n pane.Number, r *RetryRules) {
	if count == 0 {
		return
	}
	nats := min(Nats(min(count, 1000))*Nat/3, retryPaneCap) * Nats(r.Weight) / 100
	d.retry = Sum{min(d.retry.fade(n-1, retryQuiet)+nats, FaultCap), n}
	d.retries, d.lastRetry = int32(min(count, 1<<30)), n
}

// FindRetry explains D15.
func (d *Destinations) FindRetry(pane.Number) Finding {
	return Finding{
		Feature: "retriesOfKnown", Unit: "attempts per 10 s", Value: int64(d.retries), Expected: 3, Reference: record.ReferencePrior,
		Exception: record.TooFrequentServiceAccess, Samples: []string{fmt.Sprintf("%d attempts in the last such pane, none answered", d.retries)},
	}
}
