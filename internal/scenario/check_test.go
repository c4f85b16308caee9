package scenario

import (
	"fmt"
	"strings"
	"testing"

	"cordon/internal/stream"
)

// short is a scenario of a second's work.
const short = `terminal cam-1 dnn iot
at 10:00 cam-1 scan tcp port 23 rate 10/s for 10s
`

func parse(t *testing.T, text string) *Scenario {
	t.Helper()
	s, err := Parse("short.txt", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestFailuresAreToldInWords: line, input, what came out and what was wanted.
func TestFailuresAreToldInWords(t *testing.T) {
	s := parse(t, short+"expect no verdict cam-1\nexpect 2 dead letter OVERSIZE\nexpect early cam-1\n")
	failures := run(t, s, s.Usual()).Check()
	if len(failures) != 2 {
		t.Fatalf("got %d failures, want 2: %v", len(failures), failures)
	}
	for i, want := range [][]string{
		{"short.txt:3: not met", "want:  expect no verdict cam-1", "got:   10:00:", "verdict cam-1 RAISED MALICIOUS WRONG_DESTINATION_ADDRESS",
			"firstContactsFailed", "input: at 10:00 cam-1 scan tcp port 23"},
		{"short.txt:4: not met", "(counted 0)", "got:   nothing"},
	} {
		for _, part := range want {
			if got := failures[i].String(); !strings.Contains(got, part) {
				t.Errorf("failure %d: got %s, want it to hold %q", i, got, part)
			}
		}
	}
}

// TestLeaksAreFound: an identity that somebody lets out is found in every form,
// wherever it stands in a longer text.
func TestLeaksAreFound(t *testing.T) {
	s := parse(t, "terminal cam-1 address 10.203.77.91\n"+short[len("terminal cam-1 dnn iot\n"):])
	supi := "imsi-001017310000001"
	for i, text := range []string{
		supi, "x" + supi, "msisdn-8826140990001",
		fmt.Sprintf("%x", supi), fmt.Sprintf("%X", supi),
		"aW1zaS0wMDEwMTczMTAwMDAwMDE", // base64 of it
		"eGltc2ktMDAxMDE3MzEwMDAwMDAx", "eHhpbXNpLTAwMTAxNzMxMDAwMDAwMQ",
		"356938035820001", "\x0a\xcb\x4d\x5b", "10.203.77.91",
	} {
		r := run(t, s, s.Usual())
		if leaks := r.Leaks(); len(leaks) != 0 {
			t.Fatalf("before: got %v, want none", leaks)
		}
		if err := r.run.Log().Append([]stream.Send{{Topic: stream.Audit, Key: []byte("k"), Value: []byte("before " + text + " after")}}); err != nil {
			t.Fatal(err)
		}
		if leaks := r.Leaks(); len(leaks) == 0 || !strings.HasPrefix(leaks[0], "audit[0]") {
			t.Errorf("%d, %q: got %v, want it found in audit[0]", i, text, leaks)
		}
	}
}

// TestDestinationsInTurn: addresses first, then ports.
func TestDestinationsInTurn(t *testing.T) {
	for _, c := range []struct {
		text string
		nth  uint64
		want string
	}{
		{"203.0.113.5:443", 9, "203.0.113.5:443"},
		{"203.0.113.1-3:123", 4, "203.0.113.2:123"},
		{"203.0.113.7:10-12", 4, "203.0.113.7:11"},
		{"203.0.113.0/31:1-2", 3, "203.0.113.1:2"},
		{"198.18.0.0/15:23", 131071, "198.19.255.255:23"},
		{"[2001:db8::1]:443", 0, "2001:db8::1:443"},
	} {
		d, err := parseDestinations(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		address, port := d.nth(c.nth)
		if got := fmt.Sprintf("%v:%d", address, port); got != c.want {
			t.Errorf("%s, number %d: got %s, want %s", c.text, c.nth, got, c.want)
		}
	}
}
