package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"cordon/internal/failure"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A run inside a bubble: its signals are sent by hand and its time is not real.
type run struct {
	signals chan os.Signal
	stderr  bytes.Buffer
	code    chan int
}

func start(main func(context.Context) error) *run {
	r := &run{signals: make(chan os.Signal, 2), code: make(chan int, 1)}
	o := Options{Program: "collector", Stderr: &r.stderr}
	go func() { r.code <- o.supervise(main, r.signals) }()
	return r
}

func (r *run) expect(t *testing.T, code int, stderr string) {
	t.Helper()
	if got := <-r.code; got != code {
		t.Errorf("exit code %d, want %d", got, code)
	}
	if got := r.stderr.String(); got != stderr {
		t.Errorf("standard error %q, want %q", got, stderr)
	}
}

func TestMainThatEndsByItselfDecidesTheCode(t *testing.T) {
	unreachable := &failure.Unreachable{System: "Kafka", Address: "k:1"}
	for _, c := range []struct {
		err    error
		code   int
		stderr string
	}{
		{nil, ExitDone, ""},
		{errors.New("disk full"), ExitFailed, "collector: disk full\n"},
		{failure.Usage(errors.New("log.level: unknown")), ExitUsage, "collector: log.level: unknown\n"},
		{fmt.Errorf("start: %w", unreachable), ExitUnreachable, "collector: start: Kafka at k:1 is not reachable\n"},
		{failure.RejectedInput(errors.New("3 of 9 records")), ExitRejectedInput, "collector: 3 of 9 records\n"},
		{failure.GateMissed(errors.New("scan.found>=0.98")), ExitGateMissed, "collector: scan.found>=0.98\n"},
		{errors.Join(errors.New("a"), errors.New("b")), ExitFailed, "collector: a\ncollector: b\n"},
		// Without a signal a context error is a failure like any other.
		{context.Canceled, ExitFailed, "collector: context canceled\n"},
	} {
		synctest.Test(t, func(t *testing.T) {
			start(func(context.Context) error { return c.err }).expect(t, c.code, c.stderr)
		})
	}
}

func TestFirstSignalCancelsAndWaits(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(context.Context) error
		code int
		text string
	}{
		{"clean", func(context.Context) error { return nil }, ExitDone, ""},
		{"context error", func(ctx context.Context) error { return fmt.Errorf("fetch: %w", ctx.Err()) }, ExitDone, ""},
		{"failed checkpoint", func(context.Context) error { return errors.New("checkpoint refused") }, ExitFailed, "collector: checkpoint refused\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(func(ctx context.Context) error {
					<-ctx.Done()
					time.Sleep(DefaultDeadline - time.Millisecond) // the last moment that is in time
					return c.end(ctx)
				})
				r.signals <- syscall.SIGTERM
				r.expect(t, c.code, c.text)
			})
		})
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		begin := time.Now()
		r := start(func(ctx context.Context) error { <-release; return nil })
		r.signals <- syscall.SIGTERM
		synctest.Wait()
		r.signals <- syscall.SIGINT
		r.expect(t, ExitFailed, "collector: second signal (interrupt) while stopping: ended at once\n")
		if took := time.Since(begin); took != 0 {
			t.Errorf("ended after %v, want at once", took)
		}
		close(release)
	})
}

func TestDeadlineEndsAStopThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		begin := time.Now()
		r := start(func(ctx context.Context) error { <-release; return nil })
		r.signals <- syscall.SIGTERM
		r.expect(t, ExitFailed, "collector: not stopped within 10s: ended at once\n")
		if took := time.Since(begin); took != DefaultDeadline {
			t.Errorf("ended after %v, want %v", took, DefaultDeadline)
		}
		close(release)
	})
}

// One pass with a real signal: that Run listens at all.
func TestRunHearsARealSignal(t *testing.T) {
	var stderr bytes.Buffer
	code := Run(func(ctx context.Context) error {
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	}, Options{Program: "collector", Stderr: &stderr})
	if code != ExitDone || stderr.Len() != 0 {
		t.Errorf("exit code %d, standard error %q; want 0 and nothing", code, stderr.String())
	}
}

func TestBuildOf(t *testing.T) {
	vcs := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"}}
	for _, c := range []struct {
		release string
		info    debug.BuildInfo
		want    string
	}{
		{"v1.2.3", debug.BuildInfo{GoVersion: "go1.26.8", Settings: vcs}, "v1.2.3 (0123456789ab, modified, go1.26.8)"},
		{"", debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "(devel)"}}, "dev (go1.26.8)"},
		{"", debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "v0.9.0"}}, "v0.9.0 (go1.26.8)"},
	} {
		if got := buildOf(c.release, &c.info).String(); got != c.want {
			t.Errorf("buildOf(%q, %v) = %q, want %q", c.release, c.info.Settings, got, c.want)
		}
	}
	if got := Version(); got.Version == "" || !strings.HasPrefix(got.Go, "go") {
		t.Errorf("Version() = %+v, want a version and a toolchain", got)
	}
}
