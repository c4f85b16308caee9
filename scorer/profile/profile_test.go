package profile

import (
	"testing"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// key returns a destination of a flow.
func key(t *testing.T, address string, port uint16, protocol uint8) pane.Key {
	t.Helper()
	d, err := ParseDestination(address)
	if err != nil {
		t.Fatalf("%q: %v", address, err)
	}
	return pane.KeyOf(&record.Flow{RemoteAddress: d.Prefix.Addr(), RemotePort: int32(port), Protocol: int32(protocol)})
}

func TestDestinations(t *testing.T) {
	for _, c := range []struct {
		text     string
		address  string
		port     uint16
		protocol uint8
		want     bool
	}{
		{"203.0.113.7", "203.0.113.7", 443, pane.TCP, true},
		{"203.0.113.7", "203.0.113.8", 443, pane.TCP, false},
		{"203.0.113.0/24", "203.0.113.8", 443, pane.TCP, true},
		{"203.0.113.9/24", "203.0.113.8", 443, pane.TCP, true},
		{"203.0.113.7:443", "203.0.113.7", 443, pane.UDP, true},
		{"203.0.113.7:443", "203.0.113.7", 444, pane.TCP, false},
		{"203.0.113.7:443/tcp", "203.0.113.7", 443, pane.TCP, true},
		{"203.0.113.7:443/tcp", "203.0.113.7", 443, pane.UDP, false},
		{"203.0.113.7/udp", "203.0.113.7", 9, pane.UDP, true},
		{"2001:db8::/32", "2001:db8::7", 443, pane.TCP, true},
		{"[2001:db8::7]:443/tcp", "2001:db8::7", 443, pane.TCP, true},
		{"[2001:db8::7]:443/tcp", "2001:db8::7", 80, pane.TCP, false},
		{"::ffff:203.0.113.7", "203.0.113.7", 80, pane.TCP, true},
		{"example.org", "203.0.113.7", 80, pane.TCP, false},
	} {
		d, err := ParseDestination(c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if got := d.Matches(key(t, c.address, c.port, c.protocol)); got != c.want {
			t.Errorf("%q and %s port %d protocol %d: got %v, want %v", c.text, c.address, c.port, c.protocol, got, c.want)
		}
	}
	if d, err := ParseDestination("Example.org."); err != nil || !d.Matches(pane.NameOf("example.org")) || d.Matches(pane.NameOf("example.com")) {
		t.Errorf("a domain matches the questions for it alone: %+v, %v", d, err)
	}
	for _, text := range []string{"", "203.0.113.7:0", "203.0.113.7:65536", "203.0.113.7:x", "203.0.113.0/33", "a b", "/tcp", "fe80::1%eth0"} {
		if d, err := ParseDestination(text); err == nil {
			t.Errorf("%q: got %+v, want an error", text, d)
		}
	}
}

// TS 29.503 allowedDestinations as in RFC 8520: what is listed, and for a domain
// whatever has its protocol and port.
func TestAllowedDestinations(t *testing.T) {
	rule := func(prefix, domain string, protocol int32, from, to int32) record.AllowRule {
		r := record.AllowRule{AddressPrefix: prefix, Domain: domain}
		if protocol != 0 {
			r.Protocol = record.Some(protocol)
		}
		if from != 0 {
			r.PortFrom = record.Some(from)
		}
		if to != 0 {
			r.PortTo = record.Some(to)
		}
		return r
	}
	for _, c := range []struct {
		what  string
		rules []record.AllowRule
		to    pane.Key
		want  bool
	}{
		{"nothing is limited", nil, key(t, "198.51.100.1", 23, pane.TCP), true},
		{"inside", []record.AllowRule{rule("203.0.113.0/24", "", 6, 8883, 0)}, key(t, "203.0.113.5", 8883, pane.TCP), true},
		{"another port", []record.AllowRule{rule("203.0.113.0/24", "", 6, 8883, 0)}, key(t, "203.0.113.5", 8884, pane.TCP), false},
		{"in a range of ports", []record.AllowRule{rule("203.0.113.0/24", "", 6, 8880, 8889)}, key(t, "203.0.113.5", 8884, pane.TCP), true},
		{"another address", []record.AllowRule{rule("203.0.113.0/24", "", 6, 8883, 0)}, key(t, "198.51.100.5", 8883, pane.TCP), false},
		{"a domain may be anywhere", []record.AllowRule{rule("", "example.org", 6, 443, 0)}, key(t, "198.51.100.5", 443, pane.TCP), true},
		{"but on its port", []record.AllowRule{rule("", "example.org", 6, 443, 0)}, key(t, "198.51.100.5", 23, pane.TCP), false},
		{"unreadable allows nothing", []record.AllowRule{rule("203.0.113.0/99", "", 0, 0, 0)}, key(t, "203.0.113.5", 8883, pane.TCP), false},
		{"names are no destinations", []record.AllowRule{rule("203.0.113.0/24", "", 0, 0, 0)}, pane.NameOf("example.com"), true},
	} {
		if got := New(&record.Profile{AllowedDestinations: c.rules}).Allows(c.to); got != c.want {
			t.Errorf("%s: got %v, want %v", c.what, got, c.want)
		}
	}
}

// TS 29.503 scheduledCommunicationTime: days 1 to 7, 1 is Monday; times with their
// offset. 1970-01-05 was a Monday.
func TestSchedule(t *testing.T) {
	const monday = 4 * record.Day
	at := func(d, h, m record.Micros) pane.Number {
		return pane.Of(monday + d*record.Day + h*record.Hour + m*record.Minute)
	}
	schedule := func(from, to string, days ...int32) *Expected {
		return New(&record.Profile{ScheduledCommunicationTime: []record.Schedule{{DaysOfWeek: days, TimeOfDayStart: from, TimeOfDayEnd: to}}})
	}
	for _, c := range []struct {
		what string
		e    *Expected
		at   pane.Number
		want bool
	}{
		{"no schedule", New(&record.Profile{}), at(0, 12, 0), true},
		{"inside", schedule("02:00:00Z", "04:00:00Z"), at(0, 3, 0), true},
		{"a tenth before", schedule("02:00:00Z", "04:00:00Z"), at(0, 1, 49), true},
		{"more than a tenth before", schedule("02:00:00Z", "04:00:00Z"), at(0, 1, 47), false},
		{"a tenth after", schedule("02:00:00Z", "04:00:00Z"), at(0, 4, 11), true},
		{"more than a tenth after", schedule("02:00:00Z", "04:00:00Z"), at(0, 4, 13), false},
		{"with an offset", schedule("02:00:00+02:00", "04:00:00+02:00"), at(0, 1, 0), true},
		{"on another day", schedule("02:00:00Z", "04:00:00Z", 2), at(0, 3, 0), false},
		{"on its day", schedule("02:00:00Z", "04:00:00Z", 2), at(1, 3, 0), true},
		{"over midnight, before", schedule("22:00:00Z", "02:00:00Z", 1), at(0, 23, 0), true},
		{"over midnight, after", schedule("22:00:00Z", "02:00:00Z", 1), at(1, 1, 0), true},
		{"over midnight, the night before", schedule("22:00:00Z", "02:00:00Z", 1), at(0, 1, 0), false},
		{"a tenth before midnight", schedule("00:00:00Z", "10:00:00Z", 3), at(1, 23, 30), true},
		{"unreadable: as if not said", schedule("2 o'clock", "04:00:00Z"), at(0, 12, 0), true},
	} {
		if got := c.e.Scheduled(c.at); got != c.want {
			t.Errorf("%s: got %v, want %v", c.what, got, c.want)
		}
	}
	slack := schedule("02:00:00Z", "04:00:00Z")
	slack.Deviation = pane.Panes(record.Hour)
	if !slack.Scheduled(at(0, 4, 50)) {
		t.Error("50 minutes late with an accepted deviation of an hour: got outside, want inside")
	}
}

func TestLimits(t *testing.T) {
	e := New(&record.Profile{
		MaxUplinkBitsPerSecond: record.Some[int64](8000), PeriodicTime: record.Some[int32](3600),
		StationaryIndication: "STATIONARY", ExpectedTrackingAreaCodes: []string{"0001"},
	})
	if e.Uplink != 10_000 || e.Period != 360 || !e.Stationary || len(e.Areas) != 1 || e.Areas[0] != pane.Label("0001") {
		t.Errorf("8 kbit/s, 1 h, stationary, area 0001: got %+v, want 10,000 bytes per pane, 360 panes", e)
	}
}

func TestList(t *testing.T) {
	l, ok := parseList([]byte("# from somewhere\n203.0.113.0/24 60\n203.0.113.7:443/tcp 90 # worse\n\nexample.org\n2001:db8::7 50"))
	if !ok {
		t.Fatal("got an unreadable list")
	}
	for _, c := range []struct {
		to   pane.Key
		want int32
	}{
		{key(t, "203.0.113.7", 443, pane.TCP), 90}, {key(t, "203.0.113.7", 80, pane.TCP), 60}, {key(t, "203.0.114.7", 443, pane.TCP), 0},
		{key(t, "2001:db8::7", 1, pane.UDP), 50}, {key(t, "2001:db8::8", 1, pane.UDP), 0}, {pane.NameOf("example.org"), 100}, {pane.NameOf("example.com"), 0},
	} {
		if got := l.confidence(c.to); got != c.want {
			t.Errorf("%v port %d: got %d, want %d", c.to.Addr(), c.to.Port, got, c.want)
		}
	}
	for _, text := range []string{"203.0.113.7 101", "203.0.113.7 -1", "203.0.113.7 x", "203.0.113.7 90 more", "203.0.113.7:x"} {
		if _, ok := parseList([]byte(text)); ok {
			t.Errorf("%q: got a list, want it refused", text)
		}
	}
}
