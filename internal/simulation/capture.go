package simulation

import (
	"net/netip"
	"slices"

	"cordon/internal/feed"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// age is how old a replayed capture is.
const age = record.Day

// capture makes the input of a replay at full speed: everything is in the log
// within seconds, every terminal in one of eight partitions.
func (g *generator) capture() {
	g.in.Partitions = 8
	g.userPlanes, g.sessions = 1, 1
	g.probes = []probe{{id: "upf-1", clocked: true}, {id: "smf-1", clocked: true}}
	g.crowd(g.dice.Int32N(8))
	f := feed.New(8)
	now := epoch + age
	g.in.Start = now + record.Micros(g.dice.IntN(3))*record.Second
	for _, o := range g.traffic() {
		g.in.Records++
		o.SourceID = g.probes[o.source].id
		g.in.Appends = append(g.in.Appends, Append{At: now, Sends: slices.Clone(f.Add(&o.Telemetry))})
		now += g.dice.between(record.Millisecond, 8*record.Millisecond)
	}
	g.in.Appends, g.in.End = merge(g.in.Appends), now
	for _, after := range tailTimes {
		at := g.to + after
		g.in.Tail = append(g.in.Tail, Append{At: max(now, at), Sends: slices.Clone(f.ClockAt(at))})
	}
}

// crowd gives every terminal an address that lies in one partition.
func (g *generator) crowd(busy int32) {
	g.populate(8+g.dice.IntN(6), func(int) bool { return true })
	for i := range g.terminals {
		t := &g.terminals[i]
		for n := 0; stream.KeyPartition(t.address.AsSlice(), 8) != busy; n++ {
			t.address = netip.AddrFrom4([4]byte{10, 46, byte(n), byte(i + 1)})
		}
	}
}

// merge puts appends of a moment together, as a writer at full speed does.
func merge(all []Append) (merged []Append) {
	const moment = 50 * record.Millisecond
	for _, a := range all {
		if n := len(merged); n > 0 && a.At-merged[n-1].At < moment {
			merged[n-1].Sends = append(merged[n-1].Sends, a.Sends...)
			continue
		}
		merged = append(merged, a)
	}
	return merged
}
