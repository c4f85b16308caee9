package ladder

import (
	"slices"

	"cordon/internal/record"
)

// Row maps verdicts to an action. The first row that matches a verdict, and
// whose action may be taken against that terminal, decides.
type Row struct {
	Class           record.Class
	Exception       record.ExceptionID // ExceptionUnknown: any
	MinDestinations int                // destinations that the verdict names, at least
	MaxDestinations int                // and at most; 0: no upper bound
	Action          record.Action
}

// MaxTargets is how many destinations a command blocks at most. The contract
// lets a verdict name no more (contracts section 5), and a filter per address
// costs room in a UPF.
const MaxTargets = 8

// Policy says which measure a verdict wants.
type Policy struct {
	Rows []Row
	// RateLimit is the target of RATE_LIMIT.
	RateLimit RateLimit
}

// RateLimit is what a limited terminal may still send and receive.
type RateLimit struct {
	UplinkBitsPerSecond   int64 // bit/s, at IP level
	DownlinkBitsPerSecond int64 // bit/s, at IP level
}

// DefaultRows is the shipped policy. A flood is stopped at its victims where
// they are few: that harms nothing else the terminal does. Where they are many,
// and for a scan, which has no victim to name, the rate is limited: the device
// stays reachable for its owner. A steady or large flow that was found
// malicious is limited as well (TS 23.288 6.7.5, mitigations of PCF and SMF).
// Everything else is watched: no command.
func DefaultRows() []Row {
	const bad = record.ClassMalicious
	return []Row{
		{bad, record.SuspicionOfDDoSAttack, 1, MaxTargets, record.ActionBlockDestination},
		{bad, record.SuspicionOfDDoSAttack, 0, 0, record.ActionRateLimit},
		{bad, record.WrongDestinationAddress, 0, 0, record.ActionRateLimit},
		{bad, record.UnexpectedLargeRateFlow, 0, 0, record.ActionRateLimit},
		{bad, record.UnexpectedLongLiveFlow, 0, 0, record.ActionRateLimit},
	}
}

// Measure is what a verdict wants done, and the exception that it is for.
type Measure struct {
	Action    record.Action // ActionObserve: nothing is ordered
	Target    record.Target
	Exception record.Exception
}

// Wants reports whether the measure needs a command at all.
func (m Measure) Wants() bool { return m.Action > record.ActionNotifyOwner }

// Measure returns what the policy wants for an open case.
func (p Policy) Measure(v *record.Verdict) Measure {
	limit := Ceiling(v)
	for _, row := range p.Rows {
		if exception, ok := row.matches(v); ok && row.Action <= limit {
			return Measure{row.Action, p.target(row.Action, v), exception}
		}
	}
	m := Measure{Action: record.ActionObserve}
	if len(v.Exceptions) > 0 {
		m.Exception = v.Exceptions[0]
	}
	return m
}

// Ceiling returns the most disruptive action a machine may take against the
// terminal of v, whatever the policy says.
//
// A malfunctioning device is no attacker: it is slowed down in its signalling
// at most (the network may need it, its owner can mend it). During an emergency
// session nothing releases sessions or deregisters (TS 23.502 4.2.2.3.3: the
// AMF "shall not initiate Deregistration"; somebody may be calling for help).
func Ceiling(v *record.Verdict) record.Action {
	limit := record.ActionBar
	switch v.Class {
	case record.ClassMalicious:
	case record.ClassMalfunctioning:
		limit = record.ActionSignallingBackoff
	default:
		limit = record.ActionObserve
	}
	if v.EmergencySession {
		limit = min(limit, record.ActionQuarantineDNN)
	}
	return limit
}

// NeedsPerson reports whether only a person may order the action: a device
// that was deregistered or barred may need somebody to drive out to it.
func NeedsPerson(a record.Action) bool {
	return a == record.ActionDeregister || a == record.ActionBar
}

func (r Row) matches(v *record.Verdict) (record.Exception, bool) {
	n := len(v.Destinations)
	if r.Class != v.Class || n < r.MinDestinations || r.MaxDestinations > 0 && n > r.MaxDestinations {
		return record.Exception{}, false
	}
	for _, exception := range v.Exceptions {
		if exception.ExceptionID == r.Exception || r.Exception == record.ExceptionUnknown {
			return exception, true
		}
	}
	return record.Exception{}, false
}

// target addresses the measure as exactly as the verdict allows: session-level
// levers need dnn, slice and session.
func (p Policy) target(a record.Action, v *record.Verdict) record.Target {
	t := record.Target{DNN: v.DNN, SNSSAI: v.SNSSAI, PDUSessionID: v.PDUSessionID}
	switch a {
	case record.ActionBlockDestination:
		t.Destinations = targets(v.Destinations)
	case record.ActionRateLimit:
		t.UplinkBitsPerSecond = record.Some(p.RateLimit.UplinkBitsPerSecond)
		t.DownlinkBitsPerSecond = record.Some(p.RateLimit.DownlinkBitsPerSecond)
	}
	return t
}

// targets returns the destinations in an order of their own: the verdict's
// order follows the flow counts and would make equal targets look different.
func targets(from []record.Destination) []record.TargetDestination {
	to := make([]record.TargetDestination, 0, min(len(from), MaxTargets))
	for _, d := range from[:min(len(from), MaxTargets)] {
		to = append(to, record.TargetDestination{Protocol: d.Protocol, Address: d.Address, Port: d.Port})
	}
	slices.SortFunc(to, compareTargets)
	return slices.Compact(to)
}

func compareTargets(a, b record.TargetDestination) int {
	if c := a.Address.Compare(b.Address); c != 0 {
		return c
	}
	if a.Protocol != b.Protocol {
		return int(a.Protocol - b.Protocol)
	}
	return int(a.Port - b.Port)
}

// covers reports whether the measure in force does what the wanted one asks.
// Destinations that are no longer named stay blocked until the measure ends:
// an attacker that alternates between victims would otherwise cause a command
// each time.
func covers(force, want Measure) bool {
	if force.Action != want.Action {
		return false
	}
	f, w := &force.Target, &want.Target
	if w.DNN != "" && w.DNN != f.DNN || w.SNSSAI != "" && w.SNSSAI != f.SNSSAI {
		return false
	}
	if w.PDUSessionID.Set && w.PDUSessionID != f.PDUSessionID ||
		w.UplinkBitsPerSecond != f.UplinkBitsPerSecond || w.DownlinkBitsPerSecond != f.DownlinkBitsPerSecond ||
		w.BackoffSeconds != f.BackoffSeconds || w.QuarantineDNN != f.QuarantineDNN {
		return false
	}
	for _, d := range w.Destinations {
		if _, found := slices.BinarySearchFunc(f.Destinations, d, compareTargets); !found {
			return false
		}
	}
	return true
}
