package seal_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"
	"time"

	"cordon/collector/pseudonym"
	"cordon/collector/seal"
)

func sealer(t testing.TB, key pseudonym.Key) *seal.Sealer {
	t.Helper()
	s, err := seal.New(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSealAndOpen(t *testing.T) {
	s := sealer(t, pseudonym.TestKey())
	name := s.Name(nil, []byte("binding 10.45.0.7"))
	sealed := bytes.Clone(s.Seal(name, []byte("imsi-001010000000001")))
	if again := s.Seal(name, []byte("imsi-001010000000001")); !bytes.Equal(again, sealed) {
		t.Errorf("the same piece sealed twice: %x and %x", sealed, again)
	}
	other := bytes.Clone(s.Seal(name, []byte("imsi-001010000000002")))
	if bytes.Equal(other[:13], sealed[:13]) {
		t.Errorf("two pieces share the nonce %x", sealed[1:13])
	}
	if bytes.Contains(sealed, []byte("imsi")) || bytes.Contains(name, []byte("10.45")) {
		t.Errorf("sealed state shows its content: %q under %q", sealed, name)
	}
	got, err := sealer(t, pseudonym.TestKey()).Open(name, sealed)
	if err != nil || string(got) != "imsi-001010000000001" {
		t.Errorf("opened: got %q, %v", got, err)
	}
}

// Frozen, computed with Python (hmac, and AESGCM of the cryptography package)
// from the form in the package comment: what one release sealed, the next must
// open.
func TestKnownAnswer(t *testing.T) {
	s := sealer(t, pseudonym.TestKey())
	name := s.Name(nil, []byte("name"))
	const wantName, wantSealed = "45a09d271c5822c40df31170016fa384", "01ca0bbb51dbc50fb3d4ab85b415369c70e9869e315b31e987063a906245b84b1a89"
	if got := hex.EncodeToString(name); got != wantName {
		t.Errorf("name: got %s, want %s", got, wantName)
	}
	if got := hex.EncodeToString(s.Seal(name, []byte("piece"))); got != wantSealed {
		t.Errorf("sealed: got %s, want %s", got, wantSealed)
	}
}

func TestRefusals(t *testing.T) {
	s := sealer(t, pseudonym.TestKey())
	name := s.Name(nil, []byte("name"))
	sealed := bytes.Clone(s.Seal(name, []byte("piece")))
	key, err := pseudonym.NewKey(bytes.NewReader(bytes.Repeat([]byte{7}, 32)), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sealer(t, key).Open(name, sealed); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("another key: got %v, want %v", err, seal.ErrSealed)
	}
	if _, err := s.Open(s.Name(nil, []byte("other")), sealed); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("another name: got %v, want %v", err, seal.ErrSealed)
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := s.Open(name, bad); !errors.Is(err, seal.ErrSealed) {
			t.Errorf("byte %d altered: got %v, want %v", i, err, seal.ErrSealed)
		}
		if _, err := s.Open(name, sealed[:i]); !errors.Is(err, seal.ErrSealed) {
			t.Errorf("cut to %d bytes: got %v, want %v", i, err, seal.ErrSealed)
		}
	}
	if _, err := seal.New(pseudonym.Key{}); !errors.Is(err, pseudonym.ErrKey) {
		t.Errorf("without a key: got %v, want %v", err, pseudonym.ErrKey)
	}
}

func FuzzOpen(f *testing.F) {
	s := sealer(f, pseudonym.TestKey())
	name := s.Name(nil, []byte("name"))
	f.Add(bytes.Clone(s.Seal(name, []byte("piece"))))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		piece, err := s.Open(name, sealed)
		if err == nil && !bytes.Equal(s.Seal(name, piece), sealed) {
			t.Errorf("opened %x to %q, which seals to something else", sealed, piece)
		}
	})
}

func ExampleSealer() {
	s, err := seal.New(pseudonym.TestKey())
	if err != nil {
		fmt.Println(err)
		return
	}
	name := s.Name(nil, []byte("held 42"))
	piece, err := s.Open(name, s.Seal(name, []byte("a record that waits")))
	fmt.Printf("%s %v\n", piece, err)
	// Output: a record that waits <nil>
}
