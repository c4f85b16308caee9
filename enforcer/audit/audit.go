// Package audit links audit events to a chain of hashes and verifies chains.
//
// What it promises: an event that was changed, removed, added or moved inside a
// chain is found, for each hash covers all other fields of its event and the
// hash before it.
//
// What it does not: a chain that was cut at its newest end looks whole (compare
// its head with one noted elsewhere), and somebody who may write to the topic
// can build a new chain (access control of the topic prevents that). It is not
// safe for concurrent use.
package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"cordon/internal/record"
)

// ErrBroken reports a chain that does not hold.
var ErrBroken = errors.New("audit chain is broken")

// Chain is the end of one writer's chain.
type Chain struct {
	WriterID string
	Head     [32]byte // hash of the newest event; zero: there is none
}

// Link returns the event as the next one of the chain.
func (c *Chain) Link(e record.AuditEvent) record.AuditEvent {
	e.WriterID, e.PreviousHash = c.WriterID, c.Head
	e.Hash = Hash(&e)
	c.Head = e.Hash
	return e
}

// Hash returns the hash that the event must carry: SHA-256 over all its other
// fields in the order of the schema, integers as 8 bytes big-endian, texts and
// lists after their length.
func Hash(e *record.AuditEvent) [32]byte {
	b := []byte("cordon audit 1")
	b = appendText(b, e.WriterID)
	b = appendText(b, e.Kind)
	b = append(b, e.Terminal[:]...)
	b = appendText(b, e.Actor)
	b = appendText(b, e.ReasonCode)
	b = appendText(b, e.Ticket)
	b = appendInt(b, int64(len(e.Inputs)))
	for _, in := range e.Inputs {
		b = appendText(b, in.Topic)
		b = appendInt(b, int64(in.Partition))
		b = appendInt(b, in.Offset)
	}
	b = appendInt(b, int64(e.At))
	b = append(b, e.PreviousHash[:]...)
	return sha256.Sum256(b)
}

func appendInt(b []byte, v int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(v)) }

func appendText(b []byte, text string) []byte { return append(appendInt(b, int64(len(text))), text...) }

// Verifier checks events as they come, each writer's in the order written. The
// zero Verifier is ready.
type Verifier struct {
	heads map[string][32]byte
}

// Check takes the next event. The first of a writer may follow any hash: what
// lay before it may be past its retention.
func (v *Verifier) Check(e *record.AuditEvent) error {
	if Hash(e) != e.Hash {
		return fmt.Errorf("%w: writer %q: the event at %v was changed", ErrBroken, e.WriterID, e.At)
	}
	if head, known := v.heads[e.WriterID]; known && head != e.PreviousHash {
		return fmt.Errorf("%w: writer %q: the event at %v does not follow the one before it", ErrBroken, e.WriterID, e.At)
	}
	if v.heads == nil {
		v.heads = map[string][32]byte{}
	}
	v.heads[e.WriterID] = e.Hash
	return nil
}

// Verify checks whole chains, in the order written.
func Verify(events []record.AuditEvent) error {
	var v Verifier
	for i := range events {
		if err := v.Check(&events[i]); err != nil {
			return fmt.Errorf("event %d: %w", i, err)
		}
	}
	return nil
}
