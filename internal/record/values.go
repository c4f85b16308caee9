package record

import (
	"encoding/hex"
	"fmt"
	"time"
)

// Micros is a point in time, or a length of time, in microseconds; points count
// from 1970-01-01 UTC (Avro timestamp-micros). Integers keep decisions exact.
type Micros int64

// Lengths of time in Micros.
const (
	Millisecond Micros = 1_000
	Second      Micros = 1_000_000
	Minute             = 60 * Second
	Hour               = 60 * Minute
	Day                = 24 * Hour
)

// MicrosOf returns the point in time t, cut to microseconds.
func MicrosOf(t time.Time) Micros { return Micros(t.UnixMicro()) }

// MicrosIn returns the length of time d, cut to microseconds.
func MicrosIn(d time.Duration) Micros { return Micros(d.Microseconds()) }

// Time returns the point in time m in UTC.
func (m Micros) Time() time.Time { return time.UnixMicro(int64(m)).UTC() }

// Duration returns the length of time m.
func (m Micros) Duration() time.Duration { return time.Duration(m) * time.Microsecond }

// timeLayout is RFC 3339 with exactly six decimals, the form of all plain JSON.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// String returns the point in time m as RFC 3339 UTC with microseconds.
func (m Micros) String() string { return m.Time().Format(timeLayout) }

// Floor returns the largest multiple of step that is not after m.
func (m Micros) Floor(step Micros) Micros {
	rest := m % step
	if rest < 0 {
		rest += step
	}
	return m - rest
}

// Pseudonym stands for one terminal during one key epoch: the first 128 bits of
// a keyed hash of its SUPI. It is the key of every topic behind the collector.
type Pseudonym [16]byte

// String returns the pseudonym in lower-case hex.
func (p Pseudonym) String() string { return hex.EncodeToString(p[:]) }

// IsZero reports whether p is absent.
func (p Pseudonym) IsZero() bool { return p == Pseudonym{} }

// ParsePseudonym reads 32 hex digits.
func ParsePseudonym(text string) (Pseudonym, error) {
	var p Pseudonym
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(p) {
		return p, fmt.Errorf("pseudonym: want 32 hex digits, have %d characters", len(text))
	}
	copy(p[:], raw)
	return p, nil
}

// ID names a verdict, a command or a decision: 128 bits of a hash of what it is
// about, so that the same decision has the same name in every run.
type ID [16]byte

// String returns the id in lower-case hex.
func (i ID) String() string { return hex.EncodeToString(i[:]) }

// IsZero reports whether i is absent.
func (i ID) IsZero() bool { return i == ID{} }

// Token is a keyed stand-in for a cell or for a pair of terminal and equipment
// (8 bytes); equal tokens mean equal originals within one key epoch.
type Token [8]byte

// String returns the token in lower-case hex.
func (t Token) String() string { return hex.EncodeToString(t[:]) }

// IsZero reports whether t is absent.
func (t Token) IsZero() bool { return t == Token{} }

// RemoteToken is a keyed stand-in for the address of another terminal.
type RemoteToken [16]byte

// String returns the token in lower-case hex.
func (t RemoteToken) String() string { return hex.EncodeToString(t[:]) }

// IsZero reports whether t is absent.
func (t RemoteToken) IsZero() bool { return t == RemoteToken{} }

// Digest names a configuration: the first 8 bytes of SHA-256 of its canonical
// text. Verdicts of different digests are not comparable.
type Digest [8]byte

// String returns the digest in lower-case hex.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Opt is a value that may be absent. The zero Opt is absent.
type Opt[T comparable] struct {
	Value T
	Set   bool
}

// Some returns a present value.
func Some[T comparable](value T) Opt[T] { return Opt[T]{Value: value, Set: true} }

// Or returns the value, or fallback where it is absent.
func (o Opt[T]) Or(fallback T) T {
	if o.Set {
		return o.Value
	}
	return fallback
}
