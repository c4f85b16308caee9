package recordbatch

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/bits"
)

// Settings are what the records of one batch have in common.
type Settings struct {
	// Producer is the writer; [NoProducer] for none.
	Producer Producer
	// BaseSequence is the sequence of the first record, see [NextSequence];
	// written as -1 if there is no producer.
	BaseSequence int32
	// Transactional puts the batch into the producer's open transaction.
	Transactional bool
	// Codec is [None] or [LZ4].
	Codec Codec
	// BaseTimestamp is the timestamp of all records, in milliseconds since
	// 1970.
	BaseTimestamp int64
}

// An Encoder builds one batch at a time and reuses its buffers: once they have
// grown, no call allocates. Call Reset first, then Append per record, then
// Bytes.
type Encoder struct {
	set   Settings
	count int
	raw   []byte      // header and uncompressed records
	out   []byte      // header and compressed records
	done  []byte      // the complete batch, once Bytes has made it
	lz4   *lz4Encoder // made at the first use
}

// Reset begins a new batch. What Bytes returned before is no longer valid.
func (e *Encoder) Reset(s Settings) {
	e.set, e.count, e.done = s, 0, nil
	e.raw = append(e.raw[:0], make([]byte, headerLen)...)
}

// Append adds a record and copies what it is given. A nil key, value or header
// value is written as null.
func (e *Encoder) Append(key, value []byte, headers []Header) {
	delta := int64(e.count)
	size := 2 + varintLen(delta) + fieldLen(key) + fieldLen(value) + headersLen(headers)
	b := binary.AppendVarint(e.raw, int64(size))
	b = append(b, 0, 0) // attributes (unused), timestamp delta
	b = binary.AppendVarint(b, delta)
	b = appendField(b, key)
	b = appendField(b, value)
	b = binary.AppendVarint(b, int64(len(headers)))
	for i := range headers {
		b = binary.AppendVarint(b, int64(len(headers[i].Key)))
		b = append(b, headers[i].Key...)
		b = appendField(b, headers[i].Value)
	}
	e.raw, e.done = b, nil
	e.count++
}

// Len returns how many records the batch has.
func (e *Encoder) Len() int { return e.count }

// Size returns the bytes of the batch before compression.
func (e *Encoder) Size() int { return len(e.raw) }

// Bytes returns the complete batch, from its base offset (0, the broker assigns
// it) on and without the four bytes of size in front that a produce request
// has. They are valid until the next Append or Reset; calling it again returns
// the same bytes and writes nothing, so that a request under way may still be
// reading them. It fails with [ErrTooLarge], [ErrEmpty] or [ErrUnsupported].
func (e *Encoder) Bytes() ([]byte, error) {
	if e.done != nil {
		return e.done, nil
	}
	if e.count == 0 {
		return nil, fmt.Errorf("encode record batch: %w", ErrEmpty)
	}
	if n := len(e.raw) - headerLen; n > DefaultMaxDecompressed {
		return nil, fmt.Errorf("encode record batch: %w: %d bytes before compression, at most %d", ErrTooLarge, n, DefaultMaxDecompressed)
	}
	b, err := e.compress()
	if err != nil {
		return nil, err
	}
	if len(b) > MaxBatchBytes {
		return nil, fmt.Errorf("encode record batch: %w: %d bytes in %d records, at most %d", ErrTooLarge, len(b), e.count, MaxBatchBytes)
	}
	e.putHeader(b)
	e.done = b
	return b, nil
}

// compress returns room for the header followed by the records in the codec of
// the batch.
func (e *Encoder) compress() ([]byte, error) {
	switch e.set.Codec {
	case None:
		return e.raw, nil
	case LZ4:
		if e.lz4 == nil {
			e.lz4 = new(lz4Encoder)
		}
		e.out = e.lz4.appendFrame(append(e.out[:0], e.raw[:headerLen]...), e.raw[headerLen:])
		return e.out, nil
	}
	return nil, fmt.Errorf("encode record batch: %w: writing %v", ErrUnsupported, e.set.Codec)
}

// putHeader fills in the header of the batch b, the checksum last.
func (e *Encoder) putHeader(b []byte) {
	seq := e.set.BaseSequence
	if e.set.Producer.ID < 0 {
		seq = -1
	}
	attributes := uint16(e.set.Codec)
	if e.set.Transactional {
		attributes |= transactionalBit
	}
	be := binary.BigEndian
	be.PutUint64(b[atBaseOffset:], 0)
	be.PutUint32(b[atLength:], uint32(len(b)-prefixLen))
	be.PutUint32(b[atLeaderEpoch:], ^uint32(0)) // -1: the broker fills it in
	b[atMagic] = magicV2
	be.PutUint16(b[atAttributes:], attributes)
	be.PutUint32(b[atLastOffsetDelta:], uint32(e.count-1))
	be.PutUint64(b[atBaseTimestamp:], uint64(e.set.BaseTimestamp))
	be.PutUint64(b[atMaxTimestamp:], uint64(e.set.BaseTimestamp))
	be.PutUint64(b[atProducerID:], uint64(e.set.Producer.ID))
	be.PutUint16(b[atProducerEpoch:], uint16(e.set.Producer.Epoch))
	be.PutUint32(b[atBaseSequence:], uint32(seq))
	be.PutUint32(b[atCount:], uint32(e.count))
	be.PutUint32(b[atCRC:], crc32.Checksum(b[atAttributes:], castagnoli))
}

// appendField appends f behind its length, -1 for nil.
func appendField(b, f []byte) []byte {
	if f == nil {
		return append(b, 1) // -1 in zigzag form
	}
	return append(binary.AppendVarint(b, int64(len(f))), f...)
}

// fieldLen returns the bytes that appendField appends.
func fieldLen(f []byte) int {
	if f == nil {
		return 1
	}
	return varintLen(int64(len(f))) + len(f)
}

// headersLen returns the bytes of the headers of a record, count included.
func headersLen(headers []Header) int {
	n := varintLen(int64(len(headers)))
	for i := range headers {
		k := len(headers[i].Key)
		n += varintLen(int64(k)) + k + fieldLen(headers[i].Value)
	}
	return n
}

// varintLen returns the bytes of the zigzag varint of v, which is not negative.
func varintLen(v int64) int {
	return (bits.Len64(uint64(v)<<1|1) + 6) / 7
}
