package capture

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
	"github.com/ulikunitz/xz"

	"cordon/internal/record"
)

func gzipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(b)
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func xzed(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := xz.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write(b)
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// swapped turns a little-endian pcap file into a big-endian one.
func swapped(b []byte) []byte {
	b = bytes.Clone(b)
	swap := func(at, size int) {
		for i, j := at, at+size-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
	}
	for _, field := range [][2]int{{0, 4}, {4, 2}, {6, 2}, {8, 4}, {12, 4}, {16, 4}, {20, 4}} {
		swap(field[0], field[1])
	}
	for at := 24; at < len(b); {
		size := int(binary.LittleEndian.Uint32(b[at+8:]))
		for i := range 4 {
			swap(at+4*i, 4)
		}
		at += 16 + size
	}
	return b
}

// TestPackings reads the same capture however it is written.
func TestPackings(t *testing.T) {
	plain := rawPcap(t, tcp(0, a1, s1, "S"), tcp(40, s1, a1, "RA"), udp(2000, a1, s3, 1))
	want := readAll(t, Settings{}, plain).golden()
	nanos := bytes.Clone(plain)
	binary.LittleEndian.PutUint32(nanos, magicNanos)
	for at := 24; at < len(nanos); at += 16 + int(binary.LittleEndian.Uint32(nanos[at+8:])) {
		binary.LittleEndian.PutUint32(nanos[at+4:], 1000*binary.LittleEndian.Uint32(nanos[at+4:])+999)
	}
	for name, content := range map[string][]byte{
		"big endian": swapped(plain), "nanoseconds": nanos, "gzip": gzipped(t, plain), "xz": xzed(t, plain),
		"gzip twice": gzipped(t, gzipped(t, plain)), "nanoseconds, big endian": swapped(nanos),
		"pcapng": pcapngOf(t, layers.LinkTypeRaw, tcp(0, a1, s1, "S"), tcp(40, s1, a1, "RA"), udp(2000, a1, s3, 1)),
	} {
		for _, format := range []Format{FormatAuto, FormatPcap} {
			r := readAll(t, Settings{Format: format}, content)
			if got := r.golden(); got != want || len(r.source.Problems()) > 0 {
				t.Errorf("%s as %s: got\n%s%v, want\n%s", name, format, got, r.source.Problems(), want)
			}
		}
	}
}

func pcapngOf(t testing.TB, link layers.LinkType, packets ...sent) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := pcapgo.NewNgWriter(&b, link)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packets {
		frame := serialize(t, p.layers...)
		info := gopacket.CaptureInfo{Timestamp: epoch.Add(time.Duration(p.at) * time.Millisecond), CaptureLength: len(frame), Length: len(frame)}
		if err := w.WritePacket(info, frame); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// ngBlock writes one pcapng block.
func ngBlock(order binary.AppendByteOrder, kind uint32, body ...byte) []byte {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	size := uint32(12 + len(body))
	b := order.AppendUint32(order.AppendUint32(nil, kind), size)
	return order.AppendUint32(append(b, body...), size)
}

func ngSection(order binary.AppendByteOrder) []byte {
	body := order.AppendUint32(nil, orderMagic)
	body = order.AppendUint16(order.AppendUint16(body, 1), 0)
	return ngBlock(order, blockSection, order.AppendUint64(body, 1<<64-1)...)
}

func ngInterface(order binary.AppendByteOrder, link uint16, options ...byte) []byte {
	body := order.AppendUint16(order.AppendUint16(nil, link), 0)
	return ngBlock(order, blockInterface, append(order.AppendUint32(body, 0), options...)...)
}

func ngPacket(order binary.AppendByteOrder, number uint32, ticks uint64, frame []byte) []byte {
	body := order.AppendUint32(nil, number)
	body = order.AppendUint32(order.AppendUint32(body, uint32(ticks>>32)), uint32(ticks))
	body = order.AppendUint32(order.AppendUint32(body, uint32(len(frame))), uint32(len(frame)))
	return ngBlock(order, blockEnhanced, append(body, frame...)...)
}

// TestPcapngInterfaces: interfaces of different link types, resolutions and
// offsets; sections of different byte orders; blocks that mean nothing here.
func TestPcapngInterfaces(t *testing.T) {
	little, big := binary.LittleEndian, binary.BigEndian
	seconds := uint64(epoch.Unix())
	raw := func(s sent) []byte { return serialize(t, s.layers...) }
	probe := udp(0, a1, s3, 1)
	content := bytes.Join([][]byte{
		ngSection(little),
		ngInterface(little, linkRaw, 9, 0, 1, 0, 9, 0, 0, 0), // nanoseconds
		ngInterface(little, linkEthernet, 9, 0, 1, 0, 0x8a),  // 2^-10 s, no end of options
		ngBlock(little, 4, 1, 2, 3, 4),                       // name resolution
		ngPacket(little, 0, seconds*1e9+1_000_999, raw(probe)),
		ngPacket(little, 1, (seconds+1)<<10+512, serialize(t, ethernet(probe)...)),
		ngSection(big),
		ngInterface(big, linkRaw, 0, 14, 0, 8, 0, 0, 0, 0, 0, 0, 0, 100), // + 100 s
		ngPacket(big, 0, (seconds-98)*1e6, raw(probe)),
		ngBlock(big, blockSimple, append(big.AppendUint32(nil, 29), raw(probe)...)...), // no time
		ngBlock(big, 0x0bad, make([]byte, 100)...),
	}, nil)
	f := newPcapng(bytes.NewReader(content))
	var got []record.Micros
	for {
		var fr frame
		err := f.next(&fr)
		if err != nil {
			if err != io.EOF {
				t.Fatal(err)
			}
			break
		}
		var p packet
		if p.decode(fr.link, fr.bytes, fr.wire) != fateFlow || p.dstPort != 5000 {
			t.Errorf("packet %d: got %+v", f.number, p)
		}
		if !fr.timed {
			fr.at = -1
		}
		got = append(got, fr.at)
	}
	start := record.MicrosOf(epoch)
	want := []record.Micros{start + 1000, start + 1_500_000, start + 2_000_000, -1}
	if len(got) != len(want) {
		t.Fatalf("got times %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("packet %d: at %d, want %d", i, got[i], want[i])
		}
	}
}

func TestInterfaceTimes(t *testing.T) {
	for _, test := range []struct {
		name  string
		i     networkInterface
		ticks uint64
		want  record.Micros
		ok    bool
	}{
		{"seconds", networkInterface{digits: 0}, 5, 5 * record.Second, true},
		{"10^-3", networkInterface{digits: 3}, 5001, 5*record.Second + 1000, true},
		{"10^-12", networkInterface{digits: 12}, 5_000_001_000_000, 5*record.Second + 1, true},
		{"10^-20 is not representable", networkInterface{digits: 20}, 5, 0, false},
		{"2^-0", networkInterface{binary: true}, 5, 5 * record.Second, true},
		{"2^-63", networkInterface{binary: true, digits: 63}, 1<<63 + 1<<62, 1_500_000, true},
		{"2^-64", networkInterface{binary: true, digits: 64}, 1, 0, false},
		{"beyond the year 9999", networkInterface{digits: 0}, 1 << 60, 0, false},
		{"before 1970", networkInterface{digits: 6, offset: -10}, 5, 0, false},
		{"offset out of range", networkInterface{digits: 6, offset: 1 << 62}, 5, 0, false},
	} {
		at, ok := test.i.time(test.ticks)
		if ok != test.ok || ok && at != test.want {
			t.Errorf("%s: got %d %v, want %d %v", test.name, at, ok, test.want, test.ok)
		}
	}
}

// TestBrokenFiles: what could be read is used, position and cause are named.
func TestBrokenFiles(t *testing.T) {
	good := rawPcap(t, tcp(0, a1, s1, "S"), tcp(40, s1, a1, "RA"))
	one := readAll(t, Settings{}, rawPcap(t, tcp(0, a1, s1, "S"))).golden()
	both := readAll(t, Settings{}, good).golden()
	second := 24 + 16 + 40 // where the second packet begins
	huge := bytes.Clone(good)
	binary.LittleEndian.PutUint32(huge[second+8:], 1<<31)
	ng := bytes.Join([][]byte{ngSection(binary.LittleEndian), ngInterface(binary.LittleEndian, linkRaw)}, nil)
	noise := bytes.Repeat([]byte("noise "), 100)
	packed := gzipped(t, rawPcap(t, tcp(0, a1, s1, "S"), tcp(40, s1, a1, "RA")))
	bomb := xzed(t, good)
	bomb[12+4] = 40 // dictionary of 4 GB
	for _, test := range []struct {
		name     string
		content  []byte
		format   Format
		records  string
		position string
		cause    error
	}{
		{"empty", nil, FormatAuto, "", "", errEmpty},
		{"noise", noise, FormatAuto, "", "", ErrFormat},
		{"noise said to be pcap", noise, FormatPcap, "", "", ErrFormat},
		{"header cut", good[:20], FormatAuto, "", "", io.ErrUnexpectedEOF},
		{"cut in a packet", good[:len(good)-1], FormatAuto, one, "packet 2 at byte 80", io.ErrUnexpectedEOF},
		{"cut in a packet's header", good[:second+7], FormatAuto, one, "packet 2 at byte 80", io.ErrUnexpectedEOF},
		{"cut between packets", good[:second], FormatAuto, one, "", nil},
		{"absurd length", huge, FormatAuto, one, "packet 2 at byte 80", errLength},
		{"gzip cut", packed[:len(packed)-12], FormatAuto, both, "packet 3 at byte 136", io.ErrUnexpectedEOF},
		{"xz that wants 4 GB", bomb, FormatAuto, "", "", errDictionary},
		{"pcapng: block of 8 bytes", append(bytes.Clone(ng), 6, 0, 0, 0, 8, 0, 0, 0), FormatAuto, "", "packet 1 at byte 48", errLength},
		{"pcapng: block of 4 GB", append(bytes.Clone(ng), 6, 0, 0, 0, 0xfc, 0xff, 0xff, 0xff), FormatAuto, "", "packet 1 at byte 48", errLength},
		{"pcapng: unknown block of 4 GB", append(bytes.Clone(ng), 99, 0, 0, 0, 0xfc, 0xff, 0xff, 0xff), FormatAuto, "", "packet 1 at byte 48", io.ErrUnexpectedEOF},
		{"pcapng: interface that is not there", append(bytes.Clone(ng), ngPacket(binary.LittleEndian, 7, 0, make([]byte, 20))...), FormatAuto, "", "packet 1 at byte 48", errLength},
		{"pcapng: no section", append(ngInterface(binary.LittleEndian, linkRaw), make([]byte, 9)...), FormatPcap, "", "", ErrFormat},
		{"link type", pcapOf(t, 147, make([]byte, 60)), FormatAuto, "", "packet 1 at byte 24", errLinkType},
	} {
		r := readAll(t, Settings{Format: test.format}, test.content)
		if got := r.golden(); got != test.records {
			t.Errorf("%s: got\n%swant\n%s", test.name, got, test.records)
		}
		p := r.source.Problems()
		switch {
		case test.cause == nil && len(p) > 0:
			t.Errorf("%s: problems %v, want none", test.name, p)
		case test.cause != nil && (len(p) != 1 || p[0].File != "in0" || p[0].Position != test.position || !errors.Is(p[0].Cause, test.cause)):
			t.Errorf("%s: problems %v, want one at %q: %v", test.name, p, test.position, test.cause)
		}
	}
}

// TestTimeGoesBack: no packet is thrown away, a large step is told once.
func TestTimeGoesBack(t *testing.T) {
	r := readAll(t, Settings{}, rawPcap(t, udp(600_000, a1, s3, 1), udp(0, a1, s3, 1), udp(1, a1, s3, 1)))
	if c := r.source.Counts(); c.BackInTime != 2 || c.FlowPackets != 3 {
		t.Errorf("got %+v, want 3 packets, 2 of them from the past", c)
	}
	if p := r.source.Problems(); len(p) != 1 || !errors.Is(p[0].Cause, errBackInTime) {
		t.Errorf("problems %v, want one about time", p)
	}
}

// TestAgainstPcapgo reads what pcapgo reads.
func TestAgainstPcapgo(t *testing.T) {
	packets := []sent{tcp(0, a1, s1, "S"), tcp(40, s1, a1, "RA"), udp(2000, a1, s3, 1, 2, 3)}
	ng := pcapngOf(t, layers.LinkTypeRaw, packets...)
	theirs, err := pcapgo.NewNgReader(bytes.NewReader(ng), pcapgo.DefaultNgReaderOptions)
	if err != nil {
		t.Fatal(err)
	}
	sameFrames(t, "pcapng", newPcapng(bytes.NewReader(ng)), theirs.ReadPacketData)
	classic := rawPcap(t, packets...)
	theirs2, err := pcapgo.NewReader(bytes.NewReader(classic))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := newPcap(bufio.NewReader(bytes.NewReader(classic)))
	if err != nil {
		t.Fatal(err)
	}
	sameFrames(t, "pcap", ours, theirs2.ReadPacketData)
}

// sameFrames compares two readers of one file and returns how many frames it
// has.
func sameFrames(t *testing.T, name string, ours frames, theirs func() ([]byte, gopacket.CaptureInfo, error)) int {
	t.Helper()
	for n := 0; ; n++ {
		var f frame
		err := ours.next(&f)
		b, info, err2 := theirs()
		if (err == nil) != (err2 == nil) {
			t.Fatalf("%s: frame %d: got %v, pcapgo %v", name, n, err, err2)
		}
		if err != nil {
			return n
		}
		if !bytes.Equal(f.bytes, b) || f.at != record.MicrosOf(info.Timestamp) || f.wire != info.Length {
			t.Fatalf("%s: frame %d: %d bytes of %d at %v, pcapgo: %d of %d at %v", name, n, len(f.bytes), f.wire, f.at, len(b), info.Length, info.Timestamp)
		}
	}
}

func TestProblemsHoldNoContent(t *testing.T) {
	const marker = "imsi-001019999999999"
	lines := `{"supi":"` + marker + `","flow":` + "\n" + `{"supi":7,"` + "x" + `":"` + marker + `"}` + "\n"
	zeek := "#fields\tts\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\n1\t" + marker + "\t1\t1.2.3.4\t1\ttcp\n"
	r := readAll(t, Settings{}, []byte(lines), []byte(zeek))
	if len(r.source.Problems()) != 3 {
		t.Errorf("problems %v, want 3", r.source.Problems())
	}
	for _, p := range r.source.Problems() {
		if strings.Contains(p.String(), marker) {
			t.Errorf("a problem tells an identity: %v", p)
		}
	}
}
