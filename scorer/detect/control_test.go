package detect

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
	"cordon/internal/record/wire"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// happening is an event at a second of a terminal's life.
type happening struct {
	at    int
	event pane.Event
}

func sessionAt(at int, what record.SessionEvent, slice uint32) happening {
	return happening{at, pane.Event{Kind: record.KindSession, What: uint8(what), Slice: slice, Session: 1}}
}

func registered(at int, what record.RegistrationEvent, outcome record.Outcome, count int32) happening {
	return happening{at, pane.Event{Kind: record.KindRegistration, What: uint8(what), Outcome: uint8(outcome), Count: count}}
}

// lived returns what is kept of a terminal to which the events happened.
func lived(ref Reference, list ...happening) (*Control, pane.Number) {
	slices.SortStableFunc(list, func(a, b happening) int { return a.at - b.at })
	var c Control
	rules := DefaultControlRules()
	start, n := pane.Number(900_000), pane.Number(900_000)
	for len(list) > 0 || n < start+12 { // and two minutes of silence
		v := &feature.Vector{Pane: n}
		for len(list) > 0 && pane.Number(list[0].at/10) <= n-start {
			e := list[0].event
			e.At = uint16(list[0].at % 10 * 1000)
			v.Events, list = append(v.Events, e), list[1:]
		}
		c.Step(v, &ref, &rules)
		n++
	}
	for range 2 {
		c.Step(&feature.Vector{Pane: n}, &ref, &rules)
		n++
	}
	return &c, n - 1
}

// A session of 60 s is short where those of the peers last 300 s and more; ln 40 for a
// short one, ln 0.204 for another (detection reference 3.12, 15).
func TestChurn(t *testing.T) {
	const short, long = 3689, -1589
	ref := Reference{Short: 240 * record.Second}
	held := ref
	held.Gate.Sessions = true
	released, established := record.SessionReleased, record.SessionEstablished
	for _, c := range []struct {
		name   string
		ref    Reference
		events []happening
		want   Nats
	}{
		{"short", ref, []happening{sessionAt(0, established, 1), sessionAt(60, released, 1)}, short},
		{"not short", ref, []happening{sessionAt(0, established, 1), sessionAt(300, released, 1)}, 0},
		{"two short ones and another", ref, []happening{
			sessionAt(0, established, 1), sessionAt(60, released, 1), sessionAt(100, established, 1), sessionAt(160, released, 1), sessionAt(200, established, 1), sessionAt(500, released, 1),
		}, 2*short + long},
		{"on two slices at once", ref, []happening{sessionAt(0, established, 1), sessionAt(5, established, 2), sessionAt(60, released, 1), sessionAt(65, released, 2)}, 2 * short},
		{"no reference yet", Reference{}, []happening{sessionAt(0, established, 1), sessionAt(60, released, 1)}, 0},
		{"many release at once", held, []happening{sessionAt(0, established, 1), sessionAt(60, released, 1)}, 0},
		{"established again within ten seconds", ref, []happening{sessionAt(0, established, 1), sessionAt(60, released, 1), sessionAt(65, established, 1)}, 0},
		{"after a reject", ref, []happening{sessionAt(0, record.SessionEstablishmentRejected, 1), sessionAt(30, established, 1), sessionAt(90, released, 1)}, 0},
		{"after a back-off", ref, []happening{sessionAt(0, record.SessionBackoffApplied, 1), sessionAt(30, established, 1), sessionAt(90, released, 1)}, 0},
		{"after a radio failure", ref, []happening{{0, pane.Event{Kind: record.KindRadioFailure, Count: 1}}, sessionAt(30, established, 1), sessionAt(90, released, 1)}, 0},
		{"after an initial registration", ref, []happening{registered(0, record.InitialRegistration, record.OutcomeSuccess, 1), sessionAt(30, established, 1), sessionAt(90, released, 1)}, 0},
		{"a minute after one", ref, []happening{registered(0, record.InitialRegistration, record.OutcomeSuccess, 1), sessionAt(61, established, 1), sessionAt(121, released, 1)}, short},
		{"its end was lost, it begins again", ref, []happening{sessionAt(0, established, 1), sessionAt(4000, established, 1), sessionAt(4060, released, 1)}, short},
		{"released without a beginning", ref, []happening{sessionAt(60, released, 1)}, 0},
	} {
		control, n := lived(c.ref, c.events...)
		l := Levels{}
		if control.At(n, &l); l.Of[Churn] < c.want-40 || l.Of[Churn] > c.want+5 { // it leaks
			t.Errorf("%s: %d, want %d", c.name, l.Of[Churn], c.want)
		}
	}
}

// What is released in a pane in which the gate holds is not counted, although it is
// known only 10 s later, in a pane in which the gate does not hold, that it did not
// come back (detection reference 3.12, 15).
func TestGateOfThePaneOfTheRelease(t *testing.T) {
	const short = 3689
	for _, c := range []struct {
		name         string
		second, held int // of the release within its pane; pane in which the gate holds
		want         Nats
	}{
		{"at the begin of the pane", 0, 6, 0},
		{"in its midst", 3, 6, 0},
		{"at its end", 9, 6, 0},
		{"held in the next pane only", 3, 7, short},
	} {
		var control Control
		rules := DefaultControlRules()
		start, last := pane.Number(900_000), pane.Number(900_007)
		for n := start; n <= last; n++ {
			v := &feature.Vector{Pane: n}
			ref := Reference{Short: 240 * record.Second, Gate: Gate{Sessions: n == start+pane.Number(c.held)}}
			switch n - start {
			case 0:
				v.Events = []pane.Event{sessionAt(0, record.SessionEstablished, 1).event}
			case 6:
				e := sessionAt(0, record.SessionReleased, 1).event
				e.At = uint16(c.second * 1000)
				v.Events = []pane.Event{e}
			}
			control.Step(v, &ref, &rules)
		}
		var l Levels
		if control.At(last, &l); l.Of[Churn] != c.want {
			t.Errorf("%s: %d, want %d", c.name, l.Of[Churn], c.want)
		}
	}
}

// Short is 0.8 times the shortest hundredth of the sessions that are old enough.
func TestSessionAgesEqualTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ages SessionAges
		start := pane.Number(2_000_000) / ageLength * ageLength
		var lengths []record.Micros
		for range rapid.IntRange(50, 400).Draw(t, "sessions") {
			length := record.Micros(rapid.Int64Range(1, 1e5).Draw(t, "seconds")) * record.Second
			ages.Add(length, start+pane.Number(rapid.IntRange(0, 2000).Draw(t, "pane")))
			lengths = append(lengths, length)
		}
		slices.Sort(lengths)
		if got := ages.Short(start + 2000); got != 0 {
			t.Errorf("within the same hours: %v, want nothing", got)
		}
		later := start + 4*ageLength
		got := ages.Short(later)
		r := wire.NewReader(ages.Append(nil))
		var back SessionAges
		if !back.Read(&r) || !r.Done() || back.Short(later) != got {
			t.Errorf("read again: %v, want %v", back.Short(later), got)
		}
		if len(lengths) < agesNeeded {
			if got != 0 {
				t.Errorf("of %d sessions: %v, want nothing", len(lengths), got)
			}
			return
		}
		want := lengths[len(lengths)/100] * 4 / 5
		if got > want || got < want*8/9-record.Second {
			t.Errorf("got %v, want at most an eighth of an octave below %v", got, want)
		}
	})
}

func TestReleases(t *testing.T) {
	for _, c := range []struct {
		name   string
		slices []uint32 // one terminal each
		all    int64
		spread int // panes
		want   bool
	}{
		{"a tenth", []uint32{1, 2, 1, 2}, 40, 1, false},
		{"a quarter on two slices", []uint32{1, 2, 1, 2, 1, 2, 1, 2, 1, 2}, 40, 1, true},
		{"a quarter on one slice: an attack on it", []uint32{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 40, 1, false},
		{"more than half on one slice", slices.Repeat([]uint32{1}, 21), 40, 1, true},
		{"a quarter, over half a minute", []uint32{1, 2, 1, 2, 1, 2, 1, 2, 1, 2}, 40, 3, false},
		{"half of them on one slice, over half a minute", slices.Repeat([]uint32{1}, 20), 40, 3, true},
		{"a fleet too small to tell", []uint32{1, 2}, 2, 1, false},
	} {
		var r Releases
		for i, slice := range c.slices {
			r.Begin(pane.Number(1000 + c.spread*i/len(c.slices)))
			r.Add([]pane.Event{{Kind: record.KindSession, What: uint8(record.SessionReleased), Slice: slice}})
		}
		var back Releases
		stored := wire.NewReader(r.Append(nil))
		if !back.Read(&stored) || !stored.Done() || back != r {
			t.Errorf("%s: read %+v, want %+v", c.name, back, r)
		}
		if got := r.Hold(c.all); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if r.Begin(1010); r.Hold(c.all) {
			t.Errorf("%s: held more than a minute later", c.name)
		}
	}
}

// GSMA TS.34 as a large operator ships it: 30 sessions, 30 attempts after a permanent
// and 60 after a temporary reject in an hour.
func TestAccess(t *testing.T) {
	many := func(n, every int, of func(at int) happening) (list []happening) {
		for i := range n {
			list = append(list, of(i*every))
		}
		return list
	}
	rejected := func(cause record.CauseClass) func(int) happening {
		return func(at int) happening {
			h := registered(at, record.MobilityRegistration, record.OutcomeRejected, 1)
			h.event.Cause = uint8(cause)
			return h
		}
	}
	for _, c := range []struct {
		name   string
		events []happening
		want   Nats
	}{
		{"30 sessions in an hour", many(30, 100, func(at int) happening { return sessionAt(at, record.SessionEstablished, 1) }), 0},
		{"31 sessions in an hour", many(31, 100, func(at int) happening { return sessionAt(at, record.SessionEstablished, 1) }), FaultCap},
		{"31 sessions in five hours", many(31, 600, func(at int) happening { return sessionAt(at, record.SessionEstablished, 1) }), 0},
		{"31 permanent rejects", many(31, 60, rejected(record.CausePermanent)), FaultCap},
		{"31 temporary rejects", many(31, 60, rejected(record.CauseTemporary)), 0},
		{"61 temporary rejects", many(61, 30, rejected(record.CauseTemporary)), FaultCap},
		{"61 without an answer, in one report", []happening{registered(0, record.InitialRegistration, record.OutcomeNoResponse, 61)}, FaultCap},
		{"a registration after a power cut", []happening{registered(0, record.InitialRegistration, record.OutcomeSuccess, 3)}, 0},
		{"121 wake-ups", many(121, 20, func(at int) happening {
			h := registered(at, record.ServiceRequest, record.OutcomeSuccess, 1)
			h.event.Paged = true
			return h
		}), FaultCap},
		{"121 requests of its own", many(121, 20, func(at int) happening { return registered(at, record.ServiceRequest, record.OutcomeSuccess, 1) }), 0},
	} {
		control, n := lived(Reference{}, c.events...)
		l := Levels{}
		if control.At(n, &l); l.Faults[Access] != c.want {
			t.Errorf("%s: %d, want %d", c.name, l.Faults[Access], c.want)
		}
	}
}

// Most of 83 real phones return at most 20 times in 10 min (reference 3.12, 16).
func TestPingPongAndRadio(t *testing.T) {
	back := func(n, every int) (list []happening) {
		for i := range n {
			h := registered(i*every, record.Handover, record.OutcomeSuccess, 1)
			h.event.Cell = uint32(i%2 + 1)
			list = append(list, h)
		}
		return list
	}
	fails := func(n int) []happening {
		return []happening{{0, pane.Event{Kind: record.KindRadioFailure, Count: int32(n)}}}
	}
	storm := Reference{Storm: true}
	for _, c := range []struct {
		name        string
		ref         Reference
		events      []happening
		radio, ping Nats
	}{
		{"20 returns", Reference{}, back(22, 10), 0, 0},
		{"60 returns", Reference{}, back(62, 9), 0, FaultCap},
		{"60 slow returns", Reference{}, back(62, 30), 0, 0},
		{"10 failures", Reference{}, fails(10), 0, 0},
		{"20 failures", Reference{}, fails(20), 6000, 0},
		{"60 failures", Reference{}, fails(60), FaultCap, 0},
		{"60 failures, like all in the cell", storm, fails(60), 0, 0},
	} {
		control, n := lived(c.ref, c.events...)
		l := Levels{}
		if control.At(n, &l); l.Faults[Radio] != c.radio || l.Faults[PingPong] != c.ping || l.Sum() != 0 {
			t.Errorf("%s: radio %d, ping-pong %d, evidence %d; want %d, %d, 0", c.name, l.Faults[Radio], l.Faults[PingPong], l.Sum(), c.radio, c.ping)
		}
	}
}

func BenchmarkControl(b *testing.B) {
	rules := DefaultControlRules()
	var c Control
	ref := Reference{Short: 240 * record.Second}
	v := &feature.Vector{Events: []pane.Event{sessionAt(0, record.SessionEstablished, 1).event, sessionAt(0, record.SessionReleased, 1).event}}
	for b.Loop() {
		v.Pane++
		c.Step(v, &ref, &rules)
	}
}
