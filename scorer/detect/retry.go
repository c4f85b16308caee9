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
	// Service is the same at all name, time or address services together (8: resolvers
	// ask again within a second, at several servers).
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
		switch s := &v.Seen[i]; {
		case !failed(s):
		case s.Service:
			sum += r.atServices(v, i)
		case s.Before && s.Began > r.Known:
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

// atServices returns the failed attempts at all services of the kind of destination
// i, which must be the first of them: a resolver asks several servers in turn, and
// one that answers is enough.
func (r *RetryRules) atServices(v *feature.Vector, i int) int64 {
	sum := int64(0)
	for j := range v.Seen {
		s := &v.Seen[j]
		if !s.Service || s.Port != v.Seen[i].Port {
			continue
		}
		if s.Answered > 0 || j < i && failed(s) {
			return 0
		}
		if failed(s) {
			sum += int64(s.Began)
		}
	}
	if sum <= int64(r.Service) {
		return 0
	}
	return sum
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
