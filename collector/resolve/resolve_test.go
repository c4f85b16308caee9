package resolve_test

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cordon/collector/resolve"
	"cordon/internal/identity"
	"cordon/internal/record"
	"cordon/internal/record/wire"
	"pgregory.net/rapid"
)

var settings = resolve.Settings{Wait: 10, Keep: 1000, HeldBytes: 1 << 20, Bindings: 1000}

func supi(n int) identity.SUPI {
	s, err := identity.ParseSUPI(fmt.Sprintf("imsi-00101%010d", n))
	if err != nil {
		panic(err)
	}
	return s
}

func key(text string) resolve.Key { return resolve.KeyOf(netip.MustParseAddr(text), "iot", "1") }

func TestKeys(t *testing.T) {
	same := [][2]resolve.Key{
		{key("10.45.0.7"), key("::ffff:10.45.0.7")},
		{key("2001:db8:1:2::"), key("2001:db8:1:2:3:4:5:6")},
		{resolve.KeyOf(netip.MustParseAddr("10.45.0.7"), "IoT", "1-0000A1"), resolve.KeyOf(netip.MustParseAddr("10.45.0.7"), "iot", "1-0000a1")},
	}
	for _, pair := range same {
		if pair[0] != pair[1] {
			t.Errorf("%v and %v differ", pair[0], pair[1])
		}
	}
	for _, other := range []resolve.Key{key("10.45.0.8"), key("2001:db8:1:3::"), resolve.KeyOf(netip.MustParseAddr("10.45.0.7"), "mms", "1"),
		resolve.KeyOf(netip.MustParseAddr("10.45.0.7"), "iot", "2")} {
		if other == key("10.45.0.7") {
			t.Errorf("%v equals the key of another network", other)
		}
	}
}

func TestHolder(t *testing.T) {
	a, b := supi(1), supi(2)
	type note struct {
		at    record.Micros
		who   identity.SUPI
		bound bool
	}
	cases := []struct {
		name  string
		notes []note
		at    record.Micros
		want  identity.SUPI
	}{
		{"nothing known", nil, 5, identity.SUPI{}},
		{"before the session", []note{{10, a, true}}, 9, identity.SUPI{}},
		{"at its start", []note{{10, a, true}}, 10, a},
		{"during it", []note{{10, a, true}, {20, a, false}}, 15, a},
		{"at its end: the report covers what was before", []note{{10, a, true}, {20, a, false}}, 20, a},
		{"after it", []note{{10, a, true}, {20, a, false}}, 21, identity.SUPI{}},
		{"late flow of the former holder", []note{{10, a, true}, {20, a, false}, {21, b, true}}, 19, a},
		{"handed over at once: the former", []note{{10, a, true}, {20, a, false}, {20, b, true}}, 20, a},
		{"handed over at once: the next", []note{{10, a, true}, {20, a, false}, {20, b, true}}, 21, b},
		{"taken over without a release", []note{{10, a, true}, {20, b, true}}, 25, b},
		{"late release of the former holder", []note{{10, a, true}, {20, b, true}, {25, a, false}}, 30, b},
		{"events in another order", []note{{21, b, true}, {20, a, false}, {10, a, true}}, 15, a},
		{"release before its session arrived", []note{{20, a, false}, {10, a, true}}, 21, identity.SUPI{}},
		{"taken over by somebody unknown", []note{{10, a, true}, {20, identity.SUPI{}, true}}, 21, identity.SUPI{}},
		{"established again", []note{{10, a, true}, {20, a, false}, {30, a, true}}, 35, a},
	}
	for _, c := range cases {
		table := resolve.New(settings)
		for _, n := range c.notes {
			if n.bound {
				table.Bind(key("10.45.0.7"), n.at, n.who)
			} else {
				table.Release(key("10.45.0.7"), n.at, n.who)
			}
		}
		if got := table.Holder(key("10.45.0.7"), c.at); got != c.want {
			t.Errorf("%s: at %d: got %q, want %q", c.name, c.at, got.Reveal(), c.want.Reveal())
		}
	}
}

// twin decides by the rules, from everything it ever saw.
type twin struct {
	notes []struct {
		key, who int
		at       record.Micros
		bound    bool
	}
	held []resolve.Held
	who  []int // key of held
}

func (w *twin) holder(key int, at record.Micros) int {
	holder := 0
	sorted := slices.Clone(w.notes)
	slices.SortStableFunc(sorted, func(a, b struct {
		key, who int
		at       record.Micros
		bound    bool
	}) int {
		return int(a.at - b.at)
	})
	for _, n := range sorted {
		if n.key != key || n.at > at || n.at == at && holder != 0 {
			continue
		}
		if n.bound {
			holder = n.who
		} else if holder == n.who {
			holder = 0
		}
	}
	return holder
}

// Whatever is noted, held and passed, in whatever order, with cuts that take
// their time, fail or succeed, and restarts at any step: each record is decided once, when and as the rules say.
func TestAgainstTheRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table, slow := resolve.New(settings), &twin{}
		log := &store{pieces: map[string][]byte{}}
		passed := record.Micros(0)
		var got, want []string
		keys := []resolve.Key{key("10.45.0.1"), key("2001:db8::1")}
		take := func(h *resolve.Held, who identity.SUPI) {
			got = append(got, fmt.Sprintf("%d %s %s", h.Offset, who.Reveal(), h.Value))
			table.Done(h)
		}
		for n := range rapid.IntRange(1, 60).Draw(t, "steps") {
			k, at := rapid.IntRange(0, 1).Draw(t, "key"), record.Micros(rapid.IntRange(0, 100).Draw(t, "at"))
			switch rapid.IntRange(0, 6).Draw(t, "what") {
			case 0, 1:
				who, bound := rapid.IntRange(1, 3).Draw(t, "who"), rapid.Bool().Draw(t, "bound")
				slow.notes = append(slow.notes, struct {
					key, who int
					at       record.Micros
					bound    bool
				}{k, who, at, bound})
				if bound {
					table.Bind(keys[k], at, supi(who))
				} else {
					table.Release(keys[k], at, supi(who))
				}
				table.Covered(keys[k], take)
			case 2:
				h := resolve.Held{At: at, Offset: int64(n), Key: keys[k], Value: fmt.Appendf(nil, "value %d", n)}
				slow.held, slow.who = append(slow.held, h), append(slow.who, k)
				if !table.Hold(h) {
					t.Fatalf("no room for record %d", n)
				}
			case 3:
				passed += record.Micros(rapid.IntRange(0, 20).Draw(t, "passed"))
			case 4, 5:
				if log.cutting == nil {
					log.cut(table)
				} else {
					log.settle(table, rapid.Bool().Draw(t, "commit"))
				}
			case 6:
				if log.cutting != nil {
					log.settle(table, rapid.Bool().Draw(t, "commit"))
				}
				log.cut(table)
				log.settle(table, true)
				table = log.restart(t)
			}
			for h, who := table.Next(passed); h != nil; h, who = table.Next(passed) {
				take(h, who)
			}
			table.Expire(passed - 500)
			for i := 0; i < len(slow.held); i++ {
				h, who := slow.held[i], slow.holder(slow.who[i], slow.held[i].At)
				if h.At < passed && who != 0 || passed-h.At >= settings.Wait && h.At < passed {
					reveal := ""
					if who != 0 {
						reveal = supi(who).Reveal()
					}
					want = append(want, fmt.Sprintf("%d %s %s", h.Offset, reveal, h.Value))
					slow.held, slow.who = slices.Delete(slow.held, i, i+1), slices.Delete(slow.who, i, i+1)
					i--
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("step %d: decided %v, want %v", n, got, want)
			}
			oldest := record.Micros(1<<63 - 1)
			for _, h := range slow.held {
				oldest = min(oldest, h.At)
			}
			if table.Oldest() != oldest {
				t.Fatalf("step %d: oldest %d, want %d", n, table.Oldest(), oldest)
			}
		}
	})
}

// store is what the log holds of a table, and the cut that is being written.
type store struct {
	pieces  map[string][]byte
	cutting []func()
}

// cut writes down what a cut holds, as it is now.
func (s *store) cut(table *resolve.Table) {
	s.cutting = []func(){}
	put := func(name string, piece []byte) {
		if piece == nil {
			s.cutting = append(s.cutting, func() { delete(s.pieces, name) })
			return
		}
		piece = slices.Clone(piece)
		s.cutting = append(s.cutting, func() { s.pieces[name] = piece })
	}
	table.CutBindings(func(name, piece []byte) { put("b"+string(name), piece) })
	table.CutHeld(
		func(slot int32, piece []byte) { put(fmt.Sprint("w", slot), piece) },
		func(offset int64) { put(fmt.Sprint("h", offset), nil) })
}

// settle ends the cut.
func (s *store) settle(table *resolve.Table, commit bool) {
	for _, write := range s.cutting {
		if commit {
			write()
		}
	}
	s.cutting = nil
	table.Settle(commit)
}

// restart builds a table from what is stored.
func (s *store) restart(t interface{ Fatalf(string, ...any) }) *resolve.Table {
	back := resolve.New(settings)
	for name, piece := range s.pieces {
		r := wire.NewReader(piece)
		restore := back.RestoreBinding
		switch name[0] {
		case 'w':
			restore = back.RestoreHeld
		case 'h':
			restore = back.RestoreFormerHeld
		}
		if err := restore(&r); err != nil {
			t.Fatalf("restore: %v", err)
		}
	}
	back.Restored()
	return back
}

// A record of the layout before gets a slot: the next cut that commits, and only
// that, writes it under that name and removes the one it had.
func TestFormerPiecesAreRenamed(t *testing.T) {
	var value []byte
	for _, n := range []int64{7, 1, 1} { // offset, event time, append time
		value = wire.AppendLong(value, n)
	}
	value = wire.AppendAddr(value, netip.MustParseAddr("10.45.0.1"))
	value = wire.AppendString(wire.AppendString(value, "iot"), "1")
	value = append(wire.AppendInt(value, 5), "value"...)
	table := resolve.New(settings)
	r := wire.NewReader(value)
	if err := table.RestoreFormerHeld(&r); err != nil {
		t.Fatal(err)
	}
	table.Restored()
	for i, c := range []struct {
		commit bool
		want   string
	}{{false, "writes 0, removes 7"}, {true, "writes 0, removes 7"}, {true, ""}} {
		var got []string
		table.CutHeld(func(slot int32, piece []byte) { got = append(got, fmt.Sprint("writes ", slot)) },
			func(offset int64) { got = append(got, fmt.Sprint("removes ", offset)) })
		table.Settle(c.commit)
		slices.Sort(got)
		slices.Reverse(got)
		if strings.Join(got, ", ") != c.want {
			t.Errorf("cut %d %q, want %q", i, got, c.want)
		}
	}
}

// Names of pieces are used again: a record that waited for a moment leaves none
// behind that would have to be removed.
func TestSlotsAreUsedAgain(t *testing.T) {
	table, names := resolve.New(settings), map[int32]bool{}
	removals := 0
	for offset := range int64(1000) {
		table.Hold(resolve.Held{At: record.Micros(offset), Offset: offset, Key: key("10.45.0.1"), Value: []byte("value")})
		table.CutHeld(func(slot int32, piece []byte) {
			names[slot] = true
			if piece == nil {
				removals++
			}
		}, nil)
		table.Settle(true)
		for h, _ := table.Next(record.Micros(offset) + settings.Wait); h != nil; h, _ = table.Next(record.Micros(offset) + settings.Wait) {
			table.Done(h)
		}
	}
	if len(names) > 3 || removals > 3 {
		t.Errorf("1,000 records that waited one after the other took %d names and %d removals", len(names), removals)
	}
}

func TestBounds(t *testing.T) {
	table := resolve.New(resolve.Settings{Wait: 10, Keep: 1000, HeldBytes: 1000, Bindings: 2})
	for i, want := range []bool{true, true, false} {
		if got := table.Bind(key(fmt.Sprintf("10.45.0.%d", i+1)), 10, supi(i+1)); got != want {
			t.Errorf("address %d: bound %v, want %v", i+1, got, want)
		}
	}
	table.Release(key("10.45.0.1"), 20, supi(1))
	table.Expire(1019)
	if n, _, refused := table.Size(); n != 2 || refused != 1 {
		t.Errorf("before the time to keep it: %d addresses, %d refused", n, refused)
	}
	table.Expire(1020)
	if n, _, _ := table.Size(); n != 1 || !table.Bind(key("10.45.0.3"), 1020, supi(3)) {
		t.Errorf("a released address was not forgotten: %d remembered", n)
	}
	held := 0
	for i := range 10 {
		if table.Hold(resolve.Held{At: 1, Offset: int64(i), Key: key("10.45.0.9"), Value: make([]byte, 100)}) {
			held++
		}
	}
	if _, bytes, _ := table.Size(); held != 3 || bytes > 1000 {
		t.Errorf("held %d records in %d bytes, want 3 within 1000", held, bytes)
	}
	for h, _ := table.Next(100); h != nil; h, _ = table.Next(100) {
		table.Done(h)
	}
	if _, bytes, _ := table.Size(); bytes != 0 {
		t.Errorf("%d bytes held after all was decided", bytes)
	}
}

// A flapping session keeps a bounded history, and its newest part is right.
func TestHistoryIsBounded(t *testing.T) {
	table := resolve.New(settings)
	for i := range 5000 {
		table.Bind(key("10.45.0.1"), record.Micros(i), supi(i%7+1))
	}
	for i := 4990; i < 5000; i++ {
		if got := table.Holder(key("10.45.0.1"), record.Micros(i)+1); i < 4999 && got != supi(i%7+1) && got != supi((i+1)%7+1) {
			t.Errorf("at %d: got %q", i+1, got.Reveal())
		}
	}
	size := 0
	table.CutBindings(func(_, piece []byte) { size = len(piece) })
	if size > 64*32 {
		t.Errorf("history of %d bytes", size)
	}
}

// A source that writes the same event, or the same time, again and again fills
// neither the history of its address nor the list of those to be forgotten.
func TestRepeatedEventsAreBounded(t *testing.T) {
	for name, note := range map[string]func(*resolve.Table, int){
		"bound at one time":    func(table *resolve.Table, i int) { table.Bind(key("10.45.0.1"), 500, supi(i%7+1)) },
		"released at one time": func(table *resolve.Table, _ int) { table.Release(key("10.45.0.1"), 500, supi(1)) },
		"flapping": func(table *resolve.Table, i int) {
			table.Bind(key("10.45.0.1"), record.Micros(500+i/1000), supi(1))
			table.Release(key("10.45.0.1"), record.Micros(500+i/1000), supi(1))
		},
	} {
		table := resolve.New(settings)
		for i := range 10_000 {
			note(table, i)
		}
		size := 0
		table.CutBindings(func(_, piece []byte) { size = len(piece) })
		if size > 64*32 {
			t.Errorf("%s: history of %d bytes, want at most %d", name, size, 64*32)
		}
		if n := table.Expiries(); n > 1 {
			t.Errorf("%s: one address stands %d times among those to be forgotten, want once", name, n)
		}
	}
}

// An address that is released more than once is forgotten when the last of them
// is old, however it was written down.
func TestForgottenAfterTheLastRelease(t *testing.T) {
	table := resolve.New(settings)
	k := key("10.45.0.1")
	table.Bind(k, 10, supi(1))
	table.Release(k, 20, supi(1))
	table.Bind(k, 30, supi(1))
	table.Expire(1020) // bound again: the first release says nothing
	table.Release(k, 40, supi(1))
	table.Bind(k, 50, identity.SUPI{})
	for _, c := range []struct {
		passed record.Micros
		want   int
	}{{1040, 1}, {1049, 1}, {1050, 0}} {
		table.Expire(c.passed)
		if n, _, _ := table.Size(); n != c.want {
			t.Errorf("at %d: %d addresses remembered, want %d", c.passed, n, c.want)
		}
	}
}

// Room that a long record took is not kept for short ones: what waits would
// cost more than is counted.
func TestLongRecordsLeaveNoRoomBehind(t *testing.T) {
	table := resolve.New(resolve.Settings{Wait: 10, Keep: 1000, HeldBytes: 1 << 20, Bindings: 10})
	table.Hold(resolve.Held{At: 1, Offset: 1, Key: key("10.45.0.1"), Value: make([]byte, 64<<10)})
	h, _ := table.Next(100)
	table.Done(h)
	table.Hold(resolve.Held{At: 200, Offset: 2, Key: key("10.45.0.1"), Value: make([]byte, 160)})
	if h, _ = table.Next(300); cap(h.Value) > 8<<10 {
		t.Errorf("a record of 160 bytes waits in %d bytes", cap(h.Value))
	}
}

// One address may have all the records that wait: deciding them costs no more
// than deciding those of many addresses.
func BenchmarkOneAddressWaits(b *testing.B) {
	for _, addresses := range []int{1, 250} {
		b.Run(fmt.Sprint("addresses=", addresses), func(b *testing.B) {
			table := resolve.New(resolve.Settings{Wait: 10, Keep: 1000, HeldBytes: 1 << 30, Bindings: 1000})
			keys := make([]resolve.Key, addresses)
			for i := range keys {
				keys[i] = key(fmt.Sprintf("10.45.0.%d", i))
			}
			offset, passed := int64(0), record.Micros(0)
			for b.Loop() {
				for i := range 10000 {
					table.Hold(resolve.Held{At: passed, Offset: offset, Key: keys[i%addresses], Value: make([]byte, 160)})
					offset++
				}
				passed += 20
				for h, _ := table.Next(passed); h != nil; h, _ = table.Next(passed) {
					table.Done(h)
				}
				table.CutHeld(func(int32, []byte) {}, nil)
				table.Settle(true)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(offset), "ns/record")
		})
	}
}

func FuzzRestore(f *testing.F) {
	table := resolve.New(settings)
	table.Bind(key("10.45.0.1"), 1, supi(1))
	table.Hold(resolve.Held{At: 1, Offset: 2, Key: key("10.45.0.2"), Value: []byte("value")})
	table.CutBindings(func(_, piece []byte) { f.Add(slices.Clone(piece)) })
	table.CutHeld(func(_ int32, piece []byte) { f.Add(slices.Clone(piece)) }, nil)
	f.Fuzz(func(t *testing.T, piece []byte) {
		table := resolve.New(settings)
		r := wire.NewReader(piece)
		_ = table.RestoreBinding(&r)
		r = wire.NewReader(piece)
		_ = table.RestoreHeld(&r)
		r = wire.NewReader(piece)
		_ = table.RestoreFormerHeld(&r)
		table.Restored()
		for h, _ := table.Next(1000); h != nil; h, _ = table.Next(1000) {
			table.Done(h)
		}
	})
}

func ExampleTable() {
	table := resolve.New(settings)
	k := resolve.KeyOf(netip.MustParseAddr("10.45.0.7"), "iot", "1")
	table.Bind(k, 100, supi(1))
	table.Release(k, 200, supi(1))
	table.Bind(k, 210, supi(2))
	fmt.Println(table.Holder(k, 150) == supi(1), table.Holder(k, 205).IsZero(), table.Holder(k, 250) == supi(2))
	// Output: true true true
}
