package recordbatch

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/pierrec/lz4/v4"
)

// The LZ4 frame is written and read here, block by block, with only the block
// codec taken from the library: its streaming reader and writer copy through
// pooled buffers, and the reader carries its window over from one frame to the
// next. LZ4 Frame Format v1.6.1 is what "lz4/doc" below means.

// lz4Block is the size of the blocks written, in bytes before compression: the
// smallest the format has, measured cheaper than the larger ones.
const lz4Block = 64 << 10

// lz4Header opens a frame of independent 64-KiB blocks without checksums (the
// CRC-32C of the batch covers all): magic number, FLG, BD, and the second byte
// of the XXH32 of FLG and BD.
var lz4Header = [...]byte{0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82}

// lz4Stored marks, in the size of a block, one that was not compressed.
const lz4Stored = 1 << 31

// lz4MaxRatio is the most bytes one byte of a compressed block can stand for
// (a length byte of 255).
const lz4MaxRatio = 255

// lz4Encoder writes frames. It holds the compressor's table of 136 KiB.
type lz4Encoder struct{ c lz4.Compressor }

// appendFrame appends src as one frame to dst.
func (e *lz4Encoder) appendFrame(dst, src []byte) []byte {
	dst = append(dst, lz4Header[:]...)
	for block := range slices.Chunk(src, lz4Block) {
		at := len(dst)
		dst = slices.Grow(dst, 4+len(block))[:at+4+len(block)]
		n, err := e.c.CompressBlock(block, dst[at+4:])
		size := uint32(n)
		if n == 0 || err != nil { // not smaller than the original
			n = copy(dst[at+4:], block)
			size = uint32(n) | lz4Stored
		}
		binary.LittleEndian.PutUint32(dst[at:], size)
		dst = dst[:at+4+n]
	}
	return append(dst, 0, 0, 0, 0) // end mark
}

// errLZ4Cut means that a frame or a block of it does not fit where it should.
var errLZ4Cut = fmt.Errorf("%w: lz4: frame cut short or block too long", ErrMalformed)

// lz4Frame is what the descriptor of a frame says.
type lz4Frame struct {
	blockMax int    // most bytes of a decompressed block
	sums     bool   // every block is followed by its checksum
	body     []byte // the blocks not yet read, the end mark and what follows it
}

// openLZ4 reads the frame descriptor. Like the Java client it takes independent
// blocks only. Checksums are passed over: the CRC-32C of the batch covers the
// same bytes.
func openLZ4(src []byte) (lz4Frame, error) {
	if len(src) < len(lz4Header) || [4]byte(src[:4]) != [4]byte(lz4Header[:4]) {
		return lz4Frame{}, fmt.Errorf("%w: lz4: no frame", ErrMalformed)
	}
	// lz4/doc "Frame Descriptor": version 01 in bits 7-6 of FLG, block
	// independence 5, block checksum 4, content size 3, dictionary id 0;
	// block size 4 to 7 in bits 6-4 of BD.
	flg, bd := src[4], src[5]>>4&0b111
	const independent, contentSize, dictionary = 1 << 5, 1 << 3, 1
	if flg>>6 != 1 || flg&independent == 0 || flg&dictionary != 0 || bd < 4 {
		return lz4Frame{}, fmt.Errorf("%w: lz4: frame descriptor %#02x %#02x", ErrUnsupported, flg, src[5])
	}
	n := len(lz4Header)
	if flg&contentSize != 0 {
		n += 8
	}
	if len(src) < n {
		return lz4Frame{}, errLZ4Cut
	}
	return lz4Frame{blockMax: 1 << (8 + 2*bd), sums: flg&(1<<4) != 0, body: src[n:]}, nil
}

// next cuts the next block off the frame. It returns none at the end mark.
func (f *lz4Frame) next() (block []byte, stored bool, err error) {
	if len(f.body) < 4 {
		return nil, false, errLZ4Cut
	}
	size := binary.LittleEndian.Uint32(f.body)
	n, rest := int(size&^lz4Stored), f.body[4:]
	if size == 0 {
		return nil, false, nil
	}
	tail := 0
	if f.sums {
		tail = 4
	}
	if n == 0 || n > f.blockMax || n+tail > len(rest) {
		return nil, false, errLZ4Cut
	}
	f.body = rest[n+tail:]
	return rest[:n], size&lz4Stored != 0, nil
}
