package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"cordon/internal/record"
	"cordon/internal/service"
	"cordon/internal/stream"
)

// lines is an output that ends a run once it holds enough lines.
type lines struct {
	mu     sync.Mutex
	text   bytes.Buffer
	wanted int
	enough context.CancelFunc
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := l.text.Write(b)
	if bytes.Count(l.text.Bytes(), []byte("\n")) >= l.wanted {
		l.enough()
	}
	return n, err
}

// follow runs tail until it has printed so many lines, as if interrupted then.
func follow(t *testing.T, wanted int, args ...string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out := &lines{wanted: wanted, enough: cancel}
	var told bytes.Buffer
	c := root()
	c.SetOut(out)
	c.SetErr(&told)
	c.SetArgs(append([]string{"tail"}, args...))
	if code := service.Fail(&told, "cordonctl", execute(ctx, c)); code != 0 {
		t.Errorf("tail %q: exit code %d, want 0; it told %s", args, code, told.String())
	}
	return strings.Split(strings.TrimSpace(out.text.String()), "\n")
}

func TestTail(t *testing.T) {
	at := deployed(t)
	create(t, at, "2")
	one, other := verdicts()[0], verdicts()[1]
	other.Terminal = record.Pseudonym{0x4f}
	letter := record.DeadLetter{Reason: record.DeadUndecodable}
	appendTo(t, at,
		encoded(t, stream.Verdicts, 0, one.Terminal[:], &one), encoded(t, stream.Verdicts, 1, other.Terminal[:], &other),
		encoded(t, stream.DeadLetters, 1, []byte("x"), &letter))

	got := follow(t, 3, append([]string{"--all", "verdicts", "deadletter"}, at...)...)
	for _, line := range got {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %q", line)
		}
	}
	if len(got) != 3 || !strings.Contains(strings.Join(got, "\n"), "UNDECODABLE") {
		t.Errorf("got %q, want two verdicts and the dead letter", got)
	}
	got = follow(t, 1, append([]string{"--all", "--terminal", other.Terminal.String()[:3], "verdicts"}, at...)...)
	if len(got) != 1 || !strings.Contains(got[0], `"terminal":"4f`) {
		t.Errorf("got %q, want the verdict of the other terminal", got)
	}
}

func TestTailRefuses(t *testing.T) {
	at := deployed(t)
	create(t, at, "1")
	run(t, append([]string{"tail", "verdicts", "verdikts"}, at...)...).expect(t, 2, "verdikts")
	run(t, append([]string{"tail", "telemetry.raw"}, at...)...).expect(t, 2, "telemetry.raw", "subscribers")
	run(t, append([]string{"tail", "scorer.state"}, at...)...).expect(t, 2, "scorer.state")
}
