package record

import "cordon/internal/record/codec"

// Errors of decoding, all permanent; see package codec.
var (
	ErrUnknownSchema  = codec.ErrUnknownSchema
	ErrUndecodable    = codec.ErrUndecodable
	ErrUnknownPayload = codec.ErrUnknownPayload
	ErrUnsupported    = codec.ErrUnsupported
)

// KeyError says which key of a plain JSON record could not be used, and why.
type KeyError = codec.KeyError

// Reasons within a KeyError.
var (
	ErrUnknownKey = codec.ErrUnknownKey
	ErrWrongValue = codec.ErrWrongValue
	ErrNoPayload  = codec.ErrNoPayload
	ErrPayloads   = codec.ErrPayloads
	ErrNotObject  = codec.ErrNotObject
)

// records are all records of this package that travel on a topic by themselves.
var records = codec.NewSet(map[string]any{
	telemetryName:      PseudonymisedTelemetry{},
	"SourceClock":      SourceClock{},
	"ProfileChange":    ProfileChange{},
	"DecisionChange":   DecisionChange{},
	"SettingChange":    SettingChange{},
	"SealedDataKey":    SealedDataKey{},
	"SealedIdentity":   SealedIdentity{},
	"Verdict":          Verdict{},
	"Progress":         Progress{},
	"EarlyWarning":     EarlyWarning{},
	"NetworkVerdict":   NetworkVerdict{},
	"IsolationCommand": IsolationCommand{},
	"CommandAck":       CommandAck{},
	"OperatorDecision": OperatorDecision{},
	"AuditEvent":       AuditEvent{},
	"DeadLetter":       DeadLetter{},
})

// Append appends the single-object encoding of the record rec points to.
// PseudonymisedTelemetry takes its straight-line codec.
func Append(dst []byte, rec any) ([]byte, error) {
	if t, ok := rec.(*PseudonymisedTelemetry); ok && t != nil {
		return AppendTelemetry(dst, t), nil
	}
	return records.Append(dst, rec)
}

// Decode returns a pointer to the record that the fingerprint of b names. The
// record shares no memory with b.
func Decode(b []byte) (any, error) { return new(Decoder).Decode(b) }

// DecodeInto fills the record rec points to; a record of another name is
// ErrUnknownSchema. The record shares no memory with b.
func DecodeInto(b []byte, rec any) error { return new(Decoder).DecodeInto(b, rec) }

// NameOf returns the name of the record that b holds, "Verdict", by the
// fingerprint alone; empty where it is not known.
func NameOf(b []byte) string { return nameOf(b, nil) }

// AppendJSON appends the record rec points to as plain JSON: one line, without
// a newline, fields in the order of the schema, absent ones left out.
func AppendJSON(dst []byte, rec any) ([]byte, error) { return records.AppendJSON(dst, rec) }

// ParseJSON fills the record rec points to from plain JSON. Absent fields take
// their defaults, times may be integers (microseconds since 1970), symbols it
// does not know become UNKNOWN; a key it does not know is a *KeyError, as is
// every other fault of the text.
func ParseJSON(text []byte, rec any) error { return records.ParseJSON(text, rec) }
