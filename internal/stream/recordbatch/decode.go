package recordbatch

import (
	"encoding/binary"
	"fmt"
)

// Options say how a record set was fetched.
type Options struct {
	// FetchOffset is the offset the fetch asked for. The first batch may begin
	// below it; records below it are passed over.
	FetchOffset int64
	// ReadCommitted leaves out the batches of the transactions in Aborted. The
	// fetch must have asked for isolation level 1, so that the set ends before
	// the first undecided transaction.
	ReadCommitted bool
	// Aborted is the list of aborted transactions in the fetch response.
	Aborted []AbortedTxn
	// MaxDecompressed bounds the records of one batch after decompression, and
	// the memory of its headers, in bytes; 0 means [DefaultMaxDecompressed].
	MaxDecompressed int
	// Markers delivers control batches too, without records. For tools that
	// show a log.
	Markers bool
}

// AbortedTxn is one entry of the list of aborted transactions in a fetch
// response.
type AbortedTxn struct {
	// ProducerID is the producer whose transaction it was.
	ProducerID int64
	// FirstOffset is the offset of the transaction's first record in the
	// partition. The producer's batches are aborted from there up to its next
	// abort marker.
	FirstOffset int64
}

// A Decoder decodes record sets and reuses its buffers, whose size follows the
// largest batch it has seen. The zero value is ready.
type Decoder struct {
	opts    Options // of the current call
	batch   Batch
	plain   decompressor
	headers headerArena
	aborts  abortFilter
}

// Decode calls fn for every batch of set that may hold records for a reader, in
// offset order, also for an empty one. It returns the offset to fetch next.
//
// A last batch that is cut short is left for the next fetch. If that leaves the
// returned offset at o.FetchOffset although set is not empty, not even one batch
// fitted and the fetch must ask for more bytes.
//
// It stops at the first batch it cannot decode, with a [BatchError], and at the
// first error of fn, which it returns as it is; the offset returned is then that
// of this batch. As records are read one by one, fn may have seen some of a
// malformed batch.
func (d *Decoder) Decode(set []byte, o Options, fn func(*Batch) error) (int64, error) {
	if o.MaxDecompressed == 0 {
		o.MaxDecompressed = DefaultMaxDecompressed
	}
	d.opts, d.batch.headers = o, &d.headers
	d.aborts.reset(o.Aborted)
	next, last := o.FetchOffset, int64(-1)
	for {
		n, err := batchLen(set)
		if err != nil {
			return next, &BatchError{Offset: int64(binary.BigEndian.Uint64(set)), Next: -1, Err: err}
		}
		if n == 0 {
			return next, nil
		}
		if err := d.decode(set[:n], last, fn); err != nil {
			return next, err
		}
		set, last = set[n:], d.batch.LastOffset
		next = max(next, last+1)
	}
}

// decode decodes one batch, which must lie behind the offset last, and gives it
// to fn if it holds records for the reader.
func (d *Decoder) decode(raw []byte, last int64, fn func(*Batch) error) error {
	b := &d.batch
	if err := b.parse(raw); err != nil {
		return b.fail(err)
	}
	if b.BaseOffset <= last {
		return b.fail(fmt.Errorf("%w: the batch before it ends at %d", ErrMalformed, last))
	}
	if b.Control {
		if err := d.open(raw); err != nil {
			return b.fail(err)
		}
		if err := b.readMarker(); err != nil {
			return b.fail(err)
		}
	}
	if d.opts.ReadCommitted && d.aborts.drop(b) || b.LastOffset < d.opts.FetchOffset || b.Control && !d.opts.Markers {
		return nil
	}
	if !b.Control {
		if err := d.open(raw); err != nil {
			return b.fail(err)
		}
	}
	err := fn(b)
	if b.err != nil {
		return b.fail(b.err)
	}
	return err
}

// open decompresses the records of the batch for Next.
func (d *Decoder) open(raw []byte) error {
	plain, err := d.plain.records(d.batch.Codec, raw[headerLen:], d.opts.MaxDecompressed)
	if err != nil {
		return err
	}
	d.headers.reset(d.opts.MaxDecompressed)
	d.batch.records = cursor{b: plain}
	d.batch.from = d.opts.FetchOffset
	return nil
}

// batchLen returns the length of the batch at the head of set, 0 if the set
// ends before it does.
func batchLen(set []byte) (int, error) {
	if len(set) <= atMagic {
		return 0, nil
	}
	if set[atMagic] != magicV2 {
		return 0, fmt.Errorf("%w: format version %d", ErrUnsupported, int8(set[atMagic]))
	}
	n := int64(int32(binary.BigEndian.Uint32(set[atLength:]))) + prefixLen
	if n < headerLen {
		return 0, fmt.Errorf("%w: length %d", ErrMalformed, n-prefixLen)
	}
	if n > int64(len(set)) {
		return 0, nil
	}
	return int(n), nil
}
