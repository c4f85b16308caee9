package capture

import (
	"testing"

	"cordon/internal/record"
)

const (
	a1 = terminalA + ":40001"
	b1 = terminalB + ":40002"
	s1 = server + ":23"
	s2 = server + ":443"
	s3 = server + ":5000"
	ns = server + ":53"
)

// TestFlows follows the rules of contracts section 8 one by one.
func TestFlows(t *testing.T) {
	for _, test := range []struct {
		name    string
		packets []sent
		want    string
	}{
		{"an attempt without answer is reported 5 s after its first packet", []sent{tcp(0, a1, s1, "S")}, `
5.000 …01 → 198.51.100.9:23 tcp UPLINK new open up 1/40 S down 0/0 -
60.000 …01 → 198.51.100.9:23 tcp UPLINK old ended up 0/0 - down 0/0 -
`},
		{"retransmissions belong to it", []sent{tcp(0, a1, s1, "S"), tcp(1000, a1, s1, "S"), tcp(3000, a1, s1, "S"), tcp(7000, a1, s1, "S")}, `
5.000 …01 → 198.51.100.9:23 tcp UPLINK new open up 3/120 S down 0/0 -
10.000 …01 → 198.51.100.9:23 tcp UPLINK old open up 1/40 S down 0/0 -
67.000 …01 → 198.51.100.9:23 tcp UPLINK old ended up 0/0 - down 0/0 -
`},
		{"a SYN flood from one port stays one attempt", []sent{tcpSeq(0, 1, a1, s1, "S"), tcpSeq(10, 2, a1, s1, "S"), tcpSeq(20, 3, a1, s1, "S")}, `
5.000 …01 → 198.51.100.9:23 tcp UPLINK new open up 3/120 S down 0/0 -
60.020 …01 → 198.51.100.9:23 tcp UPLINK old ended up 0/0 - down 0/0 -
`},
		{"a later answer is reported as answered", []sent{tcp(0, a1, s1, "S"), tcp(6000, s1, a1, "SA")}, `
5.000 …01 → 198.51.100.9:23 tcp UPLINK new open up 1/40 S down 0/0 -
10.000 …01 → 198.51.100.9:23 tcp UPLINK old open up 0/0 - down 1/40 SA
66.000 …01 → 198.51.100.9:23 tcp UPLINK old ended up 0/0 - down 0/0 -
`},
		{"an answer after exactly 5 s is later", []sent{udp(0, a1, s3, 1), udp(5000, s3, a1, 1)}, `
5.000 …01 → 198.51.100.9:5000 udp UPLINK new open up 1/29 - down 0/0 -
10.000 …01 → 198.51.100.9:5000 udp UPLINK old open up 0/0 - down 1/29 -
35.000 …01 → 198.51.100.9:5000 udp UPLINK old ended up 0/0 - down 0/0 -
`},
		{"a refused attempt is reported at once, with RST and no SYN from the far end", []sent{tcp(0, a1, s1, "S"), tcp(40, s1, a1, "RA")}, `
0.040 …01 → 198.51.100.9:23 tcp UPLINK new ended up 1/40 S down 1/40 RA
`},
		{"what comes after a reset is not a new flow", []sent{tcp(0, a1, s1, "S"), tcp(40, s1, a1, "RA"), tcp(50, a1, s1, "R")}, `
0.040 …01 → 198.51.100.9:23 tcp UPLINK new ended up 1/40 S down 1/40 RA
60.050 …01 → 198.51.100.9:23 tcp UPLINK old ended up 1/40 R down 0/0 -
`},
		{"a second attempt after a reset is", []sent{tcp(0, a1, s1, "S"), tcp(40, s1, a1, "RA"), tcp(50, a1, s1, "S"), tcp(90, s1, a1, "RA")}, `
0.040 …01 → 198.51.100.9:23 tcp UPLINK new ended up 1/40 S down 1/40 RA
0.090 …01 → 198.51.100.9:23 tcp UPLINK new ended up 1/40 S down 1/40 RA
`},
		{"a FIN exchange ends the flow with its last acknowledgement", []sent{
			tcp(0, a1, s2, "S"), tcp(10, s2, a1, "SA"), tcp(20, a1, s2, "A"), tcp(30, a1, s2, "FA"), tcp(40, s2, a1, "FA"), tcp(50, a1, s2, "A")}, `
0.050 …01 → 198.51.100.9:443 tcp UPLINK new ended up 4/160 FSA down 2/80 FSA
`},
		{"… or one second later without it", []sent{
			tcp(0, a1, s2, "S"), tcp(10, s2, a1, "SA"), tcp(30, a1, s2, "FA"), tcp(40, s2, a1, "FA")}, `
1.040 …01 → 198.51.100.9:443 tcp UPLINK new ended up 2/80 FSA down 2/80 FSA
`},
		{"open flows are reported every 10 s with the volume of the interval", []sent{
			tcp(0, a1, s2, "S"), tcp(10, s2, a1, "SA"), tcp(9999, a1, s2, "A", 1, 2), tcp(10_000, a1, s2, "A", 1), tcp(45_000, s2, a1, "A", 1, 2, 3)}, `
10.000 …01 → 198.51.100.9:443 tcp UPLINK new open up 2/82 SA down 1/40 SA
20.000 …01 → 198.51.100.9:443 tcp UPLINK old open up 1/41 A down 0/0 -
50.000 …01 → 198.51.100.9:443 tcp UPLINK old open up 0/0 - down 1/43 A
105.000 …01 → 198.51.100.9:443 tcp UPLINK old ended up 0/0 - down 0/0 -
`},
		{"a connection that was silent is still the same, whoever speaks", []sent{
			tcp(0, a1, s2, "S"), tcp(10, s2, a1, "SA"), tcp(300_000, s2, a1, "A", 1), tcp(300_010, a1, s2, "A")}, `
10.000 …01 → 198.51.100.9:443 tcp UPLINK new open up 1/40 S down 1/40 SA
60.010 …01 → 198.51.100.9:443 tcp UPLINK old ended up 0/0 - down 0/0 -
310.000 …01 → 198.51.100.9:443 tcp UPLINK old open up 1/40 A down 1/41 A
360.010 …01 → 198.51.100.9:443 tcp UPLINK old ended up 0/0 - down 0/0 -
`},
		{"a UDP exchange begins anew, opened by whoever opened the former", []sent{
			udp(0, a1, s3, 1), udp(10, s3, a1, 1), udp(60_000, s3, a1, 1), udp(60_010, a1, s3, 1)}, `
10.000 …01 → 198.51.100.9:5000 udp UPLINK new open up 1/29 - down 1/29 -
30.010 …01 → 198.51.100.9:5000 udp UPLINK old ended up 0/0 - down 0/0 -
70.000 …01 → 198.51.100.9:5000 udp UPLINK new open up 1/29 - down 1/29 -
90.010 …01 → 198.51.100.9:5000 udp UPLINK old ended up 0/0 - down 0/0 -
`},
		{"the port is used again", []sent{
			tcpSeq(0, 7, a1, s2, "S"), tcp(10, s2, a1, "SA"), tcpSeq(2000, 8, a1, s2, "S"), tcp(2010, s2, a1, "RA")}, `
2.000 …01 → 198.51.100.9:443 tcp UPLINK new ended up 1/40 S down 1/40 SA
2.010 …01 → 198.51.100.9:443 tcp UPLINK new ended up 1/40 S down 1/40 RA
`},
		{"inbound", []sent{tcp(0, s1, a1, "S"), tcp(1, a1, s1, "RA")}, `
0.001 …01 → 198.51.100.9:23 tcp DOWNLINK new ended up 1/40 RA down 1/40 S
`},
		{"an answer whose question was not captured", []sent{tcp(0, s1, a1, "SA")}, `
5.000 …01 → 198.51.100.9:23 tcp UPLINK new open up 0/0 - down 1/40 SA
60.000 …01 → 198.51.100.9:23 tcp UPLINK old ended up 0/0 - down 0/0 -
`},
		{"a connection under way when the capture began: the service's side did not open it", []sent{tcp(0, s2, a1, "A", 1), tcp(1, a1, s2, "R")}, `
0.001 …01 → 198.51.100.9:443 tcp UPLINK new ended up 1/40 R down 1/41 A
`},
		{"both ends are terminals: a record for each, the opener's first", []sent{tcp(0, b1, a1, "S"), tcp(1, a1, b1, "RA")}, `
0.001 …01 → 10.45.0.7:40001 tcp UPLINK new ended up 1/40 S down 1/40 RA
0.001 …02 → 10.45.0.8:40002 tcp DOWNLINK new ended up 1/40 RA down 1/40 S
`},
		{"neither end is", []sent{udp(0, s1, "203.0.113.1:9", 1)}, ""},
		{"ICMP: an echo is opened by who asks, an error by no one", []sent{
			ping(0, server, terminalA, 0), ping(100, "203.0.113.5", terminalA, 3)}, `
5.000 …01 → 198.51.100.9:0 icmp UPLINK new open up 0/0 - down 1/32 -
5.100 …01 → 203.0.113.5:0 icmp UNKNOWN new open up 0/0 - down 1/32 -
30.000 …01 → 198.51.100.9:0 icmp UPLINK old ended up 0/0 - down 0/0 -
30.100 …01 → 203.0.113.5:0 icmp UNKNOWN old ended up 0/0 - down 0/0 -
`},
		{"a packet from the past counts at the latest time", []sent{udp(0, a1, s3, 1), udp(1000, a1, s2, 1), udp(-500, s3, a1, 1)}, `
6.000 …01 → 198.51.100.9:443 udp UPLINK new open up 1/29 - down 0/0 -
10.000 …01 → 198.51.100.9:5000 udp UPLINK new open up 1/29 - down 1/29 -
31.000 …01 → 198.51.100.9:5000 udp UPLINK old ended up 0/0 - down 0/0 -
31.000 …01 → 198.51.100.9:443 udp UPLINK old ended up 0/0 - down 0/0 -
`},
		{"IPv6", []sent{tcp(0, "[fd00::7]:40001", "[2001:db8::9]:443", "S"), tcp(1, "[2001:db8::9]:443", "[fd00::7]:40001", "RA")}, `
0.001 …01 → [2001:db8::9]:443 tcp UPLINK new ended up 1/60 S down 1/60 RA
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := readAll(t, Settings{}, rawPcap(t, test.packets...))
			compare(t, r.golden(), test.want)
			if p := r.source.Problems(); len(p) > 0 {
				t.Errorf("problems: %v", p)
			}
		})
	}
}

func TestReportInterval(t *testing.T) {
	packets := rawPcap(t, udp(0, a1, s3, 1), udp(100, s3, a1, 1), udp(1500, a1, s3, 1), udp(4000, a1, s2, 1))
	r := readAll(t, Settings{ReportInterval: record.Second}, packets)
	// An attempt is not reported before its 5 s, however short the interval.
	compare(t, r.golden(), `
1.000 …01 → 198.51.100.9:5000 udp UPLINK new open up 1/29 - down 1/29 -
2.000 …01 → 198.51.100.9:5000 udp UPLINK old open up 1/29 - down 0/0 -
9.000 …01 → 198.51.100.9:443 udp UPLINK new open up 1/29 - down 0/0 -
31.500 …01 → 198.51.100.9:5000 udp UPLINK old ended up 0/0 - down 0/0 -
34.000 …01 → 198.51.100.9:443 udp UPLINK old ended up 0/0 - down 0/0 -
`)
}

func TestFullTableReportsTheLongestSilent(t *testing.T) {
	packets := rawPcap(t, udp(0, a1, s1, 1), udp(100, a1, s2, 1), udp(200, a1, s1, 1), udp(300, a1, s3, 1))
	r := readAll(t, Settings{MaxFlows: 2}, packets)
	compare(t, r.golden(), `
0.300 …01 → 198.51.100.9:443 udp UPLINK new ended up 1/29 - down 0/0 -
5.000 …01 → 198.51.100.9:23 udp UPLINK new open up 2/58 - down 0/0 -
5.300 …01 → 198.51.100.9:5000 udp UPLINK new open up 1/29 - down 0/0 -
30.200 …01 → 198.51.100.9:23 udp UPLINK old ended up 0/0 - down 0/0 -
30.300 …01 → 198.51.100.9:5000 udp UPLINK old ended up 0/0 - down 0/0 -
`)
	if got := r.source.Counts().FlowsDropped; got != 1 {
		t.Errorf("flows dropped: got %d, want 1", got)
	}
}

// TestRotatedCapture: a flow that goes on in the next file is one flow.
func TestRotatedCapture(t *testing.T) {
	first := rawPcap(t, tcp(0, a1, s2, "S"))
	second := rawPcap(t, tcp(10, s2, a1, "SA"), tcp(20, a1, s2, "R"))
	want := readAll(t, Settings{}, rawPcap(t, tcp(0, a1, s2, "S"), tcp(10, s2, a1, "SA"), tcp(20, a1, s2, "R"))).golden()
	for _, contents := range [][][]byte{{first, second}, {second, first}} {
		compare(t, readAll(t, Settings{}, contents...).golden(), want)
	}
}
