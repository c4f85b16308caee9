package detect

import (
	"fmt"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// requests are what a terminal asked of the control plane in ten minutes.
type requests struct {
	established uint16 // PDU sessions
	permanent   uint16 // attempts that were rejected for good
	temporary   uint16 // … for now, or ignored
	unanswered  uint16
	registered  uint16 // registrations of any kind that succeeded
	paged       uint16 // the network woke it
	initial     uint16 // initial registrations
	radio       uint16 // radio link failures
	pings       uint16 // returns to the cell before within 10 s
}

// add adds without wrapping.
func add(n uint16, more int32) uint16 { return uint16(min(int64(n)+int64(more), 1<<16-1)) }

// request counts a request to the AMF.
func (h *requests) request(what record.RegistrationEvent, e *pane.Event) {
	switch record.Outcome(e.Outcome) {
	case record.OutcomeRejected:
		h.reject(record.CauseClass(e.Cause), e.Count)
	case record.OutcomeNoResponse:
		h.unanswered = add(h.unanswered, e.Count)
	default:
		if e.Paged {
			h.paged = add(h.paged, e.Count)
		} else if what != record.ServiceRequest {
			h.registered = add(h.registered, e.Count)
		}
	}
	if what == record.InitialRegistration {
		h.initial = add(h.initial, e.Count)
	}
}

// reject counts requests that were refused.
func (h *requests) reject(cause record.CauseClass, count int32) {
	if cause == record.CausePermanent {
		h.permanent = add(h.permanent, count)
	} else {
		h.temporary = add(h.temporary, count)
	}
}

// AccessRules are those of D9: what the radio policy manager of a modem would not
// let through (GSMA TS.34; a large operator's values as shipped in modems, u-blox
// UBX-20050829 7.2.4), each per hour.
type AccessRules struct {
	Enabled bool
	// Weight in per cent of the nats (100).
	Weight int64
	// Established sessions per slice (30).
	Established int64
	// Permanent are attempts after a permanent reject (30).
	Permanent int64
	// Temporary are attempts after a temporary reject (60).
	Temporary int64
	// Unanswered are attempts that nobody answered (60).
	Unanswered int64
	// Registered are registrations that succeeded (60; ours: a mover that changes
	// its tracking area once a minute).
	Registered int64
	// Paged are wake-ups by the network (120; ours: two a minute).
	Paged int64
	// Initial are initial registrations (20; ours: a device that starts every three
	// minutes).
	Initial int64
}

// limit names a limit of D9.
type limit uint8

const (
	noLimit limit = iota
	limitEstablished
	limitPermanent
	limitTemporary
	limitUnanswered
	limitRegistered
	limitPaged
	limitInitial
)

// limitWords say what each limit counts.
var limitWords = [...]string{
	"", "sessionsEstablished", "attemptsAfterPermanentReject", "attemptsAfterTemporaryReject", "attemptsUnanswered",
	"registrations", "wakeUpsByTheNetwork", "initialRegistrations",
}

// lastHour sums up the parts that lie wholly in the last hour, and the present one.
func (c *Control) lastHour() (sum [limitInitial + 1]int64) {
	for i := range c.hour {
		h := &c.hour[i]
		for l, n := range [...]uint16{0, h.established, h.permanent, h.temporary, h.unanswered, h.registered, h.paged, h.initial} {
			sum[l] += int64(n)
		}
	}
	return sum
}

// judgeAccess holds the last hour against the limits.
func (c *Control) judgeAccess(n pane.Number, ref *Reference, r *AccessRules) {
	if !r.Enabled || c.seen != n || ref.Storm {
		return
	}
	sum, allowed := c.lastHour(), r.limits(c.slices())
	worst, most := noLimit, int64(0)
	for l := limitEstablished; l <= limitInitial; l++ {
		if excess := sum[l] * 1000 / max(allowed[l], 1); sum[l] > allowed[l] && excess > most {
			worst, most = l, excess
		}
	}
	if worst != noLimit {
		c.access = min(weighted(FaultCap, r.Weight), FaultCap)
		c.lastAccess, c.worst, c.count, c.allowed = n, worst, int32(sum[worst]), int32(allowed[worst])
	}
}

// limits lists the limits for a number of slices.
func (r *AccessRules) limits(slices int64) [limitInitial + 1]int64 {
	return [...]int64{0, r.Established * slices, r.Permanent, r.Temporary, r.Unanswered, r.Registered, r.Paged, r.Initial}
}

// slices returns how many slices the terminal has sessions on, at least 1.
func (c *Control) slices() int64 {
	count := int64(0)
	for i := range c.sessions {
		first := c.sessions[i].used
		for j := range c.sessions[:i] {
			first = first && !(c.sessions[j].used && c.sessions[j].slice == c.sessions[i].slice)
		}
		if first {
			count++
		}
	}
	return max(count, 1)
}

// FindFault explains a fault.
func (c *Control) FindFault(f Fault, _ pane.Number) Finding {
	switch f {
	case Radio:
		return Finding{
			Feature: "radioLinkFailures", Unit: "failures per hour", Value: int64(c.radio), Expected: radioNormal, Reference: record.ReferencePrior,
			Exception: record.UnexpectedRadioLinkFailures, Samples: []string{fmt.Sprintf("%d in the last hour", c.radio)},
		}
	case PingPong:
		return Finding{
			Feature: "pingPong", Unit: "returns in 10 min", Value: int64(c.pings), Expected: pingNormal, Reference: record.ReferencePrior,
			Exception: record.PingPongAcrossCells, Samples: []string{fmt.Sprintf("%d returns to the cell before within 10 s", c.pings)},
		}
	}
	exception := record.TooFrequentServiceAccess
	if c.worst == limitPaged {
		exception = record.UnexpectedWakeup
	}
	return Finding{
		Feature: limitWords[c.worst], Unit: "per hour", Value: int64(c.count), Expected: int64(c.allowed), Reference: record.ReferenceLimit,
		Exception: exception, Samples: []string{fmt.Sprintf("%d within an hour", c.count)},
	}
}
