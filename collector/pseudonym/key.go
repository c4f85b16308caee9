package pseudonym

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// KeySize is the length of the master key in bytes: the output of SHA-256, so
// that no derived key is weaker than the hash.
const KeySize = 32

// keyVersion is the layout of a key file.
const keyVersion = 1

// salt separates Cordon's keys from those of another product that was given the
// same master key.
const salt = "cordon"

// ErrKey reports a key text that cannot be used. Its text names the remedy and
// holds no part of the key.
var ErrKey = errors.New("pseudonym key cannot be used")

// Key is a master key. The zero Key is no key: everything refuses it.
type Key struct {
	// secret is a function because fmt prints the unexported fields of an
	// outer struct without asking, and follows pointers: of a function it finds
	// an address.
	secret  func() []byte
	created time.Time
}

// keyText is the form of a key file.
type keyText struct {
	Version int       `json:"version"` // 1
	Created time.Time `json:"created"` // when it was made, UTC
	Master  string    `json:"master"`  // 64 hex digits
}

// NewKey draws a key from random (crypto/rand.Reader outside of tests).
func NewKey(random io.Reader, created time.Time) (Key, error) {
	raw := make([]byte, KeySize)
	if _, err := io.ReadFull(random, raw); err != nil {
		return Key{}, fmt.Errorf("pseudonym key: random numbers: %w", err)
	}
	return keyOf(raw, created.UTC().Truncate(time.Second)), nil
}

// TestKey returns the published test key: the bytes 0 to 31. Backtest uses it
// by default, so that its files are the same for everybody; it protects nobody.
func TestKey() Key {
	raw := make([]byte, KeySize)
	for i := range raw {
		raw[i] = byte(i)
	}
	return keyOf(raw, time.Time{})
}

func keyOf(raw []byte, created time.Time) Key {
	return Key{secret: func() []byte { return raw }, created: created}
}

// ParseKey reads the text of a key file.
func ParseKey(text []byte) (Key, error) {
	var file keyText
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		// The decoder's own error may quote the text.
		return Key{}, fmt.Errorf("%w: it is not the JSON that 'cordonctl keys new' writes; make a new one, or restore the backup", ErrKey)
	}
	if file.Version != keyVersion {
		return Key{}, fmt.Errorf("%w: it has version %d, this program reads version %d; use the release that wrote it", ErrKey, file.Version, keyVersion)
	}
	raw, err := hex.DecodeString(file.Master)
	if err != nil || len(raw) != KeySize {
		return Key{}, fmt.Errorf("%w: master is not %d hex digits (it has %d characters); make a new one with 'cordonctl keys new', or restore the backup",
			ErrKey, 2*KeySize, len(file.Master))
	}
	if bytes.Equal(raw, make([]byte, KeySize)) {
		return Key{}, fmt.Errorf("%w: master is all zeros; make one with 'cordonctl keys new'", ErrKey)
	}
	return keyOf(raw, file.Created), nil
}

// Text returns the text of a key file. It holds the key in clear.
func (k Key) Text() ([]byte, error) {
	if k.IsZero() {
		return nil, fmt.Errorf("%w: there is none", ErrKey)
	}
	text, err := json.MarshalIndent(keyText{keyVersion, k.created, hex.EncodeToString(k.secret())}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("pseudonym key: %w", err)
	}
	return append(text, '\n'), nil
}

// IsZero reports whether there is no key.
func (k Key) IsZero() bool { return k.secret == nil }

// IsTest reports whether k is the published test key.
func (k Key) IsTest() bool { return !k.IsZero() && hmac.Equal(k.secret(), TestKey().secret()) }

// Created returns when the key was made; zero for the test key.
func (k Key) Created() time.Time { return k.created }

// Derive returns the 32-byte key of a label and epoch. Labels name what a key
// is for; a new use takes a new label.
func (k Key) Derive(label string, epoch int32) ([]byte, error) {
	if k.IsZero() {
		return nil, fmt.Errorf("%w: there is none; make one with 'cordonctl keys new' and name it in keys.file", ErrKey)
	}
	derived, err := hkdf.Key(sha256.New, k.secret(), []byte(salt), label+"/"+strconv.Itoa(int(epoch)), KeySize)
	if err != nil {
		return nil, fmt.Errorf("pseudonym key: derive %s: %w", label, err)
	}
	return derived, nil
}

// ID names the key without telling anything about it; two instances with the
// same id make the same pseudonyms.
func (k Key) ID() ([8]byte, error) {
	var id [8]byte
	derived, err := k.Derive("id", 0)
	copy(id[:], derived)
	return id, err
}

// String and its siblings keep the key from being printed.

func (Key) String() string               { return "[redacted]" }
func (Key) GoString() string             { return "[redacted]" }
func (Key) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte("[redacted]")) }
func (Key) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }
func (Key) MarshalJSON() ([]byte, error) { return []byte(`"[redacted]"`), nil }
