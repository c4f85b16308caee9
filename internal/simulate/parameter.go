package simulate

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"cordon/internal/record"
)

// Pause is a time between two events, in µs: a length of time with its unit, such
// as 15m or 2d, or never. Its zero value is none.
type Pause record.Micros

// Never is the pause of what does not happen.
const Never Pause = -1

// UnmarshalText reads a pause.
func (p *Pause) UnmarshalText(text []byte) error {
	if string(text) == "never" {
		*p = Never
		return nil
	}
	t, err := parseTime(string(text))
	if err != nil {
		return fmt.Errorf("%w, or never", err)
	}
	*p = Pause(t)
	return nil
}

// String is what UnmarshalText reads; empty for none.
func (p Pause) String() string {
	switch p {
	case 0:
		return ""
	case Never:
		return "never"
	}
	return timeText(record.Micros(p))
}

// Length is a range of times, in µs, both ends included: 24h..96h, or one length,
// 30s. Its zero value is none.
type Length struct{ From, To record.Micros }

// UnmarshalText reads a range of times.
func (l *Length) UnmarshalText(text []byte) error {
	from, to := bothEnds(string(text))
	var errs [2]error
	l.From, errs[0] = parseTime(from)
	l.To, errs[1] = parseTime(to)
	if err := errors.Join(errs[:]...); err != nil {
		return errors.New("want a length of time with its unit, or two such as 24h..96h")
	}
	return ordered(int64(l.From), int64(l.To))
}

// String is what UnmarshalText reads; empty for none.
func (l Length) String() string {
	if l == (Length{}) {
		return ""
	}
	if l.From == l.To {
		return timeText(l.From)
	}
	return timeText(l.From) + between + timeText(l.To)
}

// Bytes is a range of amounts, in bytes, both ends included: 900..3200, or one
// amount, 48. Its zero value is none.
type Bytes struct{ From, To int64 }

// UnmarshalText reads a range of amounts.
func (b *Bytes) UnmarshalText(text []byte) error {
	from, to := bothEnds(string(text))
	var errs [2]error
	b.From, errs[0] = strconv.ParseInt(from, 10, 64)
	b.To, errs[1] = strconv.ParseInt(to, 10, 64)
	if errors.Join(errs[:]...) != nil {
		return errors.New("want a number of bytes, or two such as 900..3200")
	}
	return ordered(b.From, b.To)
}

// String is what UnmarshalText reads; empty for none.
func (b Bytes) String() string {
	if b == (Bytes{}) {
		return ""
	}
	if b.From == b.To {
		return strconv.FormatInt(b.From, 10)
	}
	return fmt.Sprintf("%d%s%d", b.From, between, b.To)
}

// between stands between the ends of a range.
const between = ".."

// bothEnds returns both ends of a range; of one value it is both.
func bothEnds(text string) (from, to string) {
	from, to, two := strings.Cut(text, between)
	if !two {
		to = from
	}
	return strings.TrimSpace(from), strings.TrimSpace(to)
}

func ordered(from, to int64) error {
	if from > to {
		return errors.New("want the lower end first")
	}
	return nil
}

// longest is the longest time a parameter may have, far above every bound.
const longest = 1000 * record.Day

// parseTime reads a length of time with its unit, days too.
func parseTime(text string) (record.Micros, error) {
	number, days := strings.CutSuffix(text, "d")
	if days {
		text = number + "h"
	}
	d, err := time.ParseDuration(text)
	t := record.MicrosIn(d)
	if days {
		t = min(t, longest) * 24
	}
	if err != nil || t < 0 || t > longest {
		return 0, errors.New("want a length of time with its unit, such as 30s, 15m or 2d")
	}
	return t, nil
}

// timeText writes what parseTime reads, without idle zeros.
func timeText(t record.Micros) string {
	if t > 0 && t%record.Day == 0 {
		return strconv.FormatInt(int64(t/record.Day), 10) + "d"
	}
	text := t.Duration().String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// Hours is when in a day something happens, in UTC: machines, shops, people, or
// hours such as 06-22, of which the second is not in it. Empty: none.
type Hours string

// shapes are the days that have a name.
var shapes = map[Hours]*[24]int64{"machines": &roundTheClock, "shops": &openingHours, "people": &wakingHours}

// idle is how busy hours outside a range are, per cent of the mean.
const idle = 5

// UnmarshalText reads a name or a range of hours.
func (h *Hours) UnmarshalText(text []byte) error {
	*h = Hours(text)
	if h.day() == nil {
		return errors.New("want machines, shops, people, or hours such as 06-22")
	}
	return nil
}

// day returns how busy each hour is; nil: the text is none.
func (h Hours) day() *[24]int64 {
	if day := shapes[h]; day != nil {
		return day
	}
	first, last, two := strings.Cut(string(h), "-")
	from, err := strconv.Atoi(first)
	to, err2 := strconv.Atoi(last)
	if !two || err != nil || err2 != nil || from < 0 || from > 23 || to < 0 || to > 24 || from == to%24 {
		return nil
	}
	length := (to - from + 24) % 24
	var day [24]int64
	for i := range day {
		day[i] = idle
		if (i-from+24)%24 < length {
			day[i] = (2400 - idle*int64(24-length)) / int64(length)
		}
	}
	return &day
}
