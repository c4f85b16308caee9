// Package seal encrypts the pieces of the collector's state, which hold
// subscriber identities and terminal addresses.
//
// What it promises: without the pseudonym key a state topic tells how many
// pieces there are, how long they are and when they change, and nothing else;
// a piece that was altered, moved under another key of the topic or sealed
// under another pseudonym key is refused; sealing is a function of its input,
// so a task that seals stays pure.
//
// The form: version 1, nonce of 12 bytes, AES-256-GCM of the piece with the
// version and the piece's key as additional data. The nonce is the first 96
// bits of HMAC-SHA-256(K_nonce, key 0 piece): the same piece has the same
// nonce and ciphertext, two different ones share a nonce with probability
// 2^-96 (after 2^32 pieces, 2^-33), which is what NIST SP 800-38D asks of
// nonces drawn at random.
//
// What it does not: it hides no lengths and no access pattern, and it is not
// the sealing of identities towards policy systems. A Sealer is used by one
// goroutine.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"hash"

	"cordon/collector/pseudonym"
)

// ErrSealed reports a piece that this key does not open.
var ErrSealed = errors.New("state is sealed with another key or damaged; name the key it was written with in keys.file, or delete the state topic to start over")

const (
	version   = 1
	nonceSize = 12
	nameSize  = 16
)

// Sealer seals and opens the pieces of one task.
type Sealer struct {
	aead          cipher.AEAD
	names, nonces hash.Hash
	scratch       []byte
	associated    []byte
	sum           []byte
}

// New returns the sealer of a pseudonym key.
func New(key pseudonym.Key) (*Sealer, error) {
	var derived [3][]byte
	for i, label := range []string{"state", "state name", "state nonce"} {
		var err error
		if derived[i], err = key.Derive(label, 0); err != nil {
			return nil, err
		}
	}
	block, err := aes.NewCipher(derived[0])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &Sealer{aead: aead, names: hmac.New(sha256.New, derived[1]), nonces: hmac.New(sha256.New, derived[2])}, nil
}

// Name appends to dst the topic key of the piece called plain: a keyed hash,
// for the name of a binding is an address.
func (s *Sealer) Name(dst, plain []byte) []byte {
	return append(dst, s.keyed(s.names, plain)[:nameSize]...)
}

// Seal returns the piece sealed under the topic key name. It is valid until
// the next call.
func (s *Sealer) Seal(name, piece []byte) []byte {
	s.associated = append(append(s.associated[:0], version), name...)
	nonce := s.keyed(s.nonces, name, []byte{0}, piece)[:nonceSize]
	s.scratch = append(append(s.scratch[:0], version), nonce...)
	s.scratch = s.aead.Seal(s.scratch, s.scratch[1:1+nonceSize], piece, s.associated)
	return s.scratch
}

// Open returns the piece that was sealed under name, in memory of its own.
func (s *Sealer) Open(name, sealed []byte) ([]byte, error) {
	if len(sealed) < 1+nonceSize || sealed[0] != version {
		return nil, ErrSealed
	}
	s.associated = append(append(s.associated[:0], version), name...)
	piece, err := s.aead.Open(nil, sealed[1:1+nonceSize], sealed[1+nonceSize:], s.associated)
	if err != nil {
		return nil, ErrSealed
	}
	return piece, nil
}

func (s *Sealer) keyed(h hash.Hash, parts ...[]byte) []byte {
	h.Reset()
	for _, part := range parts {
		h.Write(part)
	}
	s.sum = h.Sum(s.sum[:0])
	return s.sum
}
