package simulate

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
)

func TestParseAttack(t *testing.T) {
	for _, c := range []struct {
		text string
		want Attack
		err  string // part of the error
	}{
		{"scan:5@10m", Attack{"scan", "", 5, 10 * record.Minute}, ""},
		{"udp-flood:1@0s", Attack{"udp-flood", "", 1, 0}, ""},
		{"retry-loop:2@1h30m", Attack{"retry-loop", "", 2, 90 * record.Minute}, ""},
		{"scan/gateway:5@10m", Attack{"scan", "gateway", 5, 10 * record.Minute}, ""},
		{"scan/toaster:5@10m", Attack{"scan", "toaster", 5, 10 * record.Minute}, ""},
		{"scan/a toaster:5@10m", Attack{}, "meter, tracker"},
		{"scan/:5@10m", Attack{}, "meter, tracker"},
		{"", Attack{}, "KIND:COUNT@OFFSET"},
		{"scan", Attack{}, "KIND:COUNT@OFFSET"},
		{"scan:5", Attack{}, "KIND:COUNT@OFFSET"},
		{"scan@10m", Attack{}, "KIND:COUNT@OFFSET"},
		{"plague:5@10m", Attack{}, "scan, scan-slow, udp-flood, syn-flood, http-flood"},
		{"scan:many@10m", Attack{}, "count"},
		{"scan:0@10m", Attack{}, "count"},
		{"scan:-1@10m", Attack{}, "count"},
		{"scan:5@10", Attack{}, "unit"},
		{"scan:5@-1m", Attack{}, "offset"},
		{"scan:5@9999999h", Attack{}, "offset"},
		{"scan:5@soon", Attack{}, "offset"},
	} {
		got, err := ParseAttack(c.text)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("ParseAttack(%q) = %+v, %v; want %+v and an error with %q", c.text, got, err, c.want, c.err)
		}
	}
}

func TestAttackText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Attack{
			Kind:   rapid.SampledFrom(Kinds()).Draw(t, "kind"),
			Class:  rapid.SampledFrom(append(Classes(), "")).Draw(t, "class"),
			Count:  rapid.IntRange(1, maxTerminals).Draw(t, "count"),
			Offset: record.Micros(rapid.Int64Range(0, int64(maxDuration)-1).Draw(t, "offset")),
		}
		if got, err := ParseAttack(want.String()); err != nil || got != want {
			t.Fatalf("ParseAttack(%q) = %+v, %v; want %+v", want.String(), got, err, want)
		}
	})
}

func FuzzParseAttack(f *testing.F) {
	f.Add("scan:5@10m")
	f.Add("retry-loop:1@0s")
	f.Add("mining/gateway:1@1h")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAttack(text)
		if err != nil {
			return
		}
		if again, err := ParseAttack(a.String()); err != nil || again != a {
			t.Errorf("ParseAttack(%q) = %+v, but its text %q gives %+v, %v", text, a, a.String(), again, err)
		}
	})
}
