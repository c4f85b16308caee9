package capture

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
)

// zeekHeader is that of IoT-23, whose labels are one tab-separated column of
// their own, separated by spaces.
const zeekHeader = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#open\t2019-03-15-14-50-49\n" +
	"#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\ttunnel_parents   label   detailed-label\n" +
	"#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tbool\tcount\tstring\tcount\tcount\tcount\tcount\tset[string]   string   string\n"

// zeekLine writes a row; at and duration are in seconds after epoch.
func zeekLine(at, duration, from, to, proto, rest string) string {
	f, p := splitPort(from), splitPort(to)
	return strings.Join([]string{at, "Cx", f[0], f[1], p[0], p[1], proto, "-", duration, rest}, "\t") + "\n"
}

func splitPort(s string) [2]string {
	i := strings.LastIndex(s, ":")
	return [2]string{strings.Trim(s[:i], "[]"), s[i+1:]}
}

func zeekTime(seconds int) string { return fmt.Sprintf("%d.000000", epoch.Unix()+int64(seconds)) }

func TestZeek(t *testing.T) {
	for _, test := range []struct {
		name string
		rows string
		want string
	}{
		{"answered", zeekLine(zeekTime(0), "1.500000", a1, s2, "tcp", "149\t128252\tSF\t-\t-\t0\tShADadFf\t94\t5525\t96\t139044\t-   Malicious   C&C"), `
1.500 …01 → 198.51.100.9:443 tcp UPLINK new ended up 94/5525 FSA down 96/139044 FSA
`},
		{"unanswered, duration unset", zeekLine(zeekTime(0), "-", a1, s1, "tcp", "-\t-\tS0\t-\t-\t0\tS\t3\t180\t0\t0\t-   Malicious   PartOfAHorizontalPortScan"), `
0.000 …01 → 198.51.100.9:23 tcp UPLINK new ended up 3/180 S down 0/0 -
`},
		{"refused, without history", zeekLine(zeekTime(0), "0.1", a1, s1, "tcp", "0\t0\tREJ\t-\t-\t0\t-\t1\t40\t1\t40\t-   -   -"), `
0.100 …01 → 198.51.100.9:23 tcp UPLINK new ended up 1/40 S down 1/40 RA
`},
		{"inbound", zeekLine(zeekTime(0), "2", s3, a1, "udp", "8\t0\tS0\t-\t-\t0\tD\t1\t36\t0\t0\t-   -   -"), `
2.000 …01 → 198.51.100.9:5000 udp DOWNLINK new ended up 0/0 - down 1/36 -
`},
		{"no packets: one of 40 bytes", zeekLine(zeekTime(0), "-", a1, s3, "udp", "-\t-\tOTH\t-\t-\t0\tC\t0\t0\t0\t0\t-   -   -"), `
0.000 …01 → 198.51.100.9:5000 udp UPLINK new ended up 1/40 - down 0/0 -
`},
		{"ICMP: ports are type and code", zeekLine(zeekTime(0), "1", terminalA+":8", server+":0", "icmp", "56\t56\tOTH\t-\t-\t0\t-\t1\t84\t1\t84\t-   -   -"), `
1.000 …01 → 198.51.100.9:0 icmp UPLINK new ended up 1/84 - down 1/84 -
`},
		{"both ends are terminals", zeekLine(zeekTime(0), "1", b1, a1, "udp", "8\t0\tS0\t-\t-\t0\tD\t1\t36\t0\t0\t-   -   -"), `
1.000 …01 → 10.45.0.7:40001 udp UPLINK new ended up 1/36 - down 0/0 -
1.000 …02 → 10.45.0.8:40002 udp DOWNLINK new ended up 0/0 - down 1/36 -
`},
		{"neither end is", zeekLine(zeekTime(0), "1", s3, "203.0.113.1:9", "udp", "8\t0\tS0\t-\t-\t0\tD\t1\t36\t0\t0\t-   -   -"), ""},
		{"in order of their ends", zeekLine(zeekTime(0), "90", a1, s2, "udp", "8\t0\tS0\t-\t-\t0\tD\t1\t36\t0\t0\t-   -   -") +
			zeekLine(zeekTime(5), "1", a1, s3, "udp", "8\t0\tS0\t-\t-\t0\tD\t1\t36\t0\t0\t-   -   -"), `
6.000 …01 → 198.51.100.9:5000 udp UPLINK new ended up 1/36 - down 0/0 -
90.000 …01 → 198.51.100.9:443 udp UPLINK new ended up 1/36 - down 0/0 -
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := readAll(t, Settings{}, []byte(zeekHeader+test.rows+"#close\t2019-03-15-14-50-49   -   -\n"))
			compare(t, r.golden(), test.want)
			if p := r.source.Problems(); len(p) > 0 {
				t.Errorf("problems: %v", p)
			}
		})
	}
}

// TestZeekHeaders: the header drives, not the order of columns.
func TestZeekHeaders(t *testing.T) {
	want := "\n1.000 …01 → 198.51.100.9:5000 udp UPLINK new ended up 2/64 - down 0/0 -\n"
	at := epoch.Unix()
	for name, content := range map[string]string{
		"other order, other separator, other unset": fmt.Sprintf("#separator ;\n#unset_field;?\n#fields;proto;label;id.resp_p;id.resp_h;id.orig_p;id.orig_h;duration;ts;orig_pkts;orig_bytes;resp_pkts\nudp;x;5000;%s;40001;%s;1;%d;2;8;?\n", server, terminalA, at),
		"begins again in the middle":                "#fields\tts\tid.orig_h\n#separator \\x09\n#fields\tts\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tduration\torig_pkts\torig_ip_bytes\n" + fmt.Sprintf("%d\t%s\t40001\t%s\t5000\tudp\t1\t2\t64\n", at, terminalA, server),
		"JSON":                                      fmt.Sprintf(`{"ts":%d.0,"uid":"C","id.orig_h":"%s","id.orig_p":40001,"id.resp_h":"%s","id.resp_p":5000,"proto":"udp","duration":1.0e0,"orig_pkts":2,"orig_ip_bytes":64,"label":"x"}`+"\n", at, terminalA, server),
		"JSON with RFC 3339":                        fmt.Sprintf(`{"ts":"2026-05-04T09:59:59.999950Z","id.orig_h":"%s","id.orig_p":40001,"id.resp_h":"%s","id.resp_p":5000,"proto":"udp","duration":1.00005,"orig_pkts":2,"orig_ip_bytes":64}`, terminalA, server),
		"protocol by number":                        "#fields\tts\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tip_proto\tduration\torig_pkts\torig_ip_bytes\n" + fmt.Sprintf("%d\t%s\t40001\t%s\t5000\tunknown_transport\t17\t1\t2\t64\n", at, terminalA, server),
	} {
		r := readAll(t, Settings{}, []byte(content))
		if got := "\n" + r.golden(); got != want {
			t.Errorf("%s: got %swant %s%v", name, got, want, r.source.Problems())
		}
	}
}

func TestBrokenZeek(t *testing.T) {
	good := zeekLine(zeekTime(0), "1", a1, s3, "udp", "8\t0\tS0\t-\t-\t0\tD\t1\t36\t0\t0\t-")
	for _, test := range []struct {
		name    string
		content string
		records int
		line    string
		cause   error
	}{
		{"a row that is cut", zeekHeader + good + good[:30] + "\n" + good, 2, "line 10", errField},
		{"a time that is none", zeekHeader + strings.Replace(good, zeekTime(0), "yesterday", 1) + good, 1, "line 9", errField},
		{"a time that is NaN", zeekHeader + strings.Replace(good, zeekTime(0), "NaN", 1) + good, 1, "line 9", errField},
		{"an address that is none", zeekHeader + strings.Replace(good, terminalA, "host", 1), 0, "line 9", errField},
		{"a negative count", zeekHeader + strings.Replace(good, "\t36\t", "\t-36\t", 1), 0, "line 9", errField},
		{"a protocol that is none", zeekHeader + strings.Replace(good, "udp", "quic", 1), 0, "line 9", errField},
		{"no header", "#close\n" + good, 0, "line 2", errNoHeader},
		{"another log", "#fields\tts\tuid\tquery\n1\t2\t3\n", 0, "line 1", errColumns},
		{"JSON that is cut", `{"ts":1,"id.orig_h":"1.2.3.4"` + "\n", 0, "line 1", errField},
		{"a line without end", zeekHeader + good + strings.Repeat("x", maxLine+1) + "\n" + good, 2, "line 10", errLongLine},
	} {
		r := readAll(t, Settings{}, []byte(test.content))
		p := r.source.Problems()
		if len(r.records) != test.records || len(p) == 0 || p[0].Position != test.line || !errors.Is(p[0].Cause, test.cause) {
			t.Errorf("%s: %d records, problems %v, want %d and one at %q: %v", test.name, len(r.records), p, test.records, test.line, test.cause)
		}
	}
}

// TestZeekOrder: rows are put in order as far as they can be held, none is
// lost, and what comes late is told.
func TestZeekOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ends := rapid.SliceOfN(rapid.IntRange(0, 1000), 1, 50).Draw(t, "ends")
		limit := rapid.IntRange(1, 60).Draw(t, "limit")
		var log strings.Builder
		log.WriteString(zeekHeader)
		for _, end := range ends {
			log.WriteString(zeekLine(zeekTime(end), "-", a1, s3, "udp", "8\t0\tS0\t-\t-\t0\tD\t1\t36\t0\t0\t-"))
		}
		counts := &Counts{}
		settings, _ := Settings{}.withDefaults()
		z := newZeek(readerOf(log.String()), &problems{counts: counts}, &settings)
		z.limit = limit
		var last record.Micros
		n, late := 0, int64(0)
		for i := (item{}); z.next(&i); n++ {
			if i.record.OccurredAt < last {
				late++
			}
			last = max(last, i.record.OccurredAt)
		}
		if n != len(ends) || late != counts.RowsOutOfTurn || limit >= len(ends) && late > 0 {
			t.Fatalf("%d rows with %d held: %d came out, %d late, %d told", len(ends), limit, n, late, counts.RowsOutOfTurn)
		}
	})
}

func TestMiraiLog(t *testing.T) {
	path := captures(t, "iot23-34-1-mirai", "conn.log.labeled")
	s, err := Open([]string{path}, Settings{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := drain(t, s)
	c := s.Counts()
	if c.Rows != 23_145 || len(s.Problems()) != 0 || c.RowsOutOfTurn != 0 {
		t.Errorf("got %+v %v, want 23,145 rows and no problem", c, s.Problems())
	}
	checkOrder(t, r)
	var sums [2]int64
	only := Settings{Terminals: addresses("192.168.1.195")}
	s2, err := Open([]string{path}, only)
	if err != nil {
		t.Fatal(err)
	}
	defer s2.Close()
	for _, rec := range drain(t, s2).records {
		sums[0] += rec.Flow.ULPackets + rec.Flow.DLPackets
		sums[1] += rec.Flow.ULVolume + rec.Flow.DLVolume
	}
	if want := sumsOfLog(t, path, "192.168.1.195"); sums != want {
		t.Errorf("packets and bytes: got %v, want %v", sums, want)
	}
}

// sumsOfLog adds up packets and bytes of a terminal's rows without any of this
// package.
func sumsOfLog(t *testing.T, path, terminal string) [2]int64 {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var sums [2]int64
	for line := range strings.Lines(string(content)) {
		cells := strings.Split(line, "\t")
		if strings.HasPrefix(line, "#") || cells[2] != terminal && cells[4] != terminal {
			continue
		}
		var n [4]int64
		for i := range n {
			fmt.Sscan(cells[16+i], &n[i])
		}
		if n[0]+n[2] == 0 {
			n[0], n[1] = 1, 40
		}
		sums[0] += n[0] + n[2]
		sums[1] += n[1] + n[3]
	}
	return sums
}
