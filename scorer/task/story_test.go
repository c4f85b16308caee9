package task

import (
	"net/netip"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// story is the input of a small partition before and after a cut, at which there
// is of everything: cases open and cleared, panes open, records that wait,
// memory of several days, every form of destination, an emergency session.
func story() (before, after [][]byte) {
	var s script
	clock := func(at record.Micros) {
		for p := range int32(2) {
			s.add(&record.SourceClock{RawPartition: p, RawPartitions: 2, Time: at, State: record.ClockActive,
				Sources: []record.SourceCount{{SourceID: "upf-1", Received: 10, Missing: int64(p)}}})
		}
	}
	clock(epoch)
	for day := range record.Micros(3) { // 2 learns its broker, 4 is a case that ends
		at := epoch + day*(record.Day+record.Hour)
		for _, f := range repeat(flow{2, at + record.Minute, "203.0.113.7:8883", pane.TCP, 10, 10}, 30, 20*record.Second) {
			s.add(f.record())
		}
		if day == 1 {
			for _, f := range scan(4, at+record.Minute, 40, record.Second) {
				s.add(f.record())
			}
		}
		clock(at + 30*record.Minute)
	}
	now := epoch + 3*record.Day + 5*record.Second
	clock(now)
	for _, f := range scan(1, now, 30, 2*record.Second) {
		s.add(f.record())
	}
	for i := range 6 {
		for _, t := range attached(now + record.Micros(i)*9*record.Second) {
			s.add(t)
		}
		s.add(flow{2, now + record.Micros(i)*9*record.Second, "203.0.113.7:8883", pane.TCP, 5, 0}.record())
	}
	clock(now + 50*record.Second)
	for i := range 3 {
		s.add(flow{5, now + 10*record.Minute + record.Micros(i)*record.Second, "198.51.100.1:23", pane.TCP, 1, 0}.record())
	}
	cut := len(s.values)
	for _, f := range scan(1, now+55*record.Second, 30, 2*record.Second) {
		s.add(f.record())
	}
	for _, f := range scan(2, now+55*record.Second, 12, record.Second) {
		s.add(f.record())
	}
	for _, t := range attached(now + 55*record.Second) {
		s.add(t)
	}
	clock(now + 2*record.Minute)
	for _, f := range scan(5, now+10*record.Minute, 20, record.Second) {
		s.add(f.record())
	}
	clock(now + record.Hour)
	for _, f := range scan(4, now+2*record.Hour, 20, record.Second) {
		s.add(f.record())
	}
	clock(now + 2*record.Day)
	return s.values[:cut], s.values[cut:]
}

// attached returns what terminal 3 and its session send: a flood of a victim and
// of another terminal, with all that says where it is attached.
func attached(at record.Micros) (list []*record.PseudonymisedTelemetry) {
	for i, to := range []string{"[2001:db8::9]:53", "203.0.113.99:80", "203.0.113.7:0"} {
		t := flow{3, at + record.Micros(i), "203.0.113.99:80", pane.UDP, 400, 0}.record()
		remote := netip.MustParseAddrPort(to)
		t.Flow.RemoteAddress, t.Flow.RemotePort = remote.Addr(), int32(remote.Port())
		if remote.Port() == 0 {
			t.Flow.RemoteAddress, t.Flow.RemoteToken = netip.Addr{}, record.RemoteToken{1, 2, 3}
		}
		t.KeyEpoch, t.PDUSessionID, t.IntervalStart = 1, record.Some(int32(5)), record.Some(at-30*record.Second)
		t.InternalGroupID, t.SNSSAI, t.TrackingAreaCode, t.TypeAllocationCode = "meters", "1-000001", "0a0b0c", "35209900"
		list = append(list, t)
	}
	usage, session := *list[0], *list[0]
	usage.Kind, usage.SessionUsage = record.KindSessionUsage, record.SessionUsage{ULVolume: 5_000_000, DLVolume: 70}
	session.Kind, session.Session = record.KindSession, record.Session{Event: record.SessionEstablished, Emergency: true}
	return append(list, &usage, &session)
}
