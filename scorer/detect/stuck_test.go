package detect

import (
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record/wire"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// repeating is a terminal that turns to a destination in every pane or less often.
type repeating struct {
	panes, every int
	flows        uint32
	size         func(i int) uint64 // of all exchanges of a pane
	busiest      uint16
	age          pane.Number
	change       func(s *feature.Seen)
}

const stuckStart = pane.Number(900_000)

func repeatedly(flows uint32, size uint64) feature.Seen {
	d := &pane.Destination{Key: addressed(pane.TCP, 8883), Hash: 7, Flows: flows, Began: flows, Answered: flows, UL: uint64(flows) * size, DL: 400}
	return feature.Seen{Destination: d, Met: true, Before: true}
}

// play lets it live and returns when its evidence is 12 nats, in panes from the
// start, or -1.
func (c *repeating) play(r *StuckRules) (int, *Destinations) {
	var d Destinations
	for i := 0; i < c.panes; i += c.every {
		s := repeatedly(c.flows, c.size(i))
		if c.change != nil {
			c.change(&s)
		}
		v := &feature.Vector{Pane: stuckStart + pane.Number(i), Seen: []feature.Seen{s}}
		d.weighRepetition(v, &Reference{Age: c.age, Busiest: c.busiest}, r)
		var l Levels
		if d.At(v.Pane, &l); l.Faults[Stuck] >= FaultCap {
			return i, &d
		}
	}
	return -1, &d
}

// D16: the same, again and again, far more often than ever.
func TestStuck(t *testing.T) {
	same := func(int) uint64 { return 1456 }
	const grown = pane.Number(panesPerDay)
	for _, c := range []struct {
		name string
		repeating
		from, to int // panes to a case
	}{
		{"every 4 s, a meter of 12 an hour", repeating{panes: 1000, every: 1, flows: 3, size: same, busiest: 12, age: grown}, 125, 130},
		{"every 4 s, a payment terminal of 80 an hour", repeating{panes: 1000, every: 1, flows: 3, size: same, busiest: 80, age: grown}, 150, 160},
		{"every 10 s: two in a pane are needed to begin", repeating{panes: 9000, every: 1, flows: 1, size: same, busiest: 12, age: grown}, -1, -1},
		{"two every 20 s", repeating{panes: 2000, every: 2, flows: 2, size: same, busiest: 12, age: grown}, 430, 440},
		{"acknowledgements come and go", repeating{panes: 1000, every: 1, flows: 3, size: func(i int) uint64 { return 1456 + uint64(i%2)*80 }, busiest: 12, age: grown}, 125, 130},
		{"what it says differs", repeating{panes: 9000, every: 1, flows: 3, size: func(i int) uint64 { return 1600 + uint64(i*i*7919%1009) }, busiest: 12, age: grown}, -1, -1},
		{"it was always like that", repeating{panes: 9000, every: 1, flows: 3, size: same, busiest: 900, age: grown}, -1, -1},
		{"three times as often as ever", repeating{panes: 9000, every: 1, flows: 3, size: same, busiest: 361, age: grown}, -1, -1},
		{"it was seen for less than an hour", repeating{panes: 9000, every: 1, flows: 3, size: same, busiest: 12, age: 359}, -1, -1},
		{"with pauses of ten minutes", repeating{panes: 9000, every: 60, flows: 30, size: same, busiest: 12, age: grown}, -1, -1},
		{"nobody answers: that is D15", repeating{panes: 9000, every: 1, flows: 3, size: same, busiest: 12, age: grown, change: func(s *feature.Seen) { s.Answered = 0 }}, -1, -1},
		{"a new destination", repeating{panes: 9000, every: 1, flows: 3, size: same, busiest: 12, age: grown, change: func(s *feature.Seen) { s.Before = false }}, -1, -1},
		{"a name service", repeating{panes: 9000, every: 1, flows: 3, size: same, busiest: 12, age: grown, change: func(s *feature.Seen) { s.Service = true }}, -1, -1},
		{"opened by the far end", repeating{panes: 9000, every: 1, flows: 3, size: same, busiest: 12, age: grown, change: func(s *feature.Seen) { s.Inbound = true }}, -1, -1},
		{"an open connection", repeating{panes: 9000, every: 1, flows: 3, size: same, busiest: 12, age: grown, change: func(s *feature.Seen) { s.Began = 0 }}, -1, -1},
	} {
		r := DefaultDestinationsRules().Stuck
		at, _ := c.play(&r)
		if at < c.from || at > c.to {
			t.Errorf("%s: a case after %d panes, want %d to %d (-1: never)", c.name, at, c.from, c.to)
		}
		r.Enabled = false
		if at, d := c.play(&r); at >= 0 || d.repetition != (repetition{}) {
			t.Errorf("%s: switched off, it has evidence: %+v", c.name, d.repetition)
		}
	}
}

// What stands is gone ten minutes after the last repetition.
func TestStuckEnds(t *testing.T) {
	c := repeating{panes: 1000, every: 1, flows: 3, size: func(int) uint64 { return 1456 }, busiest: 12, age: panesPerDay}
	r := DefaultDestinationsRules().Stuck
	at, d := c.play(&r)
	last := stuckStart + pane.Number(at)
	for after, want := range map[pane.Number]Nats{0: FaultCap, 59: FaultCap, 60: 0, 9000: 0} {
		var l Levels
		if d.At(last+after, &l); l.Faults[Stuck] != want {
			t.Errorf("%d panes after the last repetition: %d, want %d", after, l.Faults[Stuck], want)
		}
	}
	if d.Empty(last+59) || !d.Empty(last+60) {
		t.Errorf("empty after 59 and 60 panes: %v, %v, want false, true", d.Empty(last+59), d.Empty(last+60))
	}
}

// The excess is that of a bucket that leaks pane by pane, however many panes the
// terminal is not seen in.
func TestStuckEqualsTwin(t *testing.T) {
	rules := DefaultDestinationsRules().Stuck
	rapid.Check(t, func(t *rapid.T) {
		var d, back Destinations
		bucket, last := int64(0), pane.Number(0) // in exchanges × panes an hour
		n := stuckStart
		for range rapid.IntRange(1, 200).Draw(t, "panes") {
			n += pane.Number(rapid.SampledFrom([]int{1, 1, 1, 1, 2, 5, 59, 60, 400}).Draw(t, "gap"))
			busiest := uint16(rapid.IntRange(0, 100).Draw(t, "busiest"))
			flows := uint32(rapid.IntRange(1, 120).Draw(t, "flows"))
			v := &feature.Vector{Pane: n, Seen: []feature.Seen{repeatedly(flows, 1000)}}
			d.weighRepetition(v, &Reference{Age: panesPerDay, Busiest: busiest}, &rules)

			before := bucket
			for m := last; m < n && before > 0; m++ {
				before = max(before-max(3*int64(busiest), 60), 0)
			}
			if n-last >= 60 {
				before = 0
			}
			if before > 0 || flows >= 2 {
				bucket, last = min(before+int64(min(flows, 100))*360, 450*360), n
			}
			if int64(d.repetition.excess) != bucket {
				t.Fatalf("pane %d: excess %d, want %d", n, d.repetition.excess, bucket)
			}
			r := wire.NewReader(d.Append(nil, n))
			if !back.Read(&r, n) || back != d {
				t.Fatalf("read %+v, stored %+v", back.repetition, d.repetition)
			}
		}
	})
}

// How busy a terminal is it teaches by what is not held against it.
func TestStuckTeachesNothing(t *testing.T) {
	var h Habit
	var d Destinations
	r := DefaultDestinationsRules().Stuck
	use := func(n pane.Number, flows uint32) {
		h.Advance(n)
		v := &feature.Vector{Pane: n, Seen: []feature.Seen{repeatedly(flows, 1000)}}
		d.weighRepetition(v, &Reference{Age: panesPerDay, Busiest: h.Busiest()}, &r)
		h.Use(v, &d)
	}
	n := stuckStart
	for range 24 * 4 { // every 15 minutes
		use(n, 1)
		n += 90
	}
	if got := h.Busiest(); got != 4 {
		t.Fatalf("the busiest hour had %d exchanges, want 4", got)
	}
	for range 6 * 360 { // six hours of three in ten seconds
		use(n, 3)
		n++
	}
	if got := h.Busiest(); got > 4+stuckTaught+10 {
		t.Errorf("after it got stuck its busiest hour had %d, want about %d", got, 4+stuckTaught)
	}
	if got := d.repetition.at(n); got != FaultCap {
		t.Errorf("after six hours: %d, want %d", got, FaultCap)
	}
	h.Accept(&d)
	d.Acquit()
	for range 6 * 360 {
		use(n, 3)
		n++
	}
	if got := d.repetition.at(n); got >= Nat {
		t.Errorf("six hours after an operator called it benign: %d, want nothing", got)
	}
}

func BenchmarkD16Stuck(b *testing.B) {
	var d Destinations
	var h Habit
	r := DefaultDestinationsRules().Stuck
	v := &feature.Vector{}
	for i := range uint64(8) {
		s := repeatedly(1, 1000+i*100)
		s.Hash = i
		v.Seen = append(v.Seen, s)
	}
	for i := range b.N {
		v.Pane = stuckStart + pane.Number(i%1_000_000)
		d.weighRepetition(v, &Reference{Age: panesPerDay, Busiest: h.Busiest()}, &r)
		h.Use(v, &d)
	}
}
