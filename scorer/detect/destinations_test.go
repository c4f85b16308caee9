package detect

import (
	"math"
	"net/netip"
	"testing"

	"cordon/internal/record"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// gapNats is the log-likelihood ratio of a gamma distribution of shape 6 to an
// exponential one, between −4 and 2 (detection reference 3.4, D5).
func TestGapNatsEqualsTwin(t *testing.T) {
	for _, mean := range []int64{5_001, 60_000, 3_600_000} {
		for gap := mean / 100; gap < 12*mean; gap += mean / 50 {
			z := float64(gap) / float64(mean)
			log, _ := math.Lgamma(6)
			want := math.Min(math.Max(6*math.Log(6)-log+5*math.Log(z)-5*z, -4), 2)
			if got := float64(gapNats(gap, mean)) / 1000; math.Abs(got-want) > 0.02 {
				t.Fatalf("gap %d of mean %d: got %.3f, want %.3f", gap, mean, got, want)
			}
		}
	}
}

// script is what a terminal does towards one destination.
type script struct {
	key      pane.Key
	every    int // panes between contacts
	panes    int
	began    uint32
	answered func(contact int) bool
	silent   func(pane int) bool // no contact in a pane after all
	ul, dl   uint64
	age      pane.Number
	ports    Ports
	rich     bool
	users    int64
	members  int64
}

func addressed(protocol uint8, port uint16) pane.Key {
	k := pane.KeyOf(&record.Flow{RemoteAddress: netip.MustParseAddr("203.0.113.9"), RemotePort: int32(port), Protocol: int32(protocol)})
	return k
}

// play runs a script and returns the levels at its end.
func (s *script) play() (Levels, *Destinations) {
	var d Destinations
	rules := DefaultDestinationsRules()
	n := pane.Number(900_000)
	ref := &Reference{Age: s.age, Uplink: Normal{Value: 300_000}, Ports: &s.ports, Rich: s.rich}
	for i := 0; i < s.panes; i += s.every {
		if s.silent != nil && s.silent(i) {
			continue
		}
		ok := s.answered(i / s.every)
		dest := &pane.Destination{Key: s.key, Flows: max(s.began, 1), Began: s.began, UL: s.ul, DL: s.dl, Time: 1234}
		if ok {
			dest.Answered = max(s.began, 1)
		} else {
			dest.UnansweredPackets, dest.UnansweredUL, dest.DL = 1, s.ul, 0
		}
		v := &feature.Vector{Pane: n + pane.Number(i), Seen: []feature.Seen{{
			Destination: dest, Met: i > 0, Peers: feature.Shared{Members: s.members, Users: s.users},
		}}}
		d.Step(v, ref, &rules)
	}
	var l Levels
	d.At(n+pane.Number(s.panes-1), &l)
	return l, &d
}

func always(bool) func(int) bool { return func(int) bool { return true } }

// What a destination weighs without peers, row by row of detection reference 3.12.
func TestDestinationsWithoutPeers(t *testing.T) {
	never, ever := func(int) bool { return false }, always(true)
	used := func(protocol uint8, number uint16) (p Ports) {
		p.list[0] = port{number, protocol, 1}
		return p
	}
	const grown = pane.Number(30 * 8640)
	for _, c := range []struct {
		name            string
		script          script
		novelty, beacon Nats // exactly, and at least
		sum             Nats // N + B at most
		answered        bool
	}{
		{"2: TCP that never answers, for ten minutes", script{key: addressed(pane.TCP, 6667), every: 6, panes: 90, began: 1, answered: never, ul: 60, age: grown}, 9000, 9000, 23_000, false},
		{"2: it is not excused in the commissioning hour", script{key: addressed(pane.TCP, 6667), every: 6, panes: 90, began: 1, answered: never, ul: 60}, 9000, 9000, 23_000, false},
		{"2: for less than ten minutes", script{key: addressed(pane.TCP, 6667), every: 6, panes: 50, began: 1, answered: never, ul: 60, age: grown}, 0, 0, 0, true},
		{"2: half of it answers", script{key: addressed(pane.TCP, 6667), every: 6, panes: 90, began: 1, answered: func(i int) bool { return i%2 == 0 }, ul: 60, age: grown}, 5000, 1000, 16_000, true},
		{"3: UDP that never answers", script{key: addressed(pane.UDP, 6667), every: 6, panes: 180, began: 1, answered: never, ul: 60, age: grown}, 4000, 5000, 14_000, false},
		{"3: TCP that never answers on a customary port", script{key: addressed(pane.TCP, 443), every: 6, panes: 180, began: 1, answered: never, ul: 60, age: grown, ports: used(pane.TCP, 443)}, 4000, 5000, 14_000, false},
		{"4: answered, in the commissioning hour", script{key: addressed(pane.TCP, 8883), every: 6, panes: 180, began: 1, answered: ever, ul: 60, dl: 60, age: 300}, 0, 0, 0, true},
		{"5: answered", script{key: addressed(pane.TCP, 8883), every: 6, panes: 180, began: 1, answered: ever, ul: 60, dl: 60, age: grown}, 5000, 10_000, 16_000, true},
		{"6: answered on a customary port", script{key: addressed(pane.TCP, 443), every: 6, panes: 180, began: 1, answered: ever, ul: 60, dl: 60, age: grown, ports: used(pane.TCP, 443)}, 2000, 5000, 8000, true},
		{"6: it gets more than a megabyte", script{key: addressed(pane.TCP, 443), every: 6, panes: 180, began: 1, answered: ever, ul: 100_000, dl: 60, age: grown, ports: used(pane.TCP, 443)}, 5000, 10_000, 16_000, true},
		{"an open flow with a keep-alive a minute", script{key: addressed(pane.TCP, 3333), every: 6, panes: 180, answered: ever, ul: 300, dl: 60, age: grown}, 5000, 10_000, 16_000, true},
		{"an open flow that carries much is a transfer", script{key: addressed(pane.TCP, 3333), every: 1, panes: 180, answered: ever, ul: 100_000, dl: 60, age: grown}, 5000, 0, 5000, true},
		{"several contacts a pane keep no time", script{key: addressed(pane.TCP, 3333), every: 1, panes: 180, began: 5, answered: ever, ul: 100, dl: 60, age: grown}, 5000, 0, 5000, true},
		{"a service that answered for an hour, then goes down", script{key: addressed(pane.TCP, 8883), every: 6, panes: 1200, began: 1, answered: func(i int) bool { return i < 75 }, ul: 60, dl: 60, age: grown}, 5000, 0, 16_000, true},
		{"one that answered for six minutes", script{key: addressed(pane.TCP, 8883), every: 6, panes: 360, began: 1, answered: func(i int) bool { return i < 6 }, ul: 60, dl: 60, age: grown}, 9000, 9000, 23_000, false},
		{"an open flow that says something at random, twice a minute", script{key: addressed(pane.TCP, 3333), every: 1, panes: 180, answered: ever, silent: func(i int) bool { return (i*i*7+i*3)%10 >= 3 }, ul: 300, dl: 60, age: grown}, 5000, 7000, 16_000, true},
	} {
		l, _ := c.script.play()
		n, b := l.Of[Novelty], l.Of[Beaconing]
		if n != c.novelty || b < c.beacon || n+b > c.sum || l.Answered != c.answered && c.novelty > 0 {
			t.Errorf("%s: novelty %d, beacon %d, answered %v; want %d, at least %d, together at most %d, %v", c.name, n, b, l.Answered, c.novelty, c.beacon, c.sum, c.answered)
		}
	}
}

// With peers a destination weighs what it surprises among them: ln(1000 ÷ (1 + users)).
func TestDestinationsWithPeers(t *testing.T) {
	for users, want := range map[int64]Nats{0: 6907, 99: 2302, 999: 0} {
		s := script{key: addressed(pane.TCP, 8883), every: 6, panes: 180, began: 1, answered: always(true), ul: 60, dl: 60, age: 9000, members: 1000, users: users}
		l, _ := s.play()
		if got := l.Of[Novelty]; got < want-5 || got > want+5 || l.Answered {
			t.Errorf("%d of 1,000 peers use it: %d (one family: %v), want %d and independent families", users, got, l.Answered, want)
		}
	}
}

// 3.12, 13: a device with rich uplink, towards a destination that answers: 16 nats.
func TestRichDevice(t *testing.T) {
	s := script{key: addressed(pane.TCP, 8883), every: 1, panes: 60, answered: always(true), ul: 3_000_000, dl: 9000, age: 9000, rich: true}
	_, d := s.play()
	l := Levels{}
	l.Of[Volume] = 12 * Nat
	d.At(900_060, &l)
	if sum := l.Sum(); sum > 16*Nat || l.Of[Exfiltration] == 0 {
		t.Errorf("%d nats (%+v), want at most 16,000", sum, l.Of)
	}
}

// 3.12, 14: a stranger that connects weighs 4 nats, 9 after 20 kB came in, and what
// came in counts as volume.
func TestInbound(t *testing.T) {
	k := addressed(pane.TCP, 0)
	k.Inbound = true
	for _, c := range []struct {
		dl              uint64
		novelty, volume Nats
	}{{5_000, 4000, 3223}, {20_000, 9000, 3693}, {2_000_000, 9000, 6000}} {
		s := script{key: k, every: 1, panes: 1, answered: always(true), ul: 60, dl: c.dl}
		l, _ := s.play()
		if l.Of[Novelty] != c.novelty || l.Of[Volume] < c.volume-5 || l.Of[Volume] > c.volume+5 {
			t.Errorf("%d bytes came in: novelty %d, volume %d; want %d and %d", c.dl, l.Of[Novelty], l.Of[Volume], c.novelty, c.volume)
		}
	}
}

// A scan does not push out a destination with evidence.
func TestScanDoesNotFlushSlots(t *testing.T) {
	s := script{key: addressed(pane.TCP, 6667), every: 6, panes: 90, began: 1, answered: func(int) bool { return false }, ul: 60}
	_, d := s.play()
	rules := DefaultDestinationsRules()
	v := &feature.Vector{Pane: 900_100}
	for i := range 32 {
		k := pane.KeyOf(&record.Flow{RemoteAddress: netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), RemotePort: 23, Protocol: pane.TCP})
		v.Seen = append(v.Seen, feature.Seen{Destination: &pane.Destination{Key: k, Flows: 1, Began: 1, UnansweredPackets: 1, UL: 40}})
	}
	for range 20 {
		v.Pane++
		d.Step(v, &Reference{Uplink: Normal{Value: 300_000}}, &rules)
	}
	if k, ok := d.Blamed(v.Pane); !ok || k != s.key {
		t.Errorf("after a scan %v is blamed, want %v", k, s.key)
	}
}

// D15: calls of a known destination that fails, and patience.
func TestRetry(t *testing.T) {
	rules := DefaultDestinationsRules()
	for _, c := range []struct {
		name  string
		seen  feature.Seen
		began uint32
		want  Nats // after twelve panes
	}{
		{"ten a pane", feature.Seen{Before: true, Met: true}, 10, 12_000},
		{"four a pane", feature.Seen{Before: true, Met: true}, 4, 12_000},
		{"three a pane are patience", feature.Seen{Before: true, Met: true}, 3, 0},
		{"a resolver, eight a pane", feature.Seen{Met: true}, 8, 0},
		{"a new destination is no retry", feature.Seen{}, 10, 0},
		{"it is down for all", feature.Seen{Before: true, Met: true, Peers: feature.Shared{Down: true}}, 10, 0},
	} {
		var d Destinations
		n := pane.Number(1000)
		for range 12 {
			n++
			c.seen.Destination = &pane.Destination{Key: addressed(pane.TCP, 443), Flows: c.began, Began: c.began, Service: c.name[0] == 'a' && c.began == 8}
			d.Step(&feature.Vector{Pane: n, Seen: []feature.Seen{c.seen}}, &Reference{}, &rules)
		}
		l := Levels{}
		if d.At(n, &l); l.Faults[Retry] != c.want {
			t.Errorf("%s: %d, want %d", c.name, l.Faults[Retry], c.want)
		}
	}
}

func BenchmarkDestinations(b *testing.B) {
	rules := DefaultDestinationsRules()
	var d Destinations
	var ports Ports
	v := &feature.Vector{}
	for i := range 4 {
		v.Seen = append(v.Seen, feature.Seen{Destination: &pane.Destination{Key: addressed(pane.TCP, uint16(i+1)), Flows: 1, Began: 1, Answered: 1, UL: 100, DL: 100}})
	}
	ref := &Reference{Age: 9000, Uplink: Normal{Value: 300_000}, Ports: &ports}
	for b.Loop() {
		v.Pane++
		d.Step(v, ref, &rules)
	}
}

// 3.12, 8: what fails on the port of a known destination that fails, D4 holds as D1.
func TestFailuresOfAnOutageTakeNoSlot(t *testing.T) {
	var d Destinations
	rules := DefaultDestinationsRules()
	v := &feature.Vector{Pane: 900_000, Seen: []feature.Seen{{
		Destination: &pane.Destination{Key: addressed(pane.TCP, 8883), Flows: 1, Began: 1, UnansweredPackets: 3}, Held: true,
	}}}
	if rules.Wants(v, &Reference{}) {
		t.Error("a failure that an outage excuses asks for a slot")
	}
	for range 100 {
		v.Pane += 6
		d.Step(v, &Reference{}, &rules)
	}
	if k, some := d.Blamed(v.Pane); some {
		t.Errorf("%v is blamed for an outage", k)
	}
}

// A resolver asks several servers in turn: one that answers is enough.
func TestRetriesAtServices(t *testing.T) {
	rules := DefaultDestinationsRules().Retry
	server := func(address byte, port uint16, began, answered uint32) feature.Seen {
		k := addressed(pane.UDP, port)
		k.Address[15] = address
		return feature.Seen{Destination: &pane.Destination{Key: k, Flows: began, Began: began, Answered: answered, Service: true}}
	}
	for _, c := range []struct {
		name string
		seen []feature.Seen
		want int64
	}{
		{"nine at one", []feature.Seen{server(1, 53, 9, 0)}, 9},
		{"eight at each of two", []feature.Seen{server(1, 53, 8, 0), server(2, 53, 8, 0)}, 0},
		{"nine and ten", []feature.Seen{server(1, 53, 9, 0), server(2, 53, 10, 0)}, 19},
		{"the second answers", []feature.Seen{server(1, 53, 9, 0), server(2, 53, 9, 9)}, 0},
		{"the first answers", []feature.Seen{server(1, 53, 9, 9), server(2, 53, 9, 0)}, 0},
		{"time does not answer for names", []feature.Seen{server(1, 123, 1, 1), server(2, 53, 9, 0)}, 9},
	} {
		if got := rules.count(&feature.Vector{Seen: c.seen}); got.attempts != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
