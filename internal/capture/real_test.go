package capture

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"cordon/internal/raw"
	"cordon/internal/record"
)

func openReal(t testing.TB, s Settings, path ...string) result {
	t.Helper()
	source, err := Open([]string{captures(t, path...)}, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = source.Close() })
	return drain(t, source)
}

// TestEveryCapture: all of them are read to their end without a problem, in
// order, as many frames as pcapgo reads.
func TestEveryCapture(t *testing.T) {
	root := captures(t)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name := d.Name()
		if err != nil || d.IsDir() || !strings.Contains(name, ".pcap") && !strings.Contains(name, "conn.log") && !strings.HasPrefix(name, "b3") {
			return err
		}
		s, err := Open([]string{path}, Settings{})
		if err != nil {
			return err
		}
		defer s.Close()
		r := drain(t, s)
		checkOrder(t, r)
		c := s.Counts()
		if len(s.Problems()) != 0 || c.Malformed != 0 || c.Packets+c.Rows == 0 {
			t.Errorf("%s: %+v %v, want no problem", name, c, s.Problems())
		}
		if want, ok := countWithPcapgo(t, path); ok && c.Packets != int64(want) {
			t.Errorf("%s: %d frames, pcapgo reads %d", name, c.Packets, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// countWithPcapgo compares frame by frame and returns how many there are;
// false: the file is no packet capture.
func countWithPcapgo(t *testing.T, path string) (int, bool) {
	ours, theirs := unpacked(t, path), unpacked(t, path)
	if ours == nil {
		return 0, false
	}
	reader, err := newFrames(ours)
	if err != nil {
		t.Fatal(err)
	}
	var next func() ([]byte, gopacket.CaptureInfo, error)
	if _, ng := reader.(*pcapng); ng {
		r, err := pcapgo.NewNgReader(theirs, pcapgo.NgReaderOptions{WantMixedLinkType: true})
		if err != nil {
			t.Fatal(err)
		}
		next = r.ReadPacketData
	} else {
		r, err := pcapgo.NewReader(theirs)
		if err != nil {
			t.Fatal(err)
		}
		next = r.ReadPacketData
	}
	return sameFrames(t, path, reader, next), true
}

func unpacked(t *testing.T, path string) *bufio.Reader {
	in, err := openInput(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.file.Close() })
	if format, err := in.unpack(); err != nil || format != FormatPcap {
		return nil
	}
	return in.r
}

// TestCapinfos compares with the counts published beside the captures.
func TestCapinfos(t *testing.T) {
	r := openReal(t, Settings{}, "benign", "iot23-4-1-hue", "2018-10-25-14-06-32-192.168.1.132.pcap.xz")
	if c := r.source.Counts(); c.Packets != 21_664 {
		t.Errorf("hue: %d frames, capinfos counts 21,664", c.Packets)
	}
}

// TestHideAndSeek: the first SYN of the scan, 506.459 s into the capture, is
// an attempt without answer 5 s later.
func TestHideAndSeek(t *testing.T) {
	r := openReal(t, Settings{Terminals: addresses("192.168.2.16")}, "hide-and-seek", "test7-malicious.pcap")
	start := record.Micros(1_520_628_556_519_937)
	for _, rec := range r.records {
		f := rec.Flow
		if f.Protocol != protoTCP || f.Direction != record.DirectionUplink || f.RemotePort != 2323 {
			continue
		}
		began, told := f.StartTime.Value-start, rec.OccurredAt-start
		if began < 506*record.Second || began > 507*record.Second || told != began+answerWait || f.DLPackets != 0 || f.ULTCPFlags.Value != flagSYN {
			t.Errorf("first attempt at %v, told at %v: %+v", began.Duration(), told.Duration(), f)
		}
		return
	}
	t.Error("no attempt on port 2323")
}

// TestN3IsN6: what goes through the tunnel is what comes out of it.
func TestN3IsN6(t *testing.T) {
	far := Settings{Terminals: addresses("172.16.11.2")}
	n3 := openReal(t, far, "5g-formats", "telekom-5g-traces", "n3_example_2.pcap")
	n6 := openReal(t, far, "5g-formats", "telekom-5g-traces", "n6_example_2.pcap")
	volume := func(r result) (sum [4]int64) {
		for _, rec := range r.records {
			sum[0], sum[1] = sum[0]+rec.Flow.ULPackets, sum[1]+rec.Flow.DLPackets
			sum[2], sum[3] = sum[2]+rec.Flow.ULVolume, sum[3]+rec.Flow.DLVolume
		}
		return sum
	}
	got, want := volume(n3), volume(n6)
	if got[0]+got[1] != want[0]+want[1] || got[2]+got[3] != want[2]+want[3] || got[0]+got[1] == 0 {
		t.Errorf("N3 %v, N6 %v", got, want)
	}
}

// BenchmarkPackets reads a capture of 20,000 packets from memory and makes
// records of it.
func BenchmarkPackets(b *testing.B) {
	content := syntheticCapture(b)
	packets, records := int64(0), int64(0)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		source := sourceOf(b, Settings{}, content)
		var rec raw.Telemetry
		for source.Next(&rec) == nil {
		}
		packets += source.Counts().Packets
		records += source.Counts().Records
	}
	b.ReportMetric(float64(packets)/b.Elapsed().Seconds(), "packets/s")
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}

// syntheticCapture has 50 terminals with 20,000 packets of TCP connections of
// ten packets each.
func syntheticCapture(t testing.TB) []byte {
	var packets []sent
	payload := bytes.Repeat([]byte{1}, 200)
	for i := range 2000 {
		from := "10.45.1." + strconv.Itoa(i%50) + ":" + strconv.Itoa(20_000+i)
		at := i * 15
		packets = append(packets, tcp(at, from, s2, "S"), tcp(at+1, s2, from, "SA"), tcp(at+2, from, s2, "A"))
		for range 2 {
			packets = append(packets, tcp(at+3, from, s2, "A", payload...), tcp(at+4, s2, from, "A", payload...))
		}
		packets = append(packets, tcp(at+5, from, s2, "FA"), tcp(at+6, s2, from, "FA"), tcp(at+7, from, s2, "A"))
	}
	return rawPcap(t, packets...)
}

// BenchmarkFlood is the worst case of the flow table: every packet a new flow,
// more of them than the table holds.
func BenchmarkFlood(b *testing.B) {
	const packets = 400_000
	frame := serialize(b, tcp(0, a1, s2, "S").layers...)
	var content bytes.Buffer
	w := pcapgo.NewWriter(&content)
	if err := w.WriteFileHeader(65_536, layers.LinkTypeRaw); err != nil {
		b.Fatal(err)
	}
	for i := range packets {
		binary.BigEndian.PutUint32(frame[16:], 0xc6336400+uint32(i)) // the destination
		at := epoch.Add(time.Duration(i) * time.Microsecond)
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: at, CaptureLength: len(frame), Length: len(frame)}, frame); err != nil {
			b.Fatal(err)
		}
	}
	dropped, records := int64(0), int64(0)
	for b.Loop() {
		source := sourceOf(b, Settings{}, content.Bytes())
		var rec raw.Telemetry
		for source.Next(&rec) == nil {
		}
		dropped, records = source.Counts().FlowsDropped, records+source.Counts().Records
	}
	if dropped != packets-defaultMaxFlows {
		b.Errorf("%d flows dropped, want %d", dropped, packets-defaultMaxFlows)
	}
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(b.N*packets)/b.Elapsed().Seconds(), "packets/s")
}
