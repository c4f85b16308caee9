// Package raw holds the records that still name a person: what network probes
// and provisioning write, and their codecs.
//
// What it promises: decoding allocates nothing in the steady state, checks
// every bound and never panics; a value decoded from its own encoding equals
// the value encoded.
//
// What it does not: it validates no identity (collector/validate does) and
// resolves no address. Only the collector and cordonctl may import it; a test
// in internal/archtest holds the others off, so that code behind the collector
// cannot even name an identity.
package raw

import (
	"fmt"
	"io"
	"net/netip"

	"cordon/internal/record"
)

// Telemetry is a TerminalTelemetry record (topic telemetry.raw): one
// observation of one terminal by one probe. Only the payload named by Kind is
// meaningful; the others keep their zero value.
//
// Strings decoded by a Decoder alias its input: clone what outlives it.
type Telemetry struct {
	OccurredAt     record.Micros             // when measured, or end of the reporting interval
	IntervalStart  record.Opt[record.Micros] // start of the reporting interval
	SourceID       string                    // the probe or network function instance
	SourceSequence record.Opt[int64]         // rises by one per source and raw partition

	SUPI      string     // imsi-…, nai-…, gci-…, gli-…, or a null-scheme SUCI; empty: absent
	GPSI      string     // dropped by the collector
	PEI       string     // imei-…, imeisv-…
	UEAddress netip.Addr // the terminal's address, IPv6: its prefix; invalid: absent

	DNN, SNSSAI, PLMN string
	RATType           string
	InternalGroupID   string
	PDUSessionID      record.Opt[int32]
	TrackingAreaCode  string
	CellID            string
	SamplingRatio     record.Opt[int32]

	Kind              record.Kind `avro:"payload"`
	Flow              Flow
	SessionUsage      record.SessionUsage
	Session           Session
	Registration      record.Registration
	RadioFailure      record.RadioFailure
	DeviceStatus      record.DeviceStatus
	ExternalException record.ExternalException
}

// Flow is a flow report with what the collector drops or tokenises: the local
// port, and the domain in full. Its embedded RemoteToken stays zero.
type Flow struct {
	record.Flow
	LocalPort record.Opt[int32] // dropped by the collector
}

// Session is a session event with the address that only binds.
type Session struct {
	record.Session
	OtherUEAddress netip.Addr // second address, or the former one of ADDRESS_CHANGED; dropped
}

// Shift moves every time the record holds: a source whose clock is off by that
// much, or a replay under another date.
func (t *Telemetry) Shift(by record.Micros) {
	t.OccurredAt += by
	if t.IntervalStart.Set {
		t.IntervalStart.Value += by
	}
	if t.Kind == record.KindFlow && t.Flow.StartTime.Set {
		t.Flow.StartTime.Value += by
	}
}

// ExpectedBehaviour is a provisioned profile (topic profiles.raw). Exactly one
// of SUPI, InternalGroupID and TypeAllocationCode names its subject.
type ExpectedBehaviour struct {
	SUPI               string
	InternalGroupID    string
	TypeAllocationCode string
	record.Profile
}

// Setting is a versioned setting on its way to the scorer (topic profiles.raw,
// key "setting:NAME").
type Setting struct {
	Name    string
	Version string
	Content []byte
}

// redacted is what every formatting verb prints for a record that names a
// person.
const redacted = "[redacted]"

// Format prints "[redacted]" for every verb: no log line or error can show a
// subscriber by mistake. AppendJSON prints the record on purpose.
func (Telemetry) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// Format prints "[redacted]" for every verb.
func (ExpectedBehaviour) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalJSON hides the record from encoding/json, and so from loggers.
func (Telemetry) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalJSON hides the record from encoding/json, and so from loggers.
func (ExpectedBehaviour) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }
