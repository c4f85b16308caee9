// Package validate decides whether a decoded raw record may be used.
//
// What it promises: a record that passes has only values inside the bounds of
// the contract, identities of an accepted form, and an event time that does not
// run ahead; the same record with the same append time passes or fails always.
// A problem names a field and a bound, never a value. Nothing is allocated for
// records in canonical form.
//
// What it does not: it looks at one record only. Duplicates, order and who is
// behind an address are decided later.
package validate

import (
	"net/netip"

	"cordon/internal/identity"
	"cordon/internal/raw"
	"cordon/internal/record"
)

// Problem says why a record cannot be used. The zero Problem is none.
type Problem struct {
	Reason record.DeadLetterReason
	// Detail names the field and what is asked of it.
	Detail string
}

// Found reports whether there is a problem.
func (p Problem) Found() bool { return p.Reason != record.DeadUnknown }

// Subject holds the identities of a record that passed.
type Subject struct {
	SUPI identity.SUPI // zero: the record names an address only
	PEI  identity.PEI
}

// Bounds are the limits that a deployment may set.
type Bounds struct {
	// Future is how far an event time may run ahead of the append time of its
	// batch, in microseconds.
	Future record.Micros
}

// Check examines one record, which the log took at appended. The strings of
// the subject alias those of t.
func (b Bounds) Check(t *raw.Telemetry, appended record.Micros) (Subject, Problem) {
	if t.Kind == record.KindUnknown || t.Kind > record.KindClock {
		return Subject{}, Problem{record.DeadUnknownPayload, "payload: a record this program knows"}
	}
	if p := b.checkTimes(t, appended); p.Found() {
		return Subject{}, p
	}
	if field := t.SourceID; !isName(field, maxSourceID) {
		return Subject{}, outOfRange("sourceId: 1 to 128 visible ASCII characters")
	}
	if t.SourceSequence.Set && t.SourceSequence.Value < 0 {
		return Subject{}, outOfRange("sourceSequence: 0 or more")
	}
	if t.Kind == record.KindClock {
		return Subject{}, Problem{}
	}
	subject, p := checkIdentities(t)
	if p.Found() {
		return Subject{}, p
	}
	if p := checkContext(t); p.Found() {
		return Subject{}, p
	}
	return subject, checkPayload(t)
}

// checkTimes keeps one fast clock from pushing the others into lateness
// (architecture section 4).
func (b Bounds) checkTimes(t *raw.Telemetry, appended record.Micros) Problem {
	if t.OccurredAt < 0 {
		return outOfRange("occurredAt: 1970 or later")
	}
	// Subtracting from the event time cannot overflow; adding to a foreign
	// append time could.
	if t.OccurredAt-b.Future > appended {
		return Problem{record.DeadFutureTime, "occurredAt: not ahead of the append time by more than the bound"}
	}
	if at := t.IntervalStart; at.Set && (at.Value < 0 || at.Value > t.OccurredAt) {
		return outOfRange("intervalStart: 1970 or later, not after occurredAt")
	}
	return Problem{}
}

func checkIdentities(t *raw.Telemetry) (Subject, Problem) {
	var s Subject
	var err error
	if t.SUPI == "" && !t.UEAddress.IsValid() {
		return s, Problem{record.DeadNoSubject, "supi or ueAddress: one of them"}
	}
	if t.SUPI != "" {
		if s.SUPI, err = identity.ParseSUPI(t.SUPI); err != nil {
			return s, invalidIdentity("supi: imsi-, nai-, gci-, gli- or a null-scheme SUCI")
		}
	}
	if t.PEI != "" {
		if s.PEI, err = identity.ParsePEI(t.PEI); err != nil {
			return s, invalidIdentity("pei: imei-, imeisv-, mac- or eui-")
		}
	}
	if !isHost(t.UEAddress) {
		return s, invalidIdentity("ueAddress: the address of one host")
	}
	return s, Problem{}
}

// isHost reports whether an address may be that of a terminal, or is absent.
func isHost(a netip.Addr) bool { return !a.IsUnspecified() && !a.IsMulticast() }

func outOfRange(detail string) Problem { return Problem{record.DeadOutOfRange, detail} }

func invalidIdentity(detail string) Problem { return Problem{record.DeadInvalidIdentity, detail} }
