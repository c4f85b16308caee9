package domain_test

import (
	"fmt"
	"strings"
	"testing"

	"cordon/collector/domain"
)

func TestGeneralise(t *testing.T) {
	cases := []struct {
		name, want string
		treatment  domain.Treatment
	}{
		{"", "", domain.Absent},
		{".", "", domain.Absent},
		{"example.org", "example.org", domain.Keep},
		{"a.b.example.org.", "example.org", domain.Keep},
		{"Telemetry.ACME.co.uk", "acme.co.uk", domain.Keep},
		{"acme.co.uk", "acme.co.uk", domain.Keep},
		{"co.uk", "co.uk", domain.Keep},
		{"_ntp._udp.example.org", "example.org", domain.Keep},
		{"epc.mnc001.mcc001.3gppnetwork.org", "3gppnetwork.org", domain.Keep},
		// Reverse names spell an address: only its widest part is left.
		{"7.0.45.10.in-addr.arpa", "10.in-addr.arpa", domain.Keep},
		{"4.3.2.1.e164.arpa", "1.e164.arpa", domain.Keep},
		// Private suffixes: dynamic DNS and clouds name the customer.
		{"alice.duckdns.org", "alice.duckdns.org", domain.Tokenise},
		{"cam.alice.duckdns.org", "alice.duckdns.org", domain.Tokenise},
		{"bucket.s3.amazonaws.com", "bucket.s3.amazonaws.com", domain.Tokenise},
		{"duckdns.org", "duckdns.org", domain.Keep},
		{"s3.amazonaws.com", "amazonaws.com", domain.Keep},
		// No listed top-level domain: names of a home or a plant.
		{"alices-phone.local", "alices-phone.local", domain.Tokenise},
		{"printer.alice.lan", "alice.lan", domain.Tokenise},
		{"alices-phone", "alices-phone", domain.Tokenise},
		{"com", "com", domain.Tokenise},
		// Not names.
		{"10.45.0.7", "10.45.0.7", domain.Tokenise},
		{"2001:db8::1", "2001:db8::1", domain.Tokenise},
		{"imsi 00101@example.org", "imsi 00101@example.org", domain.Tokenise},
		{"a..example.org", "a..example.org", domain.Tokenise},
		{strings.Repeat("a", 64) + ".org", strings.Repeat("a", 64) + ".org", domain.Tokenise},
		{"müller.example.org", "müller.example.org", domain.Tokenise},
	}
	for _, c := range cases {
		got, treatment := domain.Generalise(c.name)
		if got != c.want || treatment != c.treatment {
			t.Errorf("Generalise(%q): got %q, %d, want %q, %d", c.name, got, treatment, c.want, c.treatment)
		}
	}
}

// One small allocation, inside the list's own test for an address.
func TestGeneraliseAllocatesLittle(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { domain.Generalise("a.b.example.co.uk") }); n > 1 {
		t.Errorf("%v allocations, want at most 1", n)
	}
}

// What is kept is a suffix of the name, in lower case, and generalising it
// again changes nothing.
func FuzzGeneralise(f *testing.F) {
	for _, seed := range []string{"a.b.example.org", "alice.duckdns.org", "10.45.0.7", "x", "..", "s3.amazonaws.com"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got, treatment := domain.Generalise(name)
		if treatment != domain.Keep {
			return
		}
		if !strings.HasSuffix(strings.ToLower(strings.TrimSuffix(name, ".")), got) {
			t.Errorf("Generalise(%q): %q is not its end", name, got)
		}
		if again, same := domain.Generalise(got); again != got || same != domain.Keep {
			t.Errorf("Generalise(%q) is %q, which becomes %q, %d", name, got, again, same)
		}
	})
}

func BenchmarkGeneralise(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		domain.Generalise("telemetry.acme.co.uk")
	}
}

func ExampleGeneralise() {
	text, treatment := domain.Generalise("telemetry.eu-1.acme.co.uk")
	fmt.Println(text, treatment == domain.Keep)
	// Output: acme.co.uk true
}
