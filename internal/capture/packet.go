package capture

import (
	"encoding/binary"
	"net/netip"
)

// fate says what a captured frame turned out to be.
type fate uint8

const (
	fateFlow      fate = iota // an IP packet of some flow
	fateNotIP                 // ARP, EAPOL, spanning tree, …
	fateMalformed             // cut before its ports, or it contradicts itself
	fateControl               // GTP-U that carries no packet: echo, error, end marker
	fateLink                  // a link type this package does not read
)

// IANA protocol numbers this package treats on their own.
const (
	protoICMP   = 1
	protoTCP    = 6
	protoUDP    = 17
	protoICMPv6 = 58
	protoSCTP   = 132
	protoNone   = 255 // reserved by IANA: transport unknown
)

// part says which part of an IP packet was seen.
type part uint8

const (
	whole part = iota
	firstFragment
	laterFragment // has no ports
)

// fragment names an IP packet that travels in parts (RFC 791 3.2, RFC 8200 4.5).
type fragment struct {
	src, dst netip.Addr
	id       uint32
	proto    uint8
}

// packet is what flow assembly needs of one IP packet. Where the packet came
// through a GTP-U tunnel it is the inner one.
type packet struct {
	src, dst         netip.Addr
	srcPort, dstPort uint16 // TCP, UDP, SCTP; else 0
	proto            uint8
	length           int64  // bytes at IP level, of this fragment only
	flags            uint8  // TCP
	sequence         uint32 // TCP
	icmpType         uint8
	payload          []byte // of TCP and UDP, as far as captured
	part             part
	id               fragment // where part is not whole
	tunnel           fragment // the outer packet, where it travels in parts
	tunnelled        bool     // came through a tunnel
	toGroup          bool     // sent to all or several stations: dst is no terminal, even where it looks like one (10.0.0.255)
}

// maxFrame bounds the length a frame may claim to have had on the wire: the
// largest snap length of tcpdump. It also covers segmentation offload.
const maxFrame = 262_144

// decode reads the frame of the given pcap link type that had wire bytes when
// it was captured. Only captured bytes are looked at; lengths that headers
// claim count up to what the wire had.
func (p *packet) decode(link uint32, frame []byte, wire int) fate {
	*p = packet{}
	at, f := ipOffset(link, frame)
	if f != fateFlow {
		return f
	}
	p.toGroup = sentToGroup(link, frame)
	wire = min(max(wire, len(frame)), maxFrame)
	return p.decodeIP(frame[at:], wire-at)
}

func (p *packet) decodeIP(b []byte, wire int) fate {
	if len(b) == 0 {
		return fateMalformed
	}
	switch b[0] >> 4 {
	case 4:
		return p.decodeIPv4(b, wire)
	case 6:
		return p.decodeIPv6(b, wire)
	}
	return fateMalformed
}

func (p *packet) decodeIPv4(b []byte, wire int) fate {
	const fixed = 20
	if len(b) < fixed {
		return fateMalformed
	}
	header := int(b[0]&0x0f) * 4
	total := int(binary.BigEndian.Uint16(b[2:]))
	if total == 0 { // left to the network card (segmentation offload)
		total = wire
	}
	total = min(total, wire)
	if header < fixed || header > len(b) || header > total {
		return fateMalformed
	}
	p.src, p.dst = netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
	p.proto, p.length = b[9], int64(total)
	p.setPart(binary.BigEndian.Uint16(b[6:])&0x1fff > 0, b[6]&0x20 != 0, uint32(binary.BigEndian.Uint16(b[4:])))
	return p.decodeTransport(b[header:min(len(b), total)], total-header)
}

// maxExtensions bounds the IPv6 extension headers of a packet; RFC 8200 4.1
// needs seven.
const maxExtensions = 10

func (p *packet) decodeIPv6(b []byte, wire int) fate {
	const fixed = 40
	if len(b) < fixed || wire < fixed {
		return fateMalformed
	}
	total := fixed + int(binary.BigEndian.Uint16(b[4:]))
	if total == fixed { // jumbogram, or left to the network card
		total = wire
	}
	total = min(total, wire)
	p.src, p.dst = netip.AddrFrom16([16]byte(b[8:24])).Unmap(), netip.AddrFrom16([16]byte(b[24:40])).Unmap()
	p.length = int64(total)
	b = b[:min(len(b), total)]
	next, at := b[6], fixed
	for range maxExtensions {
		size := extensionSize(next, b[at:])
		if size == 0 {
			p.proto = next
			return p.decodeTransport(b[at:], total-at)
		}
		if size > len(b)-at {
			return fateMalformed
		}
		header := b[at : at+size]
		isFragment := next == extensionFragment
		next, at = header[0], at+size
		if isFragment {
			offset := binary.BigEndian.Uint16(header[2:])
			p.proto = next
			p.setPart(offset>>3 > 0, offset&1 != 0, binary.BigEndian.Uint32(header[4:]))
		}
		if p.part == laterFragment {
			return fateFlow
		}
	}
	return fateMalformed
}

const extensionFragment = 44

// extensionSize returns the length of the IPv6 extension header of the given
// kind at the start of b; 0: it is none. A cut header is as long as it must be
// at least.
func extensionSize(kind uint8, b []byte) int {
	switch kind {
	case extensionFragment:
		return 8
	case 0, 43, 60, 135: // hop-by-hop, routing, destination options, mobility
		if len(b) < 2 {
			return 8
		}
		return 8 + 8*int(b[1])
	case 51: // authentication header (RFC 4302 2.2)
		if len(b) < 2 {
			return 8
		}
		return 4 * (int(b[1]) + 2)
	}
	return 0
}

func (p *packet) setPart(later, more bool, id uint32) {
	switch {
	case later:
		p.part = laterFragment
	case more:
		p.part = firstFragment
	default:
		return
	}
	p.id = fragment{src: p.src, dst: p.dst, id: id, proto: p.proto}
}

// decodeTransport reads the ports and opens a tunnel; b is what was captured
// behind the IP header, wire how long it was.
func (p *packet) decodeTransport(b []byte, wire int) fate {
	if p.part == laterFragment {
		return fateFlow
	}
	switch p.proto {
	case protoTCP, protoUDP, protoSCTP:
		if len(b) < 4 {
			return fateMalformed
		}
		p.srcPort, p.dstPort = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	case protoICMP, protoICMPv6:
		if len(b) < 1 {
			return fateMalformed
		}
		p.icmpType = b[0]
	}
	switch p.proto {
	case protoTCP:
		p.decodeTCP(b)
	case protoUDP:
		const header = 8
		if len(b) < header {
			return fateFlow
		}
		p.payload = b[header:]
		return p.openTunnel(wire - header)
	}
	return fateFlow
}

func (p *packet) decodeTCP(b []byte) {
	if len(b) < 14 { // cut by the snap length: ports only
		return
	}
	p.sequence, p.flags = binary.BigEndian.Uint32(b[4:]), b[13]
	if header := int(b[12]>>4) * 4; header >= 20 && header <= len(b) {
		p.payload = b[header:]
	}
}

// gtpPort is the UDP port a GTP-U packet is sent to (TS 29.281 4.4.2).
const gtpPort = 2152

// openTunnel replaces p by the packet inside, where p is a G-PDU (TS 29.281
// 5.1). Whatever else is sent to the port stays the UDP packet it is.
//
// A tunnel is opened once: a terminal that sends a G-PDU of its own through
// the network must not be able to speak in another terminal's name.
func (p *packet) openTunnel(wire int) fate {
	b := p.payload
	if p.dstPort != gtpPort || p.tunnelled || len(b) < 8 || b[0]>>4 != 0b0011 { // version 1, protocol type GTP
		return fateFlow
	}
	const gPDU = 255
	if b[1] != gPDU {
		return fateControl
	}
	at := gtpHeaderSize(b)
	end := 8 + int(binary.BigEndian.Uint16(b[2:]))
	if p.part == whole {
		end = min(end, wire)
	} // else the rest comes in later fragments, which are not counted again
	if at == 0 || at > len(b) || at > end {
		return fateMalformed
	}
	inner := packet{tunnelled: true}
	if p.part == firstFragment {
		inner.tunnel = p.id
	}
	*p = inner
	return p.decodeIP(b[at:min(len(b), end)], end-at)
}

// gtpHeaderSize returns the length of the GTP-U header with its extension
// headers (TS 29.281 5.2); 0: it contradicts itself. b has at least 8 bytes.
func gtpHeaderSize(b []byte) int {
	const optional, extension = 0x07, 0x04
	if b[0]&optional == 0 {
		return 8
	}
	at := 12
	if b[0]&extension == 0 {
		return at
	}
	if len(b) < at {
		return 0
	}
	for next := b[11]; next != 0; {
		if at >= len(b) {
			return 0
		}
		size := 4 * int(b[at])
		if size == 0 || size > len(b)-at {
			return 0
		}
		at += size
		next = b[at-1]
	}
	return at
}
