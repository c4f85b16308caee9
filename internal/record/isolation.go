package record

import (
	"errors"
	"net/netip"
)

// Action is what an isolation command asks for, least to most disruptive.
type Action uint8

// Actions, in the order of the ladder; ActionRelease undoes what is in force.
const (
	ActionUnknown Action = iota
	ActionObserve
	ActionNotifyOwner
	ActionRateLimit
	ActionBlockDestination
	ActionSignallingBackoff
	ActionQuarantineDNN
	ActionReleaseSession
	ActionDeregister
	ActionBar
	ActionRelease
)

var actionNames = []string{"OBSERVE", "NOTIFY_OWNER", "RATE_LIMIT", "BLOCK_DESTINATION", "SIGNALLING_BACKOFF", "QUARANTINE_DNN", "RELEASE_SESSION", "DEREGISTER", "BAR", "RELEASE", "UNKNOWN"}

// String returns the symbol of the schema.
func (a Action) String() string { return symbol(actionNames, uint8(a)) }

// Mode says whether a command is an order or a rehearsal.
type Mode uint8

// Modes of the enforcer.
const (
	ModeUnknown Mode = iota
	ModeEnforce
	ModeDryRun
)

var modeNames = []string{"ENFORCE", "DRY_RUN", "UNKNOWN"}

// String returns the symbol of the schema.
func (m Mode) String() string { return symbol(modeNames, uint8(m)) }

// TargetDestination is a remote end to be blocked.
type TargetDestination struct {
	Protocol int32
	Address  netip.Addr
	Port     int32
}

// Target is what a command applies to.
type Target struct {
	DNN, SNSSAI           string
	PDUSessionID          Opt[int32]
	Destinations          []TargetDestination
	UplinkBitsPerSecond   Opt[int64]
	DownlinkBitsPerSecond Opt[int64]
	BackoffSeconds        Opt[int32]
	QuarantineDNN         string
}

// CommandReason is why a command was given.
type CommandReason struct {
	VerdictID   ID
	Class       Class
	ExceptionID ExceptionID
	Level       int32
	Trend       Trend
	Text        string
}

// IsolationCommand is the whole desired state of one terminal. The newest by
// (Fence, Sequence) replaces every earlier one.
type IsolationCommand struct {
	CommandID        ID
	Terminal         Pseudonym
	KeyEpoch         int32
	PreviousTerminal Pseudonym
	Fence            int64 // rises with each new active enforcer
	Sequence         int64 // rises by one per terminal
	Action           Action
	Target           Target
	Reason           CommandReason
	IssuedAt         Micros // event time
	ExpiresAt        Micros // event time
	ValidForSeconds  int64  // a policy system lifts it by its own clock after this
	Mode             Mode
	Supersedes       ID
	Lever            string // the 3GPP operation and field that carries it out
	SealedIdentity   []byte
	KeyID            [8]byte // zero: absent
}

// AckState is how far a policy system is with a command.
type AckState uint8

// States of an acknowledgement.
const (
	AckUnknown AckState = iota
	AckAccepted
	AckApplied
	AckRejected
	AckFailed
	AckReleased
)

var ackStateNames = []string{"ACCEPTED", "APPLIED", "REJECTED", "FAILED", "RELEASED", "UNKNOWN"}

// String returns the symbol of the schema.
func (s AckState) String() string { return symbol(ackStateNames, uint8(s)) }

// CommandAck is a policy system's answer to a command.
type CommandAck struct {
	CommandID ID
	Terminal  Pseudonym
	Sequence  int64
	State     AckState
	Reason    string
	System    string
	At        Micros
}

// DecisionKind is what an operator decided.
type DecisionKind uint8

// Kinds of an operator's decision; an END_ kind ends the one it names.
const (
	DecisionUnknown DecisionKind = iota
	DecisionApprove
	DecisionReject
	DecisionIsolate
	DecisionBlockDestination
	DecisionRelease
	DecisionReleaseAll
	DecisionExempt
	DecisionBenign
	DecisionAllow
	DecisionSetCap
	DecisionSetMode
	DecisionPause
	DecisionResume
	DecisionEndIsolate
	DecisionEndBlockDestination
	DecisionEndExempt
	DecisionEndBenign
	DecisionEndAllow
	DecisionEndSetCap
	DecisionEndSetMode
)

var decisionKindNames = []string{"APPROVE", "REJECT", "ISOLATE", "BLOCK_DESTINATION", "RELEASE", "RELEASE_ALL", "EXEMPT", "BENIGN", "ALLOW", "SET_CAP", "SET_MODE", "PAUSE", "RESUME", "END_ISOLATE", "END_BLOCK_DESTINATION", "END_EXEMPT", "END_BENIGN", "END_ALLOW", "END_SET_CAP", "END_SET_MODE", "UNKNOWN"}

// String returns the symbol of the schema.
func (k DecisionKind) String() string { return symbol(decisionKindNames, uint8(k)) }

// OperatorDecision is an act of a person, from the console or cordonctl.
type OperatorDecision struct {
	DecisionID         ID
	Terminal           Pseudonym
	InternalGroupID    string
	TypeAllocationCode string
	Destination        string
	Kind               DecisionKind
	CommandID          ID
	Action             Action
	Value              string
	Until              Opt[Micros]
	Operator           string
	ReasonCode         string
	Ticket             string
	At                 Micros
}

// InputPosition names one record that led to an audited act.
type InputPosition struct {
	Topic     string
	Partition int32
	Offset    int64
}

// AuditEvent is one link of a writer's hash chain: Hash covers every other
// field, PreviousHash among them.
type AuditEvent struct {
	WriterID     string
	Kind         string
	Terminal     Pseudonym
	Actor        string
	ReasonCode   string
	Ticket       string
	Inputs       []InputPosition
	At           Micros
	PreviousHash [32]byte
	Hash         [32]byte
}

// DeadLetterReason says why a record could not be used.
type DeadLetterReason uint8

// Reasons of a dead letter.
const (
	DeadUnknown           DeadLetterReason = iota
	DeadUndecodable                        // not the schema it claims to be
	DeadUnknownSchema                      // fingerprint not known
	DeadUnknownPayload                     // payload branch of a newer writer
	DeadInvalidIdentity                    // SUPI, PEI or address of no accepted form
	DeadOutOfRange                         // a value outside its bounds
	DeadFutureTime                         // event time more than 10 s ahead of the append time
	DeadUnresolvedAddress                  // no session binds the address at that time
	DeadOversize                           // larger than a record may be
	DeadNoSubject                          // neither SUPI nor address
	DeadHeldTooMany                        // the bounded room for records that wait was full
	DeadProcessing                         // this record fails the same way each time
)

var deadLetterReasonNames = []string{"UNDECODABLE", "UNKNOWN_SCHEMA", "UNKNOWN_PAYLOAD", "INVALID_IDENTITY", "OUT_OF_RANGE", "FUTURE_TIME", "UNRESOLVED_ADDRESS", "OVERSIZE", "NO_SUBJECT", "HELD_TOO_MANY", "PROCESSING", "UNKNOWN"}

// String returns the symbol of the schema.
func (r DeadLetterReason) String() string { return symbol(deadLetterReasonNames, uint8(r)) }

// ReasonOf returns the reason of a dead letter for an error of decoding;
// DeadUndecodable for any other error.
func ReasonOf(err error) DeadLetterReason {
	switch {
	case errors.Is(err, ErrUnknownSchema):
		return DeadUnknownSchema
	case errors.Is(err, ErrUnknownPayload):
		return DeadUnknownPayload
	}
	return DeadUndecodable
}

// DeadLetter says where a record lies that could not be used, and why. Detail
// never holds content.
type DeadLetter struct {
	Reason          DeadLetterReason
	Stage           string
	SourceTopic     string
	SourcePartition int32
	SourceOffset    int64
	Detail          string
	SealedPayload   []byte
	KeyID           [8]byte // zero: absent
	At              Micros  // when the log took the record
}

// SealedDataKey is a data key that only the policy key opens (HPKE).
type SealedDataKey struct {
	KeyID       [8]byte
	KeyEpoch    int32
	PolicyKeyID [8]byte
	Sealed      []byte
}

// SealedIdentity is the identity behind a pseudonym, sealed with a data key.
type SealedIdentity struct {
	Terminal Pseudonym
	KeyEpoch int32
	KeyID    [8]byte
	Sealed   []byte
	SealedAt Micros
}
