package capture

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"cordon/internal/raw"
	"cordon/internal/record"
)

// Addresses of the tests: a terminal, another one, and a host outside
// (RFC 5737, RFC 3849).
const (
	terminalA = "10.45.0.7"
	terminalB = "10.45.0.8"
	server    = "198.51.100.9"
	terminal6 = "fd00::7"
	server6   = "2001:db8::9"
)

// epoch is the time of the tests' first packet.
var epoch = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

// sent is a packet and when it was sent, in milliseconds after epoch.
type sent struct {
	at     int
	layers []gopacket.SerializableLayer
}

func serialize(t testing.TB, ls ...gopacket.SerializableLayer) []byte {
	t.Helper()
	b := gopacket.NewSerializeBuffer()
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(b, options, ls...); err != nil {
		t.Fatalf("serialize: %v", err)
	}
	return bytes.Clone(b.Bytes())
}

func ipLayer(from, to string, proto layers.IPProtocol) gopacket.NetworkLayer {
	src, dst := netip.MustParseAddrPort(from).Addr(), netip.MustParseAddrPort(to).Addr()
	if src.Is4() {
		return &layers.IPv4{Version: 4, TTL: 64, Protocol: proto, SrcIP: src.AsSlice(), DstIP: dst.AsSlice()}
	}
	return &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: proto, SrcIP: src.AsSlice(), DstIP: dst.AsSlice()}
}

// tcp makes a segment; flags are letters as in "S", "SA", "FA", "R", sequence
// numbers are fixed but for SYNs, whose number is given by seq.
func tcp(at int, from, to, flags string, payload ...byte) sent {
	return tcpSeq(at, 1000, from, to, flags, payload...)
}

func tcpSeq(at int, seq uint32, from, to, flags string, payload ...byte) sent {
	ip := ipLayer(from, to, layers.IPProtocolTCP)
	l := &layers.TCP{
		SrcPort: layers.TCPPort(netip.MustParseAddrPort(from).Port()), DstPort: layers.TCPPort(netip.MustParseAddrPort(to).Port()), Seq: seq,
		SYN: strings.Contains(flags, "S"), ACK: strings.Contains(flags, "A"), FIN: strings.Contains(flags, "F"), RST: strings.Contains(flags, "R"),
	}
	_ = l.SetNetworkLayerForChecksum(ip)
	return sent{at, []gopacket.SerializableLayer{ip.(gopacket.SerializableLayer), l, gopacket.Payload(payload)}}
}

func udp(at int, from, to string, payload ...byte) sent {
	ip := ipLayer(from, to, layers.IPProtocolUDP)
	l := &layers.UDP{SrcPort: layers.UDPPort(netip.MustParseAddrPort(from).Port()), DstPort: layers.UDPPort(netip.MustParseAddrPort(to).Port())}
	_ = l.SetNetworkLayerForChecksum(ip)
	return sent{at, []gopacket.SerializableLayer{ip.(gopacket.SerializableLayer), l, gopacket.Payload(payload)}}
}

func ping(at int, from, to string, kind uint8) sent {
	ip := ipLayer(from+":0", to+":0", layers.IPProtocolICMPv4)
	l := &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(kind, 0), Id: 1}
	return sent{at, []gopacket.SerializableLayer{ip.(gopacket.SerializableLayer), l, gopacket.Payload("ping")}}
}

// ethernet puts VLAN tags and an Ethernet header before the packet.
func ethernet(s sent, tags ...uint16) []gopacket.SerializableLayer {
	kind := layers.EthernetTypeIPv4
	if _, ok := s.layers[0].(*layers.IPv6); ok {
		kind = layers.EthernetTypeIPv6
	}
	ls := s.layers
	for i := len(tags) - 1; i >= 0; i-- {
		ls = append([]gopacket.SerializableLayer{&layers.Dot1Q{VLANIdentifier: tags[i], Type: kind}}, ls...)
		kind = layers.EthernetTypeDot1Q
	}
	mac := net.HardwareAddr{2, 0, 0, 0, 0, 1}
	return append([]gopacket.SerializableLayer{&layers.Ethernet{SrcMAC: mac, DstMAC: mac, EthernetType: kind}}, ls...)
}

// tunnel puts the packet into a GTP-U tunnel with a PDU session container, as
// N3 has it (TS 29.281 5.2.2.7, TS 38.415 5.5.2).
func tunnel(t testing.TB, s sent) sent {
	inner := serialize(t, s.layers...)
	gtp := []byte{0x34, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0x10, 9, 0}
	size := len(gtp) - 8 + len(inner)
	gtp[2], gtp[3] = byte(size>>8), byte(size)
	return udp(s.at, "172.16.0.1:2152", "172.16.0.2:2152", append(gtp, inner...)...)
}

// pcapOf writes a capture of the link type.
func pcapOf(t testing.TB, link layers.LinkType, frames ...[]byte) []byte {
	t.Helper()
	var at []int
	for i := range frames {
		at = append(at, i)
	}
	return pcapAt(t, link, at, frames)
}

func pcapAt(t testing.TB, link layers.LinkType, at []int, frames [][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pcapgo.NewWriter(&b)
	if err := w.WriteFileHeader(65_536, link); err != nil {
		t.Fatal(err)
	}
	for i, f := range frames {
		info := gopacket.CaptureInfo{Timestamp: epoch.Add(time.Duration(at[i]) * time.Millisecond), CaptureLength: len(f), Length: len(f)}
		if err := w.WritePacket(info, f); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// rawPcap writes the packets as a capture of raw IP.
func rawPcap(t testing.TB, packets ...sent) []byte {
	t.Helper()
	var at []int
	var frames [][]byte
	for _, p := range packets {
		at, frames = append(at, p.at), append(frames, serialize(t, p.layers...))
	}
	return pcapAt(t, layers.LinkTypeRaw, at, frames)
}

// result is everything that came out of a source.
type result struct {
	records []raw.Telemetry
	source  *Source
}

// readAll reads contents as if they were files named in0, in1, ….
func readAll(t testing.TB, s Settings, contents ...[]byte) result {
	t.Helper()
	return drain(t, sourceOf(t, s, contents...))
}

func sourceOf(t testing.TB, s Settings, contents ...[]byte) *Source {
	t.Helper()
	s, err := s.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	var inputs []*input
	for i, content := range contents {
		inputs = append(inputs, &input{path: fmt.Sprintf("in%d", i), size: int64(len(content)), file: io.NopCloser(bytes.NewReader(content))})
	}
	return newSource(s, inputs)
}

func drain(t testing.TB, source *Source) result {
	t.Helper()
	r := result{source: source}
	for {
		var rec raw.Telemetry
		err := source.Next(&rec)
		if err == io.EOF {
			return r
		}
		if err != nil {
			t.Fatalf("next: %v", err)
		}
		r.records = append(r.records, rec)
	}
}

// golden writes the records one a line:
//
//	5.000 …01 → 198.51.100.9:23 tcp UPLINK new open up 1/40 S down 0/0 -
func (r result) golden() string {
	var b strings.Builder
	for i := range r.records {
		t := &r.records[i]
		f := &t.Flow
		fmt.Fprintf(&b, "%.3f …%s → %s", since(t.OccurredAt), t.SUPI[len(t.SUPI)-2:], netip.AddrPortFrom(f.RemoteAddress, uint16(f.RemotePort)))
		age, state := "old", "open"
		if f.StartTime.Value >= t.IntervalStart.Value {
			age = "new"
		}
		if f.Ended {
			state = "ended"
		}
		fmt.Fprintf(&b, " %s %s %s %s up %d/%d %s down %d/%d %s", protoName(f.Protocol), f.Direction, age, state,
			f.ULPackets, f.ULVolume, letters(f.ULTCPFlags), f.DLPackets, f.DLVolume, letters(f.DLTCPFlags))
		if f.Domain != "" {
			fmt.Fprintf(&b, " %s %s", f.DomainSource, f.Domain)
		}
		if f.DNSResponse.Set {
			fmt.Fprintf(&b, " rcode %d", f.DNSResponse.Value)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func since(m record.Micros) float64 { return float64(m-record.MicrosOf(epoch)) / 1e6 }

func protoName(p int32) string {
	switch p {
	case protoTCP:
		return "tcp"
	case protoUDP:
		return "udp"
	case protoICMP:
		return "icmp"
	}
	return fmt.Sprint(p)
}

func letters(flags record.Opt[int32]) string {
	text := ""
	for i, letter := range "FSRPAU" {
		if flags.Value&(1<<i) != 0 {
			text += string(letter)
		}
	}
	if text == "" {
		return "-"
	}
	return text
}

// compare fails with the lines that differ.
func compare(t *testing.T, got, want string) {
	t.Helper()
	want = strings.TrimLeft(want, "\n")
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// captures returns the folder of real captures.
func captures(t testing.TB, path ...string) string {
	t.Helper()
	root := os.Getenv("CORDON_CAPTURES")
	if root == "" {
		t.Skip("skipped: no captures")
	}
	name := filepath.Join(append([]string{root}, path...)...)
	if _, err := os.Stat(name); err != nil {
		t.Skip("skipped: no captures")
	}
	return name
}
