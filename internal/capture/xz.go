package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// maxDictionary is the largest dictionary unpacked: that of xz -9.
const maxDictionary = 64 << 20

var (
	errDictionary = errors.New("unpacking needs too much memory")
	errXZ         = errors.New("xz: the file contradicts itself, or is packed in a way that is not read")
)

// xzGuard passes an xz file on and follows its structure (xz file format 1.2,
// streams of blocks of LZMA2 chunks), to end it before a block that asks for a
// larger dictionary than maxDictionary: the library allocates whatever any of
// the blocks asks for. It checks nothing else; the library does.
type xzGuard struct {
	r   io.Reader
	err error // ends the file

	next    func(last byte) error // takes the next byte, which is the last of head
	head    []byte                // bytes of the part at hand, gathered
	skip    int64                 // bytes to be passed on unseen
	at      int64                 // bytes walked over; every part but the chunks is a multiple of four long
	check   int64                 // length of the stream's checksums
	numbers uint64                // of the index, still to come
}

func newXZGuard(r io.Reader) *xzGuard {
	g := &xzGuard{r: r}
	g.next = g.stream
	return g
}

// Read implements io.Reader. Of a block that is refused the last byte of its
// header is not passed on.
func (g *xzGuard) Read(p []byte) (int, error) {
	if g.err != nil {
		return 0, g.err
	}
	n, err := g.r.Read(p)
	walked, refusal := g.walk(p[:n])
	if g.err = refusal; refusal != nil {
		return walked, refusal
	}
	return n, err
}

// walk follows the bytes and returns how many of them are good.
func (g *xzGuard) walk(b []byte) (int, error) {
	for i := 0; i < len(b); {
		if g.skip > 0 {
			n := int(min(g.skip, int64(len(b)-i)))
			i, g.skip, g.at = i+n, g.skip-int64(n), g.at+int64(n)
			continue
		}
		g.head, g.at = append(g.head, b[i]), g.at+1
		if err := g.next(b[i]); err != nil {
			return i, err
		}
		i++
	}
	return len(b), nil
}

// then goes on with another part, behind so many bytes.
func (g *xzGuard) then(next func(byte) error, skip int64) error {
	g.next, g.skip, g.head = next, skip, g.head[:0]
	return nil
}

// stream takes a stream's header, or the zeros between two streams.
func (g *xzGuard) stream(last byte) error {
	const header, flags = 12, 7
	if len(g.head) == 1 && last == 0 {
		return g.then(g.stream, 0)
	}
	if len(g.head) < header {
		return nil
	}
	g.check = 0
	if kind := g.head[flags] & 0x0f; kind > 0 {
		g.check = 4 << ((kind - 1) / 3) // 4, 8, 16, 32, 64 bytes
	}
	return g.then(g.block, 0)
}

// block takes a block's header, or the first byte of the index.
func (g *xzGuard) block(byte) error {
	if g.head[0] == 0 {
		return g.then(g.index, 0)
	}
	if len(g.head) < 4*(int(g.head[0])+1) {
		return nil
	}
	switch size, ok := xzDictionary(g.head); {
	case !ok:
		return errXZ
	case size > maxDictionary:
		return fmt.Errorf("xz: %w: a dictionary of %d bytes", errDictionary, size)
	}
	return g.then(g.chunk, 0)
}

// chunk takes the header of an LZMA2 chunk. The last one of a block is followed
// by padding and checksum.
func (g *xzGuard) chunk(byte) error {
	const unpacked, properties, packed = 0x02, 0xc0, 0x80
	switch control := g.head[0]; {
	case control == 0:
		return g.then(g.block, -g.at&3+g.check)
	case control <= unpacked:
		if len(g.head) == 3 {
			return g.then(g.chunk, int64(binary.BigEndian.Uint16(g.head[1:]))+1)
		}
	case control >= packed:
		if len(g.head) == 6 || len(g.head) == 5 && control < properties {
			return g.then(g.chunk, int64(binary.BigEndian.Uint16(g.head[3:]))+1)
		}
	default:
		return errXZ
	}
	return nil
}

// index takes the number of blocks, each of which has two numbers.
func (g *xzGuard) index(last byte) error {
	if last >= 0x80 && len(g.head) < binary.MaxVarintLen64 {
		return nil
	}
	count, n := binary.Uvarint(g.head)
	if n <= 0 || count > 1<<60 {
		return errXZ
	}
	g.numbers = 2 * count
	return g.records()
}

// number takes a byte of a number of the index.
func (g *xzGuard) number(last byte) error {
	g.head = g.head[:0]
	if last >= 0x80 {
		return nil
	}
	g.numbers--
	return g.records()
}

// records goes on with the next number, or behind padding, checksum and footer.
func (g *xzGuard) records() error {
	if g.numbers > 0 {
		return g.then(g.number, 0)
	}
	const checksum, footer = 4, 12
	return g.then(g.stream, -g.at&3+checksum+footer)
}

// xzDictionary reads the size of the dictionary from a block's header (xz file
// format 3.1 and 5.3.1). LZMA2 is the only filter that is read.
func xzDictionary(b []byte) (uint64, bool) {
	const lzma2, filters = 0x21, 0x03
	flags := b[1]
	b = b[2:]
	for _, present := range []bool{flags&0x40 != 0, flags&0x80 != 0} { // sizes of the block
		if !present {
			continue
		}
		_, n := binary.Uvarint(b)
		if n <= 0 {
			return 0, false
		}
		b = b[n:]
	}
	if flags&filters != 0 || len(b) < 3 || b[0] != lzma2 || b[1] != 1 || b[2] > 40 {
		return 0, false
	}
	if b[2] == 40 {
		return 1<<32 - 1, true
	}
	return uint64(2|b[2]&1) << (b[2]/2 + 11), true
}
