// Package identity holds subscriber and equipment identities as types that
// cannot be printed by mistake: String, GoString, Format and every marshaller
// give "[redacted]".
//
// What it promises: a value exists only in canonical form, so equal subscribers
// compare equal and hash equal; no error of this package contains input.
//
// What it does not: it keeps no key and makes no pseudonym (collector/pseudonym
// does). A struct that holds an identity in an unexported field is printed by
// fmt without asking the identity: such a struct must not be printed.
package identity

import (
	"errors"
	"fmt"
	"strings"
)

// Errors say which form was not met, never what was found instead.
var (
	ErrSUPI = errors.New("supi of no accepted form")
	ErrGPSI = errors.New("gpsi of no accepted form")
	ErrPEI  = errors.New("pei of no accepted form")
)

// maxLength bounds every identity: a network access identifier has at most 253
// octets (TS 23.003 clause 28.7.2, RFC 7542 clause 2.2), and the longest prefix
// is "msisdn-".
const maxLength = 260

// redacted is what every identity looks like to whoever prints it.
const redacted = "[redacted]"

// SUPI is a subscription permanent identifier in canonical form: a lower-case
// prefix, digits for an IMSI, a lower-case realm for the others. The zero SUPI
// is absent.
type SUPI struct{ text string }

// GPSI is a generic public subscription identifier: msisdn-… or extid-….
type GPSI struct{ text string }

// PEI is a permanent equipment identifier: imei-…, imeisv-…, mac-… or eui-….
type PEI struct{ text string }

// Reveal returns the canonical text. Its uses are the places to review: what it
// returns must end in a keyed hash or in sealed state.
func (s SUPI) Reveal() string { return s.text }

// IsZero reports whether s is absent.
func (s SUPI) IsZero() bool { return s.text == "" }

// Clone returns s with memory of its own: a parsed SUPI aliases its input.
func (s SUPI) Clone() SUPI { return SUPI{strings.Clone(s.text)} }

// Reveal returns the canonical text, see SUPI.Reveal.
func (g GPSI) Reveal() string { return g.text }

// IsZero reports whether g is absent.
func (g GPSI) IsZero() bool { return g.text == "" }

// Reveal returns the canonical text, see SUPI.Reveal.
func (p PEI) Reveal() string { return p.text }

// IsZero reports whether p is absent.
func (p PEI) IsZero() bool { return p.text == "" }

// String, GoString, Format, MarshalText and MarshalJSON hide the identity from
// fmt with any verb, from encoding/json and from loggers.

func (SUPI) String() string               { return redacted }
func (SUPI) GoString() string             { return redacted }
func (SUPI) Format(f fmt.State, _ rune)   { writeRedacted(f) }
func (SUPI) MarshalText() ([]byte, error) { return []byte(redacted), nil }
func (SUPI) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

func (GPSI) String() string               { return redacted }
func (GPSI) GoString() string             { return redacted }
func (GPSI) Format(f fmt.State, _ rune)   { writeRedacted(f) }
func (GPSI) MarshalText() ([]byte, error) { return []byte(redacted), nil }
func (GPSI) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

func (PEI) String() string               { return redacted }
func (PEI) GoString() string             { return redacted }
func (PEI) Format(f fmt.State, _ rune)   { writeRedacted(f) }
func (PEI) MarshalText() ([]byte, error) { return []byte(redacted), nil }
func (PEI) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// writeRedacted cannot report an error: fmt ignores one of a Formatter as well.
func writeRedacted(f fmt.State) { _, _ = f.Write([]byte(redacted)) }
