package recordbatch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// decompressor turns the compressed records of one batch at a time into plain
// ones and keeps its buffer, which grows with what was really decompressed and
// never by a size that the input only declares.
type decompressor struct {
	buf  []byte
	src  bytes.Reader
	gzip *gzip.Reader  // made at the first use
	zstd *zstd.Decoder // made at the first use
}

// growStep is by how much the buffer starts and grows at least, in bytes.
const growStep = 64 << 10

// records returns the decompressed form of src, at most limit bytes, valid
// until the next call. Uncompressed records are returned as they are; so are
// none, which a compacted batch may hold under any codec.
func (d *decompressor) records(c Codec, src []byte, limit int) ([]byte, error) {
	if c == None || len(src) == 0 {
		return src, nil
	}
	var err error
	d.buf = d.buf[:0]
	switch c {
	case Gzip:
		err = d.readGzip(src, limit)
	case Snappy:
		err = d.readSnappy(src, limit)
	case LZ4:
		err = d.readLZ4(src, limit)
	case Zstd:
		err = d.readZstd(src, limit)
	default:
		err = fmt.Errorf("%w: reading %v", ErrUnsupported, c)
	}
	return d.buf, err
}

// over returns the error for more than limit bytes.
func over(c Codec, limit int) error {
	return fmt.Errorf("%w: more than %d bytes after decompression (%v)", ErrTooLarge, limit, c)
}

// broken wraps an error of the codec c.
func broken(c Codec, err error) error {
	return fmt.Errorf("%w: %v: %w", ErrMalformed, c, err)
}

// readGzip decompresses src into d.buf.
func (d *decompressor) readGzip(src []byte, limit int) error {
	d.src.Reset(src)
	var err error
	if d.gzip == nil {
		d.gzip, err = gzip.NewReader(&d.src)
	} else {
		err = d.gzip.Reset(&d.src)
	}
	for err == nil {
		d.buf = slices.Grow(d.buf, growStep)
		var n int
		n, err = d.gzip.Read(d.buf[len(d.buf):cap(d.buf)])
		d.buf = d.buf[:len(d.buf)+n]
		if len(d.buf) > limit {
			return over(Gzip, limit)
		}
	}
	if err != io.EOF {
		return broken(Gzip, err)
	}
	return nil
}

// xerial opens the framing of the Java client's snappy library. Behind it come
// two version numbers, then blocks of raw snappy behind their length. Other
// clients write one raw block.
var xerial = []byte{0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0}

// readSnappy decompresses src, in either framing, into d.buf.
func (d *decompressor) readSnappy(src []byte, limit int) error {
	if !bytes.HasPrefix(src, xerial) {
		return d.appendSnappy(src, limit)
	}
	if len(src) < len(xerial)+8 {
		return broken(Snappy, io.ErrUnexpectedEOF)
	}
	for src = src[len(xerial)+8:]; len(src) > 0; {
		if len(src) < 4 {
			return broken(Snappy, io.ErrUnexpectedEOF)
		}
		n := binary.BigEndian.Uint32(src)
		if uint64(n) > uint64(len(src)-4) {
			return broken(Snappy, io.ErrUnexpectedEOF)
		}
		if err := d.appendSnappy(src[4:4+n], limit); err != nil {
			return err
		}
		src = src[4+n:]
	}
	return nil
}

// snappyMaxRatio is above the most bytes one byte of a snappy block can stand
// for (a copy of 64 bytes takes 3), so that a declared size beyond it is a lie.
const snappyMaxRatio = 22

// appendSnappy appends the decompressed form of one raw block to d.buf.
func (d *decompressor) appendSnappy(src []byte, limit int) error {
	n, err := snappy.DecodedLen(src)
	if err != nil {
		return broken(Snappy, err)
	}
	if n > limit-len(d.buf) {
		return over(Snappy, limit)
	}
	if n > snappyMaxRatio*len(src) {
		return broken(Snappy, snappy.ErrCorrupt)
	}
	at := len(d.buf)
	d.buf = slices.Grow(d.buf, n)
	if _, err := snappy.Decode(d.buf[at:at+n:at+n], src); err != nil {
		return broken(Snappy, err)
	}
	d.buf = d.buf[:at+n]
	return nil
}

// readLZ4 decompresses src, one frame, into d.buf. The bound is enforced per
// block, so that up to one block of at most 4 MiB may be written beyond it.
func (d *decompressor) readLZ4(src []byte, limit int) error {
	f, err := openLZ4(src)
	if err != nil {
		return err
	}
	for {
		block, stored, err := f.next()
		if err != nil || block == nil {
			return err
		}
		if stored {
			d.buf = append(d.buf, block...)
		} else {
			at, room := len(d.buf), min(f.blockMax, lz4MaxRatio*len(block))
			d.buf = slices.Grow(d.buf, room)
			n, err := lz4.UncompressBlock(block, d.buf[at:at+room])
			if err != nil {
				return broken(LZ4, err)
			}
			d.buf = d.buf[:at+n]
		}
		if len(d.buf) > limit {
			return over(LZ4, limit)
		}
	}
}

// zstdMaxRatio is the most bytes one byte of a zstd frame can stand for: a
// run-length block of 128 KiB takes 4.
const zstdMaxRatio = 32 << 10

// readZstd decompresses src into d.buf. The library would allocate what the
// frame declares, or a window of its own; so it is given a buffer and told to
// stay in it, and is called again with a larger one if that was too small.
func (d *decompressor) readZstd(src []byte, limit int) error {
	if d.zstd == nil {
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true))
		if err != nil {
			return fmt.Errorf("zstd: %w", err)
		}
		d.zstd = z
	}
	most := min(limit, zstdMaxRatio*len(src))
	for {
		d.buf = slices.Grow(d.buf, min(most, growStep))
		room := min(most, cap(d.buf))
		out, err := d.zstd.DecodeAll(src, d.buf[:0:room])
		switch {
		case err == nil:
			d.buf = out
			return nil
		case room == limit && errors.Is(err, zstd.ErrDecoderSizeExceeded):
			return over(Zstd, limit)
		case room == most || !errors.Is(err, zstd.ErrDecoderSizeExceeded):
			return broken(Zstd, err)
		}
		d.buf = make([]byte, 0, min(most, 4*room))
	}
}
