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

// impatience is what a pane says of destinations that are called in vain.
type impatience struct {
	attempts int64
	patience uint32 // the least limit that one of them broke
}

// count returns the failed attempts of a pane at destinations that answered before
// and at services, none where the terminal was patient or the fault is not its own.
func (r *RetryRules) count(v *feature.Vector) (sum impatience) {
	if !r.Enabled {
		return sum
	}
	for i := range v.Seen {
		s := &v.Seen[i]
		limit := r.Known
		if s.Service {
			limit = r.Service
		}
		if !failed(s) || s.Began <= limit || !s.Service && !s.Before || s.Service && served(v, s.Port) {
			continue
		}
		if sum.attempts == 0 || limit < sum.patience {
			sum.patience = limit
		}
		sum.attempts += int64(s.Began)
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

// retries are the panes of D15 since its evidence was 0.
type retries struct {
	attempts int32 // in the last of them
	panes    int32
	patience uint32 // what it was held against
	last     pane.Number
}

// weighRetries adds min(1, n ÷ 3) nats for n attempts.
func (d *Destinations) weighRetries(i impatience, n pane.Number, r *RetryRules) {
	if i.attempts == 0 {
		return
	}
	standing := d.retry.fade(n-1, retryQuiet)
	if standing == 0 {
		d.retries.panes = 0
	}
	nats := min(Nats(min(i.attempts, 1000))*Nat/3, retryPaneCap) * Nats(r.Weight) / 100
	d.retry = Sum{min(standing+nats, FaultCap), n}
	d.retries = retries{int32(min(i.attempts, 1<<30)), d.retries.panes + 1, i.patience, n}
}

// FindRetry explains D15.
func (d *Destinations) FindRetry(n pane.Number) Finding {
	t := &d.retries
	return Finding{
		Feature: "retriesOfKnown", Unit: "attempts per 10 s", Value: int64(t.attempts), Expected: int64(t.patience), Reference: record.ReferencePrior,
		Exception: record.TooFrequentServiceAccess,
		Samples:   []string{fmt.Sprintf("none answered, in %d panes, the last of them %d panes ago", t.panes, n-t.last)},
	}
}
