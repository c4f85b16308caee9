package task

import (
	"fmt"
	"testing"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// told feeds reports of one terminal between clocks and returns its verdicts.
func told(t *testing.T, n int, step record.Micros, report func(i int) *record.PseudonymisedTelemetry) []*record.Verdict {
	t.Helper()
	task := start(t, nil)
	var s script
	s.clock(epoch)
	for i := range n {
		r := report(i)
		r.OccurredAt = epoch + record.Micros(i)*step
		if i%100 == 0 {
			s.clock(r.OccurredAt)
		}
		s.add(r)
	}
	s.clock(epoch + record.Micros(n)*step + record.Minute)
	return verdicts(run(t, task, s.values))
}

// What looks like an attack and is none, and what an attack may look like.
func TestLikeness(t *testing.T) {
	to := func(format string, i int, protocol int32, up, down int64) *record.PseudonymisedTelemetry {
		return flow{1, 0, fmt.Sprintf(format, i/250%250, i%250), protocol, up, down}.record()
	}
	flags := func(r *record.PseudonymisedTelemetry, up, down int32) *record.PseudonymisedTelemetry {
		r.Flow.ULTCPFlags, r.Flow.DLTCPFlags = record.Some(up), record.Some(down)
		return r
	}
	for _, c := range []struct {
		name      string
		report    func(i int) *record.PseudonymisedTelemetry
		class     record.Class // of the worst verdict; ClassUnknown: there is none
		exception record.ExceptionID
	}{
		{name: "somebody scans its closed UDP ports, it answers with errors", report: func(i int) *record.PseudonymisedTelemetry {
			r := to("198.51.%[1]d.9:0", 0, pane.ICMP, 1, 0)
			r.Flow.Direction = record.DirectionUnknown
			return r
		}},
		{name: "somebody scans its TCP ports, it resets", report: func(i int) *record.PseudonymisedTelemetry {
			r := flags(to("198.51.%d.%d:40000", i, pane.TCP, 1, 1), 0x14, 0x02)
			r.Flow.Direction = record.DirectionDownlink
			return r
		}},
		{name: "multicast, one way", report: func(i int) *record.PseudonymisedTelemetry { return to("239.255.%d.%d:1900", i, pane.UDP, 50, 0) }},
		{"resolvers that are dead, asked five times a second", func(i int) *record.PseudonymisedTelemetry {
			return to("8.8.%d.%d:53", i%4, pane.UDP, 1, 0)
		}, record.ClassMalfunctioning, record.TooFrequentServiceAccess},
		{name: "a video that is uploaded", report: func(i int) *record.PseudonymisedTelemetry {
			return to("203.0.%d.%d:443", 0, pane.TCP, 900, 30)
		}},
		{name: "telemetry one way, 4 kbit/s", report: func(i int) *record.PseudonymisedTelemetry { return to("203.0.%d.%d:8125", 0, pane.UDP, 1, 0) }},
		// Not separable without a profile or peers: docs/detection.md says so.
		{"media one way to a relay it never used", func(i int) *record.PseudonymisedTelemetry { return to("203.0.%d.%d:5004", 0, pane.UDP, 1000, 0) },
			record.ClassMalicious, record.SuspicionOfDDoSAttack},
		{"SYN flood of a victim that is up", func(i int) *record.PseudonymisedTelemetry {
			return flags(to("203.0.%d.%d:80", 0, pane.TCP, 200, 200), 0x06, 0x12)
		}, record.ClassMalicious, record.SuspicionOfDDoSAttack},
		{"SYN scan of hosts that are up", func(i int) *record.PseudonymisedTelemetry {
			return flags(to("203.0.%d.%d:80", i, pane.TCP, 2, 1), 0x06, 0x12)
		}, record.ClassMalicious, record.WrongDestinationAddress},
		{"search for SSDP reflectors", func(i int) *record.PseudonymisedTelemetry { return to("203.0.%d.%d:1900", i, pane.UDP, 1, 0) },
			record.ClassMalicious, record.WrongDestinationAddress},
	} {
		worst := record.ClassUnknown
		exceptions := map[record.ExceptionID]bool{}
		for _, v := range told(t, 600, 200*record.Millisecond, c.report) {
			if worst == record.ClassUnknown || v.Class < worst {
				worst = v.Class
			}
			for _, e := range v.Exceptions {
				exceptions[e.ExceptionID] = true
			}
		}
		if worst != c.class || c.exception != record.ExceptionUnknown && !exceptions[c.exception] {
			t.Errorf("%s: %v with %v, want %v with %v", c.name, worst, exceptions, c.class, c.exception)
		}
	}
}
