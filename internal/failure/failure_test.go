package failure_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"cordon/internal/failure"
)

func TestKindsSurviveWrappingAndKeepTheText(t *testing.T) {
	cut := fmt.Errorf("flow record: %w", io.ErrUnexpectedEOF)
	for _, c := range []struct {
		name      string
		err       error
		permanent bool
		usage     bool
		rejected  bool
		missed    bool
	}{
		{"plain", cut, false, false, false, false},
		{"permanent", failure.Permanent(cut), true, false, false, false},
		{"usage", failure.Usage(cut), false, true, false, false},
		{"rejected input", failure.RejectedInput(cut), false, false, true, false},
		{"gate missed", failure.GateMissed(cut), false, false, false, true},
		{"two kinds", failure.Usage(failure.Permanent(cut)), true, true, false, false},
	} {
		wrapped := fmt.Errorf("telemetry.raw 3 at 17: %w", c.err)
		if got := failure.IsPermanent(wrapped); got != c.permanent {
			t.Errorf("%s: IsPermanent = %v, want %v", c.name, got, c.permanent)
		}
		if got := errors.Is(wrapped, failure.ErrUsage); got != c.usage {
			t.Errorf("%s: is ErrUsage = %v, want %v", c.name, got, c.usage)
		}
		if got := errors.Is(wrapped, failure.ErrRejectedInput); got != c.rejected {
			t.Errorf("%s: is ErrRejectedInput = %v, want %v", c.name, got, c.rejected)
		}
		if got := errors.Is(wrapped, failure.ErrGateMissed); got != c.missed {
			t.Errorf("%s: is ErrGateMissed = %v, want %v", c.name, got, c.missed)
		}
		if !errors.Is(wrapped, io.ErrUnexpectedEOF) {
			t.Errorf("%s: the cause is lost in %v", c.name, wrapped)
		}
		if c.err.Error() != cut.Error() {
			t.Errorf("%s: text %q, want %q", c.name, c.err, cut)
		}
	}
}

func TestNoErrorStaysNone(t *testing.T) {
	for name, err := range map[string]error{
		"Permanent":     failure.Permanent(nil),
		"Usage":         failure.Usage(nil),
		"RejectedInput": failure.RejectedInput(nil),
		"GateMissed":    failure.GateMissed(nil),
	} {
		if err != nil {
			t.Errorf("%s(nil) = %v, want nil", name, err)
		}
	}
	if failure.IsPermanent(nil) {
		t.Error("IsPermanent(nil) = true, want false")
	}
}

func ExampleUnreachable() {
	err := error(&failure.Unreachable{
		System:  "Kafka",
		Address: "127.0.0.1:9092",
		Remedy:  "start it or set kafka.brokers",
		Err:     errors.New("connection refused"),
	})
	fmt.Println(err)
	// Output: Kafka at 127.0.0.1:9092 is not reachable: connection refused; start it or set kafka.brokers
}
