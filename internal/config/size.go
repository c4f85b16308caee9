package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes, written with its unit: 8MiB, 512KiB, 100B.
type Size int64

// The units of a Size.
const (
	B   Size = 1
	KiB      = 1024 * B
	MiB      = 1024 * KiB
	GiB      = 1024 * MiB
)

// units from the largest, so that a size is printed with the largest that fits.
var units = []struct {
	name string
	size Size
}{{"GiB", GiB}, {"MiB", MiB}, {"KiB", KiB}, {"B", B}}

// ParseSize reads a whole number with a unit.
func ParseSize(text string) (Size, error) {
	number, unit := splitUnit(text)
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0, &Error{Problem: fmt.Sprintf("%q is not a size", text), Remedy: "write a whole number and B, KiB, MiB or GiB"}
	}
	if unit == "" {
		return 0, &Error{Problem: text + " has no unit", Remedy: fmt.Sprintf("write %sB, or KiB, MiB, GiB", text)}
	}
	for _, u := range units {
		if u.name == unit {
			if n > math.MaxInt64/int64(u.size) {
				return 0, &Error{Problem: text + " is too large", Remedy: "write a smaller size"}
			}
			return Size(n) * u.size, nil
		}
	}
	return 0, &Error{Problem: fmt.Sprintf("%q has the unknown unit %q", text, unit), Remedy: "use B, KiB, MiB or GiB"}
}

// splitUnit cuts text behind its digits.
func splitUnit(text string) (number, unit string) {
	end := strings.LastIndexAny(text, "0123456789.") + 1
	return text[:end], strings.TrimSpace(text[end:])
}

// String is the size in the largest unit that divides it.
func (s Size) String() string {
	for _, u := range units {
		if s != 0 && s%u.size == 0 {
			return strconv.FormatInt(int64(s/u.size), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}

// UnmarshalText reads what String writes.
func (s *Size) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSize(string(text))
	return err
}

// MarshalText writes what UnmarshalText reads.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
