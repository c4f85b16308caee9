package logging

import (
	"encoding/hex"
	"regexp"
	"time"

	"github.com/rs/zerolog"
)

// Field is one named value of a line. It can only be made by the constructors
// below: there is none for an arbitrary value, so that no record and no struct
// that holds an identity fits into one.
type Field struct {
	name   string
	kind   kind
	text   string
	number int64
}

type kind uint8

const (
	kindText kind = iota
	kindNumber
	kindTruth
)

// String is a text field; what looks like an identity in it is redacted.
func String(name, value string) Field {
	return Field{name: name, kind: kindText, text: redact(value)}
}

// Int is a whole number.
func Int[N ~int | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32](name string, value N) Field {
	return Field{name: name, kind: kindNumber, number: int64(value)}
}

// Bool is a truth value.
func Bool(name string, value bool) Field {
	f := Field{name: name, kind: kindTruth}
	if value {
		f.number = 1
	}
	return f
}

// Duration is written with its unit, such as "1.5s".
func Duration(name string, value time.Duration) Field {
	return Field{name: name, kind: kindText, text: value.String()}
}

// Err is the text of an error under "error"; what looks like an identity in it
// is redacted. Nil is written as "none".
func Err(err error) Field {
	if err == nil {
		return String("error", "none")
	}
	return String("error", err.Error())
}

// Topic is the name of a topic, under "topic".
func Topic(name string) Field { return String("topic", name) }

// Partition is the number of a partition, under "partition".
func Partition[N ~int | ~int32](number N) Field { return Int("partition", number) }

// Offset is a position in a partition, under "offset".
func Offset(offset int64) Field { return Int("offset", offset) }

// Terminal is the pseudonym of a terminal in hex, under "terminal". Nothing else
// names one in a log.
func Terminal(pseudonym [16]byte) Field {
	return Field{name: "terminal", kind: kindText, text: hex.EncodeToString(pseudonym[:])}
}

// fieldList adds fields to a zerolog event or context.
type fieldList []Field

// MarshalZerologObject implements zerolog.LogObjectMarshaler.
func (l fieldList) MarshalZerologObject(e *zerolog.Event) {
	for _, f := range l {
		switch f.kind {
		case kindNumber:
			e.Int64(f.name, f.number)
		case kindTruth:
			e.Bool(f.name, f.number == 1)
		default:
			e.Str(f.name, f.text)
		}
	}
}

// identity matches the string forms in which subscriber and equipment identities
// travel in 5G interfaces: Supi, Gpsi, Pei and Suci of TS 29.571 clause 5.3.2.
// It is the second line of defence: the first are the types of
// internal/identity, which print [redacted] by themselves. What breaks without
// it: an error text of a library that quotes its input.
var identity = regexp.MustCompile(`(?i)\b(imsi|nai|gci|gli|suci|msisdn|extid|imeisv|imei|mac|eui)-[^\s"',;)\]}]+`)

func redact(text string) string {
	return identity.ReplaceAllLiteralString(text, "[redacted]")
}
