package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"cordon/internal/record"
)

// frame is one captured frame. bytes is valid until the next one is read.
type frame struct {
	link  uint32
	at    record.Micros
	timed bool // at is known
	bytes []byte
	wire  int // length before the snap length cut it
}

// frames reads the frames of one file. An error other than io.EOF ends the
// file: where the next frame begins is no longer known.
type frames interface {
	next(f *frame) error
	position() string // of the frame that next reads or read last
}

// lastTime is the end of the year 9999, the last that RFC 3339 can write.
const lastTime = record.Micros(253_402_300_799) * record.Second

var errLength = errors.New("a length that cannot be")

// place is how far reading has come.
type place struct {
	byte   int64 // offset in the unpacked file of the frame at hand
	number int64 // of the frame at hand, from 1
}

func (p *place) position() string { return fmt.Sprintf("packet %d at byte %d", p.number, p.byte) }

// Magic numbers of the classic format, as they read in little endian.
const (
	magicMicros        = 0xa1b2c3d4
	magicNanos         = 0xa1b23c4d
	magicMicrosSwapped = 0xd4c3b2a1
	magicNanosSwapped  = 0x4d3cb2a1
)

// pcapFile reads the classic format (draft-ietf-opsawg-pcap).
type pcapFile struct {
	place
	r      io.Reader
	order  binary.ByteOrder
	nanos  bool
	link   uint32
	after  int64 // offset behind the frame at hand
	header [16]byte
	buf    []byte
}

// newPcap reads the file header; ErrFormat: it is another format.
func newPcap(r io.Reader) (*pcapFile, error) {
	var h [24]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return nil, fmt.Errorf("file header: %w", unexpected(err))
	}
	p := &pcapFile{r: r, order: binary.LittleEndian, after: int64(len(h))}
	switch binary.LittleEndian.Uint32(h[:]) {
	case magicMicros:
	case magicNanos:
		p.nanos = true
	case magicMicrosSwapped:
		p.order = binary.BigEndian
	case magicNanosSwapped:
		p.order, p.nanos = binary.BigEndian, true
	default:
		return nil, ErrFormat
	}
	// The upper bits hold the length of the frame check sequence.
	p.link = p.order.Uint32(h[20:]) & 0xffff
	return p, nil
}

func (p *pcapFile) next(f *frame) error {
	p.number, p.byte = p.number+1, p.after
	if _, err := io.ReadFull(p.r, p.header[:]); err != nil {
		return err
	}
	captured, wire := p.order.Uint32(p.header[8:]), p.order.Uint32(p.header[12:])
	if captured > maxFrame {
		return fmt.Errorf("%w: a frame of %d bytes", errLength, captured)
	}
	p.buf = grow(p.buf, int(captured))
	if _, err := io.ReadFull(p.r, p.buf); err != nil {
		return unexpected(err)
	}
	p.after += int64(len(p.header)) + int64(captured)
	fraction := record.Micros(p.order.Uint32(p.header[4:]))
	if p.nanos {
		fraction /= 1000
	}
	*f = frame{
		link: p.link, bytes: p.buf, wire: int(min(wire, maxFrame)), timed: true,
		at: record.Micros(p.order.Uint32(p.header[:]))*record.Second + fraction,
	}
	return nil
}

// grow returns a slice of n bytes, reusing b where it is large enough.
func grow(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// unexpected tells an end in the middle of something from a regular one.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
