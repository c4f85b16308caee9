package program

import (
	"errors"
	"strings"
	"testing"

	"cordon/internal/config"
	"cordon/internal/logging"
	"cordon/internal/stream/kafka"
)

// A broker's text may carry what a client sent it; a log line may not.
func TestNoticesNameNobody(t *testing.T) {
	var out strings.Builder
	tell := teller(logging.New(logging.Settings{Program: "collector"}, &out))
	tell(kafka.Notice{Text: "restored", Partition: 3})
	tell(kafka.Notice{Text: "waiting", Partition: -1, Warning: true, Err: errors.New("refused: imsi-001010000000001")})
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines, want 2:\n%s", len(lines), out.String())
	}
	for i, want := range [][]string{
		{`"level":"info"`, `"partition":3`, `"message":"restored"`},
		{`"level":"warn"`, `"message":"waiting"`, `"error":"refused: [redacted]"`},
	} {
		for _, w := range want {
			if !strings.Contains(lines[i], w) {
				t.Errorf("%s is not in %s", w, lines[i])
			}
		}
	}
	if strings.Contains(lines[1], "partition") || strings.Contains(out.String(), "001010000000001") {
		t.Errorf("a notice of the whole program names a partition, or a line a subscriber:\n%s", out.String())
	}
}

// A network that is down for hours repeats itself; the log does not.
func TestWarningsAreThinnedOut(t *testing.T) {
	var out strings.Builder
	tell := teller(logging.New(logging.Settings{Program: "collector"}, &out))
	for range 1000 {
		tell(kafka.Notice{Text: "fetch failed", Partition: 1, Warning: true})
	}
	if n := strings.Count(out.String(), "\n"); n != 20 {
		t.Errorf("%d lines of 1,000 warnings, want 20 a minute", n)
	}
}

func TestCautionIsLogged(t *testing.T) {
	for caution, want := range map[string]int{"": 0, "a DEV key": 1} {
		var out strings.Builder
		p := bellProgram()
		p.Caution = func(config.Program[bell]) string { return caution }
		p.caution(logging.New(logging.Settings{Program: "bell"}, &out), p.Defaults)
		if n := strings.Count(out.String(), `"level":"warn"`); n != want || !strings.Contains(out.String(), caution) {
			t.Errorf("caution %q: %d warnings, want %d:\n%s", caution, n, want, out.String())
		}
	}
	bellProgram().caution(nil, config.Program[bell]{}) // without one there is nothing to say
}
