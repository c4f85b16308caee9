package record

import "net/netip"

// VerdictStatus says what became of a case.
type VerdictStatus uint8

// Statuses of a case.
const (
	StatusUnknown VerdictStatus = iota
	StatusRaised
	StatusUpdated
	StatusCleared
)

var verdictStatusNames = []string{"RAISED", "UPDATED", "CLEARED", "UNKNOWN"}

// String returns the symbol of the schema.
func (s VerdictStatus) String() string { return symbol(verdictStatusNames, uint8(s)) }

// Class is the scorer's belief about a terminal. Not an order.
type Class uint8

// Classes of a verdict.
const (
	ClassUnknown Class = iota
	ClassMalicious
	ClassMalfunctioning
	ClassWatch
)

var classNames = []string{"MALICIOUS", "MALFUNCTIONING", "WATCH", "UNKNOWN"}

// String returns the symbol of the schema.
func (c Class) String() string { return symbol(classNames, uint8(c)) }

// ExceptionID is one of the nine exceptions of TS 29.520 ExceptionId.
type ExceptionID uint8

// Exceptions of TS 29.520 V19.6.0, in its order.
const (
	ExceptionUnknown ExceptionID = iota
	UnexpectedUELocation
	UnexpectedLongLiveFlow
	UnexpectedLargeRateFlow
	UnexpectedWakeup
	SuspicionOfDDoSAttack
	WrongDestinationAddress
	TooFrequentServiceAccess
	UnexpectedRadioLinkFailures
	PingPongAcrossCells
)

var exceptionIDNames = []string{"UNEXPECTED_UE_LOCATION", "UNEXPECTED_LONG_LIVE_FLOW", "UNEXPECTED_LARGE_RATE_FLOW", "UNEXPECTED_WAKEUP", "SUSPICION_OF_DDOS_ATTACK", "WRONG_DESTINATION_ADDRESS", "TOO_FREQUENT_SERVICE_ACCESS", "UNEXPECTED_RADIO_LINK_FAILURES", "PING_PONG_ACROSS_CELLS", "UNKNOWN"}

// String returns the token of TS 29.520.
func (e ExceptionID) String() string { return symbol(exceptionIDNames, uint8(e)) }

// ExceptionNamed returns the exception of a name of TS 29.520, else
// ExceptionUnknown.
func ExceptionNamed(name string) ExceptionID {
	for i, known := range exceptionIDNames[:len(exceptionIDNames)-1] {
		if known == name {
			return ExceptionID(i + 1)
		}
	}
	return ExceptionUnknown
}

// Trend is the direction in which a level moves (TS 29.520 ExceptionTrend; on
// a 3GPP interface UNKNOWN is spelled UNKNOW, as published).
type Trend uint8

// Trends of a level.
const (
	TrendUnknown Trend = iota
	TrendUp
	TrendDown
	TrendStable
)

var trendNames = []string{"UP", "DOWN", "STABLE", "UNKNOWN"}

// String returns the symbol of the schema.
func (t Trend) String() string { return symbol(trendNames, uint8(t)) }

// Reference is what a feature was compared with.
type Reference uint8

// References of a feature's expected value.
const (
	ReferenceUnknown Reference = iota
	ReferenceOwn               // the terminal's own envelope
	ReferencePeer              // its peer group
	ReferenceProfile           // its provisioned profile
	ReferenceLimit             // a hard limit
	ReferencePrior             // a shipped prior
)

var referenceNames = []string{"OWN", "PEER", "PROFILE", "LIMIT", "PRIOR", "UNKNOWN"}

// String returns the symbol of the schema.
func (r Reference) String() string { return symbol(referenceNames, uint8(r)) }

// Criticality says whether a machine may isolate the terminal.
type Criticality uint8

// Criticalities of a terminal.
const (
	CriticalityUnknown   Criticality = iota
	CriticalityNormal                // a machine may isolate it
	CriticalityProtected             // never isolated by a machine (profile)
	CriticalityExempt                // exempted by an operator
)

var criticalityNames = []string{"NORMAL", "PROTECTED", "EXEMPT", "UNKNOWN"}

// String returns the symbol of the schema.
func (c Criticality) String() string { return symbol(criticalityNames, uint8(c)) }

// Exception is one exception of a verdict with its level and trend.
type Exception struct {
	ExceptionID ExceptionID
	Level       int32 // 0..100
	Trend       Trend
}

// Reason is the contribution of one family of detectors, with the numbers it
// can be recomputed from.
type Reason struct {
	Feature      string    // name of the feature, docs/detection.md
	Family       string    // name of the family of detectors
	Value        int64     // what was measured
	Unit         string    // of Value and Expected
	Expected     int64     // what the reference allows
	Reference    Reference // what it was compared with
	Contribution int64     // milli-nats of evidence
	Samples      []string  // examples: addresses, ports, counts
}

// Destination is a remote end that belongs to the evidence of a verdict.
type Destination struct {
	Protocol int32
	Address  netip.Addr
	Port     int32
	Flows    int64 // flow reports of the case towards it
}

// Forbidden is the traffic of a case since its last verdict: it should be gone
// once a measure works.
type Forbidden struct {
	Flows    int64
	ULVolume int64 // bytes
}

// Coverage says how complete the telemetry behind a statement is.
type Coverage struct {
	Received, Missing, Late, Rejected int64 // records
	Permille                          int32 // 1000 × received ÷ (received + missing + late + rejected)
}

// Verdict is the whole state of one case. The newest by (StateGeneration,
// Sequence) replaces every earlier one of its terminal, so a repeat changes
// nothing.
type Verdict struct {
	VerdictID           ID
	Terminal            Pseudonym
	KeyEpoch            int32
	PreviousTerminal    Pseudonym
	StateGeneration     int64 // rises when a partition starts without state or under another configuration
	Sequence            int64 // rises by one per terminal
	Status              VerdictStatus
	Class               Class
	Exceptions          []Exception
	Score               int32 // 0..1000
	Evidence            int64 // milli-nats
	MalfunctionEvidence int64 // milli-nats
	Confidence          int32 // 0..100
	Reasons             []Reason
	Destinations        []Destination
	Counterfactual      string
	TechniqueIDs        []string
	WindowStart         Micros
	WindowEnd           Micros
	FirstEvidenceAt     Micros
	DecidedAt           Micros // end of the deciding pane + lateness
	Forbidden           Opt[Forbidden]
	Criticality         Criticality
	EmergencySession    bool
	PDUSessionID        Opt[int32]
	Coverage            Coverage
	ConfigDigest        Digest
	TypeAllocationCode  string
	InternalGroupID     string
	DNN, SNSSAI         string
	TrackingAreaCode    string
	NetworkVerdictID    ID
}

// Progress is the clock of one verdicts partition: all panes that end at or
// before Time have been decided.
type Progress struct {
	Time            Micros // the watermark
	StateGeneration int64
	Coverage        Coverage
	Sources         []SourceWait
	Terminals       int64 // seen in the last 24 h
	Populations     []Population
}

// SourceWait says whether a raw partition is waited for.
type SourceWait struct {
	RawPartition int32
	State        ClockState
	Time         Micros
}

// Population counts the terminals that share a value; once an hour.
type Population struct {
	Dimension string // dnn, snssai, internalGroupId, typeAllocationCode, trackingAreaCode
	Value     string
	Terminals int64
}

// EarlyWarning is a notice from open panes, before any verdict: no order, no
// promise that it comes once.
type EarlyWarning struct {
	Terminal    Pseudonym
	KeyEpoch    int32
	ExceptionID ExceptionID
	Evidence    int64 // milli-nats
	Reasons     []Reason
	OccurredAt  Micros // of the deciding record
}

// NetworkVerdictKind is what is wrong with the network as a whole.
type NetworkVerdictKind uint8

// Kinds of a network verdict.
const (
	NetworkUnknown NetworkVerdictKind = iota
	AttackOnDestination
	ScanCampaign
	SignallingStorm
	SharedDestination
	MassInfection
	CommonModeChange
	SourceStalled
)

var networkVerdictKindNames = []string{"ATTACK_ON_DESTINATION", "SCAN_CAMPAIGN", "SIGNALLING_STORM", "SHARED_DESTINATION", "MASS_INFECTION", "COMMON_MODE_CHANGE", "SOURCE_STALLED", "UNKNOWN"}

// String returns the symbol of the schema.
func (k NetworkVerdictKind) String() string { return symbol(networkVerdictKindNames, uint8(k)) }

// Scope is what a network verdict is about; only what applies is set.
type Scope struct {
	Address            netip.Addr
	Port               Opt[int32]
	CellToken          Token
	TrackingAreaCode   string
	SNSSAI             string
	TypeAllocationCode string
}

// NetworkVerdict is a case of the whole network.
type NetworkVerdict struct {
	VerdictID       ID
	Sequence        int64
	Status          VerdictStatus
	Kind            NetworkVerdictKind
	Scope           Scope
	Terminals       int64       // estimate
	Members         []Pseudonym // at most 1,000, then the count alone
	Level           int32       // 0..100
	Trend           Trend
	Reasons         []Reason
	WindowStart     Micros
	WindowEnd       Micros
	FirstEvidenceAt Micros
	DecidedAt       Micros
}
