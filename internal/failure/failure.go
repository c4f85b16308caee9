// Package failure names the kinds of error that decide what a program does
// next: try again, give a record up, or end with a certain exit code.
//
// What it promises: a kind is found by type or sentinel through any wrapping
// (errors.Is, errors.As), never by text. An error that carries no kind is
// retryable where somebody can retry it and means exit code 1 where nobody can:
// giving up has to be said, trying again has not.
//
// What it does not: it holds no policy (back-off, dead letters and exit codes
// belong to internal/stream and internal/service) and no other error of Cordon.
package failure

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrUsage is matched by every error that the user removes by changing a
	// flag, an argument or the configuration (exit code 2).
	ErrUsage = errors.New("wrong usage or configuration")
	// ErrRejectedInput is matched when the work was done but some of its input
	// was refused (exit code 4).
	ErrRejectedInput = errors.New("some input was rejected")
	// ErrGateMissed is matched when the work was done and its result is worse
	// than was asked for (exit code 5).
	ErrGateMissed = errors.New("a gate was missed")

	errPermanent = errors.New("permanent")
)

// Permanent marks an error of one record that comes again at every try: the
// record goes to the dead letters, is counted, and the task goes on. It keeps
// the text of err; nil stays nil.
func Permanent(err error) error { return mark(err, errPermanent) }

// IsPermanent reports whether err, or an error it wraps, was marked by
// Permanent. What is not permanent is tried again.
func IsPermanent(err error) bool { return errors.Is(err, errPermanent) }

// Usage marks an error that a changed flag, argument or configuration removes.
// It keeps the text of err; nil stays nil.
func Usage(err error) error { return mark(err, ErrUsage) }

// RejectedInput marks the report of refused input at the end of work that was
// done. It keeps the text of err; nil stays nil.
func RejectedInput(err error) error { return mark(err, ErrRejectedInput) }

// GateMissed marks the report of a result that is worse than was asked for. It
// keeps the text of err; nil stays nil.
func GateMissed(err error) error { return mark(err, ErrGateMissed) }

// Unreachable says that a system Cordon needs does not answer, or refuses the
// connection (exit code 3).
type Unreachable struct {
	// System in the user's words: "Kafka", "schema registry".
	System string
	// Address that was tried, several joined by commas; empty where there is none.
	Address string
	// Remedy is what to look at or change, with the name of the key or flag.
	Remedy string
	// Err is what the last try ended with.
	Err error
}

// Error is one line: what, where, why, and what to do.
func (u *Unreachable) Error() string {
	var b strings.Builder
	b.WriteString(u.System)
	if u.Address != "" {
		b.WriteString(" at " + u.Address)
	}
	b.WriteString(" is not reachable")
	if u.Err != nil {
		fmt.Fprintf(&b, ": %v", u.Err)
	}
	if u.Remedy != "" {
		b.WriteString("; " + u.Remedy)
	}
	return b.String()
}

// Unwrap returns what the last try ended with.
func (u *Unreachable) Unwrap() error { return u.Err }

// marked adds a kind to an error without touching its text.
type marked struct{ err, kind error }

func mark(err, kind error) error {
	if err == nil {
		return nil
	}
	return &marked{err, kind}
}

func (m *marked) Error() string   { return m.err.Error() }
func (m *marked) Unwrap() []error { return []error{m.err, m.kind} }
