package record

import (
	"bytes"

	"cordon/internal/record/codec"
	"cordon/schemas"
)

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

// DecodeTelemetry fills t from a single-object encoded record. Strings of t
// alias b, or memory of their own: clone what outlives b. On error t is left
// half filled.
//
// Errors are ErrUnknownSchema, ErrUndecodable and ErrUnknownPayload.
func (d *Decoder) DecodeTelemetry(b []byte, t *PseudonymisedTelemetry) error {
	if len(b) >= len(telemetryHeader) && string(b[:len(telemetryHeader)]) == string(telemetryHeader[:]) {
		return readTelemetry(b[len(telemetryHeader):], t)
	}
	body, err := d.resolver.Body(d.Schemas, b, telemetrySchema)
	if err != nil {
		return err
	}
	return readTelemetry(body, t)
}

// Decode is the function Decode with the Decoder's schemas.
func (d *Decoder) Decode(b []byte) (any, error) {
	rec := records.New(nameOf(b, d.Schemas))
	if rec == nil {
		return nil, ErrUnknownSchema
	}
	if err := d.DecodeInto(b, rec); err != nil {
		return nil, err
	}
	return rec, nil
}

// DecodeInto is the function DecodeInto with the Decoder's schemas.
func (d *Decoder) DecodeInto(b []byte, rec any) error {
	if t, ok := rec.(*PseudonymisedTelemetry); ok && t != nil {
		return d.DecodeTelemetry(bytes.Clone(b), t)
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

func nameOf(b []byte, known *schemas.Registry) string {
	if schema := codec.KnownOr(known).Of(b); schema != nil {
		return schema.Name
	}
	return ""
}
