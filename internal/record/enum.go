package record

// symbol returns the name of an enum value; a value outside the list is the
// last name, UNKNOWN by convention of this package.
//
// Go values are one above the schema's index, and zero is UNKNOWN, the
// schema's last symbol: value = (index + 1) mod len(names).
func symbol(names []string, value uint8) string {
	if value == 0 || int(value) >= len(names) {
		return names[len(names)-1]
	}
	return names[value-1]
}

// Direction says who opened a flow.
type Direction uint8

// Directions of a flow, as seen from the terminal.
const (
	DirectionUnknown Direction = iota
	DirectionUplink
	DirectionDownlink
)

var directionNames = []string{"UPLINK", "DOWNLINK", "UNKNOWN"}

// String returns the symbol of the schema.
func (d Direction) String() string { return symbol(directionNames, uint8(d)) }

// DomainSource says where a domain name was read (TS 29.564 DomainNameProtocol
// and two of passive probes).
type DomainSource uint8

// Sources of a domain name.
const (
	DomainUnknown DomainSource = iota
	DomainDNSQName
	DomainTLSSNI
	DomainTLSSAN
	DomainTLSSCN
	DomainHTTPHost
)

var domainSourceNames = []string{"DNS_QNAME", "TLS_SNI", "TLS_SAN", "TLS_SCN", "HTTP_HOST", "UNKNOWN"}

// String returns the symbol of the schema.
func (d DomainSource) String() string { return symbol(domainSourceNames, uint8(d)) }

// SessionEvent is what happened to a PDU session.
type SessionEvent uint8

// Events of a PDU session (TS 29.508 SmfEvent, in our words).
const (
	SessionUnknown SessionEvent = iota
	SessionEstablished
	SessionReleased
	SessionAddressChanged
	SessionEstablishmentRejected
	SessionModified
	SessionActivated
	SessionDeactivated
	SessionBackoffApplied
)

var sessionEventNames = []string{"ESTABLISHED", "RELEASED", "ADDRESS_CHANGED", "ESTABLISHMENT_REJECTED", "MODIFIED", "ACTIVATED", "DEACTIVATED", "BACKOFF_APPLIED", "UNKNOWN"}

// String returns the symbol of the schema.
func (e SessionEvent) String() string { return symbol(sessionEventNames, uint8(e)) }

// CauseClass groups causes by what a well-behaved terminal may do next.
type CauseClass uint8

// Classes of a cause (GSMA TS.34 groups).
const (
	CauseUnknown CauseClass = iota
	CauseNone
	CauseTemporary
	CausePermanent
	CauseIgnored
)

var causeClassNames = []string{"NONE", "TEMPORARY", "PERMANENT", "IGNORED", "UNKNOWN"}

// String returns the symbol of the schema.
func (c CauseClass) String() string { return symbol(causeClassNames, uint8(c)) }

// RegistrationEvent is what happened between a terminal and its AMF.
type RegistrationEvent uint8

// Events of registration and connection (TS 29.518 UeSignallingType and
// AccessStateTransitionType).
const (
	RegistrationUnknown RegistrationEvent = iota
	InitialRegistration
	PeriodicRegistration
	MobilityRegistration
	ServiceRequest
	Deregistration
	CMConnected
	CMIdle
	Handover
)

var registrationEventNames = []string{"INITIAL_REGISTRATION", "PERIODIC_REGISTRATION", "MOBILITY_REGISTRATION", "SERVICE_REQUEST", "DEREGISTRATION", "CM_CONNECTED", "CM_IDLE", "HANDOVER", "UNKNOWN"}

// String returns the symbol of the schema.
func (e RegistrationEvent) String() string { return symbol(registrationEventNames, uint8(e)) }

// Outcome is how a registration request ended.
type Outcome uint8

// Outcomes of a request.
const (
	OutcomeUnknown Outcome = iota
	OutcomeSuccess
	OutcomeRejected
	OutcomeNoResponse
)

var outcomeNames = []string{"SUCCESS", "REJECTED", "NO_RESPONSE", "UNKNOWN"}

// String returns the symbol of the schema.
func (o Outcome) String() string { return symbol(outcomeNames, uint8(o)) }
