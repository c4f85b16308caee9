package peer

import (
	"slices"
	"strconv"
	"testing"
	"unsafe"

	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// town is a partition of a hundred thousand terminals of fifty kinds with five
// services each, on its fourth day, some of them down.
func town() *crowd {
	c := newCrowd()
	for day := range pane.Number(4) {
		c.to(day * panesPerDay)
		for part := range 50 {
			acts := make([]act, 2000)
			for i := range acts {
				terminal := part*2000 + i
				kind := Kind{TypeAllocationCode: uint32(part), DNN: 2, SNSSAI: 3}
				acts[i] = act{terminal: uint64(terminal), kind: kind, uplink: uint8(80 + i%40)}
				for service := range 5 {
					acts[i].seen = append(acts[i].seen, answers(part*8+service+i%64*1000))
				}
			}
			c.pass(acts...)
		}
	}
	for range downAfter + 2 {
		c.pass(calls(1, 20, 0)...)
	}
	return c
}

// BenchmarkCount is the first pass, for a destination that is known.
func BenchmarkCount(b *testing.B) {
	c := town()
	for i := range 40 { // things that few fail to reach
		c.pass(calls(30_000+i, 1, 0)...)
	}
	seen := make([]pane.Destination, 1024)
	for i := range seen {
		seen[i] = answers(i)
	}
	c.Begin(c.n, 1)
	for i := 0; b.Loop(); i++ {
		c.Count(uint64(i), &seen[i%len(seen)])
	}
}

// BenchmarkShared is the second pass, for a destination that is not known.
func BenchmarkShared(b *testing.B) {
	c := town()
	seen := make([]feature.Seen, 1024)
	for i := range seen {
		d := answers(i * 37)
		seen[i].Destination = &d
	}
	g := c.Of(Kind{TypeAllocationCode: 7, DNN: 2, SNSSAI: 3})
	for i := 0; b.Loop(); i++ {
		c.Shared(&g, &seen[i%len(seen)], c.n)
	}
}

// BenchmarkTerminal is what a terminal costs in a pane beside its destinations.
func BenchmarkTerminal(b *testing.B) {
	c := town()
	m := Member{day: c.n / panesPerDay}
	knows := func(pane.Key) bool { return false }
	for i := 0; b.Loop(); i++ {
		kind := Kind{TypeAllocationCode: uint32(i % 50), DNN: 2, SNSSAI: 3}
		c.Enter(&m, kind, c.n)
		g := c.Of(kind)
		o := c.Outage(knows, c.n)
		c.Storm(nil)
		m.Add(Today{Uplink: g.Uplink, Trusted: o.used == 0})
	}
}

// BenchmarkUse is a destination that a terminal uses for the first time in a day.
func BenchmarkUse(b *testing.B) {
	c := town()
	seen := make([]pane.Destination, 1024)
	for i := range seen {
		seen[i] = answers(i * 37)
	}
	for i := 0; b.Loop(); i++ {
		c.Use(Kind{TypeAllocationCode: uint32(i % 50), DNN: 2, SNSSAI: 3}, &seen[i%len(seen)])
		if i%len(seen) == 0 {
			c.End()
		}
	}
}

// BenchmarkDay is what the first pane of a day costs.
func BenchmarkDay(b *testing.B) {
	c := town()
	whole := slices.Clone(c.uses.cells)
	for b.Loop() {
		b.StopTimer()
		copy(c.uses.cells, whole)
		c.n += panesPerDay
		b.StartTimer()
		c.Begin(c.n, 1)
	}
}

// BenchmarkCut is a cut in which everything has changed, as after the first pane of
// a day, and one ten seconds later, in which seventeen destinations a second were
// new for the day: five hundred thousand over a day.
func BenchmarkCut(b *testing.B) {
	for _, changes := range []int{shards, 170} {
		b.Run(strconv.Itoa(changes), func(b *testing.B) {
			c, bytes, pieces := town(), 0, 0
			d := answers(1)
			for b.Loop() {
				b.StopTimer()
				for i := range changes {
					if changes == shards {
						c.uses.changed[i] = true
						continue
					}
					d.Port = uint16(i)
					c.Use(Kind{TypeAllocationCode: uint32(i % 50), DNN: 2, SNSSAI: 3}, &d)
				}
				c.End()
				b.StartTimer()
				list := c.Cut()
				b.StopTimer()
				bytes, pieces = 0, len(list)
				for _, p := range list {
					bytes += len(p.Value)
				}
				c.Settle(true)
				b.StartTimer()
			}
			b.ReportMetric(float64(bytes), "bytes")
			b.ReportMetric(float64(pieces), "pieces")
		})
	}
}

// The promise of bounded memory: 16 bytes for a terminal, and for a partition what is
// made of constants.
func TestSizes(t *testing.T) {
	for _, c := range []struct {
		what      string
		got, most uintptr
	}{
		{"Member", unsafe.Sizeof(Member{}), 16},
		{"group", unsafe.Sizeof(group{}), 1 << 10},
		{"Peers", unsafe.Sizeof(Peers{}), 128 << 10},
		{"cells", cells * unsafe.Sizeof(cell{}), 4 << 20},
	} {
		if c.got > c.most {
			t.Errorf("%s: %d bytes, want at most %d", c.what, c.got, c.most)
		}
	}
}
