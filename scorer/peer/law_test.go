package peer

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cordon/scorer/pane"
)

// twin is Peers with exact sets: the slow, obvious form.
type twin struct {
	day     pane.Number
	first   pane.Number                           // day
	members map[uint64][2]map[uint64]bool         // by group: of today and yesterday
	uses    map[uint64]map[pane.Key]map[int]int64 // by group and destination: terminals by age
	levels  map[uint64]map[int]uint64             // by group: terminal-days by bin
	last    map[uint64]pane.Number                // of a group: the day it was rolled to
	watched map[pane.Key]*twinWatch
}

// twinWatch is a destination that somebody fails to reach.
type twinWatch struct {
	since, last, until, turn pane.Number
	failed, ok               [2]map[uint64]bool
}

func newTwin() *twin {
	return &twin{
		members: map[uint64][2]map[uint64]bool{}, uses: map[uint64]map[pane.Key]map[int]int64{},
		levels: map[uint64]map[int]uint64{}, last: map[uint64]pane.Number{}, watched: map[pane.Key]*twinWatch{},
	}
}

// begin lets time go to pane n.
func (w *twin) begin(n pane.Number) {
	day := n / panesPerDay
	if w.first == 0 {
		w.first, w.day = wholeDay(n), day
	}
	for ; w.day < day; w.day++ {
		for _, users := range w.uses {
			for _, ages := range users {
				ages[earlier] = max(ages[earlier]-(ages[earlier]+7)/8, ages[yesterday])
				ages[yesterday], ages[today] = ages[today], 0
			}
		}
		for key, m := range w.members {
			w.members[key] = [2]map[uint64]bool{{}, m[0]}
		}
		if (w.day+1)%7 == 0 {
			for _, bins := range w.levels {
				for bin := range bins {
					bins[bin] /= 2
				}
			}
		}
	}
	for key, d := range w.watched {
		if n-d.last >= watchSpan && d.until <= n {
			delete(w.watched, key)
			continue
		}
		for ; d.turn < n/turnLength; d.turn++ {
			d.failed[1], d.ok[1] = d.failed[0], d.ok[0]
			d.failed[0], d.ok[0] = map[uint64]bool{}, map[uint64]bool{}
		}
	}
}

// union returns how many there are in two sets, as linear counting tells it.
func union(a, b map[uint64]bool) int64 {
	both := maps.Clone(a)
	maps.Copy(both, b)
	return estimates[len(both)]
}

// decide takes the votes of a pane.
func (w *twin) decide(n pane.Number, acts []act) {
	known := maps.Clone(w.watched)
	for _, a := range acts {
		for _, d := range a.seen {
			watch := w.watched[d.Key]
			fails := d.Answered == 0 && d.Began > 0
			if watch == nil && fails {
				watch = &twinWatch{since: n, turn: n / turnLength}
				for i := range watch.failed {
					watch.failed[i], watch.ok[i] = map[uint64]bool{}, map[uint64]bool{}
				}
				w.watched[d.Key] = watch
			}
			switch {
			case fails:
				watch.failed[0][a.terminal], watch.last = true, n
			case known[d.Key] != nil && d.Answered > 0:
				watch.ok[0][a.terminal] = true
			}
		}
	}
	for key, d := range w.watched {
		users := w.uses[all][key]
		failed, ok := union(d.failed[0], d.failed[1]), union(d.ok[0], d.ok[1])
		serves := failed*usersShare >= max(users[today], users[yesterday], users[earlier]) &&
			(users[earlier] >= downLeast || w.day-w.first < settled)
		if d.last == n && n-d.since >= downAfter && failed >= downLeast && failed*downShare >= failed+ok && serves {
			d.until = n + downSpan
		}
	}
}

// enter takes a terminal of the pane and what it was like the day before it was last
// there; level < 0: it was not there before.
func (w *twin) enter(a act, level int) {
	for _, key := range a.kind.wider() {
		if key == 0 {
			continue
		}
		m, known := w.members[key]
		if !known {
			m = [2]map[uint64]bool{{}, {}}
			w.members[key] = m
			w.levels[key] = map[int]uint64{}
		}
		if m[0][a.terminal] {
			continue
		}
		m[0][a.terminal] = true
		if level >= 0 {
			w.levels[key][level/4]++
		}
	}
}

// use takes a destination of a terminal, the first time in a day.
func (w *twin) use(a act, k pane.Key) {
	for _, key := range a.kind.wider() {
		if w.uses[key] == nil {
			w.uses[key] = map[pane.Key]map[int]int64{}
		}
		if w.uses[key][k] == nil {
			w.uses[key][k] = map[int]int64{}
		}
		w.uses[key][k][today]++
	}
}

// drawActs draws what some of thirty terminals do in a pane. Their names are bits of
// their own in a set of voters.
func drawActs(t *rapid.T) []act {
	kinds := []Kind{meter, cousin, relative, stranger}
	var acts []act
	outage := rapid.Bool().Draw(t, "outage")
	for terminal := range uint64(30) {
		if !outage && !rapid.Bool().Draw(t, "there") {
			continue
		}
		a := act{terminal: terminal, kind: kinds[terminal%4], uplink: rapid.Uint8().Draw(t, "uplink")}
		host := rapid.IntRange(0, 3).Draw(t, "host")
		a.seen = append(a.seen, answers(host))
		if outage || rapid.IntRange(0, 5).Draw(t, "fails") == 0 {
			a.seen[0] = fails(host / 2)
		}
		acts = append(acts, a)
	}
	return acts
}

// Peers say what exact sets say, whatever happens and however long nothing does.
func TestPeersAgreeWithExactSets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, w := newCrowd(), newTwin()
		levels, there := map[uint64]int{}, map[uint64]pane.Number{}
		used := map[usedBy]pane.Number{}
		for range rapid.IntRange(1, 25).Draw(t, "panes") {
			c.n += pane.Number(rapid.SampledFrom([]int{0, 1, 12, 70, 400, 9000, 30000}).Draw(t, "gap"))
			n, day := c.n, c.n/panesPerDay
			acts := drawActs(t)
			w.begin(n)
			w.decide(n, acts)
			for _, a := range acts {
				if there[a.terminal] != day {
					level := -1
					if there[a.terminal] != 0 {
						level = levels[a.terminal]
					}
					w.enter(a, level)
					there[a.terminal], levels[a.terminal] = day, 0
				}
				for _, d := range a.seen {
					if by := (usedBy{a.terminal, d.Key}); d.Answered > 0 && used[by] != day {
						used[by] = day
						w.use(a, d.Key)
					}
				}
				levels[a.terminal] = max(levels[a.terminal], int(a.uplink))
			}
			c.pass(acts...)
			agree(t, c, w, n)
		}
	})
}

// agree holds Peers against its twin after pane n.
func agree(t *rapid.T, c *crowd, w *twin, n pane.Number) {
	for key, members := range w.members {
		g := c.groups[c.index[key]]
		g.roll(n)
		if got, want := g.members, [2]uint32{uint32(len(members[0])), uint32(len(members[1]))}; got != want {
			t.Errorf("members of today and yesterday %d, want %d", got, want)
		}
		for bin, count := range g.uplink {
			if want := w.levels[key][bin]; uint64(count) != want {
				t.Errorf("terminal-days in bin %d: %d, want %d", bin, count, want)
			}
		}
		for host := range 4 {
			d := fails(host)
			got, want := c.uses.of(c.uses.useOf(key, networkOf(&d.Key))), w.uses[key][d.Key]
			if int64(got[today]) != want[today] || int64(got[yesterday]) != want[yesterday] || int64(got[earlier]) != want[earlier] {
				t.Errorf("users of host %d by age: %d, want %v", host, got, want)
			}
		}
	}
	for host := range 4 {
		d := fails(host)
		watch := w.watched[d.Key]
		if got, want := c.gate.isDown(&d.Key, hashOf(&d.Key), n), watch != nil && watch.until > n; got != want {
			t.Errorf("host %d is down: %t, want %t", host, got, want)
		}
	}
}

// stored returns all that is known, as it is stored.
func (p *Peers) stored() map[string]string {
	for i := range p.groups {
		p.groups[i].changed = true
	}
	for i := range p.uses.changed {
		p.uses.changed[i] = p.uses.cells != nil
	}
	for i := range p.storms.changed {
		p.storms.changed[i] = true
	}
	list := map[string]string{}
	for _, piece := range p.Cut() {
		list[string(piece.Key)] = string(piece.Value)
	}
	p.Settle(true)
	return list
}

// difference names a piece that differs.
func difference(a, b map[string]string) string {
	for _, key := range slices.Sorted(maps.Keys(a)) {
		if a[key] != b[key] {
			return fmt.Sprintf("piece %q: %x, want %x", key, b[key], a[key])
		}
	}
	return fmt.Sprintf("%d pieces, want %d", len(b), len(a))
}

// What is known after a pane depends neither on the order of its terminals nor on
// how the panes without traffic are passed over.
func TestPeersDoNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one, other := newCrowd(), newCrowd()
		for range rapid.IntRange(1, 12).Draw(t, "panes") {
			acts := drawActs(t)
			for i := range acts {
				if rapid.IntRange(0, 3).Draw(t, "event") == 0 {
					acts[i].events = lose(uint32(i%3), 1)[0].events
				}
			}
			one.pass(acts...)
			other.pass(rapid.Permutation(acts).Draw(t, "order")...)
			gap := pane.Number(rapid.SampledFrom([]int{0, 5, 70, 400, 9000, 30000}).Draw(t, "gap"))
			for end := other.n + gap; other.n < end; {
				if other.n = min(other.n+pane.Number(rapid.IntRange(1, 9000).Draw(t, "idle")), end); other.n < end {
					other.Begin(other.n, 1)
					other.Decide(other.n)
				}
			}
			one.n += gap
		}
		one.pass()
		other.pass()
		if a, b := one.stored(), other.stored(); !maps.Equal(a, b) {
			t.Errorf("%s", difference(a, b))
		}
	})
}

// A restart anywhere, from the pieces that cuts wrote one after another, changes
// nothing, also where some cuts were aborted.
func TestPeersSurviveARestart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, pieces := newCrowd(), map[string]string{}
		for range rapid.IntRange(1, 12).Draw(t, "panes") {
			acts := drawActs(t)
			for i := range acts {
				if rapid.IntRange(0, 3).Draw(t, "event") == 0 {
					acts[i].events = lose(uint32(i%3), 1)[0].events
				}
			}
			c.pass(acts...)
			c.n += pane.Number(rapid.SampledFrom([]int{0, 5, 70, 400, 9000, 30000}).Draw(t, "gap"))
			cut := c.Cut()
			committed := rapid.Bool().Draw(t, "committed")
			for _, piece := range cut {
				if committed {
					pieces[string(piece.Key)] = string(piece.Value)
				}
			}
			c.Settle(committed)
		}
		for _, piece := range c.Cut() {
			pieces[string(piece.Key)] = string(piece.Value)
		}
		c.Settle(true)
		back := &crowd{Peers: New(), members: maps.Clone(c.members), used: maps.Clone(c.used), n: c.n}
		for key, m := range back.members {
			back.members[key] = &Member{}
			*back.members[key] = *m
		}
		for key, value := range pieces {
			if err := back.Restore([]byte(key), []byte(value)); err != nil {
				t.Fatalf("piece %q: %v", key, err)
			}
		}
		more := drawActs(t)
		c.pass(more...)
		back.pass(more...)
		if a, b := c.stored(), back.stored(); !maps.Equal(a, b) {
			t.Errorf("%s", difference(a, b))
		}
	})
}

func FuzzRestore(f *testing.F) {
	c := newCrowd()
	for range downAfter + 2 {
		c.pass(append(calls(1, 6, 6), lose(3, 6)...)...)
	}
	for key, value := range c.stored() {
		if len(value) > 1 {
			f.Add([]byte(key), []byte(value))
		}
	}
	f.Add([]byte("g\x00\x00\x00\x00\x00\x00\x00\x00"), []byte{0})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		c := newCrowd()
		if c.Restore(key, value) != nil {
			return
		}
		c.pass(append(calls(1, 6, 6), lose(3, 6)...)...) // nothing it holds may stop what follows
		c.to(9 * panesPerDay)
		c.pass(calls(1, 6, 6)...)
		c.seen(meter, fails(1))
		c.stored()
	})
}
