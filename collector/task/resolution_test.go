package task_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"cordon/collector/pseudonym"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
)

func TestResolution(t *testing.T) {
	one, two := terminalOf(t, 1), terminalOf(t, 2)
	cases := []struct {
		name string
		in   []*raw.Telemetry
		want string // terminal@offset in order of output; d: dead letter
	}{
		{"bound before", []*raw.Telemetry{session(0, supi(1), address(1), record.SessionEstablished), flow(5, "", address(1)), word(6, "upf-1"), word(6, "smf-1")}, "1@0 1@1"},
		{"the session event comes later", []*raw.Telemetry{flow(5, "", address(1)), session(0, supi(1), address(1), record.SessionEstablished), word(9, "upf-1"), word(9, "smf-1")}, "1@1 1@0"},
		{"within the wait", []*raw.Telemetry{flow(5, "", address(1)), word(14, "upf-1"), session(0, supi(1), address(1), record.SessionEstablished)}, "1@0 1@2"},
		{"after the wait", []*raw.Telemetry{flow(5, "", address(1)), word(15, "upf-1"), session(0, supi(1), address(1), record.SessionEstablished)}, "d@0 1@2"},
		{"late flow of the former holder", []*raw.Telemetry{session(0, supi(1), address(1), record.SessionEstablished), session(10, supi(1), address(1), record.SessionReleased),
			session(11, supi(2), address(1), record.SessionEstablished), flow(9, "", address(1)), flow(12, "", address(1)), word(13, "upf-1"), word(13, "smf-1")}, "1@0 1@1 2@2 1@3 2@4"},
		{"address changed", []*raw.Telemetry{session(0, supi(1), address(1), record.SessionAddressChanged), flow(5, "", address(1)), word(6, "upf-1"), word(6, "smf-1")}, "1@0 1@1"},
		{"another network", []*raw.Telemetry{session(0, supi(1), address(1), record.SessionEstablished),
			func() *raw.Telemetry { f := flow(5, "", address(1)); f.DNN = "mms"; return f }(), word(60, "upf-1")}, "1@0 d@1"},
		{"released without a name", []*raw.Telemetry{session(0, supi(1), address(1), record.SessionEstablished), session(5, "", address(1), record.SessionReleased),
			flow(6, "", address(1)), word(60, "upf-1"), word(60, "smf-1")}, "1@0 1@1 d@2"},
		{"a session of somebody unknown", []*raw.Telemetry{session(0, supi(1), address(1), record.SessionEstablished), session(5, "", address(1), record.SessionEstablished),
			flow(6, "", address(1)), word(60, "upf-1"), word(60, "smf-1")}, "1@0 d@1 d@2"},
	}
	for _, c := range cases {
		r := newRig(t, 1, 1)
		for _, in := range c.in {
			r.put(0, in.UEAddress.AsSlice(), in)
		}
		r.run()
		var got []string
		for _, out := range r.telemetry(0) {
			who := map[record.Pseudonym]string{one: "1", two: "2"}[out.Terminal]
			got = append(got, fmt.Sprintf("%s@%d", who, out.RawOffset))
		}
		for _, value := range r.records(stream.DeadLetters, 0) {
			got = append(got, fmt.Sprintf("d@%d", value.(*record.DeadLetter).SourceOffset))
		}
		if want := strings.Fields(c.want); !sameElements(got, want) {
			t.Errorf("%s: got %v, want %v", c.name, got, want)
		}
	}
}

func sameElements(a, b []string) bool {
	count := map[string]int{}
	for _, s := range a {
		count[s]++
	}
	for _, s := range b {
		count[s]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return len(a) == len(b)
}

// Contracts section 1: "the copy keyed by otherUeAddress only binds or unbinds
// and is not forwarded".
func TestSecondCopyOfASession(t *testing.T) {
	r := newRig(t, 1, 1)
	six := netip.MustParseAddr("2001:db8:0:7::")
	both := session(0, supi(1), address(1), record.SessionEstablished)
	both.Session.OtherUEAddress = six
	r.put(0, address(1).AsSlice(), both)
	r.put(0, six.AsSlice(), both)
	r.put(0, nil, flow(1, "", netip.MustParseAddr("2001:db8:0:7:1::9")))
	// The address changes: the copy under the former one releases it.
	changed := session(5, supi(1), address(2), record.SessionAddressChanged)
	changed.Session.OtherUEAddress = address(1)
	r.put(0, address(2).AsSlice(), changed)
	r.put(0, []byte(address(1).String()), changed)
	r.put(0, nil, flow(4, "", address(1)))
	r.put(0, nil, flow(6, "", address(1)))
	r.put(0, nil, flow(6, "", address(2)))
	r.put(0, nil, word(60, "upf-1"))
	r.put(0, nil, word(60, "smf-1"))
	r.run()
	var offsets []int64
	for _, out := range r.telemetry(0) {
		offsets = append(offsets, out.RawOffset)
	}
	if got, want := fmt.Sprint(offsets), "[0 3 2 5 7]"; got != want || r.dead() != "UNRESOLVED_ADDRESS@6" {
		t.Errorf("forwarded %s, dead letters %s, want %s and offset 6", got, r.dead(), want)
	}
	if c := r.counters(0); c.SecondCopies != 2 || c.Bindings != 3 {
		t.Errorf("%d second copies, %d addresses, want 2 and 3", c.SecondCopies, c.Bindings)
	}
}

// A key is an address as bytes or as text, and some texts are as long as an
// address: both readings count.
func TestSecondCopyByTextKey(t *testing.T) {
	for _, text := range []string{"2001:db8:0:7::12", "2001:db8:0:7::", "fd::", "fd00::1:2"} {
		r := newRig(t, 1, 1)
		six := netip.MustParseAddr(text)
		both := session(0, supi(1), address(1), record.SessionEstablished)
		both.Session.OtherUEAddress = six
		r.put(0, []byte(address(1).String()), both)
		r.put(0, []byte(text), both)
		r.put(0, nil, flow(1, "", six))
		r.put(0, nil, word(60, "upf-1"))
		r.put(0, nil, word(60, "smf-1"))
		r.run()
		if c := r.counters(0); len(r.telemetry(0)) != 2 || c.SecondCopies != 1 {
			t.Errorf("key %q of %d bytes: %d records forwarded and %d second copies, want 2 and 1; dead letters %q",
				text, len(text), len(r.telemetry(0)), c.SecondCopies, r.dead())
		}
	}
}

func TestHeldIsBounded(t *testing.T) {
	r := newRig(t, 1, 1)
	s := settings()
	s.HeldBytes = 1 << 16
	r.stage = stageOf(t, s, pseudonym.TestKey())
	r.restart()
	for i := range 400 {
		r.put(0, nil, flow(5, "", address(i)))
	}
	r.run()
	c := r.counters(0)
	if held := c.DeadLetters[record.DeadHeldTooMany]; held == 0 || c.HeldBytes > 1<<16 || held+c.Waited != 400 {
		t.Errorf("%d found no room, %d wait in %d bytes", held, c.Waited, c.HeldBytes)
	}
	r.put(0, nil, flow(15, supi(1), netip.Addr{}))
	r.run()
	if c := r.counters(0); c.HeldBytes != 0 || c.DeadLetters[record.DeadUnresolvedAddress] != c.Waited || c.Time != at(15) {
		t.Errorf("after the wait: %+v", c)
	}
}

func TestHeldRecordsHoldTheTime(t *testing.T) {
	r := newRig(t, 1, 1)
	r.put(0, nil, flow(5, "", address(1)))
	r.put(0, nil, word(14, "upf-1"))
	r.run()
	if got := r.counters(0).Time; got != at(5) {
		t.Errorf("T is %v while a record of %v waits", got, at(5))
	}
	r.put(0, nil, word(15, "upf-1"))
	r.run()
	if got := r.counters(0).Time; got != at(15) {
		t.Errorf("T is %v after the wait, want %v", got, at(15))
	}
}
