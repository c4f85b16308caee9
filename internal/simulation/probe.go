package simulation

import (
	"fmt"

	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// probe is a source of raw records.
type probe struct {
	id      string
	clocked bool // writes Clocks
	skew    record.Micros
	delay   record.Micros // from the record's time to its arrival
	jitter  record.Micros
	dies    record.Micros // silent from then on; 0: never
	held    span          // records of this time come together at its end
	numbers []int64
	known   []bool // partitions it has written to
}

// setProbes makes two or three probes of flows and one of sessions. A record
// may come up to 9 s after its time from a clock up to 8 s ahead: with the 20 s
// of lateness none is late.
func (g *generator) setProbes() {
	g.userPlanes = 2 + g.dice.IntN(2)
	g.sessions = g.userPlanes
	for i := range g.userPlanes + 1 {
		p := probe{id: fmt.Sprintf("upf-%d", i+1), clocked: g.dice.one(2), delay: g.dice.between(10*record.Millisecond, record.Second),
			numbers: make([]int64, g.in.Partitions), known: make([]bool, g.in.Partitions)}
		if g.in.Kind == Quiet {
			p.clocked = false
			if i == 0 && g.dice.one(2) {
				p.dies = g.dice.between(g.from+20*record.Second, g.to)
			}
		}
		if g.in.Kind == Skewed || g.in.Kind == Loose {
			p.skew = g.dice.between(-4*record.Second, 8*record.Second)
			p.delay = g.dice.between(0, 4*record.Second)
			p.jitter = g.dice.between(1, 2*record.Second)
			at := g.dice.between(g.from+20*record.Second, g.to)
			p.held = span{at, at + g.dice.between(0, 4*record.Second)}
		}
		if g.in.Kind == Loose && g.dice.one(2) {
			p.held.to += g.dice.between(10*record.Second, 60*record.Second)
		}
		g.probes = append(g.probes, p)
	}
	g.probes[g.sessions].id = "smf-1"
}

// put numbers a record and sends it on its way.
func (g *generator) put(o *observation) {
	p := &g.probes[o.source]
	t := &o.Telemetry
	key := t.UEAddress.AsSlice()
	if !t.UEAddress.IsValid() {
		key = []byte(t.SUPI)
	}
	to := stream.KeyPartition(key, g.in.Partitions)
	if g.missing(p, to, t.OccurredAt) {
		return
	}
	at := g.arrival(p, t)
	t.Shift(p.skew)
	t.SourceID = p.id
	p.known[to] = true
	p.numbers[to]++
	t.SourceSequence = record.Some(p.numbers[to])
	send := stream.Send{Topic: stream.TelemetryRaw, Partition: to, Key: key, Value: raw.AppendTelemetry(nil, t)}
	g.arrivals = append(g.arrivals, arrival{at, o.source, send})
	g.in.Records++
	switch {
	case g.in.Kind == Repeating && g.dice.one(4):
		g.arrivals = append(g.arrivals, arrival{at + g.dice.between(0, 5*record.Second), o.source, send})
	case g.in.Kind == Loose && g.dice.one(40):
		g.arrivals = append(g.arrivals, arrival{at, o.source, stream.Send{Topic: stream.TelemetryRaw, Partition: to, Value: []byte("rubbish")}})
		g.in.Records++
	}
}

// arrival is when a record reaches the log.
func (g *generator) arrival(p *probe, t *raw.Telemetry) record.Micros {
	at := t.OccurredAt + p.delay
	if p.jitter > 0 && t.Kind == record.KindFlow {
		at += g.dice.between(0, p.jitter)
	}
	if p.held.covers(t.OccurredAt) {
		at = max(at, p.held.to+p.delay)
	}
	return at
}

// missing reports that a record is never written: in a Quiet input partition 0
// stays empty, partition 1 falls silent, and a probe may die.
func (g *generator) missing(p *probe, to int32, at record.Micros) bool {
	if p.dies != 0 && at >= p.dies {
		return true
	}
	return g.in.Kind == Quiet && (to == 0 || to == 1 && at > g.from+35*record.Second)
}

// clocks lets the probes that do so say how far they are, in every partition
// they write to: behind what is held up or out of order.
func (g *generator) clocks() {
	for i := range g.probes {
		p := &g.probes[i]
		if !p.clocked {
			continue
		}
		for at := g.from; at <= g.to; at += 5 * record.Second {
			if !p.held.covers(at) && !(g.silent(at) && g.dice.one(2)) {
				g.clock(i, at, at+p.delay+p.jitter)
			}
		}
	}
}

func (g *generator) clock(i int, at, arrives record.Micros) {
	p := &g.probes[i]
	value := raw.AppendTelemetry(nil, &raw.Telemetry{OccurredAt: at + p.skew, SourceID: p.id, Kind: record.KindClock})
	for to := range g.in.Partitions {
		if p.known[to] {
			g.arrivals = append(g.arrivals, arrival{arrives, i, stream.Send{Topic: stream.TelemetryRaw, Partition: to, Key: []byte(p.id), Value: value}})
		}
	}
}
