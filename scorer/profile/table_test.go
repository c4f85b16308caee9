package profile

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// give encodes a change and adds it.
func give(t interface{ Fatalf(string, ...any) }, to *Table, change any) Taken {
	value, err := record.Append(nil, change)
	if err != nil {
		t.Fatalf("%+v: %v", change, err)
	}
	return to.Add(change, value)
}

// at is the start of a pane.
func at(n pane.Number) record.Micros { return n.Start() }

var (
	pump   = Subject{Terminal: record.Pseudonym{1}, InternalGroupID: "pumps", TypeAllocationCode: "35209900"}
	other  = Subject{Terminal: record.Pseudonym{2}, InternalGroupID: "pumps", TypeAllocationCode: "35209900"}
	device = Subject{Terminal: record.Pseudonym{3}, TypeAllocationCode: "35209900"}
)

func protected(s Subject, from pane.Number) *record.ProfileChange {
	return &record.ProfileChange{
		Terminal: s.Terminal, InternalGroupID: s.InternalGroupID, TypeAllocationCode: s.TypeAllocationCode,
		Profile: record.Profile{Criticality: record.CriticalityProtected}, EffectiveFrom: at(from),
	}
}

// The narrowest profile counts; PROTECTED and EXEMPT wherever they stand.
func TestLevels(t *testing.T) {
	var table Table
	give(t, &table, &record.ProfileChange{TypeAllocationCode: "35209900", Profile: record.Profile{PeriodicTime: record.Some[int32](100)}})
	give(t, &table, &record.ProfileChange{InternalGroupID: "pumps", Profile: record.Profile{PeriodicTime: record.Some[int32](200), Criticality: record.CriticalityProtected}})
	give(t, &table, &record.ProfileChange{Terminal: pump.Terminal, Profile: record.Profile{PeriodicTime: record.Some[int32](300), Criticality: record.CriticalityNormal}})
	give(t, &table, &record.DecisionChange{Kind: record.DecisionExempt, Terminal: other.Terminal})
	table.Apply(5)
	for _, c := range []struct {
		who         Subject
		period      pane.Number
		criticality record.Criticality
	}{{pump, 30, record.CriticalityProtected}, {other, 20, record.CriticalityExempt}, {device, 10, record.CriticalityNormal}} {
		if e := table.Expected(c.who); e == nil || e.Period != c.period {
			t.Errorf("%v: got %+v, want a period of %d panes", c.who, e, c.period)
		}
		if got := table.Criticality(c.who); got != c.criticality {
			t.Errorf("%v: got %v, want %v", c.who, got, c.criticality)
		}
	}
	if e := table.Expected(Subject{Terminal: record.Pseudonym{9}}); e != nil {
		t.Errorf("of whom nothing is provisioned: got %+v", e)
	}
}

func TestBeginAndEnd(t *testing.T) {
	var table Table
	give(t, &table, protected(Subject{InternalGroupID: "pumps"}, 100))
	exempt := &record.DecisionChange{Kind: record.DecisionExempt, Terminal: pump.Terminal, EffectiveFrom: at(110), Until: record.Some(at(120))}
	give(t, &table, exempt)
	give(t, &table, &record.ProfileChange{InternalGroupID: "pumps", Removed: true, EffectiveFrom: at(130)})
	for _, c := range []struct {
		pane pane.Number
		want record.Criticality
	}{
		{99, record.CriticalityNormal}, {100, record.CriticalityProtected}, {109, record.CriticalityProtected}, {110, record.CriticalityExempt},
		{119, record.CriticalityExempt}, {120, record.CriticalityProtected}, {129, record.CriticalityProtected}, {130, record.CriticalityNormal},
	} {
		table.Apply(c.pane)
		if got := table.Criticality(pump); got != c.want {
			t.Errorf("pane %d: got %v, want %v", c.pane, got, c.want)
		}
	}
	if _, due := table.First(); due || table.Len() != 0 || table.bytes != 0 || len(table.shared) != 0 {
		t.Errorf("when all is over: %d entries, %d bytes, due %v; want nothing left", table.Len(), table.bytes, due)
	}
}

func TestRefused(t *testing.T) {
	for _, change := range []any{
		&record.ProfileChange{}, &record.ProfileChange{InternalGroupID: "a", TypeAllocationCode: "b"},
		&record.DecisionChange{Kind: record.DecisionBenign}, &record.DecisionChange{Kind: record.DecisionExempt},
		&record.DecisionChange{Kind: record.DecisionAllow, Terminal: pump.Terminal}, &record.DecisionChange{Kind: record.DecisionAllow, Destination: "::/x"},
		&record.DecisionChange{Kind: record.DecisionPause}, &record.SettingChange{}, &record.SettingChange{Name: "thresholds", Content: []byte("1")}, &record.SettingChange{Name: "destinations", Content: []byte("x y z")},
		&record.ProfileChange{InternalGroupID: "a", EffectiveFrom: -1}, &record.ProfileChange{InternalGroupID: "a", EffectiveFrom: pane.MaxTime}, &record.Progress{},
	} {
		var table Table
		if got := give(t, &table, change); got != Invalid || table.Len() != 0 {
			t.Errorf("%T %+v: got %d, want it refused", change, change, got)
		}
	}
	table := Table{bytes: MaxBytes}
	if got := give(t, &table, protected(Subject{InternalGroupID: "pumps"}, 1)); got != Full || len(table.shared) != 0 {
		t.Errorf("without room: got %d and %d profiles, want %d and none", got, len(table.shared), Full)
	}
}

// What a BENIGN excuses holds as long as it, and is found again after a restart.
func TestBenign(t *testing.T) {
	var table Table
	give(t, &table, &record.DecisionChange{Kind: record.DecisionBenign, Terminal: pump.Terminal, EffectiveFrom: at(10), Until: record.Some(at(20))})
	k := key(t, "198.51.100.66", 6667, pane.TCP)
	changes := table.Apply(10)
	if len(changes) != 1 || changes[0].Kind != Benign || changes[0].Subject.Terminal != pump.Terminal {
		t.Fatalf("got %+v, want one BENIGN", changes)
	}
	table.Excuse(changes[0], []pane.Key{k})
	again := restart(t, &table)
	for _, table := range []*Table{&table, again} {
		if !table.Allowed(pump, k) || table.Allowed(other, k) {
			t.Error("the destination of the case: want it allowed for this terminal alone")
		}
		if table.Apply(20); table.Allowed(pump, k) || table.Allows() {
			t.Error("after its end: want nothing allowed")
		}
	}
}

// restart returns a table made from the pieces of another.
func restart(t interface{ Fatalf(string, ...any) }, from *Table) *Table {
	var again Table
	for _, e := range slices.Backward(from.entries) {
		if err := again.Restore(e.number, e.append(nil)); err != nil {
			t.Fatalf("piece %d: %v", e.number, err)
		}
	}
	again.Start()
	return &again
}

// twin looks every change up anew.
type twin []any

func (w twin) criticality(who Subject, n pane.Number) record.Criticality {
	exempt, protect := map[Subject]bool{}, map[Subject]bool{}
	type step struct {
		from, number int
		do           func()
	}
	var steps []step
	for i, c := range w {
		switch r := c.(type) {
		case *record.ProfileChange:
			s := Subject{r.Terminal, r.InternalGroupID, r.TypeAllocationCode}
			steps = append(steps, step{int(r.EffectiveFrom), i, func() {
				protect[s] = !r.Removed && r.Profile.Criticality == record.CriticalityProtected && pane.Of(r.Profile.ValidUntil.Or(pane.MaxTime)) > n
			}})
		case *record.DecisionChange:
			s := Subject{r.Terminal, r.InternalGroupID, r.TypeAllocationCode}
			steps = append(steps, step{int(r.EffectiveFrom), i, func() {
				exempt[s] = r.Kind == record.DecisionExempt && pane.Of(r.Until.Or(pane.MaxTime)) > n
			}})
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return a.from - b.from })
	for _, s := range steps {
		if pane.Of(record.Micros(s.from)) <= n {
			s.do()
		}
	}
	result := record.CriticalityNormal
	for _, s := range who.levels() {
		if s.fields() == 0 {
			continue
		}
		if exempt[s] {
			return record.CriticalityExempt
		}
		if protect[s] {
			result = record.CriticalityProtected
		}
	}
	return result
}

// A table, however often it is restarted and whichever panes it is asked for, says
// what its changes say.
func TestTableLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var table Table
		var all twin
		stored := map[uint64][]byte{}
		cut := func() {
			for _, p := range table.Cut() {
				if stored[p.Number] = p.Value; p.Value == nil {
					delete(stored, p.Number)
				}
			}
			table.Settle(true)
		}
		for n := pane.Number(1); n < 40; n++ {
			for range rapid.IntRange(0, 1).Draw(t, "changes") {
				c := aChange(t, n)
				all = append(all, c)
				give(t, &table, c)
			}
			if rapid.Bool().Draw(t, "closed") {
				table.Apply(n)
				for _, who := range []Subject{pump, other, device} {
					if got, want := table.Criticality(who), all.criticality(who, n); got != want {
						t.Fatalf("pane %d, %v: got %v, want %v", n, who, got, want)
					}
				}
			}
			if rapid.IntRange(0, 3).Draw(t, "restart") == 0 {
				cut()
				var again Table
				for number, value := range stored {
					if err := again.Restore(number, value); err != nil {
						t.Fatalf("piece %d: %v", number, err)
					}
				}
				again.Start()
				if again.bytes != table.bytes || again.due != table.due || len(again.shared) != len(table.shared) {
					t.Fatalf("restarted: %d bytes, due %d, %d profiles; want %d, %d, %d", again.bytes, again.due, len(again.shared), table.bytes, table.due, len(table.shared))
				}
				table = again
			}
		}
	})
}

// aChange draws a change that the table takes, not before pane n.
func aChange(t *rapid.T, n pane.Number) any {
	s := rapid.SampledFrom([]Subject{{Terminal: pump.Terminal}, {Terminal: other.Terminal}, {InternalGroupID: "pumps"}, {TypeAllocationCode: "35209900"}}).Draw(t, "subject")
	from := at(n + pane.Number(rapid.IntRange(0, 9).Draw(t, "from")))
	end := record.Opt[record.Micros]{}
	if rapid.Bool().Draw(t, "ends") {
		end = record.Some(at(n + pane.Number(rapid.IntRange(0, 20).Draw(t, "until"))))
	}
	if rapid.Bool().Draw(t, "profile") {
		return &record.ProfileChange{
			Terminal: s.Terminal, InternalGroupID: s.InternalGroupID, TypeAllocationCode: s.TypeAllocationCode, EffectiveFrom: from,
			Removed: rapid.IntRange(0, 3).Draw(t, "removed") == 0,
			Profile: record.Profile{Criticality: rapid.SampledFrom([]record.Criticality{record.CriticalityNormal, record.CriticalityProtected}).Draw(t, "criticality"), ValidUntil: end},
		}
	}
	return &record.DecisionChange{
		Kind:     rapid.SampledFrom([]record.DecisionKind{record.DecisionExempt, record.DecisionEndExempt}).Draw(t, "kind"),
		Terminal: s.Terminal, InternalGroupID: s.InternalGroupID, TypeAllocationCode: s.TypeAllocationCode, Until: end, EffectiveFrom: from,
	}
}

// An aborted cut's pieces belong to the next one.
func TestAbortedCut(t *testing.T) {
	var table Table
	give(t, &table, protected(Subject{InternalGroupID: "pumps"}, 1))
	first := table.Cut()
	table.Settle(false)
	if again := table.Cut(); len(first) != 1 || len(again) != 1 || string(again[0].Value) != string(first[0].Value) {
		t.Errorf("got %v, then %v; want the same piece twice", first, again)
	}
	table.Settle(true)
	if rest := table.Cut(); len(rest) != 0 {
		t.Errorf("after a committed cut: got %v, want nothing", rest)
	}
}

// FuzzRestore reads any bytes without harm, and what can be read comes back.
func FuzzRestore(f *testing.F) {
	for _, change := range []any{protected(Subject{InternalGroupID: "pumps"}, 1), &record.SettingChange{Name: "destinations", Content: []byte("203.0.113.7 90")}} {
		value, err := record.Append(nil, change)
		if err != nil {
			f.Fatal(err)
		}
		f.Add((&entry{holds: true, excused: []pane.Key{{Port: 9}}, value: value}).append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var table Table
		if table.Restore(7, b) != nil {
			return
		}
		table.Start()
		table.Apply(1 << 29)
		restart(t, &table)
	})
}

func ExampleTable() {
	var table Table
	change := &record.ProfileChange{InternalGroupID: "pumps", Profile: record.Profile{Criticality: record.CriticalityProtected}, EffectiveFrom: 60 * record.Second}
	value, _ := record.Append(nil, change)
	table.Add(change, value)
	for _, n := range []pane.Number{5, 6} {
		table.Apply(n)
		fmt.Println(n, table.Criticality(Subject{InternalGroupID: "pumps"}))
	}
	// Output:
	// 5 NORMAL
	// 6 PROTECTED
}

func BenchmarkExpected(b *testing.B) {
	var table Table
	for i := range 100_000 {
		give(b, &table, protected(Subject{Terminal: record.Pseudonym{byte(i), byte(i >> 8), byte(i >> 16)}}, 0))
	}
	table.Apply(1)
	who, i := pump, 0
	for b.Loop() {
		i++
		who.Terminal = record.Pseudonym{byte(i), byte(i >> 8)}
		table.Expected(who)
	}
}
