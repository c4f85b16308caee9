package raw

import (
	"bytes"

	"cordon/internal/record"
	"cordon/internal/record/codec"
	"cordon/schemas"
)

// Name of the record of Telemetry's schema.
const telemetryName = "TerminalTelemetry"

var (
	telemetrySchema = schemas.Newest(telemetryName)
	telemetryHeader = telemetrySchema.Header()
)

// records are the records of this package.
var records = codec.NewSet(map[string]any{
	telemetryName:       Telemetry{},
	"ExpectedBehaviour": ExpectedBehaviour{},
	"Setting":           Setting{},
})

// Append appends the single-object encoding of the record rec points to.
// Telemetry takes its straight-line codec.
func Append(dst []byte, rec any) ([]byte, error) {
	if t, ok := rec.(*Telemetry); ok && t != nil {
		return AppendTelemetry(dst, t), nil
	}
	return records.Append(dst, rec)
}

// Decode returns a pointer to the record that the fingerprint of b names. The
// record shares no memory with b. Errors are those of package record.
func Decode(b []byte) (any, error) {
	rec := records.New(record.NameOf(b))
	if rec == nil {
		return nil, record.ErrUnknownSchema
	}
	if err := DecodeInto(b, rec); err != nil {
		return nil, err
	}
	return rec, nil
}

// DecodeInto fills the record rec points to; a record of another name is
// ErrUnknownSchema. The record shares no memory with b.
func DecodeInto(b []byte, rec any) error { return new(Decoder).decodeInto(b, rec) }

// AppendJSON appends the record rec points to as plain JSON: one line, without
// a newline, fields in the order of the schema, absent ones left out.
func AppendJSON(dst []byte, rec any) ([]byte, error) { return records.AppendJSON(dst, rec) }

// ParseJSON fills the record rec points to from plain JSON, as liberal as
// record.ParseJSON.
func ParseJSON(line []byte, rec any) error { return records.ParseJSON(line, rec) }

// Decoder decodes records by the fingerprint of their header. The zero Decoder
// is ready; it is for one goroutine.
type Decoder struct {
	// Schemas are the writers' schemas it knows; nil: those this program is
	// built with.
	Schemas *schemas.Registry

	resolver codec.Resolver
}

// SlowDecodes returns how many records were written with another version of
// their schema and had to be rewritten first.
func (d *Decoder) SlowDecodes() uint64 { return d.resolver.Rewritten() }

// Decode fills t from a single-object encoded record. Strings of t alias b, or
// memory of their own: clone what outlives b. On error t is left half filled.
//
// Errors are record.ErrUnknownSchema, ErrUndecodable and ErrUnknownPayload.
func (d *Decoder) Decode(b []byte, t *Telemetry) error {
	if len(b) >= len(telemetryHeader) && string(b[:len(telemetryHeader)]) == string(telemetryHeader[:]) {
		return readTelemetry(b[len(telemetryHeader):], t)
	}
	body, err := d.resolver.Body(d.Schemas, b, telemetrySchema)
	if err != nil {
		return err
	}
	return readTelemetry(body, t)
}

func (d *Decoder) decodeInto(b []byte, rec any) error {
	if t, ok := rec.(*Telemetry); ok && t != nil {
		return d.Decode(bytes.Clone(b), t)
	}
	schema, err := records.Schema(rec)
	if err != nil {
		return err
	}
	body, err := d.resolver.Body(d.Schemas, b, schema)
	if err != nil {
		return err
	}
	return records.Decode(body, rec)
}
