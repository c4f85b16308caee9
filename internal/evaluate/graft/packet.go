package graft

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"

	"cordon/internal/raw"
	"cordon/internal/record"
)

// script is what is put among the packets of a device. Times are seconds since
// the graft began.
type script struct {
	me      netip.Addr
	r       *rand.Rand
	packets []packet
	// What the device itself does: its main server, invalid where it has none,
	// and what becomes of a report of its own at some time; false: it is left
	// out. nil: all stay as they are.
	server service
	edit   func(at float64, f *raw.Flow) bool
	spoilt bool // the device has nothing that this could happen to
}

// service is a port of an address.
type service struct {
	address  netip.Addr
	port     uint16
	protocol int32
}

// packet is one of them; length is that on the wire, of which bytes are the
// headers and what counts of the rest.
type packet struct {
	at     float64
	bytes  []byte
	length int
}

// conn is a connection, or what stands for one over UDP.
type conn struct {
	far       netip.Addr
	port      uint16 // of far
	mine      uint16
	otherWise bool // far opened it
}

// TCP flags (RFC 9293).
const (
	fin  = 1
	syn  = 2
	push = 8
	ack  = 16
)

const (
	protocolTCP, protocolUDP = 6, 17
	ethernetHeader           = 14
	segment                  = 1400 // bytes in a full packet
)

// send adds a packet to the far end; receive one from it.
func (s *script) send(at float64, c conn, protocol byte, transport []byte, payload int) {
	s.ip(at, s.me, c.far, protocol, transport, payload)
}

func (s *script) receive(at float64, c conn, protocol byte, transport []byte, payload int) {
	s.ip(at, c.far, s.me, protocol, transport, payload)
}

func (s *script) ip(at float64, from, to netip.Addr, protocol byte, transport []byte, payload int) {
	size := 20 + len(transport) + payload
	b := []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0}
	b = binary.BigEndian.AppendUint16(b, uint16(size))
	b = append(b, 0, 0, 0, 0, 64, protocol, 0, 0)
	b = append(append(b, from.AsSlice()...), to.AsSlice()...)
	s.packets = append(s.packets, packet{at, append(b, transport...), ethernetHeader + size})
}

// tcp is a segment header between two ports.
func tcp(from, to uint16, flags byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, from)
	b = binary.BigEndian.AppendUint16(b, to)
	return append(b, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, flags, 0x20, 0, 0, 0, 0, 0)
}

// udp is a datagram header between two ports.
func udp(from, to uint16, payload int) []byte {
	b := binary.BigEndian.AppendUint16(nil, from)
	b = binary.BigEndian.AppendUint16(b, to)
	b = binary.BigEndian.AppendUint16(b, uint16(8+payload))
	return append(b, 0, 0)
}

// up and down are TCP segments with some bytes.
func (s *script) up(at float64, c conn, flags byte, n int) {
	s.send(at, c, protocolTCP, tcp(c.mine, c.port, flags), n)
}

func (s *script) down(at float64, c conn, flags byte, n int) {
	s.receive(at, c, protocolTCP, tcp(c.port, c.mine, flags), n)
}

// datagram goes up.
func (s *script) datagram(at float64, c conn, n int) {
	s.send(at, c, protocolUDP, udp(c.mine, c.port, n), n)
}

// open shakes hands.
func (s *script) open(at float64, c conn) {
	first, second := s.up, s.down
	if c.otherWise {
		first, second = s.down, s.up
	}
	first(at, c, syn, 0)
	second(at+0.05, c, syn|ack, 0)
	first(at+0.1, c, ack, 0)
}

// dead tries to connect, and nobody is there.
func (s *script) dead(at float64, c conn) {
	for _, after := range []float64{0, 1, 3} {
		s.up(at+after, c, syn, 0)
	}
}

// exchange is a short connection with so many bytes up and down.
func (s *script) exchange(at float64, c conn, up, down int) {
	s.open(at, c)
	for ; up > 0; up -= segment {
		s.up(at+0.12, c, ack|push, min(up, segment))
	}
	for ; down > 0; down -= segment {
		s.down(at+0.2, c, ack|push, min(down, segment))
	}
	s.up(at+0.3, c, fin|ack, 0)
	s.down(at+0.35, c, fin|ack, 0)
}

// resolver is where a device of a home asks for names.
var resolver = netip.AddrFrom4([4]byte{192, 168, 1, 1})

// ask asks for a name, and gets an answer with a code and so many bytes more;
// code below 0: none.
func (s *script) ask(at float64, name []byte, code, more int) {
	c := conn{far: resolver, port: 53, mine: s.port()}
	question := append(append([]byte{0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, name...), 0, 16, 0, 1)
	s.send(at, c, protocolUDP, append(udp(c.mine, c.port, len(question)), question...), 0)
	if code < 0 {
		return
	}
	answer := append([]byte(nil), question...)
	answer[2], answer[3] = 0x81, 0x80|byte(code)
	answer = append(answer, make([]byte, more)...)
	s.receive(at+0.03, c, protocolUDP, append(udp(c.port, c.mine, len(answer)), answer...), 0)
}

// name is a domain with so many letters made up before it, in the form of DNS
// (RFC 1035 3.1).
func (s *script) name(letters int, domain ...string) (b []byte) {
	for letters > 0 {
		n := min(letters, 60)
		b = append(b, byte(n))
		for range n {
			b = append(b, "abcdefghijklmnopqrstuvwxyz234567"[s.r.IntN(32)])
		}
		letters -= n
	}
	for _, label := range domain {
		b = append(append(b, byte(len(label))), label...)
	}
	return append(b, 0)
}

// port is one that a device opens connections from.
func (s *script) port() uint16 { return uint16(20_000 + s.r.IntN(40_000)) }

// stranger is an address that nobody has to do with.
func (s *script) stranger() netip.Addr {
	first := []byte{45, 93, 146, 185, 198, 203}[s.r.IntN(6)]
	return netip.AddrFrom4([4]byte{first, byte(1 + s.r.IntN(249)), byte(1 + s.r.IntN(249)), byte(1 + s.r.IntN(249))})
}

// to is a connection to a port of a stranger.
func (s *script) to(port uint16) conn { return conn{far: s.stranger(), port: port, mine: s.port()} }

// file writes the packets as a capture that begins at some time.
func (s *script) file(dir string, began record.Micros) (path string, err error) {
	slices.SortStableFunc(s.packets, func(a, b packet) int { return cmp.Compare(a.at, b.at) })
	f, err := os.CreateTemp(dir, "graft-*.pcap")
	if err != nil {
		return "", err
	}
	w := bufio.NewWriter(f)
	order := binary.LittleEndian
	w.Write(append(order.AppendUint32(nil, 0xa1b2c3d4), 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0))
	var head []byte
	for _, p := range s.packets {
		at := began + record.Micros(p.at*float64(record.Second))
		head = order.AppendUint32(head[:0], uint32(at/record.Second))
		head = order.AppendUint32(head, uint32(at%record.Second))
		head = order.AppendUint32(head, uint32(len(p.bytes)))
		head = order.AppendUint32(head, uint32(p.length))
		w.Write(head)
		w.Write(p.bytes)
	}
	return f.Name(), errors.Join(w.Flush(), f.Close()) // Flush tells of the first error of any Write
}
