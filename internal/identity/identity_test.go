package identity_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"cordon/internal/identity"
)

func TestParseSUPI(t *testing.T) {
	cases := []struct{ in, want string }{
		{"imsi-001010000000001", "imsi-001010000000001"},
		{"IMSI-001010000000001", "imsi-001010000000001"},
		{"imsi-12345", "imsi-12345"},
		{"imsi-1234", ""},
		{"imsi-1234567890123456", ""},
		{"imsi-00101000000000x", ""},
		{"imsi-00101 0000000001", ""},
		{"imsi-", ""},
		{"001010000000001", ""},
		{"nai-Meter7@IoT.Example.ORG", "nai-Meter7@iot.example.org"},
		{"NAI-meter7", "nai-meter7"},
		{"nai-", ""},
		{"nai-a@", ""},
		{"nai-a@b@c", ""},
		{"nai-a b@c", ""},
		{"nai-a@-", "nai-a@-"},
		{"nai-a@b..c", ""},
		{"gci-0123abcd@5gc.mnc001.mcc001.3gppnetwork.org", "gci-0123abcd@5gc.mnc001.mcc001.3gppnetwork.org"},
		{"GLI-bGluZTc@operator.example", "gli-bGluZTc@operator.example"},
		// TS 29.509 Suci, null scheme: mcc and mnc of 2 or 3 digits before the MSIN.
		{"suci-0-001-01-0000-0-0-0000000001", "imsi-001010000000001"},
		{"SUCI-0-310-410-1-0-0-123456789", "imsi-310410123456789"},
		{"suci-0-001-01-0000-0-1-0000000001", ""},
		{"suci-0-001-01-0000-1-1-00aabb", ""},
		{"suci-0-001-1-0000-0-0-0000000001", ""},
		{"suci-0-001-01-00000-0-0-0000000001", ""},
		{"suci-0-001-01--0-0-0000000001", ""},
		{"suci-0-001-010-0-0-0-00000000011", ""},
		{"suci-1-My-Realm.example-12-0-0-meter-7", "nai-meter-7@my-realm.example"},
		{"suci-1-a-0-0-0-b", "nai-b@a"},
		{"suci-2-operator.example-1-0-0-line7", "gli-line7@operator.example"},
		{"suci-3-operator.example-1-0-0-cable7", "gci-cable7@operator.example"},
		{"suci-1-realm-12-0-0-a@b", ""},
		{"suci-4-realm-12-0-0-a", ""},
		{"suci-1-realm-12-1-1-aabb", ""},
		{"suci-", ""},
		{"5g-guti-123", ""},
		{"", ""},
		{"nai-" + strings.Repeat("a", 300), ""},
	}
	for _, c := range cases {
		got, err := identity.ParseSUPI(c.in)
		if got.Reveal() != c.want || (err == nil) != (c.want != "") {
			t.Errorf("ParseSUPI(%q): got %q, %v, want %q", c.in, got.Reveal(), err, c.want)
		}
	}
}

// Two spellings of one subscriber are one value: the 2- and 3-digit MNC forms
// of a SUCI carry the same IMSI digits.
func TestEqualSubscribersCompareEqual(t *testing.T) {
	spellings := []string{"imsi-001010123456789", "Imsi-001010123456789", "suci-0-001-01-7-0-0-0123456789", "suci-0-001-010-7-0-0-123456789"}
	first, _ := identity.ParseSUPI(spellings[0])
	for _, s := range spellings {
		if got, err := identity.ParseSUPI(s); got != first || err != nil {
			t.Errorf("ParseSUPI(%q): got %q, %v, want the SUPI of %q", s, got.Reveal(), err, spellings[0])
		}
	}
}

func TestParsePEI(t *testing.T) {
	cases := []struct{ in, want, model string }{
		{"imei-490154203237518", "imei-490154203237518", "49015420"},
		{"IMEISV-4901542032375181", "imeisv-4901542032375181", "49015420"},
		{"imei-49015420323751", "", ""},
		{"imei-4901542032375181", "", ""},
		{"imeisv-490154203237518", "", ""},
		{"imei-49015420323751x", "", ""},
		{"MAC-00-1A-2b-3c-4d-5e", "mac-00-1a-2b-3c-4d-5e", ""},
		{"mac-00-1a-2b-3c-4d-5e-untrusted", "mac-00-1a-2b-3c-4d-5e-untrusted", ""},
		{"mac-00-1a-2b-3c-4d", "", ""},
		{"eui-00-1a-2b-3c-4d-5e-6f-70", "eui-00-1a-2b-3c-4d-5e-6f-70", ""},
		{"eui-00-1a-2b-3c-4d-5e-6f-7g", "", ""},
		{"anything", "", ""},
		{"", "", ""},
	}
	for _, c := range cases {
		got, err := identity.ParsePEI(c.in)
		if got.Reveal() != c.want || got.TypeAllocationCode() != c.model || (err == nil) != (c.want != "") {
			t.Errorf("ParsePEI(%q): got %q (type allocation code %q), %v, want %q (%q)",
				c.in, got.Reveal(), got.TypeAllocationCode(), err, c.want, c.model)
		}
	}
}

func TestParseGPSI(t *testing.T) {
	cases := []struct{ in, want string }{
		{"msisdn-491701234567", "msisdn-491701234567"},
		{"MSISDN-491701234567", "msisdn-491701234567"},
		{"msisdn-1234", ""},
		{"extid-Meter@Example.org", "extid-Meter@example.org"},
		{"extid-meter", ""},
		{"tel-1", ""},
	}
	for _, c := range cases {
		if got, err := identity.ParseGPSI(c.in); got.Reveal() != c.want || (err == nil) != (c.want != "") {
			t.Errorf("ParseGPSI(%q): got %q, %v, want %q", c.in, got.Reveal(), err, c.want)
		}
	}
}

func TestIdentitiesCannotBePrinted(t *testing.T) {
	supi, _ := identity.ParseSUPI("imsi-001010000000001")
	gpsi, _ := identity.ParseGPSI("msisdn-491701234567")
	pei, _ := identity.ParsePEI("imei-490154203237518")
	values := []any{supi, gpsi, pei, &supi, []identity.SUPI{supi}, map[identity.SUPI]identity.PEI{supi: pei},
		struct {
			S identity.SUPI
			G identity.GPSI
			P identity.PEI
		}{supi, gpsi, pei}}
	for _, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			refuseIdentity(t, verb, fmt.Sprintf(verb, value))
		}
		text, err := json.Marshal(value)
		if err != nil {
			t.Errorf("json of a redacted value: %v", err)
		}
		refuseIdentity(t, "json", string(text))
	}
}

func refuseIdentity(t *testing.T, how, text string) {
	t.Helper()
	for _, secret := range []string{"00101", "4917012", "4901542", "303031", "34393137"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s prints an identity: %s", how, text)
		}
	}
}

func TestParseSUPIAllocatesNothing(t *testing.T) {
	for _, text := range []string{"imsi-001010000000001", "nai-meter@iot.example"} {
		if n := testing.AllocsPerRun(100, func() { _, _ = identity.ParseSUPI(text) }); n != 0 {
			t.Errorf("ParseSUPI(%q): %v allocations, want 0", text, n)
		}
	}
}

// A canonical form is a fixed point, and no error holds what was read.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"imsi-001010000000001", "suci-0-001-01-0000-0-0-0000000001", "suci-1-a.b-1-0-0-c",
		"nai-A@B.c", "imei-490154203237518", "mac-00-1a-2b-3c-4d-5e-untrusted", "msisdn-491701234567", "extid-a@b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		supi, err := identity.ParseSUPI(text)
		if err == nil {
			if again, err := identity.ParseSUPI(supi.Reveal()); again != supi || err != nil {
				t.Errorf("ParseSUPI(%q) is %q, which parses to %q, %v", text, supi.Reveal(), again.Reveal(), err)
			}
		} else if err != identity.ErrSUPI || !supi.IsZero() {
			t.Errorf("ParseSUPI(%q): got %q with %v", text, supi.Reveal(), err)
		}
		if pei, err := identity.ParsePEI(text); err == nil {
			if again, err := identity.ParsePEI(pei.Reveal()); again != pei || err != nil {
				t.Errorf("ParsePEI(%q) is %q, which parses to %q, %v", text, pei.Reveal(), again.Reveal(), err)
			}
		}
		if gpsi, err := identity.ParseGPSI(text); err == nil {
			if again, err := identity.ParseGPSI(gpsi.Reveal()); again != gpsi || err != nil {
				t.Errorf("ParseGPSI(%q) is %q, which parses to %q, %v", text, gpsi.Reveal(), again.Reveal(), err)
			}
		}
	})
}

func ExampleParseSUPI() {
	supi, err := identity.ParseSUPI("suci-0-001-01-0000-0-0-0000000001")
	fmt.Println(supi, err, len(supi.Reveal()))
	// Output: [redacted] <nil> 20
}
