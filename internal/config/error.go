package config

import (
	"errors"
	"fmt"
	"strings"

	"cordon/internal/failure"
)

// Error is one thing wrong with the configuration, in the user's words.
type Error struct {
	// File it stands in; for other sources "environment variable NAME" or "flag
	// --NAME"; empty when nobody set the key.
	File string
	// Line in the file, from 1; 0 where there is none.
	Line int
	// Key as the user writes it, such as kafka.tls.ca_file; empty when the whole
	// file is meant.
	Key string
	// Problem says what is wrong; never with the value of a secret.
	Problem string
	// Remedy says what to write instead; may be empty.
	Remedy string

	cause error
}

// Error is one line: where, which key, what is wrong, what to do.
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d", e.Line)
		}
		b.WriteString(": ")
	}
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	b.WriteString(e.Problem)
	if e.Remedy != "" {
		b.WriteString("; " + e.Remedy)
	}
	return b.String()
}

// Is makes every configuration error match failure.ErrUsage.
func (e *Error) Is(target error) bool { return target == failure.ErrUsage }

// Unwrap returns what caused it, if anything did.
func (e *Error) Unwrap() error { return e.cause }

// in returns e with key put in front of the place it names.
func (e *Error) in(key string) *Error {
	located := *e
	located.Key = key + e.Key
	return &located
}

// join makes one error of several; none of none.
func join(problems []*Error) error {
	var all []error
	for _, p := range problems {
		all = append(all, p)
	}
	if len(all) == 1 {
		return all[0] // so that it is an *Error itself
	}
	return errors.Join(all...)
}

// flatten lists what was joined by errors.Join.
func flatten(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, one := range joined.Unwrap() {
		all = append(all, flatten(one)...)
	}
	return all
}
