package simulation

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"cordon/internal/raw"
	"cordon/internal/record"
)

// Flags of TCP (RFC 9293, 3.1).
const (
	tcpSYN, tcpRST, tcpACK = 0x02, 0x04, 0x10
	tcp, udp               = 6, 17
)

// terminal is a device of the simulated fleet.
type terminal struct {
	supi    string
	address netip.Addr // valid: its flows name only this
	source  int        // of its user plane records
	stop    record.Micros
	number  int
}

// observation is one raw record with what it is about.
type observation struct {
	raw.Telemetry
	source int
}

// traffic makes up what a fleet does between two moments of event time: ordinary
// flows of all, and scans, floods and retries of a few, so that there are
// verdicts of every class and commands. Records are in order of event time.
func (g *generator) traffic() []observation {
	var all []observation
	for i := range g.terminals {
		t := &g.terminals[i]
		g.establish(t, &all)
		g.daily(t, &all)
		g.signals(t, &all)
		switch i {
		case 0, 1:
			g.scan(t, &all)
		case 2:
			g.flood(t, &all)
		case 3:
			g.retries(t, &all)
		}
	}
	if g.in.Kind == Backlog {
		g.chatter(&g.terminals[4], &all)
	}
	slices.SortStableFunc(all, func(a, b observation) int { return cmp.Compare(a.OccurredAt, b.OccurredAt) })
	return all
}

// establish writes the session records of a terminal with an address: one that
// binds it, and of some terminals one that hands it over to another subscriber.
func (g *generator) establish(t *terminal, all *[]observation) {
	if !t.address.IsValid() {
		return
	}
	say := func(at record.Micros, supi string, event record.SessionEvent) {
		o := observation{source: g.sessions}
		o.OccurredAt, o.Kind, o.SUPI, o.UEAddress, o.DNN = at, record.KindSession, supi, t.address, "iot"
		o.Session.Event, o.Session.CauseClass = event, record.CauseNone
		*all = append(*all, o)
	}
	say(g.from, t.supi, record.SessionEstablished)
	if t.number < 4 || !g.dice.one(2) {
		return // of those with verdicts the history stays in one piece
	}
	at := g.dice.between(g.from+20*record.Second, g.to)
	say(at, t.supi, record.SessionReleased)
	if g.dice.one(2) {
		say(at+g.dice.between(0, 20*record.Second), t.supi+"7", record.SessionEstablished)
	}
}

// daily are flows that a server answers, from the first second on.
func (g *generator) daily(t *terminal, all *[]observation) {
	every := g.dice.between(6*record.Second, 25*record.Second)
	for at := g.from + g.dice.between(1, record.Second); at < t.stop; at += g.dice.between(every/2, 2*every) {
		if !g.silent(at) {
			o := g.flow(t, at, 443)
			answer(&o, 3_000, 20_000)
			*all = append(*all, o)
		}
	}
}

// scan tries many addresses that do not answer.
func (g *generator) scan(t *terminal, all *[]observation) {
	at := g.dice.between(g.from+5*record.Second, g.to-40*record.Second)
	first := uint32(g.dice.IntN(60_000))
	for n := range uint32(14 + g.dice.IntN(20)) {
		o := g.flow(t, at, 23)
		o.Flow.RemoteAddress = netip.AddrFrom4([4]byte{198, 18, byte((first + n) >> 8), byte(first + n)})
		o.Flow.ULVolume, o.Flow.ULPackets, o.Flow.ULTCPFlags = 40, 1, record.Some[int32](tcpSYN)
		*all = append(*all, o)
		at += g.dice.between(20*record.Millisecond, record.Second)
	}
}

// flood sends much that nobody answers, reported every two seconds.
func (g *generator) flood(t *terminal, all *[]observation) {
	at := g.dice.between(g.from+5*record.Second, g.to-50*record.Second)
	for range 8 + g.dice.IntN(14) {
		o := g.flow(t, at, 80)
		o.Flow.Protocol = udp
		o.Flow.ULVolume, o.Flow.ULPackets = 900_000+g.dice.Int64N(3_000_000), 4_000
		*all = append(*all, o)
		at += 2 * record.Second
	}
}

// retries go to one server that refuses.
func (g *generator) retries(t *terminal, all *[]observation) {
	at := g.dice.between(g.from, g.to-30*record.Second)
	for range 20 {
		o := g.flow(t, at, 8883)
		o.Flow.ULVolume, o.Flow.ULPackets, o.Flow.ULTCPFlags = 40, 1, record.Some[int32](tcpSYN)
		o.Flow.DLVolume, o.Flow.DLPackets, o.Flow.DLTCPFlags = 40, 1, record.Some[int32](tcpRST|tcpACK)
		*all = append(*all, o)
		at += record.Second
	}
}

// chatter is one terminal with so many flows, late in the backlog, that a scorer
// has no room to let them wait: only alignment keeps them out of it.
func (g *generator) chatter(t *terminal, all *[]observation) {
	for at := g.from + 70*record.Second; at < g.from+90*record.Second; at += 40 * record.Millisecond {
		o := g.flow(t, at, 1883)
		answer(&o, 100, 100)
		*all = append(*all, o)
	}
}

// flow is a flow of a terminal, which names it as its probes do.
func (g *generator) flow(t *terminal, at record.Micros, port int32) observation {
	o := observation{source: t.source}
	o.OccurredAt, o.Kind, o.DNN = at, record.KindFlow, "iot"
	o.IntervalStart = record.Some(at - 500*record.Millisecond)
	if t.address.IsValid() {
		o.UEAddress = t.address
	} else {
		o.SUPI = t.supi
	}
	f := &o.Flow.Flow
	f.Protocol, f.Direction, f.RemotePort, f.Ended = tcp, record.DirectionUplink, port, true
	f.RemoteAddress = netip.AddrFrom4([4]byte{203, 0, 113, byte(1 + t.number%5)})
	f.StartTime = record.Some(at - 500*record.Millisecond)
	return o
}

func answer(o *observation, up, down int64) {
	f := &o.Flow.Flow
	f.ULVolume, f.ULPackets, f.ULTCPFlags = up, up/1000+1, record.Some[int32](tcpSYN|tcpACK)
	f.DLVolume, f.DLPackets, f.DLTCPFlags = down, down/1000+1, record.Some[int32](tcpSYN|tcpACK)
}

// populate makes the terminals. Those of the kind with addresses are told apart
// by them alone in user plane records.
func (g *generator) populate(n int, addressed func(i int) bool) {
	for i := range n {
		t := terminal{number: i, supi: fmt.Sprintf("imsi-00101%010d", i+1+100*g.dice.IntN(1000)), stop: g.to, source: g.dice.IntN(g.userPlanes)}
		if addressed(i) {
			t.address = netip.AddrFrom4([4]byte{10, 45, byte(g.dice.IntN(250)), byte(i + 1)})
		}
		g.terminals = append(g.terminals, t)
	}
}
