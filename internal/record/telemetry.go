package record

import "net/netip"

// Kind tells which payload a telemetry record carries.
type Kind uint8

// Kinds of telemetry, in the order of the payload union of the schema.
const (
	KindUnknown Kind = iota // no payload: refused by every codec
	KindFlow
	KindSessionUsage
	KindSession
	KindRegistration
	KindRadioFailure
	KindDeviceStatus
	KindExternalException
	KindClock // raw telemetry only: the collector turns it into SourceClock
)

var kindNames = []string{"Flow", "SessionUsage", "Session", "Registration", "RadioFailure", "DeviceStatus", "ExternalException", "Clock", "UNKNOWN"}

// String returns the name of the payload's schema.
func (k Kind) String() string { return symbol(kindNames, uint8(k)) }

// PseudonymisedTelemetry is one observation of one terminal without its
// identity: what the collector makes of a TerminalTelemetry. Only the payload
// named by Kind is meaningful; the others keep their zero value.
//
// Strings decoded by a Decoder alias its input: clone what outlives it.
type PseudonymisedTelemetry struct {
	Terminal         Pseudonym // the terminal, in epoch KeyEpoch
	KeyEpoch         int32     // epoch of the pseudonym key, from 0
	PreviousTerminal Pseudonym // the same terminal in the epoch before, for some days after a rotation; zero: absent
	RawPartition     int32     // partition of telemetry.raw it came from
	RawOffset        int64     // offset there: provenance, unique per record
	OccurredAt       Micros    // when it was measured, or end of the reporting interval
	IntervalStart    Opt[Micros]
	SourceID         string // the probe or network function instance
	SourceSequence   Opt[int64]

	DNN, SNSSAI, PLMN  string // as in TS 29.571; empty: absent
	RATType            string
	InternalGroupID    string
	PDUSessionID       Opt[int32] // 0..255
	TrackingAreaCode   string     // 4 or 6 hex digits
	SamplingRatio      Opt[int32] // 1..100 per cent of traffic that was measured
	TypeAllocationCode string     // first 8 digits of an IMEI
	EquipmentToken     Token      // keyed token of SUPI and PEI together; zero: absent
	CellToken          Token      // keyed token of the serving cell; zero: absent

	Kind              Kind `avro:"payload"`
	Flow              Flow
	SessionUsage      SessionUsage
	Session           Session
	Registration      Registration
	RadioFailure      RadioFailure
	DeviceStatus      DeviceStatus
	ExternalException ExternalException
}

// Flow is one flow report of a user plane function (TS 29.564 PER_FLOW), or of
// a capture: what one 5-tuple moved during the reporting interval.
type Flow struct {
	Protocol      int32       // IANA protocol number, 0..255
	RemoteAddress netip.Addr  // the far end; invalid where RemoteToken stands for it
	RemoteToken   RemoteToken // stands for the address of another terminal; zero: absent
	RemotePort    int32       // 0..65535
	Direction     Direction   // who opened it
	StartTime     Opt[Micros] // a flow whose start lies in the interval is new
	Ended         bool
	ULVolume      int64 // bytes at IP level in the interval
	DLVolume      int64
	ULPackets     int64
	DLPackets     int64
	ULTCPFlags    Opt[int32] // OR of the TCP flags seen in the interval
	DLTCPFlags    Opt[int32]
	Domain        string // registrable domain, or a keyed token (16 hex digits, no dot) of one under a private suffix
	DomainSource  DomainSource
	DNSResponse   Opt[int32] `avro:"dnsResponseCode"` // DNS RCODE, 0..4095
	ApplicationID string
}

// SessionUsage is one report of a whole PDU session (TS 29.564 PER_SESSION).
type SessionUsage struct {
	ULVolume, DLVolume   int64 // bytes in the interval
	ULPackets, DLPackets int64 // packets in the interval, -1 where the source counts none
}

// Session is an event of a PDU session (SMF, TS 29.508).
type Session struct {
	Event          SessionEvent
	PDUSessionType string
	Cause          string
	CauseClass     CauseClass
	BackoffSeconds Opt[int32]
	Emergency      bool
}

// Registration is an event, or a count of equal events, between a terminal and
// its AMF (TS 29.518).
type Registration struct {
	Event            RegistrationEvent
	Outcome          Outcome
	ReasonOfFailure  string
	CauseClass       CauseClass
	Count            int32 // requests summed up in the interval, at least 1
	NetworkInitiated bool  // paging
}

// RadioFailure counts failures of the radio link (NGAP cause, TS 38.413).
type RadioFailure struct {
	NgApCauseGroup, NgApCauseValue, Count int32
}

// DeviceStatus is what device management reports about the terminal itself.
type DeviceStatus struct {
	CPULoad, MemoryUsed, BatteryLevel Opt[int32] // 0..100 per cent
	Temperature                       Opt[int32] // °C
	RebootCount                       Opt[int32]
	FirmwareVersion                   string
	Tamper                            Opt[bool]
	Roaming                           Opt[bool]
	LossOfConnectivityReason          string
}

// ExternalException is the finding of a firewall or a threat-intelligence
// platform in the words of TS 29.520.
type ExternalException struct {
	ExceptionID   string
	Level         int32 // 0..100
	Trend         string
	RemoteAddress netip.Addr // invalid: absent
	RemotePort    Opt[int32]
	Protocol      Opt[int32]
}
