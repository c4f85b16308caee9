package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// parseDuration reads a duration with its unit: all of time.ParseDuration, and
// whole days (30d), in which key epochs and retentions are counted. A number
// alone is refused: read as nanoseconds, "lateness: 20" would drop every record.
func parseDuration(text string) (time.Duration, *Error) {
	if number, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseInt(number, 10, 32); err == nil && n >= 0 && time.Duration(n) <= maxDuration/day {
			return time.Duration(n) * day, nil
		}
	}
	if number, unit := splitUnit(text); unit == "" && number != "" && text != "0" {
		return 0, &Error{Problem: text + " has no unit", Remedy: fmt.Sprintf("write %ss", text)}
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, &Error{Problem: fmt.Sprintf("%q is not a duration", text), Remedy: "write a number and ms, s, m, h or d, such as 20s"}
	}
	if d < 0 {
		return 0, &Error{Problem: text + " is negative", Remedy: "write a duration of 0s or more"}
	}
	return d, nil
}

const maxDuration = time.Duration(1<<63 - 1)

// FormatDuration writes what parseDuration reads, without idle zeros: 10m, 30d.
func FormatDuration(d time.Duration) string {
	if d > 0 && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
