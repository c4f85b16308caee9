package capture

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/gopacket/gopacket/layers"
)

// TestLinkTypes reads the same packet from every kind of frame.
func TestLinkTypes(t *testing.T) {
	p4, p6 := udp(0, a1, s3, 1, 2, 3), udp(0, "[fd00::7]:40001", "[2001:db8::9]:5000", 1, 2, 3)
	ip4, ip6 := serialize(t, p4.layers...), serialize(t, p6.layers...)
	prefixed := func(ip []byte, prefix ...byte) []byte { return append(prefix, ip...) }
	cooked := func(kind uint16) []byte { return binary.BigEndian.AppendUint16(make([]byte, 14), kind) }
	cooked2 := func(kind uint16) []byte {
		return append(binary.BigEndian.AppendUint16(nil, kind), make([]byte, 18)...)
	}
	for _, test := range []struct {
		name  string
		link  uint32
		frame []byte
	}{
		{"ethernet", linkEthernet, serialize(t, ethernet(p4)...)},
		{"ethernet IPv6", linkEthernet, serialize(t, ethernet(p6)...)},
		{"VLAN", linkEthernet, serialize(t, ethernet(p4, 7)...)},
		{"stacked VLAN", linkEthernet, serialize(t, ethernet(p6, 7, 8, 9)...)},
		{"802.1ad", linkEthernet, bytes.Replace(serialize(t, ethernet(p4, 7)...), []byte{0x81, 0x00}, []byte{0x88, 0xa8}, 1)},
		{"raw", linkRaw, ip4},
		{"raw IPv6", linkRaw, ip6},
		{"raw of BSD", linkRawBSD, ip4},
		{"IPv4", linkIPv4, ip4},
		{"IPv6", linkIPv6, ip6},
		{"cooked", linkSLL, append(cooked(etherIPv4), ip4...)},
		{"cooked with VLAN", linkSLL, append(append(cooked(etherVLAN), 0, 7, 8, 0), ip4...)},
		{"cooked 2", linkSLL2, append(cooked2(etherIPv6), ip6...)},
		{"cooked 2 with VLAN", linkSLL2, append(append(cooked2(etherVLAN), 0, 7, 0x86, 0xdd), ip6...)},
		{"null, little endian", linkNull, prefixed(ip4, 2, 0, 0, 0)},
		{"null, big endian, IPv6 of FreeBSD", linkNull, prefixed(ip6, 0, 0, 0, 28)},
		{"loop", linkLoop, prefixed(ip4, 0, 0, 0, 2)},
	} {
		var p packet
		if f := p.decode(test.link, test.frame, len(test.frame)); f != fateFlow {
			t.Errorf("%s: fate %d, want a flow", test.name, f)
			continue
		}
		ip := ip4
		if p.src.Is6() {
			ip = ip6
		}
		if p.srcPort != 40001 || p.dstPort != 5000 || p.proto != protoUDP || p.length != int64(len(ip)) || !bytes.Equal(p.payload, []byte{1, 2, 3}) {
			t.Errorf("%s: got %+v", test.name, p)
		}
		for cut := range test.frame { // every cut: decided, not read past
			if f := p.decode(test.link, test.frame[:cut:cut], len(test.frame)); f == fateFlow && len(test.frame)-cut > len(ip) {
				t.Errorf("%s cut to %d bytes: a flow without an IP header", test.name, cut)
			}
		}
	}
}

func TestFrameFates(t *testing.T) {
	arp := append(make([]byte, 12), 8, 6, 0, 1)
	manyTags := make([]byte, 12)
	for range 20 {
		manyTags = append(manyTags, 0x81, 0, 0, 1)
	}
	ip := serialize(t, udp(0, a1, s3, 1).layers...)
	bad := func(at int, v byte) []byte {
		b := bytes.Clone(ip)
		b[at] = v
		return b
	}
	for _, test := range []struct {
		name  string
		link  uint32
		frame []byte
		want  fate
	}{
		{"ARP", linkEthernet, append(arp, make([]byte, 40)...), fateNotIP},
		{"802.3 length", linkEthernet, make([]byte, 60), fateNotIP},
		{"tags without end", linkEthernet, manyTags, fateMalformed},
		{"link type 147", 147, ip, fateLink},
		{"empty", linkRaw, nil, fateMalformed},
		{"IP version 5", linkRaw, bad(0, 0x55), fateMalformed},
		{"IPv4 header of 16 bytes", linkRaw, bad(0, 0x44), fateMalformed},
		{"IPv4 header longer than the packet", linkRaw, bad(0, 0x4f), fateMalformed},
		{"total length below the header", linkRaw, bad(3, 10), fateMalformed},
		{"total length beyond the wire", linkRaw, bad(2, 0xff), fateFlow},
		{"loopback of another family", linkNull, append([]byte{7, 0, 0, 0}, ip...), fateNotIP},
	} {
		var p packet
		if got := p.decode(test.link, test.frame, len(test.frame)); got != test.want {
			t.Errorf("%s: fate %d, want %d", test.name, got, test.want)
		}
		if p.length > int64(len(test.frame)) {
			t.Errorf("%s: %d bytes counted of a frame of %d", test.name, p.length, len(test.frame))
		}
	}
}

// TestLengths: volumes are of the IP level and of the wire, whatever was
// captured, padded or left to the network card.
func TestLengths(t *testing.T) {
	ip := serialize(t, udp(0, a1, s3, make([]byte, 100)...).layers...) // 128 bytes
	offloaded := bytes.Clone(ip)
	offloaded[2], offloaded[3] = 0, 0
	for _, test := range []struct {
		name  string
		frame []byte
		wire  int
		want  int64
	}{
		{"whole", ip, 128, 128},
		{"cut by the snap length", ip[:40], 128, 128},
		{"padded", append(bytes.Clone(ip), 0, 0, 0, 0), 132, 128},
		{"segmentation offload", offloaded, 60_000, 60_000},
		{"a wire of 4 GB", offloaded, 1 << 32, maxFrame},
		{"a wire shorter than the capture", ip, 3, 128},
	} {
		var p packet
		if f := p.decode(linkRaw, test.frame, test.wire); f != fateFlow || p.length != test.want {
			t.Errorf("%s: fate %d, %d bytes, want %d", test.name, f, p.length, test.want)
		}
	}
}

func TestExtensionHeaders(t *testing.T) {
	s := udp(0, "[fd00::7]:40001", "[2001:db8::9]:5000", 1)
	ip := serialize(t, s.layers...)
	with := func(first byte, headers ...byte) []byte {
		b := append(bytes.Clone(ip[:40]), headers...)
		b = append(b, ip[40:]...)
		b[6] = first
		binary.BigEndian.PutUint16(b[4:], uint16(len(b)-40))
		return b
	}
	options := []byte{17, 0, 1, 4, 0, 0, 0, 0}
	chain := append([]byte{60, 0, 1, 4, 0, 0, 0, 0}, options...)
	for _, test := range []struct {
		name  string
		frame []byte
		port  uint16
		fate  fate
	}{
		{"hop-by-hop", with(0, options...), 5000, fateFlow},
		{"hop-by-hop, destination options", with(0, chain...), 5000, fateFlow},
		{"authentication", with(51, 17, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1), 5000, fateFlow},
		{"atomic fragment", with(44, 17, 0, 0, 0, 0, 0, 0, 1), 5000, fateFlow},
		{"later fragment", with(44, 17, 0, 0, 8, 0, 0, 0, 1), 0, fateFlow},
		{"header longer than the packet", with(0, 17, 200, 1, 4, 0, 0, 0, 0), 0, fateMalformed},
		{"headers without end", with(0, bytes.Repeat([]byte{0, 0, 1, 4, 0, 0, 0, 0}, 20)...), 0, fateMalformed},
		{"no next header", with(59), 0, fateFlow},
	} {
		var p packet
		if f := p.decode(linkRaw, test.frame, len(test.frame)); f != test.fate || f == fateFlow && p.dstPort != test.port {
			t.Errorf("%s: fate %d port %d, want %d and %d", test.name, f, p.dstPort, test.fate, test.port)
		}
	}
}

// TestTunnel: "the inner address is the terminal's" (contracts section 8).
func TestTunnel(t *testing.T) {
	inner := tcp(0, a1, s2, "S")
	want := serialize(t, inner.layers...)
	var p packet
	frame := serialize(t, ethernet(tunnel(t, inner), 100)...)
	if f := p.decode(linkEthernet, frame, len(frame)); f != fateFlow {
		t.Fatalf("fate %d, want a flow", f)
	}
	if p.src.String() != terminalA || p.dst.String() != server || p.length != int64(len(want)) || p.flags != flagSYN {
		t.Errorf("got %+v, want the inner packet", p)
	}
	for cut := range frame {
		p.decode(linkEthernet, frame[:cut:cut], len(frame))
	}
}

// TestTunnelOnce: a terminal that sends a tunnel packet of its own must not
// speak in another terminal's name.
func TestTunnelOnce(t *testing.T) {
	forged := tunnel(t, tcp(0, b1, s2, "S"))
	attack := udp(0, a1, server+":2152", serialize(t, forged.layers...)[28:]...)
	r := readAll(t, Settings{}, rawPcap(t, tunnel(t, attack)))
	for _, terminal := range r.source.Terminals() {
		if terminal.Source != terminalA {
			t.Errorf("the inner packet of a terminal made a terminal of %s", terminal.Source)
		}
	}
}

func TestTunnelHeaders(t *testing.T) {
	ip := serialize(t, tcp(0, a1, s2, "S").layers...)
	gtp := func(header ...byte) []byte {
		b := append(header, ip...)
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)-8))
		return serialize(t, udp(0, "172.16.0.1:2152", "172.16.0.2:2152", b...).layers...)
	}
	for _, test := range []struct {
		name  string
		frame []byte
		want  fate
		inner bool
	}{
		{"plain", gtp(0x30, 255, 0, 0, 0, 0, 0, 1), fateFlow, true},
		{"with sequence number", gtp(0x32, 255, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0), fateFlow, true},
		{"with two extension headers", gtp(0x34, 255, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0, 9, 0xc0, 1, 0, 9, 0), fateFlow, true},
		{"extension header of length 0", gtp(0x34, 255, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0x85, 0, 0, 0, 0), fateMalformed, false},
		{"echo request", gtp(0x32, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0), fateControl, false},
		{"end marker", gtp(0x30, 254, 0, 0, 0, 0, 0, 1), fateControl, false},
		{"something else on the port", gtp(0x48, 255, 0, 0, 0, 0, 0, 1), fateFlow, false},
		{"Ethernet inside", serialize(t, udp(0, "172.16.0.1:2152", "172.16.0.2:2152", 0x30, 255, 0, 2, 0, 0, 0, 1, 2, 2).layers...), fateMalformed, false},
		{"length near the top", serialize(t, udp(0, "172.16.0.1:2152", "172.16.0.2:2152", 0x34, 255, 0xff, 0xff, 0, 0, 0, 1, 0, 0, 0, 0x85, 0xff, 0).layers...), fateMalformed, false},
	} {
		var p packet
		got := p.decode(linkRaw, test.frame, len(test.frame))
		if got != test.want || got == fateFlow && p.tunnelled != test.inner {
			t.Errorf("%s: fate %d, opened %v, want %d and %v", test.name, got, p.tunnelled, test.want, test.inner)
		}
	}
}

// TestFragments: the first fragment has the ports, later ones count to its
// flow; those of a tunnel packet whose inner packet was counted in full do not.
func TestFragments(t *testing.T) {
	big := udp(0, a1, s3, make([]byte, 2992)...) // 3000 bytes behind the IP header
	whole := serialize(t, big.layers...)
	parts := fragmentsOf(whole, 1480)
	r := readAll(t, Settings{}, pcapOf(t, layers.LinkTypeRaw, parts...))
	compare(t, r.golden(), `
5.000 …01 → 198.51.100.9:5000 udp UPLINK new open up 3/3060 - down 0/0 -
30.002 …01 → 198.51.100.9:5000 udp UPLINK old ended up 0/0 - down 0/0 -
`)
	r = readAll(t, Settings{}, pcapOf(t, layers.LinkTypeRaw, parts[1], parts[2]))
	if c := r.source.Counts(); c.LostFragments != 2 || len(r.records) != 0 {
		t.Errorf("without the first: %d lost, %d records, want 2 and 0", c.LostFragments, len(r.records))
	}
	outer := serialize(t, tunnel(t, big).layers...)
	r = readAll(t, Settings{}, pcapOf(t, layers.LinkTypeRaw, fragmentsOf(outer, 1480)...))
	if c := r.source.Counts(); c.TunnelFragments != 2 || c.FlowBytes != int64(len(whole)) {
		t.Errorf("tunnel: %d later parts, %d bytes, want 2 and %d", c.TunnelFragments, c.FlowBytes, len(whole))
	}
}

// fragmentsOf cuts an IPv4 packet (RFC 791 2.3); size is a multiple of 8.
func fragmentsOf(ip []byte, size int) [][]byte {
	var parts [][]byte
	for at := 20; at < len(ip); at += size {
		end := min(at+size, len(ip))
		part := append(bytes.Clone(ip[:20]), ip[at:end]...)
		field := uint16(at-20) / 8
		if end < len(ip) {
			field |= 0x2000
		}
		binary.BigEndian.PutUint16(part[2:], uint16(len(part)))
		binary.BigEndian.PutUint16(part[4:], 4711)
		binary.BigEndian.PutUint16(part[6:], field)
		parts = append(parts, part)
	}
	return parts
}

func TestFragmentsAreForgotten(t *testing.T) {
	f := newFragments()
	for i := range uint32(3 * maxFragments) {
		f.put(fragment{id: i}, nil, 0)
	}
	if len(f.known) != maxFragments {
		t.Errorf("%d remembered, want %d", len(f.known), maxFragments)
	}
	if _, known := f.get(fragment{id: 3*maxFragments - 1}, fragmentLife+1); known {
		t.Error("a fragment outlived its life")
	}
}

func BenchmarkDecode(b *testing.B) {
	frame := serialize(b, ethernet(tcp(0, a1, s2, "A", make([]byte, 400)...))...)
	through := serialize(b, ethernet(tunnel(b, tcp(0, a1, s2, "A", make([]byte, 400)...)))...)
	for _, c := range []struct {
		name  string
		frame []byte
	}{{"ethernet", frame}, {"tunnel", through}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			var p packet
			for b.Loop() {
				p.decode(linkEthernet, c.frame, len(c.frame))
			}
		})
	}
}
