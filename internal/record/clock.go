package record

// ClockState says how far a raw partition's clock is to be believed.
type ClockState uint8

// States of a raw partition.
const (
	ClockUnknown  ClockState = iota
	ClockActive              // its time moves with its sources
	ClockEmpty               // read to its end, never had a source: does not count
	ClockIdle                // read to its end, silent: its time moves with the wall clock
	ClockStalled             // not readable: not waited for
	ClockDataLoss            // records below the log start were never read
)

var clockStateNames = []string{"ACTIVE", "EMPTY", "IDLE", "STALLED", "DATA_LOSS", "UNKNOWN"}

// String returns the symbol of the schema.
func (s ClockState) String() string { return symbol(clockStateNames, uint8(s)) }

// SourceState says whether a raw partition waits for one of its sources.
type SourceState uint8

// States of a source within a raw partition.
const (
	SourceUnknown SourceState = iota
	SourceActive
	SourceSkewed // more than the patience behind the newest source: not waited for
)

var sourceStateNames = []string{"ACTIVE", "SKEWED", "UNKNOWN"}

// String returns the symbol of the schema.
func (s SourceState) String() string { return symbol(sourceStateNames, uint8(s)) }

// SourceClock is the statement of one raw partition that every record up to
// Time has been forwarded. The collector writes it into every telemetry
// partition; the least of them, less the lateness, is the watermark.
type SourceClock struct {
	RawPartition  int32
	RawPartitions int32 // how many raw partitions there are
	Time          Micros
	State         ClockState
	NextOffset    int64 // of the raw partition, after the last record counted in
	Sources       []SourceCount
}

// SourceCount is what one source sent, since the former SourceClock, in the
// panes that Time less the lateness has passed.
type SourceCount struct {
	SourceID string
	Received int64 // records that were forwarded; those that wait hold Time back
	Missing  int64 // gaps of sourceSequence
	Rejected int64 // records that went to the dead letters
	State    SourceState
}

// SettingChange is a versioned setting that takes effect in event time: a list
// of destinations, a set of thresholds.
type SettingChange struct {
	Name          string
	Version       string
	Content       []byte
	EffectiveFrom Micros
}

// DecisionChange tells the scorer of an operator's decision, or of its end.
type DecisionChange struct {
	DecisionID         ID
	Kind               DecisionKind // BENIGN, ALLOW, EXEMPT and the end of each
	Terminal           Pseudonym
	InternalGroupID    string
	TypeAllocationCode string
	Destination        string
	Until              Opt[Micros]
	EffectiveFrom      Micros
}

// ProfileChange brings a provisioned profile, or its removal, to the scorer.
type ProfileChange struct {
	Terminal           Pseudonym
	InternalGroupID    string
	TypeAllocationCode string
	Removed            bool // the profile ended; Profile is empty
	Profile            Profile
	EffectiveFrom      Micros
}

// Profile is the expected behaviour of a terminal or a group: the fields of TS
// 29.503 ExpectedUeBehaviourData, allowed destinations as in RFC 8520, limits.
type Profile struct {
	StationaryIndication         string      // STATIONARY or MOBILE; empty: absent
	CommunicationDurationTime    Opt[int32]  // seconds
	PeriodicTime                 Opt[int32]  // seconds
	ScheduledCommunicationTime   []Schedule  // when it communicates
	ScheduledCommunicationType   string      // DOWNLINK_ONLY, UPLINK_ONLY, BIDIRECTIONAL
	ExpectedTrackingAreaCodes    []string    // tracking areas it may be in
	TrafficProfile               string      // SINGLE_TRANS_UL … MULTI_TRANS
	BatteryIndication            string      // BATTERY_RECHARGE … NO_BATTERY
	ConfidenceLevel              string      // "0.00" to "1.00"
	AccuracyLevel                string      // "0.00" to "1.00"
	AcceptDeviateTime            Opt[int32]  // seconds
	AllowedDestinations          []AllowRule // empty: anything
	MaxUplinkBitsPerSecond       Opt[int64]
	MaxDownlinkBitsPerSecond     Opt[int64]
	Criticality                  Criticality
	ValidUntil                   Opt[Micros]
	ExpectedPDUSessionInactivity Opt[int32] // seconds
}

// Schedule is a daily span on some days of the week.
type Schedule struct {
	DaysOfWeek     []int32 // 1 is Monday; empty: every day
	TimeOfDayStart string  // RFC 3339 partial-time with offset
	TimeOfDayEnd   string
}

// AllowRule names destinations a terminal may use.
type AllowRule struct {
	Protocol         Opt[int32]
	AddressPrefix    string // CIDR; empty where Domain names it
	Domain           string
	PortFrom, PortTo Opt[int32]
}
