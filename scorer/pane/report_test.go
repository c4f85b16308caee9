package pane

import (
	"math"
	"net/netip"
	"strings"
	"testing"

	"cordon/internal/record"
)

// flowRecord returns a flow report over the given length of time.
func flowRecord(to string, length record.Micros, change func(*record.PseudonymisedTelemetry)) *record.PseudonymisedTelemetry {
	end := 1000 * record.Second
	address := netip.MustParseAddrPort(to)
	t := &record.PseudonymisedTelemetry{OccurredAt: end, Kind: record.KindFlow}
	if length > 0 {
		t.IntervalStart = record.Some(end - length)
	}
	t.Flow = record.Flow{
		Protocol: TCP, RemoteAddress: address.Addr(), RemotePort: int32(address.Port()), Direction: record.DirectionUplink,
		ULVolume: 6000, ULPackets: 60, DLVolume: 600, DLPackets: 6,
	}
	if change != nil {
		change(t)
	}
	return t
}

func TestReportRead(t *testing.T) {
	type row struct {
		name   string
		length record.Micros
		change func(*record.PseudonymisedTelemetry)
		want   func(*Report) bool
	}
	for _, c := range []row{
		{"within a pane", 0, nil, func(r *Report) bool { return r.UL == 6000 && r.Observations == 1 && r.Starts == 1000 && r.Answered }},
		{"10 s", 10 * record.Second, nil, func(r *Report) bool { return r.UL == 6000 && r.Observations == 1 }},
		// Contracts section 1: "the mean rate over its true interval, counted min(n, 6) times".
		{"60 s is six panes", 60 * record.Second, nil, func(r *Report) bool { return r.UL == 1000 && r.ULPackets == 10 && r.Observations == 6 }},
		{"an hour counts six times", record.Hour, nil, func(r *Report) bool { return r.UL == 16 && r.Observations == 6 }},
		{"12 s is one pane at the mean rate", 12 * record.Second, nil, func(r *Report) bool { return r.UL == 5000 && r.Observations == 1 }},
		{"interval that ends before it starts", -5 * record.Second, nil, func(r *Report) bool { return r.UL == 6000 && r.Observations == 1 }},
		{"one in four sampled", 0, func(t *record.PseudonymisedTelemetry) { t.SamplingRatio = record.Some[int32](25) },
			// 60 packets, 4 of them full: 240 less 4 deviations of one in 7, and what was seen.
			func(r *Report) bool {
				return r.UL == 6000 && r.ULPackets == 240-4*240/7 && r.Starts == 1000 && r.Answered && r.Sampled == 0
			}},
		{"much sampled", 0, func(t *record.PseudonymisedTelemetry) {
			t.Flow.ULVolume, t.Flow.ULPackets, t.SamplingRatio = 15_000_000, 10_000, record.Some[int32](10)
		}, func(r *Report) bool { return r.UL == 150_000_000*96/100 && r.ULPackets == 96_000 }},
		// Of what was sampled nobody knows whether it was answered, nor that the reset was
		// all that came back.
		{"no answer in the sample", 0, func(t *record.PseudonymisedTelemetry) {
			t.Flow.DLPackets, t.SamplingRatio = 0, record.Some[int32](10)
		}, func(r *Report) bool { return r.Contact && !r.Began && !r.Answered && r.Sampled == 60 }},
		{"a reset in the sample", 0, func(t *record.PseudonymisedTelemetry) {
			t.Flow.ULTCPFlags, t.Flow.DLTCPFlags, t.SamplingRatio = record.Some[int32](0x02), record.Some[int32](0x14), record.Some[int32](50)
		}, func(r *Report) bool { return !r.Began && !r.Answered && r.Sampled == 60 }},
		{"sampling out of range", 0, func(t *record.PseudonymisedTelemetry) { t.SamplingRatio = record.Some[int32](0) },
			func(r *Report) bool { return r.UL == 6000 }},
		{"negative volume", 0, func(t *record.PseudonymisedTelemetry) { t.Flow.ULVolume = -1 }, func(r *Report) bool { return r.UL == 0 }},
		{"opened by the far end", 0, func(t *record.PseudonymisedTelemetry) { t.Flow.Direction = record.DirectionDownlink },
			func(r *Report) bool { return !r.Contact && r.UL == 6000 && r.Starts == 0 }},
		// An answer to a datagram for a closed port (RFC 1122, 3.2.2.1): no deed of the terminal.
		{"error of ICMP", 0, func(t *record.PseudonymisedTelemetry) {
			t.Flow.Protocol, t.Flow.Direction, t.Flow.DLPackets = ICMP, record.DirectionUnknown, 0
		}, func(r *Report) bool { return !r.Contact && r.UL == 6000 && r.Starts == 0 }},
		{"echo request", 0, func(t *record.PseudonymisedTelemetry) { t.Flow.Protocol, t.Flow.DLPackets = ICMP, 0 },
			func(r *Report) bool { return r.Contact && !r.Answered }},
		{"sender that does not say who opened", 0, func(t *record.PseudonymisedTelemetry) { t.Flow.Direction = record.DirectionUnknown },
			func(r *Report) bool { return r.Contact && r.Starts == 1000 }},
		{"interval of 7,000 years, sampled", 0, func(t *record.PseudonymisedTelemetry) {
			t.IntervalStart, t.SamplingRatio = record.Some(t.OccurredAt-1<<58), record.Some[int32](64)
		}, func(r *Report) bool { return r.UL == 0 && r.Observations == MaxObservations }},
		{"interval that wraps", 0, func(t *record.PseudonymisedTelemetry) { t.IntervalStart = record.Some(record.Micros(math.MinInt64)) },
			func(r *Report) bool { return r.Observations == 1 }},
		{"largest volume", 0, func(t *record.PseudonymisedTelemetry) {
			t.Flow.ULVolume, t.SamplingRatio = math.MaxInt64, record.Some[int32](1)
		}, func(r *Report) bool { return r.UL == maxAmount }},
		{"began earlier", 10 * record.Second, func(t *record.PseudonymisedTelemetry) { t.Flow.StartTime = record.Some(record.Micros(0)) },
			func(r *Report) bool { return !r.Began && r.Starts == 0 }},
		{"no answer", 0, func(t *record.PseudonymisedTelemetry) { t.Flow.DLPackets = 0 }, func(r *Report) bool { return r.Contact && !r.Answered }},
		// RFC 9293, 3.5.2: a reset answers a SYN to a port that nobody listens on.
		{"refused", 0, func(t *record.PseudonymisedTelemetry) {
			t.Flow.ULTCPFlags, t.Flow.DLTCPFlags = record.Some[int32](0x02), record.Some[int32](0x14)
		}, func(r *Report) bool { return !r.Answered }},
		// RFC 9293, 3.5: the third segment of the handshake acknowledges the second.
		{"accepted and not acknowledged", 0, func(t *record.PseudonymisedTelemetry) {
			t.Flow.ULTCPFlags, t.Flow.DLTCPFlags = record.Some[int32](0x02), record.Some[int32](0x12)
		}, func(r *Report) bool { return !r.Answered }},
		{"accepted and reset", 0, func(t *record.PseudonymisedTelemetry) {
			t.Flow.ULTCPFlags, t.Flow.DLTCPFlags = record.Some[int32](0x06), record.Some[int32](0x12)
		}, func(r *Report) bool { return !r.Answered }},
		{"accepted and acknowledged", 0, func(t *record.PseudonymisedTelemetry) {
			t.Flow.ULTCPFlags, t.Flow.DLTCPFlags = record.Some[int32](0x12), record.Some[int32](0x12)
		}, func(r *Report) bool { return r.Answered }},
		{"flags of one side only", 0, func(t *record.PseudonymisedTelemetry) { t.Flow.DLTCPFlags = record.Some[int32](0x12) },
			func(r *Report) bool { return r.Answered }},
		{"reset after it was open", 0, func(t *record.PseudonymisedTelemetry) {
			t.Flow.ULTCPFlags, t.Flow.DLTCPFlags = record.Some[int32](0x18), record.Some[int32](0x14)
		}, func(r *Report) bool { return r.Answered }},
		{"multicast", 0, func(t *record.PseudonymisedTelemetry) { t.Flow.RemoteAddress = netip.MustParseAddr("239.255.255.250") },
			func(r *Report) bool { return *r == Report{Destination: r.Destination, Observations: 1} }},
		{"time server", 0, func(t *record.PseudonymisedTelemetry) { t.Flow.Protocol, t.Flow.RemotePort = UDP, 123 },
			func(r *Report) bool { return r.Contact && r.Service }},
		{"usage of a session", 60 * record.Second, func(t *record.PseudonymisedTelemetry) {
			t.Kind, t.SessionUsage = record.KindSessionUsage, record.SessionUsage{ULVolume: 600, DLVolume: 60, ULPackets: -1}
		}, func(r *Report) bool { return r.Usage && r.UL == 100 && r.DL == 10 && r.Observations == 6 && !r.Contact }},
		{"another kind", 0, func(t *record.PseudonymisedTelemetry) { t.Kind = record.KindRegistration },
			func(r *Report) bool { return *r == Report{Observations: 1} }},
	} {
		var r Report
		r.Read(flowRecord("203.0.113.9:443", c.length, c.change), &Infrastructure{})
		if !c.want(&r) {
			t.Errorf("%s: got %+v", c.name, r)
		}
	}
}

func TestOnLink(t *testing.T) {
	for address, want := range map[string]bool{
		"224.0.0.251": true, "255.255.255.255": true, "169.254.1.1": true, "127.0.0.1": true, "0.0.0.0": true, "192.168.1.255": true,
		"203.0.113.255": false, "10.0.0.1": false, "8.8.8.8": false,
		"ff02::fb": true, "fe80::1": true, "::1": true, "2001:db8::1": false, "fd00::1": false,
	} {
		k := KeyOf(&record.Flow{RemoteAddress: netip.MustParseAddr(address)})
		if got := k.OnLink(); got != want {
			t.Errorf("OnLink(%s) = %v, want %v", address, got, want)
		}
		if k.Addr() != netip.MustParseAddr(address) {
			t.Errorf("Addr of %s = %v", address, k.Addr())
		}
	}
	token := KeyOf(&record.Flow{RemoteToken: record.RemoteToken{255, 2}})
	if token.OnLink() || token.Addr().IsValid() || token.Form != FormToken {
		t.Errorf("token: %+v", token)
	}
}

func TestInfrastructure(t *testing.T) {
	list, err := NewInfrastructure([]string{"192.0.2.0/24", "198.51.100.7:8883/tcp", "[2001:db8::/32]:5683/udp", "203.0.113.1:4500"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		to       string
		protocol int32
		want     bool
	}{
		{"192.0.2.9:4711", TCP, true}, {"198.51.100.7:8883", TCP, true}, {"198.51.100.7:8883", UDP, false}, {"198.51.100.7:22", TCP, false},
		{"[2001:db8::5]:5683", UDP, true}, {"[2001:db9::5]:5683", UDP, false}, {"203.0.113.1:4500", UDP, true}, {"203.0.113.2:4500", UDP, false},
		{"8.8.8.8:53", UDP, true}, {"8.8.8.8:53", TCP, true}, {"8.8.8.8:853", TCP, true}, {"8.8.8.8:123", UDP, true}, {"8.8.8.8:123", TCP, false},
		{"8.8.8.8:67", UDP, true}, {"8.8.8.8:443", TCP, false},
		{"192.168.1.7:5353", UDP, true}, {"10.0.0.7:1900", UDP, true}, {"[fd00::7]:5355", UDP, true},
		{"8.8.8.8:5353", UDP, false}, {"8.8.8.8:1900", UDP, false}, {"8.8.8.8:5355", UDP, false}, // these never leave a site
	} {
		to := netip.MustParseAddrPort(c.to)
		k := KeyOf(&record.Flow{RemoteAddress: to.Addr(), RemotePort: int32(to.Port()), Protocol: c.protocol})
		if got := list.Service(k); got != c.want {
			t.Errorf("Service(%s, %d) = %v, want %v", c.to, c.protocol, got, c.want)
		}
	}
	for _, bad := range []string{"", "example.org", "192.0.2.0/33", "192.0.2.1:0", "192.0.2.1:70000", "192.0.2.1:80/sctp"} {
		if _, err := NewInfrastructure([]string{bad}); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("entry %q: error %v, want one that names it", bad, err)
		}
	}
}
