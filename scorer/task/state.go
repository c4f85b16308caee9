package task

import (
	"encoding/binary"

	"cordon/internal/record"
)

// StateVersion is the layout of the pieces that this program writes; it reads
// that of formerVersion as well. Another one is refused.
const (
	StateVersion  = 4
	formerVersion = 3
)

// Kinds of pieces: the first byte of a key. It names the layout of the piece as
// well, for after an upgrade pieces of both layouts lie in the log, before the
// header that tells which: whoever changes the layout of a kind gives it another
// byte (docs/adr/0006-how-layouts-of-state-change.md).
const (
	kindTerminal       = 'U' // + pseudonym
	kindFormerTerminal = 'T' // + pseudonym; layout 3
	kindName           = 'n' // + number, 4 bytes
	kindWaiting        = 'w' // + number, 8 bytes
	kindPartition      = 'p'
	kindAges           = 'a' // lengths of sessions
	kindPeers          = 'P' // + key of package peer
)

// pieceKey is the key of a terminal's piece.
type pieceKey [1 + len(record.Pseudonym{})]byte

// terminalKey returns the key of a terminal's piece.
func terminalKey(kind byte, id record.Pseudonym) (key pieceKey) {
	key[0] = kind
	copy(key[1:], id[:])
	return key
}

// waitingKey is the key of a waiting record's piece.
func waitingKey(number uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{kindWaiting}, number)
}

// nameKey is the key of a string's piece.
func nameKey(number uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{kindName}, number)
}
