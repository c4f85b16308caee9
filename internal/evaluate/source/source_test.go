package source

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/raw"
	"cordon/internal/record"
)

// list is a source of records that are there.
type list struct {
	records []raw.Telemetry
	err     error // at the end; nil: io.EOF
}

func (l *list) Next(t *raw.Telemetry) error {
	if len(l.records) == 0 {
		return orEOF(l.err)
	}
	*t, l.records = l.records[0], l.records[1:]
	return nil
}

func orEOF(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}

// at are records of one source at some times, which may be 0.
func at(name string, times ...record.Micros) *list {
	l := &list{}
	for _, time := range times {
		l.records = append(l.records, raw.Telemetry{OccurredAt: time, SourceID: name})
	}
	return l
}

// read takes all records out of a source.
func read(t rapidOrTest, s Source) (all []raw.Telemetry) {
	for {
		var rec raw.Telemetry
		switch err := s.Next(&rec); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatalf("%v", err)
		}
		all = append(all, rec)
	}
}

type rapidOrTest interface{ Fatalf(string, ...any) }

// Merging is sorting by time, where the sources are sorted themselves.
func TestMergeSorts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sources []Source
		var want []raw.Telemetry
		for i := range rapid.IntRange(0, 4).Draw(t, "sources") {
			times := rapid.SliceOfN(rapid.Int64Range(0, 20), 0, 10).Draw(t, "times")
			slices.Sort(times)
			l := &list{}
			for _, time := range times {
				l.records = append(l.records, raw.Telemetry{OccurredAt: record.Micros(time), SourceID: fmt.Sprint(i)})
			}
			want = append(want, l.records...)
			sources = append(sources, l)
		}
		slices.SortStableFunc(want, func(a, b raw.Telemetry) int { return int(a.OccurredAt - b.OccurredAt) })
		if got := read(t, Merge(sources...)); !slices.Equal(got, want) {
			t.Fatalf("got %d records, want %d, or another order", len(got), len(want))
		}
	})
}

func TestMergeFails(t *testing.T) {
	broken := at("b", 1)
	broken.err = io.ErrUnexpectedEOF
	m := Merge(at("a", 1, 2), broken)
	var rec raw.Telemetry
	for m.Next(&rec) == nil {
	}
	if err := m.Next(&rec); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got error %v, want that of the broken source", err)
	}
}

func TestUntil(t *testing.T) {
	if got := read(t, &Until{at("a", 1, 5, 6, 7), 6}); len(got) != 3 {
		t.Errorf("got %d records up to 6 of 1, 5, 6, 7, want 3", len(got))
	}
}

// Addresses are mapped one to one, and share as long a prefix as before.
func TestAddressesKeepPrefixes(t *testing.T) {
	draw := func(t *rapid.T, name string) netip.Addr {
		if rapid.Bool().Draw(t, name+" is IPv6") {
			return netip.AddrFrom16([16]byte(append([]byte{0x20, 1}, rapid.SliceOfN(rapid.Byte(), 14, 14).Draw(t, name)...)))
		}
		return netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, name)))
	}
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.Uint64Min(1).Draw(t, "key")
		a, b := draw(t, "a"), draw(t, "b")
		if rapid.Bool().Draw(t, "close by") {
			b = a.Next()
		}
		if !b.IsValid() || a.Is4() != b.Is4() {
			return
		}
		x, y := mapAddress(a, key), mapAddress(b, key)
		if got, want := shared(x, y), shared(a, b); got != want {
			t.Fatalf("%s and %s share %d bits, as %s and %s %d", a, b, want, x, y, got)
		}
		if x.IsPrivate() != a.IsPrivate() || x.IsMulticast() != a.IsMulticast() || x.IsLoopback() != a.IsLoopback() || x.IsLinkLocalUnicast() != a.IsLinkLocalUnicast() {
			t.Fatalf("%s became %s, which is an address of another kind", a, x)
		}
	})
}

// shared is how many bits two addresses begin with together.
func shared(a, b netip.Addr) int {
	n := a.BitLen()
	for n > 0 {
		p, _ := a.Prefix(n)
		if p.Contains(b) {
			break
		}
		n--
	}
	return n
}

func TestPortsAreOneToOne(t *testing.T) {
	for _, which := range []Ports{PortsOrdinary, PortsAll} {
		all := portMap(which, 11)
		taken, same := map[int32]bool{}, 0
		for p := int32(1); p <= 65535; p++ {
			to, ok := all[p]
			if which == PortsOrdinary && services[p] {
				if ok {
					t.Errorf("port %d of a service is mapped", p)
				}
				continue
			}
			if to < 1 || to > 65535 || taken[to] || which == PortsOrdinary && services[to] {
				t.Fatalf("port %d becomes %d, which is none, taken, or a service's", p, to)
			}
			taken[to] = true
			if to == p {
				same++
			}
		}
		if same > 10 {
			t.Errorf("%d ports stay as they are", same)
		}
	}
	if portMap(PortsKept, 11) != nil {
		t.Error("ports are mapped that are kept")
	}
}

func TestRemap(t *testing.T) {
	rec := raw.Telemetry{OccurredAt: 1000, SUPI: "imsi-001010000000007", UEAddress: netip.MustParseAddr("192.168.1.7"), Kind: record.KindFlow}
	rec.Flow.Protocol, rec.Flow.RemotePort, rec.Flow.LocalPort = 6, 443, record.Some(int32(443))
	rec.Flow.RemoteAddress, rec.Flow.StartTime = netip.MustParseAddr("8.8.8.8"), record.Some(record.Micros(900))
	var got raw.Telemetry
	r := NewRemapped(&list{records: []raw.Telemetry{rec}}, Remap{Shift: record.Hour, Key: 5, Ports: PortsAll, Rename: true})
	if err := r.Next(&got); err != nil {
		t.Fatal(err)
	}
	f := &got.Flow
	if got.OccurredAt != record.Hour+1000 || f.StartTime.Value != record.Hour+900 || got.SUPI != "imsi-001019000000007" ||
		got.UEAddress == rec.UEAddress || f.RemoteAddress == rec.Flow.RemoteAddress || f.RemotePort == 443 || f.LocalPort.Value != f.RemotePort {
		line, _ := raw.AppendJSON(nil, &got)
		t.Errorf("got %s, want all of it moved, and both ports to the same", line)
	}
	plain := NewRemapped(&list{records: []raw.Telemetry{rec}}, Remap{})
	if err := plain.Next(&got); err != nil || got != rec {
		t.Errorf("the zero rules change a record, error %v", err)
	}
}

// archive packs files as a run of the set is packed.
func archive(t *testing.T, files ...[2]string) io.Reader {
	t.Helper()
	var b bytes.Buffer
	packed := gzip.NewWriter(&b)
	w := tar.NewWriter(packed)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f[0], Mode: 0o644, Size: int64(len(f[1]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), packed.Close()); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestGTRI(t *testing.T) {
	const dir = "samples/ue-999700000000001/"
	g, err := readGTRI(archive(t,
		[2]string{dir + "slices-nr-2024-09-06", "epoch,slice1_count,slice2_count,slice6_count\n1000.5,1,0,1\n1005.5,0,2,1\n1010.5,cut\n"},
		[2]string{dir + "throughput-lte-2024-09-06", "epoch,ul,dl\n1000.51,800,1600\n1005.51,0,0\n"},
		[2]string{dir + "stats-nr-2024-09-06", "epoch,dl_rx_count,ul_tx_count\n1000.6,20,10\n"},
		[2]string{"samples/README", "nothing"}))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, rec := range read(t, g) {
		if rec.Kind == record.KindSession {
			got = append(got, fmt.Sprint(int64(rec.OccurredAt), rec.SUPI, rec.SNSSAI, rec.PDUSessionID.Value, rec.Session.Event))
			continue
		}
		got = append(got, fmt.Sprint(int64(rec.OccurredAt), rec.SUPI, int64(rec.IntervalStart.Value), rec.SessionUsage))
	}
	const supi = "imsi-999700000000001"
	want := []string{
		fmt.Sprint(1000_500_000, supi, "1-111111", 1, record.SessionEstablished),
		fmt.Sprint(1000_510_000, supi, 995_510_000, record.SessionUsage{ULVolume: 500, DLVolume: 1000, ULPackets: 10, DLPackets: 20}),
		fmt.Sprint(1005_500_000, supi, "1-111111", 1, record.SessionReleased),
		fmt.Sprint(1005_500_000, supi, "1-222222", 2, record.SessionEstablished),
		fmt.Sprint(1005_500_000, supi, "1-222222", 2, record.SessionEstablished),
		fmt.Sprint(1005_510_000, supi, 1000_510_000, record.SessionUsage{ULPackets: -1, DLPackets: -1}),
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
	if _, err := readGTRI(bytes.NewReader([]byte("no archive"))); err == nil {
		t.Error("what is no archive was read")
	}
}
