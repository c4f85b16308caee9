package capture

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/gopacket/gopacket/layers"
	"pgregory.net/rapid"

	"cordon/internal/record"
)

// anyPackets draws packets between few hosts, so that flows meet, end, come
// back, overflow a small table and go back in time.
func anyPackets(t *rapid.T) []sent {
	hosts := []string{a1, b1, s1, s2, ns}
	flags := []string{"S", "SA", "A", "FA", "R", "RA", ""}
	now, packets := 0, []sent(nil)
	for range rapid.IntRange(1, 60).Draw(t, "packets") {
		now = max(0, now+rapid.SampledFrom([]int{0, 1, 20, 900, 4000, 9000, 31_000, 70_000, 8_000_000, -300}).Draw(t, "wait"))
		from := rapid.SampledFrom(hosts).Draw(t, "from")
		to := rapid.SampledFrom(hosts).Draw(t, "to")
		size := rapid.IntRange(0, 50).Draw(t, "size")
		if rapid.Bool().Draw(t, "tcp") {
			seq := uint32(rapid.IntRange(1, 3).Draw(t, "seq"))
			packets = append(packets, tcpSeq(now, seq, from, to, rapid.SampledFrom(flags).Draw(t, "flags"), make([]byte, size)...))
		} else {
			packets = append(packets, udp(now, from, to, make([]byte, size)...))
		}
	}
	return packets
}

// traffic is what one terminal sent and received.
type traffic struct{ ulPackets, dlPackets, ulBytes, dlBytes int64 }

// trafficOf adds up the packets without flows, tables or timers.
func trafficOf(t testing.TB, packets []sent) map[string]traffic {
	sums := map[string]traffic{}
	for _, s := range packets {
		ip := serialize(t, s.layers...)
		n := int64(len(ip))
		src, dst := netip.AddrFrom4([4]byte(ip[12:])).String(), netip.AddrFrom4([4]byte(ip[16:])).String()
		if src == terminalA || src == terminalB {
			sum := sums[src]
			sums[src] = traffic{sum.ulPackets + 1, sum.dlPackets, sum.ulBytes + n, sum.dlBytes}
		}
		if dst == terminalA || dst == terminalB {
			sum := sums[dst]
			sums[dst] = traffic{sum.ulPackets, sum.dlPackets + 1, sum.ulBytes, sum.dlBytes + n}
		}
	}
	return sums
}

// trafficIn adds up the records.
func trafficIn(r result) map[string]traffic {
	sums := map[string]traffic{}
	sourceOf := map[string]string{}
	for _, terminal := range r.source.Terminals() {
		sourceOf[terminal.SUPI] = terminal.Source
	}
	for _, rec := range r.records {
		sum, f := sums[sourceOf[rec.SUPI]], rec.Flow
		sums[sourceOf[rec.SUPI]] = traffic{sum.ulPackets + f.ULPackets, sum.dlPackets + f.DLPackets, sum.ulBytes + f.ULVolume, sum.dlBytes + f.DLVolume}
	}
	return sums
}

// notToSelf drops packets of a host to itself: who sent is then a matter of
// ports, and no network carries them.
func notToSelf(packets []sent) []sent {
	return slices.DeleteFunc(packets, func(s sent) bool {
		ip := s.layers[0].(*layers.IPv4)
		return ip.SrcIP.Equal(ip.DstIP)
	})
}

// TestVolumesInAreVolumesOut: whatever flows do, each packet of a terminal is
// in exactly one of its records, in order, whatever table size and interval.
func TestVolumesInAreVolumesOut(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		packets := notToSelf(anyPackets(rt))
		settings := Settings{
			MaxFlows:       rapid.SampledFrom([]int{1, 2, 1000}).Draw(rt, "flows"),
			ReportInterval: rapid.SampledFrom([]record.Micros{record.Second, 7 * record.Second, 10 * record.Second, 300 * record.Second}).Draw(rt, "interval"),
		}
		r := readAll(t, settings, rawPcap(t, packets...))
		want, got := trafficOf(t, packets), trafficIn(r)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			rt.Fatalf("traffic: got %v, want %v\n%s", got, want, r.golden())
		}
		checkOrder(t, r)
		c := r.source.Counts()
		if sum := c.NotIP + c.Malformed + c.TunnelControl + c.UnknownLink + c.Remote + c.LostFragments + c.TunnelFragments + c.FlowPackets; sum != c.Packets {
			rt.Fatalf("counts do not add up: %+v", c)
		}
	})
}

// TestIntervalsDoNotOverlap: the reports of a terminal's flow follow each
// other, at most one interval of each contains the start, and none comes
// sooner than contracts section 8 lets it.
func TestIntervalsDoNotOverlap(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := readAll(t, Settings{}, rawPcap(t, notToSelf(anyPackets(rt))...))
		type key struct {
			terminal  string
			remote    netip.AddrPort
			port      int32
			protocol  int32
			startTime record.Micros
		}
		ends := map[key]record.Micros{}
		for _, rec := range r.records {
			f := rec.Flow
			k := key{rec.SUPI, netip.AddrPortFrom(f.RemoteAddress, uint16(f.RemotePort)), f.LocalPort.Value, f.Protocol, f.StartTime.Value}
			if rec.IntervalStart.Value < ends[k] {
				rt.Fatalf("an interval begins at %v before the former ended at %v\n%s", rec.IntervalStart.Value, ends[k], r.golden())
			}
			ends[k] = rec.OccurredAt
			if silent := f.ULPackets == 0 || f.DLPackets == 0; silent && !f.Ended && rec.OccurredAt < f.StartTime.Value+answerWait {
				rt.Fatalf("an attempt was reported after %v\n%s", (rec.OccurredAt - f.StartTime.Value).Duration(), r.golden())
			}
		}
	})
}

// TestSplitIntoFiles: several captures give what one gives, cut anywhere.
func TestSplitIntoFiles(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		packets := anyPackets(rt)
		slices.SortStableFunc(packets, func(a, b sent) int { return a.at - b.at })
		at := rapid.IntRange(0, len(packets)).Draw(rt, "cut")
		whole := readAll(t, Settings{}, rawPcap(t, packets...))
		split := readAll(t, Settings{}, rawPcap(t, packets[:at]...), rawPcap(t, packets[at:]...))
		if whole.golden() != split.golden() {
			rt.Fatalf("cut at %d: got\n%swant\n%s", at, split.golden(), whole.golden())
		}
	})
}

// FuzzPacket: no frame is read past its end or counted beyond its wire.
func FuzzPacket(f *testing.F) {
	for _, s := range []sent{tcp(0, a1, s1, "S"), udp(0, "[fd00::7]:1", "[2001:db8::9]:53", 1), tunnel(f, udp(0, a1, ns, 1))} {
		f.Add(uint32(linkRaw), serialize(f, s.layers...), 100)
		f.Add(uint32(linkEthernet), serialize(f, ethernet(s, 1)...), 2000)
	}
	f.Fuzz(func(t *testing.T, link uint32, b []byte, wire int) {
		var p packet
		b = slices.Clip(b)
		got := p.decode(link, b, wire)
		if got != fateFlow {
			return
		}
		// A first fragment of a tunnel packet may speak for the rest of it.
		if limit := int64(max(wire, len(b))); p.tunnel == (fragment{}) && (p.length > limit || p.length > maxFrame) || p.length < 0 || p.length > maxFrame {
			t.Fatalf("%d bytes counted of a wire of %d", p.length, wire)
		}
		if !p.src.IsValid() || !p.dst.IsValid() || len(p.payload) > len(b) {
			t.Fatalf("got %+v", p)
		}
		readDNS(p.payload)
		readStreamName(p.payload)
	})
}

// FuzzPcap: whatever a file says, reading ends, in order, and counts add up.
func FuzzPcap(f *testing.F) {
	f.Add(rawPcap(f, tcp(0, a1, s1, "S"), tcp(40, s1, a1, "RA")))
	f.Add(swapped(rawPcap(f, udp(0, a1, s3, 1))))
	f.Add(pcapngOf(f, layers.LinkTypeRaw, udp(0, a1, s3, 1), tunnel(f, udp(10, a1, s3, 1))))
	f.Add(gzipped(f, rawPcap(f, udp(0, a1, s3, 1))))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := readAll(t, Settings{Format: FormatPcap, MaxFlows: 3}, b)
		checkOrder(t, r)
		c := r.source.Counts()
		if sum := c.NotIP + c.Malformed + c.TunnelControl + c.UnknownLink + c.Remote + c.LostFragments + c.TunnelFragments + c.FlowPackets; sum != c.Packets {
			t.Fatalf("counts do not add up: %+v", c)
		}
	})
}

// FuzzZeek: every row becomes records in order, or a problem.
func FuzzZeek(f *testing.F) {
	f.Add([]byte(zeekHeader + zeekLine(zeekTime(0), "1", a1, s3, "udp", "8\t0\tS0\t-\t-\t0\tD\t1\t36\t0\t0\t-")))
	f.Add([]byte(`{"ts":1.5,"id.orig_h":"10.0.0.1","id.orig_p":1,"id.resp_h":"1.2.3.4","id.resp_p":2,"proto":"tcp","history":"ShAR","conn_state":"S1"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := readAll(t, Settings{Format: FormatZeek}, b)
		checkOrder(t, r)
		for _, rec := range r.records {
			if f := rec.Flow; f.ULVolume < 0 || f.DLVolume < 0 || f.ULPackets+f.DLPackets < 1 || rec.OccurredAt > lastTime {
				t.Fatalf("got %+v", f)
			}
		}
	})
}

// FuzzJSONL: no line breaks the reader.
func FuzzJSONL(f *testing.F) {
	f.Add([]byte(jsonLines))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := readAll(t, Settings{Format: FormatJSONL}, b)
		if lines := int64(bytes.Count(b, []byte("\n")) + 1); r.source.Counts().Rows > lines {
			t.Fatalf("%d records of %d lines", len(r.records), lines)
		}
	})
}

// FuzzContainer: no container breaks the reader.
func FuzzContainer(f *testing.F) {
	records := readAll(f, Settings{}, []byte(jsonLines)).records
	f.Add(containerOf(f, nil, records...))
	f.Fuzz(func(t *testing.T, b []byte) {
		readAll(t, Settings{Format: FormatAvro}, b)
	})
}
