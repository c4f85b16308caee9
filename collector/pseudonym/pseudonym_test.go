package pseudonym_test

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"cordon/collector/pseudonym"
	"cordon/internal/identity"
	"pgregory.net/rapid"
)

func supi(t testing.TB, text string) identity.SUPI {
	t.Helper()
	s, err := identity.ParseSUPI(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func deriver(t testing.TB, epoch int32, slots int) *pseudonym.Deriver {
	t.Helper()
	d, err := pseudonym.NewDeriver(pseudonym.TestKey(), epoch, slots)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func fromHex(text string) []byte {
	raw, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return raw
}

// RFC 5869 appendix A.1 and RFC 4231 test case 2: the primitives are the ones
// the derivation names.
func TestPrimitives(t *testing.T) {
	got, err := hkdf.Key(sha256.New, bytes.Repeat([]byte{0x0b}, 22), fromHex("000102030405060708090a0b0c"),
		string(fromHex("f0f1f2f3f4f5f6f7f8f9")), 42)
	want := "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
	if err != nil || hex.EncodeToString(got) != want {
		t.Errorf("HKDF-SHA-256 of RFC 5869 A.1: got %x, %v, want %s", got, err, want)
	}
	h := hmac.New(sha256.New, []byte("Jefe"))
	h.Write([]byte("what do ya want for nothing?"))
	want = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
	if sum := hex.EncodeToString(h.Sum(nil)); sum != want {
		t.Errorf("HMAC-SHA-256 of RFC 4231 case 2: got %s, want %s", sum, want)
	}
}

// Frozen vectors under the test key, computed with Python's hmac and hashlib
// from the formulas of the package comment. A change of one of them changes the
// name of every terminal: it needs a new label, not a new vector.
func TestKnownAnswers(t *testing.T) {
	type vector struct{ pseudonym, equipment, cell, remote, domain string }
	want := []vector{
		{"0adda3967dbf63cf28b04a9d8739c931", "a71913dc5d9eb2ef", "0ec425f5ee1bef60", "53eb103a702791098dc0146bf4b0d9e6", "821c0c77797f0308"},
		{"5286a92a330f7d00eff6895e902a1564", "fa0c72fc6aaa59fd", "d21346f0fcc0689b", "d5d70dd1201da097a78fca033822f254", "632e9e1b5c54939a"},
	}
	s := supi(t, "imsi-001010000000001")
	pei, err := identity.ParsePEI("imei-490154203237518")
	if err != nil {
		t.Fatal(err)
	}
	for epoch, w := range want {
		d := deriver(t, int32(epoch), 64)
		for range 2 { // computed, then remembered
			got := vector{d.Terminal(s).String(), d.Equipment(s, pei).String(), d.Cell("00000a1b2").String(),
				d.Remote(netip.MustParseAddr("10.45.0.7"), "iot", "1-0000a1").String(), d.Domain("alice.duckdns.org").String()}
			if got != w {
				t.Errorf("epoch %d: got %+v, want %+v", epoch, got, w)
			}
			for partitions, bucket := range map[int32]int32{1: 0, 7: 5, 8: 4, 16: 4} {
				if got := d.Bucket(s, partitions); got != bucket {
					t.Errorf("epoch %d: bucket of %d: got %d, want %d", epoch, partitions, got, bucket)
				}
			}
		}
		if hits, misses := d.CacheHits(); hits == 0 || misses == 0 {
			t.Errorf("epoch %d: %d hits and %d misses, want both", epoch, hits, misses)
		}
	}
	id, err := pseudonym.TestKey().ID()
	if got := hex.EncodeToString(id[:]); err != nil || got != "cbff7294fd76754e" {
		t.Errorf("id of the test key: got %s, %v", got, err)
	}
}

// The cache is a matter of speed only: with any size, in any order, the
// stand-ins are those of a deriver that remembers nothing.
func TestCacheChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain, err := pseudonym.NewDeriver(pseudonym.TestKey(), 3, 0)
		if err != nil {
			t.Fatal(err)
		}
		cached, err := pseudonym.NewDeriver(pseudonym.TestKey(), 3, rapid.IntRange(1, 16).Draw(t, "slots"))
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 30), 1, 60).Draw(t, "subscribers") {
			text := fmt.Sprintf("imsi-00101%010d", n)
			if n%5 == 0 {
				text = fmt.Sprintf("nai-%s@r%d.example", strings.Repeat("m", 60), n)
			}
			s, err := identity.ParseSUPI(text)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := cached.Terminal(s), plain.Terminal(s); got != want {
				t.Fatalf("pseudonym %d: got %v, want %v", n, got, want)
			}
			if got, want := cached.Bucket(s, 8), plain.Bucket(s, 8); got != want {
				t.Fatalf("bucket %d: got %v, want %v", n, got, want)
			}
		}
	})
}

func TestStandInsAllocateNothing(t *testing.T) {
	pei, _ := identity.ParsePEI("imei-490154203237518")
	s := supi(t, "imsi-001010000000001")
	for _, slots := range []int{0, 1024} {
		d := deriver(t, 0, slots)
		n := testing.AllocsPerRun(200, func() {
			d.Terminal(s)
			d.Bucket(s, 8)
			d.Equipment(s, pei)
			d.Cell("00000a1b2")
			d.Remote(netip.AddrFrom4([4]byte{10, 45, 0, 7}), "iot", "1")
			d.Domain("alice.duckdns.org")
		})
		if n != 0 {
			t.Errorf("with %d slots: %v allocations, want 0", slots, n)
		}
	}
}

func TestKeyText(t *testing.T) {
	key, err := pseudonym.NewKey(bytes.NewReader(bytes.Repeat([]byte{7}, 32)), time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	text, err := key.Text()
	if err != nil {
		t.Fatal(err)
	}
	again, err := pseudonym.ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	first, _ := key.ID()
	second, _ := again.ID()
	if first != second || !again.Created().Equal(key.Created()) {
		t.Errorf("read back: id %x made %v, want %x made %v", second, again.Created(), first, key.Created())
	}
	if again.IsTest() || !pseudonym.TestKey().IsTest() {
		t.Errorf("IsTest: a drawn key %v, the test key %v", again.IsTest(), pseudonym.TestKey().IsTest())
	}
}

func TestBadKeyTexts(t *testing.T) {
	secret := strings.Repeat("5e", 32)
	bad := []string{"", "secret", `{"version":1}`, `{"version":2,"master":"` + secret + `"}`,
		`{"version":1,"master":"` + secret[:62] + `"}`, `{"version":1,"master":"` + secret + `","extra":1}`,
		`{"version":1,"master":"` + strings.Repeat("0", 64) + `"}`, `{"version":1,"master":"` + secret[:63] + `g"}`,
		`"` + secret + `"`}
	for _, text := range bad {
		key, err := pseudonym.ParseKey([]byte(text))
		if !errors.Is(err, pseudonym.ErrKey) || !key.IsZero() {
			t.Errorf("ParseKey(%q): got %v, want %v", text, err, pseudonym.ErrKey)
		} else if strings.Contains(err.Error(), "5e5e") {
			t.Errorf("ParseKey(%q): the error holds the key: %v", text, err)
		}
	}
	if _, err := pseudonym.NewDeriver(pseudonym.Key{}, 0, 0); !errors.Is(err, pseudonym.ErrKey) {
		t.Errorf("deriver without a key: got %v, want %v", err, pseudonym.ErrKey)
	}
}

func TestKeysCannotBePrinted(t *testing.T) {
	key := pseudonym.TestKey()
	type holder struct{ key pseudonym.Key }
	for _, value := range []any{key, &key, []pseudonym.Key{key}, holder{key}, struct{ K pseudonym.Key }{key}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
			text := fmt.Sprintf(verb, value)
			if strings.Contains(text, "0102") || strings.Contains(text, "1 2 3") || strings.Contains(text, "0x1, 0x2") {
				t.Errorf("%s of %T prints the key: %s", verb, value, text)
			}
		}
	}
	if text, err := json.Marshal(key); err != nil || string(text) != `"[redacted]"` {
		t.Errorf("json of a key: got %s, %v", text, err)
	}
}

func FuzzParseKey(f *testing.F) {
	text, _ := pseudonym.TestKey().Text()
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		key, err := pseudonym.ParseKey(text)
		if (err == nil) == key.IsZero() {
			t.Errorf("ParseKey(%q): zero %v with %v", text, key.IsZero(), err)
		}
	})
}

func BenchmarkTerminal(b *testing.B) {
	s := supi(b, "imsi-001010000000001")
	for _, slots := range []int{0, 1024} {
		b.Run(fmt.Sprintf("slots=%d", slots), func(b *testing.B) {
			d := deriver(b, 0, slots)
			b.ReportAllocs()
			for b.Loop() {
				d.Terminal(s)
			}
		})
	}
}

func ExampleDeriver() {
	d, err := pseudonym.NewDeriver(pseudonym.TestKey(), 0, 1024)
	if err != nil {
		fmt.Println(err)
		return
	}
	supi, err := identity.ParseSUPI("imsi-001010000000001")
	fmt.Println(d.Terminal(supi), d.Bucket(supi, 8), err)
	// Output: 0adda3967dbf63cf28b04a9d8739c931 4 <nil>
}
