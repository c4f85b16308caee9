package recordbatch

import (
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

// Errors of both directions; match with [errors.Is]. Decoding wraps them in a
// [BatchError]. ErrCorrupt may go away with another fetch, as bytes can be hurt
// on the way; the others are permanent.
var (
	// ErrCorrupt means that a batch does not match its CRC-32C.
	ErrCorrupt = errors.New("checksum mismatch")
	// ErrMalformed means that a batch breaks the format although its CRC-32C
	// may be right: whoever produced it is faulty or hostile.
	ErrMalformed = errors.New("malformed")
	// ErrTooLarge means that a batch exceeds [MaxBatchBytes] when encoded, or
	// [Options.MaxDecompressed] when decoded.
	ErrTooLarge = errors.New("too large")
	// ErrUnsupported means a format before v2, or a codec this side lacks.
	ErrUnsupported = errors.New("unsupported")
	// ErrEmpty means that a batch without records was to be encoded; brokers
	// refuse it.
	ErrEmpty = errors.New("no records")
)

// BatchError says which batch of a record set could not be decoded, and why.
type BatchError struct {
	// Offset is the base offset of the batch.
	Offset int64
	// Next is the offset behind the batch, for a caller who decides to go past
	// it; -1 if the header cannot be trusted to say.
	Next int64
	// Err is the cause, one of the errors of this package.
	Err error
}

func (e *BatchError) Error() string {
	return fmt.Sprintf("record batch at offset %d: %v", e.Offset, e.Err)
}

// Unwrap returns the cause.
func (e *BatchError) Unwrap() error { return e.Err }

// MaxBatchBytes is the largest encoded batch, in bytes: the default of Kafka's
// max.message.bytes (1 MiB and the 12 bytes in front of the part counted by
// the length field). A broker answers a larger one with MESSAGE_TOO_LARGE (10).
const MaxBatchBytes = 1<<20 + prefixLen

// DefaultMaxDecompressed bounds the records of one batch after decompression,
// in bytes, if [Options.MaxDecompressed] is 0. It is 64 times the largest
// compressed batch; state pieces were measured to compress 1.4 to 3.6 times.
// Without a bound a
// batch of 1 MiB could grow to 1 GiB (gzip) or 32 GiB (zstd). The encoder keeps
// to it as well, so that this package can read whatever it wrote.
const DefaultMaxDecompressed = 64 << 20

// Codec is how the records of a batch are compressed: bits 0 to 2 of the
// attributes.
type Codec uint8

// The codecs of Kafka. All are read; None and LZ4 are written.
const (
	None Codec = iota
	Gzip
	Snappy
	LZ4
	Zstd
)

// String returns the name of c as in Kafka's compression.type.
func (c Codec) String() string {
	if names := [...]string{"none", "gzip", "snappy", "lz4", "zstd"}; int(c) < len(names) {
		return names[c]
	}
	return fmt.Sprintf("codec %d", uint8(c))
}

// Marker is the outcome of a transaction which a control batch carries.
type Marker int8

// The markers. NoMarker stands for a batch that is no control batch, and for a
// control batch that carries no outcome.
const (
	NoMarker Marker = iota
	Abort
	Commit
)

// Producer identifies the writer of a batch to the broker, which drops repeated
// batches by it and refuses older epochs. Use [NoProducer] for neither; the
// zero value names producer 0.
type Producer struct {
	// ID is the producer id given by InitProducerID; -1 for none.
	ID int64
	// Epoch is the producer's epoch given by InitProducerID; -1 for none.
	Epoch int16
}

// NoProducer is the producer of batches that are neither idempotent nor
// transactional.
var NoProducer = Producer{ID: -1, Epoch: -1}

// Header is one header of a record.
type Header struct {
	// Key is the header's name; names may repeat. Decoded, it is a string of
	// its own that outlives the batch.
	Key string
	// Value is nil for null, which differs from empty.
	Value []byte
}

// Record is one decoded record. Key, Value and Headers are valid, also in
// copies of the Record, until the function that was given the batch returns.
type Record struct {
	// Offset is the record's place in its partition.
	Offset int64
	// Timestamp is in milliseconds since 1970: the producer's, or the broker's
	// append time if the topic is so configured (see [Batch.LogAppend]).
	Timestamp int64
	// Key is nil for null, which differs from empty.
	Key []byte
	// Value is nil for null (in a compacted topic a tombstone), which differs
	// from empty.
	Value []byte
	// Headers are in the order in which they were written.
	Headers []Header
}

// NextSequence returns the base sequence of the batch that follows one of n
// records with base sequence seq. Sequences run from 0 to 2^31-1 and start
// again at 0.
func NextSequence(seq int32, n int) int32 {
	return int32((int64(seq) + int64(n)) & math.MaxInt32)
}

// Where the fields of a batch lie, in bytes from its start; all big-endian.
const (
	atBaseOffset      = 0
	atLength          = 8  // int32: bytes after this field
	prefixLen         = 12 // base offset and length
	atLeaderEpoch     = 12
	atMagic           = 16
	atCRC             = 17 // over everything from atAttributes
	atAttributes      = 21
	atLastOffsetDelta = 23
	atBaseTimestamp   = 27
	atMaxTimestamp    = 35
	atProducerID      = 43
	atProducerEpoch   = 51
	atBaseSequence    = 53
	atCount           = 57
	headerLen         = 61 // the records follow
)

// Bits of the attributes. Bit 6 (KIP-534: the base timestamp is a compaction
// deadline) changes nothing for a reader, as the timestamp deltas follow it.
const (
	codecBits        = 0b111
	logAppendBit     = 1 << 3
	transactionalBit = 1 << 4
	controlBit       = 1 << 5
)

// magicV2 is the format version that this package speaks.
const magicV2 = 2

// castagnoli is the polynomial of the batch checksum.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)
