package recordbatch

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
)

// Batch is one decoded batch of a record set: what its header says, and its
// records by [Batch.Next]. It is valid until the function it was given to
// returns.
type Batch struct {
	// BaseOffset is the offset of the first record the batch once had.
	BaseOffset int64
	// LastOffset is the offset of the last record the batch once had;
	// compaction removes records and keeps both ends.
	LastOffset int64
	// CRC is the CRC-32C of the batch, checked. It stays the same as long as
	// the log is not compacted.
	CRC uint32
	// MaxTimestamp is the largest timestamp of the records, in milliseconds
	// since 1970; the broker's append time if LogAppend.
	MaxTimestamp int64
	// LogAppend says that the broker stamped the records when it appended them
	// (message.timestamp.type=LogAppendTime).
	LogAppend bool
	// Producer wrote the batch; [NoProducer] if neither idempotent nor
	// transactional.
	Producer Producer
	// BaseSequence is the sequence of the first record, -1 without a producer.
	BaseSequence int32
	// Transactional says that the batch is part of a transaction.
	Transactional bool
	// Control says that the broker wrote the batch to end a transaction; it has
	// no records for an application.
	Control bool
	// Marker is the outcome a control batch carries.
	Marker Marker
	// Codec is how the records were compressed.
	Codec Codec
	// Count is the number of records in the batch, at least 0. It is declared,
	// and bounded only by the bytes which Next finds.
	Count int

	from     int64 // records below this offset are passed over
	baseTime int64
	records  cursor // the decompressed records not yet read
	left     int    // how many of them there must be
	prev     int64  // offset of the record read last
	headers  *headerArena
	err      error
}

// parse reads the header of b from raw, a complete batch. A wrong checksum
// leaves everything but BaseOffset unset.
func (b *Batch) parse(raw []byte) error {
	be := binary.BigEndian
	*b = Batch{BaseOffset: int64(be.Uint64(raw[atBaseOffset:])), LastOffset: -1, headers: b.headers}
	b.CRC = be.Uint32(raw[atCRC:])
	if sum := crc32.Checksum(raw[atAttributes:], castagnoli); sum != b.CRC {
		return fmt.Errorf("%w: CRC-32C is %#08x, the header says %#08x", ErrCorrupt, sum, b.CRC)
	}
	delta, count := int32(be.Uint32(raw[atLastOffsetDelta:])), int32(be.Uint32(raw[atCount:]))
	if b.BaseOffset < 0 || b.BaseOffset > math.MaxInt64-math.MaxInt32-1 || delta < 0 {
		return fmt.Errorf("%w: last offset delta %d", ErrMalformed, delta)
	}
	b.LastOffset = b.BaseOffset + int64(delta)
	b.prev = b.BaseOffset - 1
	if count < 0 {
		return fmt.Errorf("%w: record count %d", ErrMalformed, count)
	}
	b.Count, b.left = int(count), int(count)
	attributes := be.Uint16(raw[atAttributes:])
	b.Codec = Codec(attributes & codecBits)
	b.LogAppend = attributes&logAppendBit != 0
	b.Transactional = attributes&transactionalBit != 0
	b.Control = attributes&controlBit != 0
	b.baseTime = int64(be.Uint64(raw[atBaseTimestamp:]))
	b.MaxTimestamp = int64(be.Uint64(raw[atMaxTimestamp:]))
	b.Producer = Producer{ID: int64(be.Uint64(raw[atProducerID:])), Epoch: int16(be.Uint16(raw[atProducerEpoch:]))}
	b.BaseSequence = int32(be.Uint32(raw[atBaseSequence:]))
	return nil
}

// Next reads the next record into r, in increasing offset order, and reports
// whether there was one. After false, Err tells the end from a failure.
func (b *Batch) Next(r *Record) bool {
	for b.err == nil && b.left > 0 {
		b.left--
		if b.err = b.read(r); b.err == nil && r.Offset >= b.from {
			return true
		}
	}
	if b.err == nil && b.records.left() != 0 {
		b.err = fmt.Errorf("%w: %d bytes behind the last of %d records", ErrMalformed, b.records.left(), b.Count)
	}
	return false
}

// Err returns the failure that made Next stop, wrapping [ErrMalformed] or
// [ErrTooLarge]. Decode returns it too, so that only a function which acts on
// the batch before it returns needs to ask.
func (b *Batch) Err() error { return b.err }

// read reads one record, wherever it lies.
func (b *Batch) read(r *Record) error {
	size := int(b.records.varint())
	if b.records.bad || size < 0 || size > b.records.left() {
		return fmt.Errorf("%w: record of %d bytes in %d", ErrMalformed, size, b.records.left())
	}
	c := cursor{b: b.records.b[b.records.i : b.records.i+size]}
	b.records.i += size
	c.byte() // attributes, unused
	r.Timestamp = b.baseTime + c.varlong()
	if b.LogAppend {
		r.Timestamp = b.MaxTimestamp
	}
	r.Offset = b.BaseOffset + int64(c.varint())
	r.Key, r.Value = c.field(), c.field()
	var err error
	if r.Headers, err = b.headers.read(&c); err != nil {
		return err
	}
	if c.bad || c.left() != 0 {
		return fmt.Errorf("%w: record of %d bytes does not fill them", ErrMalformed, size)
	}
	if r.Offset <= b.prev || r.Offset > b.LastOffset {
		return fmt.Errorf("%w: record at offset %d behind %d in a batch that ends at %d", ErrMalformed, r.Offset, b.prev, b.LastOffset)
	}
	b.prev = r.Offset
	return nil
}

// readMarker reads the outcome a control batch carries in the key of its first
// record: int16 version, int16 type (0 abort, 1 commit; others end no
// transaction). A later version may append to the key. Compaction can leave a
// control batch without its record. No record is left for Next.
func (b *Batch) readMarker() error {
	if b.Count == 0 {
		return nil
	}
	var r Record
	if err := b.read(&r); err != nil {
		return err
	}
	if len(r.Key) < 4 {
		return fmt.Errorf("%w: control record with a key of %d bytes", ErrMalformed, len(r.Key))
	}
	switch binary.BigEndian.Uint16(r.Key[2:]) {
	case 0:
		b.Marker = Abort
	case 1:
		b.Marker = Commit
	}
	b.left, b.records = 0, cursor{}
	return nil
}

// fail wraps the reason why the batch could not be decoded.
func (b *Batch) fail(err error) error {
	next := int64(-1)
	if b.LastOffset >= 0 {
		next = b.LastOffset + 1
	}
	return &BatchError{Offset: b.BaseOffset, Next: next, Err: err}
}
