// Package logging writes structured log lines that cannot name a subscriber.
//
// What it is: a narrow front of zerolog, the only package that imports it. A
// line has time, level, program, message and typed fields; JSON for machines,
// or text for a terminal.
//
// What it promises: one line is one write, so that lines of several goroutines
// do not mix; a Logger is safe for concurrent use. There is no field that takes
// any value, so a record cannot be logged by accident, and text that looks like
// a subscriber or equipment identity is replaced by [redacted] before it is
// written. A terminal is named by its pseudonym.
//
// What it does not: it does not replace care. An identity in a form TS 23.003
// does not know, such as a bare number, is not recognised. Nothing is logged per
// record; a warning that can repeat goes through Sampled.
package logging

import (
	"io"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// timeLayout is RFC 3339 in UTC with microseconds, as in all output of Cordon.
const timeLayout = "2006-01-02T15:04:05.000000Z07:00"

// Settings of a Logger.
type Settings struct {
	// Level below which nothing is written: debug, info, warn or error. Anything
	// else counts as info; the configuration refuses it before.
	Level string
	// Format is "text" for people; anything else is JSON, one object per line.
	Format string
	// Program is written in every line, such as "collector".
	Program string
}

// Logger writes lines of one program. The zero value and nil write nothing.
type Logger struct {
	out   *zerolog.Logger
	limit *limit
}

// New returns a Logger that writes to w.
func New(s Settings, w io.Writer) *Logger {
	if s.Format == "text" {
		w = zerolog.ConsoleWriter{Out: w, NoColor: true, TimeFormat: timeLayout, TimeLocation: time.UTC}
	}
	out := zerolog.New(zerolog.SyncWriter(w)).Level(levelOf(s.Level)).With().Str("program", s.Program).Logger()
	return &Logger{out: &out}
}

func levelOf(name string) zerolog.Level {
	switch name {
	case "debug":
		return zerolog.DebugLevel
	case "warn":
		return zerolog.WarnLevel
	case "error":
		return zerolog.ErrorLevel
	default:
		return zerolog.InfoLevel
	}
}

// With returns a Logger that adds fields to every line.
func (l *Logger) With(fields ...Field) *Logger {
	if l == nil || l.out == nil {
		return l
	}
	out := l.out.With().EmbedObject(fieldList(fields)).Logger()
	return &Logger{out: &out, limit: l.limit}
}

// Sampled returns a Logger for one place that may repeat itself: at most burst
// lines in every period, counted from its first line. The first line of the next
// period says in "suppressed" how many were left out. Make it once per place and
// keep it; the limit is shared by all Loggers derived from it.
func (l *Logger) Sampled(burst int, every time.Duration) *Logger {
	if l == nil || l.out == nil {
		return l
	}
	return &Logger{out: l.out, limit: &limit{burst: burst, every: every}}
}

// Debug writes what only a developer wants to see.
func (l *Logger) Debug(message string, fields ...Field) { l.write(zerolog.DebugLevel, message, fields) }

// Info writes what happened as intended: starts, assignments, ends.
func (l *Logger) Info(message string, fields ...Field) { l.write(zerolog.InfoLevel, message, fields) }

// Warn writes what the program copes with but an operator should know.
func (l *Logger) Warn(message string, fields ...Field) { l.write(zerolog.WarnLevel, message, fields) }

// Error writes what the program does not cope with by itself.
func (l *Logger) Error(message string, fields ...Field) { l.write(zerolog.ErrorLevel, message, fields) }

func (l *Logger) write(level zerolog.Level, message string, fields []Field) {
	if l == nil || l.out == nil || level < l.out.GetLevel() {
		return
	}
	now := time.Now().UTC()
	suppressed, ok := l.limit.allow(now)
	if !ok {
		return
	}
	event := l.out.WithLevel(level).Str("time", now.Format(timeLayout)).EmbedObject(fieldList(fields))
	if suppressed > 0 {
		event.Int64("suppressed", suppressed)
	}
	event.Msg(redact(message))
}

// limit bounds the lines of one place. A nil limit allows everything.
type limit struct {
	burst int
	every time.Duration

	mu         sync.Mutex
	begin      time.Time // of the current period
	written    int       // lines in the current period
	suppressed int64     // lines left out since the last one written
}

// allow reports whether a line may be written now and, with it, how many were
// left out before it.
func (l *limit) allow(now time.Time) (suppressed int64, ok bool) {
	if l == nil {
		return 0, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.begin) >= l.every {
		l.begin, l.written = now, 0
	}
	if l.written >= l.burst {
		l.suppressed++
		return 0, false
	}
	l.written++
	suppressed, l.suppressed = l.suppressed, 0
	return suppressed, true
}
