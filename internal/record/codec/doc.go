// Package codec maps Go structs to Avro binary and to plain JSON, driven by the
// schemas of package schemas: one mapping for every record, so that a field
// added to a schema and to its struct needs no further code.
//
// What it promises: a struct field belongs to the schema field of the same name
// (letter case aside, or by its avro tag); a value decoded from its own
// encoding equals the value encoded; decoding never panics, allocates no more
// than the input justifies, refuses what is cut short or too long, and no error
// holds content of a record. A Set may be used by many goroutines at once.
//
// What it does not: it validates no meaning, and it is not fast (some
// microseconds a record). The two records of the hot path have codecs of their
// own in internal/raw and internal/record.
//
// Conventions of the mapping. A field that may be null is an Opt-like struct
// {Value, Set}, or any other type whose zero value means absent. The value of
// an enum is one above the index of its symbol, and zero is the last symbol,
// UNKNOWN. A union of records is a field tagged avro:"payload" that tells which
// one, numbered from one, beside one field named like each.
package codec

import (
	"errors"
	"fmt"
)

// Errors of decoding. All are permanent: the same bytes fail the same way.
var (
	// ErrUnknownSchema refuses what has no single-object header, or the
	// fingerprint of no schema this program knows, or of another record.
	ErrUnknownSchema = errors.New("record: schema not known")
	// ErrUndecodable refuses what is not what its schema says: cut short, too
	// long, a number, symbol or length out of bounds, an address that has
	// neither 4 nor 16 bytes.
	ErrUndecodable = errors.New("record: not decodable")
	// ErrUnknownPayload refuses the payload of a newer writer.
	ErrUnknownPayload = errors.New("record: payload not known")
	// ErrUnsupported refuses a Go value that is not a pointer to a record of the set.
	ErrUnsupported = errors.New("record: not a pointer to a record")
)

// Errors of reading plain JSON, each within a KeyError.
var (
	ErrUnknownKey = errors.New("unknown key")
	ErrWrongValue = errors.New("value of the wrong type or out of bounds")
	ErrNoPayload  = errors.New("no payload")
	ErrPayloads   = errors.New("more than one payload")
	ErrNotObject  = errors.New("not a JSON object")
)

// KeyError says which key of a plain JSON record could not be used.
type KeyError struct {
	Key string // path of the key, "flow.protocol"; empty: the whole record
	Err error  // one of the errors above
}

// Error names the key, never its value.
func (e *KeyError) Error() string {
	if e.Key == "" {
		return fmt.Sprintf("json: %v", e.Err)
	}
	return fmt.Sprintf("json: key %q: %v", e.Key, e.Err)
}

// Unwrap returns the error of the key.
func (e *KeyError) Unwrap() error { return e.Err }

// at returns err as the error of a key one level further in.
func at(key string, err error) error {
	var inner *KeyError
	if !errors.As(err, &inner) {
		return &KeyError{Key: key, Err: err}
	}
	if key == "" {
		return err
	}
	if inner.Key != "" && inner.Key[0] != '[' {
		key += "."
	}
	return &KeyError{Key: key + inner.Key, Err: inner.Err}
}
