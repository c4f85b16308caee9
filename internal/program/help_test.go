package program

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"cordon/internal/config"
)

// bell is a program of its own keys, for tests.
type bell struct {
	Volume int64         `mapstructure:"volume" unit:"dB" range:"1..90" doc:"How loud it rings. Higher: it is heard further."`
	Pause  time.Duration `mapstructure:"pause" range:"1s..1m" doc:"Time between two strokes."`
	Tone   string        `mapstructure:"tone" oneof:"high low" doc:"Which bell rings."`
}

func bellProgram() Program[bell] {
	defaults := config.Default[bell]()
	defaults.Settings = bell{Volume: 60, Pause: 5 * time.Second, Tone: "low"}
	return Program[bell]{Name: "bell", About: "bell rings.", Defaults: defaults}
}

func TestHelpTeachesEveryKey(t *testing.T) {
	var out strings.Builder
	p := bellProgram()
	if err := p.help(&out); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	keys, err := config.Keys(p.Defaults)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if n := strings.Count(text, "\n  "+k.Name+" "); n != 1 {
			t.Errorf("key %s stands in the help %d times, want once", k.Name, n)
		}
	}
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > helpWidth {
			t.Errorf("%d characters, want at most %d: %s", n, helpWidth, line)
		}
	}
	own := `
What the bell does
  volume                       whole number of dB, 1..90; default 60
      How loud it rings. Higher: it is heard further.
  pause                        duration, 1s..1m; default 5s
      Time between two strokes.
  tone                         one of high, low; default low
      Which bell rings.

Connection to Kafka
  kafka.brokers `
	if !strings.Contains(text, own) {
		t.Errorf("the program's own keys do not come first, as\n%s\nin\n%s", own, text)
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"", 5, ""},
		{"one two three", 7, "one two|three"},
		{"one two three", 6, "one|two|three"},
		{"a longer-than-the-line b", 6, "a|longer-than-the-line|b"},
	} {
		if got := strings.Join(wrap(c.text, c.width), "|"); got != c.want {
			t.Errorf("wrap(%q, %d) = %s, want %s", c.text, c.width, got, c.want)
		}
	}
}
