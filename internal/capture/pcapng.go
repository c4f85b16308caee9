package capture

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"cordon/internal/record"
)

// Block types of pcapng (draft-ietf-opsawg-pcapng 10).
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockPacket    = 2 // obsolete, still written by old tools
	blockSimple    = 3
	blockEnhanced  = 6
)

const (
	orderMagic = 0x1a2b3c4d
	// maxBlock bounds the blocks that are read as a whole; others are skipped
	// without being held.
	maxBlock = maxFrame + 65_536
	// maxInterfaces bounds what a section may declare.
	maxInterfaces = 4096
)

// pcapng reads the sections of a pcapng file, each with its interfaces.
type pcapng struct {
	place
	r          io.Reader
	order      binary.ByteOrder
	interfaces []networkInterface
	after      int64 // offset behind the block at hand
	header     [12]byte
	buf        []byte
}

// networkInterface is what frames are captured on.
type networkInterface struct {
	link   uint32
	snap   uint32 // largest captured length; 0: none
	binary bool   // resolution is 2^-exponent seconds, else 10^-exponent
	digits uint8  // the exponent
	offset int64  // seconds to be added to each time
}

func newPcapng(r io.Reader) *pcapng { return &pcapng{r: r, order: binary.LittleEndian} }

// next returns the next frame, whatever lies between.
func (p *pcapng) next(f *frame) error {
	p.number++
	for {
		kind, body, err := p.block()
		if err != nil {
			return err
		}
		switch kind {
		case blockSection:
			p.interfaces = p.interfaces[:0]
		case blockInterface:
			err = p.describe(body)
		case blockEnhanced, blockPacket:
			if err = p.packet(kind, body, f); err == nil {
				return nil
			}
		case blockSimple:
			if err = p.simple(body, f); err == nil {
				return nil
			}
		}
		if err != nil {
			return err
		}
	}
}

// block reads one block and returns its body; that of a section, or of a kind
// not used here, is skipped.
func (p *pcapng) block() (uint32, []byte, error) {
	p.byte = p.after
	if _, err := io.ReadFull(p.r, p.header[:8]); err != nil {
		return 0, nil, err
	}
	kind := p.order.Uint32(p.header[:])
	read := int64(8)
	if kind == blockSection {
		if err := p.section(); err != nil {
			return 0, nil, err
		}
		read = 12
	}
	length := int64(p.order.Uint32(p.header[4:]))
	if length < read+4 || length%4 != 0 {
		return 0, nil, fmt.Errorf("%w: a block of %d bytes", errLength, length)
	}
	p.after += length
	body, err := p.body(kind, length-read)
	return kind, body, err
}

// section reads the byte order of a section; the length before it is in that
// order, too.
func (p *pcapng) section() error {
	if _, err := io.ReadFull(p.r, p.header[8:12]); err != nil {
		return unexpected(err)
	}
	switch uint32(orderMagic) {
	case binary.LittleEndian.Uint32(p.header[8:]):
		p.order = binary.LittleEndian
	case binary.BigEndian.Uint32(p.header[8:]):
		p.order = binary.BigEndian
	default:
		return ErrFormat
	}
	return nil
}

// body reads or skips the rest of a block with its repeated length.
func (p *pcapng) body(kind uint32, rest int64) ([]byte, error) {
	switch kind {
	case blockInterface, blockPacket, blockSimple, blockEnhanced:
	default:
		_, err := io.CopyN(io.Discard, p.r, rest)
		return nil, unexpected(err)
	}
	if rest > maxBlock {
		return nil, fmt.Errorf("%w: a block of %d bytes", errLength, rest)
	}
	p.buf = grow(p.buf, int(rest))
	if _, err := io.ReadFull(p.r, p.buf); err != nil {
		return nil, unexpected(err)
	}
	return p.buf[:rest-4], nil
}

func (p *pcapng) describe(b []byte) error {
	if len(b) < 8 || len(p.interfaces) >= maxInterfaces {
		return fmt.Errorf("%w: an interface of %d bytes, number %d", errLength, len(b), len(p.interfaces))
	}
	i := networkInterface{link: uint32(p.order.Uint16(b)), snap: p.order.Uint32(b[4:]), digits: 6}
	const resolution, offset = 9, 14
	for b = b[8:]; len(b) >= 4; {
		code, size := p.order.Uint16(b), int(p.order.Uint16(b[2:]))
		padded := 4 + (size+3)&^3
		if code == 0 || padded > len(b) {
			break
		}
		switch value := b[4 : 4+size]; {
		case code == resolution && size == 1:
			i.binary, i.digits = value[0]&0x80 != 0, value[0]&0x7f
		case code == offset && size == 8:
			i.offset = int64(p.order.Uint64(value))
		}
		b = b[padded:]
	}
	p.interfaces = append(p.interfaces, i)
	return nil
}

// packet reads an enhanced packet block, or an obsolete one: they differ in
// the width of the interface's number.
func (p *pcapng) packet(kind uint32, b []byte, f *frame) error {
	const header = 20
	if len(b) < header {
		return fmt.Errorf("%w: a packet block of %d bytes", errLength, len(b))
	}
	number := p.order.Uint32(b)
	if kind == blockPacket {
		number = uint32(p.order.Uint16(b))
	}
	captured, wire := p.order.Uint32(b[12:]), p.order.Uint32(b[16:])
	if number >= uint32(len(p.interfaces)) || captured > uint32(len(b)-header) {
		return fmt.Errorf("%w: %d bytes of interface %d", errLength, captured, number)
	}
	i := p.interfaces[number]
	ticks := uint64(p.order.Uint32(b[4:]))<<32 | uint64(p.order.Uint32(b[8:]))
	at, timed := i.time(ticks)
	*f = frame{link: i.link, at: at, timed: timed, bytes: b[header : header+captured], wire: int(min(wire, maxFrame))}
	return nil
}

// simple reads a block that has neither time nor captured length.
func (p *pcapng) simple(b []byte, f *frame) error {
	if len(b) < 4 || len(p.interfaces) == 0 {
		return fmt.Errorf("%w: a simple packet block of %d bytes", errLength, len(b))
	}
	i := p.interfaces[0]
	wire := p.order.Uint32(b)
	captured := min(wire, uint32(len(b)-4))
	if i.snap != 0 {
		captured = min(captured, i.snap)
	}
	*f = frame{link: i.link, bytes: b[4 : 4+captured], wire: int(min(wire, maxFrame))}
	return nil
}

// time returns the time of so many ticks of the interface; false: outside of
// what a time can be.
func (i *networkInterface) time(ticks uint64) (record.Micros, bool) {
	seconds, micros := uint64(0), uint64(0)
	switch {
	case i.binary && i.digits < 64:
		seconds = ticks >> i.digits
		high, low := bits.Mul64(ticks-seconds<<i.digits, 1_000_000)
		if micros = low >> i.digits; i.digits > 0 {
			micros |= high << (64 - i.digits)
		}
	case !i.binary && i.digits < 20:
		unit := uint64(1)
		for range i.digits {
			unit *= 10
		}
		seconds = ticks / unit
		if unit >= 1_000_000 {
			micros = ticks % unit / (unit / 1_000_000)
		} else {
			micros = ticks % unit * (1_000_000 / unit)
		}
	default:
		return 0, false
	}
	const last = int64(lastTime / record.Second)
	if seconds > uint64(last) || i.offset < -last || i.offset > last {
		return 0, false
	}
	at := record.Micros(int64(seconds)+i.offset)*record.Second + record.Micros(micros)
	return at, at >= 0 && at <= lastTime
}
