package capture

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gopacket/gopacket/layers"
	"github.com/twmb/avro"
	"github.com/twmb/avro/ocf"

	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/record/wire"
	"cordon/schemas"
)

func readerOf(s string) *bufio.Reader { return bufio.NewReader(strings.NewReader(s)) }

func addresses(list ...string) []netip.Addr {
	var all []netip.Addr
	for _, a := range list {
		all = append(all, netip.MustParseAddr(a))
	}
	return all
}

// checkOrder: records made from packets and Zeek logs are in order of
// OccurredAt, and no interval ends before it begins.
func checkOrder(t testing.TB, r result) {
	t.Helper()
	var last record.Micros
	for i := range r.records {
		rec := &r.records[i]
		if rec.OccurredAt < last || rec.IntervalStart.Value > rec.OccurredAt || rec.Flow.StartTime.Value > rec.OccurredAt {
			t.Fatalf("record %d: at %v from %v, flow of %v, after one of %v", i, rec.OccurredAt, rec.IntervalStart.Value, rec.Flow.StartTime.Value, last)
		}
		last = rec.OccurredAt
	}
}

const jsonLines = `{"occurredAt":"2026-05-04T10:00:05.000000Z","sourceId":"smf-1","supi":"imsi-001010000000001","dnn":"iot","session":{"event":"ESTABLISHED","causeClass":"NONE","emergency":false}}
{"occurredAt":1777888801000000,"sourceId":"upf-1","ueAddress":"10.45.0.9","flow":{"protocol":6,"remoteAddress":"198.51.100.9","remotePort":23}}

{"occurredAt":"2026-05-04T10:00:02Z","sourceId":"upf-1","clock":{}}
`

// TestJSONLines: the order of the file stays; names of the input stay.
func TestJSONLines(t *testing.T) {
	r := readAll(t, Settings{DNN: "meters", SNSSAI: "1-0000a1", TypeAllocationCode: "35209900"}, []byte(jsonLines))
	if len(r.records) != 3 || len(r.source.Problems()) != 0 {
		t.Fatalf("%d records, %v, want 3", len(r.records), r.source.Problems())
	}
	first, second, clock := &r.records[0], &r.records[1], &r.records[2]
	if first.SUPI != "imsi-001010000000001" || first.DNN != "meters" || first.SNSSAI != "1-0000a1" || first.Kind != record.KindSession {
		t.Errorf("got %+v", first)
	}
	if first.PEI != "imei-352099000000014" {
		t.Errorf("equipment: got %s, want imei-352099000000014", first.PEI)
	}
	if second.SUPI != "" || second.UEAddress != netip.MustParseAddr("10.45.0.9") || second.OccurredAt >= first.OccurredAt {
		t.Errorf("got %+v", second)
	}
	if clock.Kind != record.KindClock || clock.DNN != "" || clock.PEI != "" {
		t.Errorf("got %+v", clock)
	}
	want := []Terminal{{"imsi-001010000000001", "imsi-001010000000001"}, {"10.45.0.9", ""}}
	if got := r.source.Terminals(); len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("terminals: got %d, want those of the input", len(got))
	}
}

func TestBrokenJSONLines(t *testing.T) {
	lines := strings.Replace(jsonLines, `"dnn"`, `"dnnn"`, 1) + "{\n" + strings.Split(jsonLines, "\n")[0]
	r := readAll(t, Settings{}, []byte(lines))
	p := r.source.Problems()
	if len(r.records) != 3 || len(p) != 2 || p[0].Position != "line 1" || p[1].Position != "line 5" {
		t.Errorf("%d records, problems %v, want 3 and lines 1 and 5", len(r.records), p)
	}
	r = readAll(t, Settings{}, bytes.Repeat([]byte("{\n"), 1000))
	if c := r.source.Counts().Problems; c != 1000 || len(r.source.Problems()) != maxProblems {
		t.Errorf("%d problems counted, %d kept, want 1000 and %d", c, len(r.source.Problems()), maxProblems)
	}
}

// container writes records to an object container file.
func containerOf(t testing.TB, codec ocf.Codec, records ...raw.Telemetry) []byte {
	t.Helper()
	schema := avro.MustParse(string(schemas.Newest(telemetryName).Text))
	var b bytes.Buffer
	w, err := ocf.NewWriter(&b, schema, ocf.WithCodec(codec), ocf.WithBlockCount(2))
	if err != nil {
		t.Fatal(err)
	}
	for i := range records {
		if _, err := w.Write(raw.AppendTelemetry(nil, &records[i])[schemas.HeaderSize:]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// otherContainer holds one record of a writer's own schema.
func otherContainer(t testing.TB, fields string, record []byte) []byte {
	t.Helper()
	schema := avro.MustParse(`{"type":"record","name":"TerminalTelemetry","namespace":"cordon.v1","fields":[` + fields + `]}`)
	var b bytes.Buffer
	w, err := ocf.NewWriter(&b, schema, ocf.WithCodec(ocf.DeflateCodec(9)), ocf.WithBlockCount(1))
	if err == nil {
		_, err = w.Write(record)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A container whose writer has fields of its own is hostile or new: what it
// unpacks to is bounded, and what could not be read is not told.
func TestHostileContainers(t *testing.T) {
	const marker = "imsi-001019999999999"
	const items = 40 << 20
	for name, test := range map[string]struct {
		fields string
		record []byte
	}{
		"an identity where a UUID should be": {`{"name":"supi","type":{"type":"string","logicalType":"uuid"}}`, wire.AppendString(nil, marker)},
		"a list of 40 million":               {`{"name":"x","type":{"type":"array","items":"boolean"}}`, append(wire.AppendLong(nil, items), make([]byte, items+1)...)},
		"a list of nothing":                  {`{"name":"x","type":{"type":"array","items":"null"}}`, append(wire.AppendLong(nil, 1<<40), 0)},
		"itself, a million deep": {`{"name":"x","type":["null",{"type":"record","name":"Node","fields":[{"name":"next","type":["null","Node"]}]}]}`,
			append(bytes.Repeat([]byte{2}, 1_000_000), 0)},
	} {
		content := otherContainer(t, test.fields, test.record)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		p := readAll(t, Settings{}, content).source.Problems()
		runtime.ReadMemStats(&after)
		if len(p) == 0 {
			t.Errorf("%s: no problem told", name)
		}
		if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 500 {
			t.Errorf("%s: %d MiB for a file of %d bytes", name, used, len(content))
		}
		for _, problem := range p {
			if strings.Contains(problem.String(), marker) {
				t.Errorf("%s: a problem tells an identity: %v", name, problem)
			}
		}
	}
}

// TestContainers: the records come back as they were, whatever the codec.
func TestContainers(t *testing.T) {
	want := readAll(t, Settings{}, rawPcap(t, dns(t, 0, a1, ns, "a.example", -1), dns(t, 10, ns, a1, "a.example", 3),
		tcp(20, a1, s1, "S"), ping(30, terminalA, server, 8))).records
	want = append(want, readAll(t, Settings{}, []byte(jsonLines)).records...)
	for name, codec := range map[string]ocf.Codec{
		"null": nil, "deflate": ocf.DeflateCodec(5), "snappy": ocf.SnappyCodec(), "zstandard": ocf.MustZstdCodec(nil, nil),
	} {
		r := readAll(t, Settings{}, gzipped(t, containerOf(t, codec, want...)))
		if len(r.records) != len(want) || len(r.source.Problems()) > 0 {
			t.Errorf("%s: %d records %v, want %d", name, len(r.records), r.source.Problems(), len(want))
			continue
		}
		for i := range want {
			if r.records[i] != want[i] {
				t.Errorf("%s: record %d: got %+v, want %+v", name, i, r.records[i], want[i])
			}
		}
	}
}

func TestBrokenContainers(t *testing.T) {
	records := readAll(t, Settings{}, rawPcap(t, tcp(0, a1, s1, "S"), udp(0, a1, s3, 1))).records // 4
	good := containerOf(t, nil, records...)
	cut := readAll(t, Settings{}, good[:len(good)-20])
	p := cut.source.Problems()
	if len(cut.records) != 2 || len(p) != 1 || p[0].Position != "record 3" {
		t.Errorf("cut: %d records, problems %v, want 2 and one at record 3", len(cut.records), p)
	}
	var other bytes.Buffer
	w, err := ocf.NewWriter(&other, avro.MustParse(`{"type":"record","name":"Other","fields":[{"name":"x","type":"int"}]}`))
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"another record": other.Bytes(), "header cut": good[:100], "magic only": good[:4]} {
		r := readAll(t, Settings{}, content)
		if len(r.records) != 0 || len(r.source.Problems()) != 1 {
			t.Errorf("%s: %d records, problems %v, want one problem", name, len(r.records), r.source.Problems())
		}
	}
}

// TestMerge: inputs of every format come together in order of time.
func TestMerge(t *testing.T) {
	packets := rawPcap(t, tcp(0, a1, s1, "S"), tcp(1500, s1, a1, "RA"))
	log := zeekHeader + zeekLine(zeekTime(0), "3", b1, s3, "udp", "8\t0\tS0\t-\t-\t0\tD\t1\t36\t0\t0\t-") +
		zeekLine(zeekTime(0), "0.5", a1, s3, "udp", "8\t0\tS0\t-\t-\t0\tD\t1\t36\t0\t0\t-")
	line := `{"occurredAt":"2026-05-04T10:00:02Z","sourceId":"smf-1","supi":"imsi-001010000000002","session":{"event":"RELEASED"}}`
	r := readAll(t, Settings{}, []byte(log), packets, []byte(line))
	var got []string
	for _, rec := range r.records {
		got = append(got, rec.SourceID+" "+rec.SUPI[len(rec.SUPI)-2:])
	}
	// The SUPI that the third input names is not given to an address again.
	if want := "zeek 01,capture 01,smf-1 02,zeek 03"; strings.Join(got, ",") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	checkOrder(t, result{records: r.records})
	var sources []string
	for _, terminal := range r.source.Terminals() {
		sources = append(sources, terminal.Source)
	}
	if want := terminalA + ",imsi-001010000000002," + terminalB; strings.Join(sources, ",") != want {
		t.Errorf("terminals: got %v, want %s", sources, want)
	}
}

func TestWhichAddressesAreTerminals(t *testing.T) {
	packets := rawPcap(t, udp(0, "192.168.1.2:1", s3, 1), udp(1, "172.31.0.1:1", s3, 1), udp(2, "100.64.0.1:1", s3, 1),
		udp(3, "[fd00::7]:1", "[2001:db8::9]:5", 1), udp(4, "[fe80::1]:1", "[ff02::1]:5", 1), udp(5, "169.254.1.1:1", s3, 1), udp(6, "203.0.113.7:1", s3, 1))
	for _, test := range []struct {
		name     string
		settings Settings
		want     string
	}{
		{"default", Settings{}, "192.168.1.2 172.31.0.1 100.64.0.1 fd00::7"},
		{"ranges", Settings{Local: []netip.Prefix{netip.MustParsePrefix("203.0.113.9/24")}}, "203.0.113.7"},
		{"only these", Settings{Terminals: addresses("::ffff:192.168.1.2", "fd00::7")}, "192.168.1.2 fd00::7"},
	} {
		var got []string
		for _, terminal := range readAll(t, test.settings, packets).source.Terminals() {
			got = append(got, terminal.Source)
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: got %v, want %s", test.name, got, test.want)
		}
	}
}

// TestBroadcastIsNoTerminal: 10.45.0.255 lies in the local range, but the frame
// went to everyone.
func TestBroadcastIsNoTerminal(t *testing.T) {
	frame := serialize(t, ethernet(udp(0, a1, "10.45.0.255:137", 1))...)
	toAll := bytes.Clone(frame)
	copy(toAll, []byte{255, 255, 255, 255, 255, 255})
	cooked := append([]byte{0, 1, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0}, frame[14:]...)
	cooked2 := append([]byte{8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 6, 2, 0, 0, 0, 0, 1, 0, 0}, frame[14:]...)
	for _, test := range []struct {
		name  string
		link  uint16
		frame []byte
		want  int
	}{
		{"to one station", linkEthernet, frame, 2}, {"to all", linkEthernet, toAll, 1},
		{"cooked", linkSLL, cooked, 1}, {"cooked 2", linkSLL2, cooked2, 1},
	} {
		content := pcapOf(t, layers.LinkTypeEthernet, test.frame)
		binary.LittleEndian.PutUint16(content[20:], test.link) // the writer's link types have one byte
		r := readAll(t, Settings{}, content)
		if got := len(r.source.Terminals()); got != test.want {
			t.Errorf("%s: %d terminals, want %d", test.name, got, test.want)
		}
	}
}

func TestSettings(t *testing.T) {
	for name, s := range map[string]Settings{
		"format": {Format: "csv"}, "interval": {ReportInterval: 1}, "flows": {MaxFlows: -1}, "code": {TypeAllocationCode: "1234567x"},
	} {
		if _, err := Open(nil, s); !errors.Is(err, ErrSettings) {
			t.Errorf("%s: got %v, want %v", name, err, ErrSettings)
		}
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "conn.log") // the name says nothing
	content := rawPcap(t, tcp(0, a1, s1, "S"))
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open([]string{path}, Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if r := drain(t, s); len(r.records) != 2 {
		t.Errorf("%d records, want 2", len(r.records))
	}
	if p := s.Progress(); p.Read != p.Total || p.Total != int64(len(content)) {
		t.Errorf("progress %+v, want all of %d", p, len(content))
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for _, missing := range []string{filepath.Join(dir, "absent"), dir} {
		if _, err := Open([]string{path, missing}, Settings{}); err == nil {
			t.Errorf("open %s: no error", missing)
		}
	}
	if err := (&Source{}).Next(&raw.Telemetry{}); err != io.EOF {
		t.Errorf("no input: got %v, want EOF", err)
	}
}

// TestCheckDigit: the sum of all digits, every other one doubled and its
// digits added, "should be a multiple of 10" (TS 23.003 annex B.3).
func TestCheckDigit(t *testing.T) {
	if got := checkDigit("49015420323751"); got != '8' {
		t.Errorf("got %c, want 8", got)
	}
}
