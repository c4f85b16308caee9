// Package service is the life of a process: signals in, an exit code out.
//
// What it promises: the first SIGTERM or SIGINT cancels the context of the
// program, which then stops fetching, finishes, checkpoints and closes; a
// second one, or the deadline, ends the process at once. Every failure is told
// in clear lines on standard error, and the exit codes are those of the
// contract. Nothing here calls os.Exit: main does, with what Run returns.
//
// What it does not: it reads no configuration and knows no component. A program
// that is ended at once loses nothing that was promised: its state and its
// outputs are transactions, and an open one is aborted by the next owner.
package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"cordon/internal/failure"
)

// Exit codes: the contract of every program with scripts and supervisors.
const (
	ExitDone          = 0 // all went well
	ExitFailed        = 1 // failed, or did not stop in time
	ExitUsage         = 2 // wrong flag, argument or configuration; it is named
	ExitUnreachable   = 3 // a needed system is not reachable; it is named
	ExitRejectedInput = 4 // done, but some input was rejected
	ExitGateMissed    = 5 // done, but a gate of an evaluation was missed
)

// DefaultDeadline is how long a program may take to stop. Supervisors kill after
// 10 s (Docker) or 30 s (Kubernetes) by default; a stop that takes longer would
// be a kill -9 in any case.
const DefaultDeadline = 10 * time.Second

// Options of a run.
type Options struct {
	// Program is the name at the start of every error line, such as "collector".
	Program string
	// Deadline from the first signal to the forced end; 0 means DefaultDeadline.
	Deadline time.Duration
	// Stderr takes the error lines; nil means os.Stderr.
	Stderr io.Writer
}

// Run calls main and returns the exit code of the process. The context given to
// main ends with the first SIGTERM or SIGINT; main has to return within the
// deadline then, and its own context error counts as a clean end.
//
// When Run returns early (second signal, deadline), the goroutine of main is
// still running: the caller has to exit.
func Run(main func(context.Context) error, o Options) int {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(signals)
	return o.supervise(main, signals)
}

// supervise is Run with the signals as an argument.
func (o Options) supervise(main func(context.Context) error, signals <-chan os.Signal) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error, 1) // buffered: main may end after nobody waits for it
	go func() { done <- main(ctx) }()

	select {
	case err := <-done:
		return Fail(o.stderr(), o.Program, err)
	case <-signals:
		cancel()
	}
	deadline := time.NewTimer(o.deadline())
	defer deadline.Stop()
	select {
	case err := <-done:
		if errors.Is(err, context.Canceled) {
			return ExitDone
		}
		return Fail(o.stderr(), o.Program, err)
	case s := <-signals:
		return Fail(o.stderr(), o.Program, fmt.Errorf("second signal (%v) while stopping: ended at once", s))
	case <-deadline.C:
		return Fail(o.stderr(), o.Program, fmt.Errorf("not stopped within %v: ended at once", o.deadline()))
	}
}

func (o Options) deadline() time.Duration {
	if o.Deadline > 0 {
		return o.Deadline
	}
	return DefaultDeadline
}

func (o Options) stderr() io.Writer {
	if o.Stderr != nil {
		return o.Stderr
	}
	return os.Stderr
}

// Fail writes err to w, each of its lines behind the program's name, and returns
// the exit code it means. Without an error it writes nothing and returns
// ExitDone.
func Fail(w io.Writer, program string, err error) int {
	if err == nil {
		return ExitDone
	}
	for line := range strings.Lines(err.Error()) {
		// Standard error may be gone (a closed pipe); the exit code still tells.
		_, _ = fmt.Fprintf(w, "%s: %s\n", program, strings.TrimRight(line, "\r\n"))
	}
	return ExitCode(err)
}

// ExitCode returns the exit code err means.
func ExitCode(err error) int {
	var unreachable *failure.Unreachable
	switch {
	case err == nil:
		return ExitDone
	case errors.Is(err, failure.ErrUsage):
		return ExitUsage
	case errors.As(err, &unreachable):
		return ExitUnreachable
	case errors.Is(err, failure.ErrRejectedInput):
		return ExitRejectedInput
	case errors.Is(err, failure.ErrGateMissed):
		return ExitGateMissed
	default:
		return ExitFailed
	}
}
