package scenario

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"cordon/internal/record"
)

// SyntaxError says what is wrong with a line of a file.
type SyntaxError struct {
	File    string
	Line    int
	Text    string // of the line
	Problem string
}

// Error names file and line, shows the line and says what it should be.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d: %s\n\t%s", e.File, e.Line, e.Problem, e.Text)
}

// line is a cursor over the words of one line. The first problem stays; what is
// read after it has no meaning.
type line struct {
	words   []string
	problem error
}

// newLine splits a line into words, without its comment.
func newLine(text string) *line {
	var words []string
	for _, w := range strings.Fields(text) {
		if strings.HasPrefix(w, "#") {
			break
		}
		words = append(words, w)
	}
	return &line{words: words}
}

func (l *line) failf(format string, args ...any) {
	if l.problem == nil {
		l.problem = fmt.Errorf(format, args...)
	}
}

// peek returns the next word, empty at the end of the line.
func (l *line) peek() string {
	if len(l.words) == 0 {
		return ""
	}
	return l.words[0]
}

func (l *line) done() bool { return len(l.words) == 0 || l.problem != nil }

// next takes a word; what names it in a problem.
func (l *line) next(what string) string {
	if len(l.words) == 0 {
		l.failf("%s is missing at the end of the line", what)
		return ""
	}
	w := l.words[0]
	l.words = l.words[1:]
	return w
}

// accept takes the next word if it is this one.
func (l *line) accept(word string) bool {
	if l.peek() != word || word == "" {
		return false
	}
	l.words = l.words[1:]
	return true
}

// expect takes the next word, which has to be this one.
func (l *line) expect(word string) {
	if w := l.next("the word " + word); w != word && l.problem == nil {
		l.failf("want %q, have %q", word, w)
	}
}

// units of a length of time, the longest suffix first.
var units = []struct {
	suffix string
	length record.Micros
}{
	{"ms", record.Millisecond}, {"s", record.Second}, {"m", record.Minute}, {"h", record.Hour}, {"d", record.Day},
}

// maxLength bounds a length of time and a point of a scenario.
const maxLength = 60 * record.Day

var errLength = errors.New("want a length of time such as 500ms, 10s, 5m, 2h or 1d")

// parseLength reads "10s".
func parseLength(text string) (record.Micros, error) {
	for _, u := range units {
		digits, ok := strings.CutSuffix(text, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 32)
		if err != nil || n < 0 || record.Micros(n) > maxLength/u.length {
			return 0, fmt.Errorf("%q: %w", text, errLength)
		}
		return record.Micros(n) * u.length, nil
	}
	return 0, fmt.Errorf("%q: %w", text, errLength)
}

// length takes a length of time.
func (l *line) length(what string) record.Micros {
	d, err := parseLength(l.next(what))
	if err != nil {
		l.failf("%s: %w", what, err)
	}
	return d
}

// parseClock reads "10:05:00", "10:05" or "10:05:00.250". Hours run on past 24:
// 34:00 is 10 o'clock on the second day.
func parseClock(text string) (record.Micros, error) {
	bad := fmt.Errorf("%q: want a time such as 10:05:00; 34:00:00 is 10 o'clock on the second day", text)
	parts := strings.Split(text, ":")
	if len(parts) != 2 && len(parts) != 3 {
		return 0, bad
	}
	total := record.Micros(0)
	for i, scale := range []record.Micros{record.Hour, record.Minute, record.Second}[:len(parts)] {
		whole, fraction, fine := strings.Cut(parts[i], ".")
		n, err := strconv.ParseUint(whole, 10, 16)
		if err != nil || i > 0 && n > 59 || fine && i != 2 {
			return 0, bad
		}
		total += record.Micros(n) * scale
		if fine {
			f, err := strconv.ParseUint((fraction + "000")[:max(3, len(fraction))], 10, 32)
			if err != nil || len(fraction) > 3 {
				return 0, bad
			}
			total += record.Micros(f) * record.Millisecond
		}
	}
	if total > maxLength {
		return 0, bad
	}
	return Midnight + total, nil
}

// clock takes a point in time.
func (l *line) clock(what string) record.Micros {
	at, err := parseClock(l.next(what))
	if err != nil {
		l.failf("%s: %w", what, err)
	}
	return at
}

// clockText writes a point in time as a file has it.
func clockText(at record.Micros) string {
	d := at - Midnight
	text := fmt.Sprintf("%02d:%02d:%02d", d/record.Hour, d%record.Hour/record.Minute, d%record.Minute/record.Second)
	if ms := d % record.Second / record.Millisecond; ms != 0 {
		text += fmt.Sprintf(".%03d", ms)
	}
	return text
}

// maxAmount bounds bytes and counts, as the collector does.
const maxAmount = 1 << 50

// parseAmount reads "1200", "4k", "30M" or "2G", in thousands.
func parseAmount(text string) (int64, error) {
	digits, scale := text, int64(1)
	for i, suffix := range []string{"k", "M", "G"} {
		if cut, ok := strings.CutSuffix(text, suffix); ok {
			digits = cut
			for range i + 1 {
				scale *= 1000
			}
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > maxAmount/scale {
		return 0, fmt.Errorf("%q: want a number such as 1200, 4k, 30M", text)
	}
	return n * scale, nil
}

// amount takes bytes or a count.
func (l *line) amount(what string) int64 {
	n, err := parseAmount(l.next(what))
	if err != nil {
		l.failf("%s: %w", what, err)
	}
	return n
}

// rate takes "10/s", "3/h" and returns the amount per unit and the unit.
func (l *line) rate(what string) (int64, record.Micros) {
	text := l.next(what)
	number, unit, found := strings.Cut(text, "/")
	n, err1 := parseAmount(number)
	per, err2 := parseLength("1" + unit)
	if err := errors.Join(err1, err2); err != nil || !found {
		l.failf("%s: %q: want a rate such as 10/s, 2k/s or 3/h", what, text)
		return 0, record.Second
	}
	return n, per
}

// hex takes bytes in hex digits.
func (l *line) hex(what string) []byte {
	b, err := hex.DecodeString(l.next(what))
	if err != nil {
		l.failf("%s: want hex digits", what)
	}
	return b
}
