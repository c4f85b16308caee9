package pane

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
)

// twin keeps everything and finds the sample at the end.
type twin struct {
	totals       Totals
	destinations map[uint64]Destination
}

func (w *twin) add(r *Report, hash uint64) {
	n := uint64(r.Observations)
	w.totals.Records++
	if r.Usage {
		w.totals.UsageUL += r.UL
		w.totals.UsageULWeighted += r.UL * n
		w.totals.UsageDL += r.DL
		return
	}
	w.totals.UL += r.UL
	w.totals.ULWeighted += r.UL * n
	w.totals.DL += r.DL
	w.totals.Starts += r.Starts
	w.totals.StartsWeighted += r.Starts * n
	if !r.Contact {
		return
	}
	d := w.destinations[hash]
	d.Key, d.Hash, d.Service = r.Destination, hash, r.Service
	d.Flows++
	d.UL += r.UL
	if r.Began {
		d.Began++
	}
	if r.Answered {
		d.Answered++
	} else {
		d.UnansweredUL += r.UL
		d.UnansweredPackets += r.ULPackets
		w.totals.UnansweredUL += r.UL
		w.totals.UnansweredPackets += r.ULPackets
		w.totals.UnansweredWeighted += r.ULPackets * n
	}
	w.destinations[hash] = d
}

// sample returns the Sample smallest hashes, largest first.
func (w *twin) sample() []Destination {
	hashes := slices.Sorted(maps.Keys(w.destinations))
	hashes = hashes[:min(len(hashes), Sample)]
	slices.Reverse(hashes)
	var list []Destination
	for _, h := range hashes {
		list = append(list, w.destinations[h])
	}
	return list
}

// reports draws reports towards at most 100 destinations.
func reports(t *rapid.T) []Report {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Report {
		return Report{
			Destination:  Key{Port: uint16(rapid.IntRange(1, 100).Draw(t, "port")), Protocol: TCP, Form: FormIPv4},
			Contact:      rapid.IntRange(0, 9).Draw(t, "contact") > 0,
			Began:        rapid.Bool().Draw(t, "began"),
			Answered:     rapid.Bool().Draw(t, "answered"),
			Usage:        rapid.IntRange(0, 19).Draw(t, "usage") == 0,
			Observations: uint8(rapid.IntRange(1, MaxObservations).Draw(t, "observations")),
			UL:           uint64(rapid.IntRange(0, 1e6).Draw(t, "ul")),
			DL:           uint64(rapid.IntRange(0, 1e6).Draw(t, "dl")),
			ULPackets:    uint64(rapid.IntRange(0, 1e3).Draw(t, "packets")),
			Starts:       1000,
		}
	}), 0, 400).Draw(t, "reports")
}

// contents returns a slot without what tells where it lies.
func contents(table *Table, slot *Slot) (Totals, []Destination) {
	var list []Destination
	for _, d := range table.Destinations(slot, nil) {
		copied := *d
		copied.next = 0
		list = append(list, copied)
	}
	return slot.Totals, list
}

// A pane is what its reports are, in whatever order they came.
func TestTableEqualsTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := reports(t)
		slow := twin{destinations: map[uint64]Destination{}}
		for i := range list {
			slow.add(&list[i], list[i].Destination.Hash(Seed{1, 2}))
		}
		var ring Ring
		var refs Refs
		for _, r := range rapid.Permutation(list).Draw(t, "order") {
			slot := ring.Open(3, &refs, 7)
			ring.Table(3).Add(slot, &r, r.Destination.Hash(Seed{1, 2}))
		}
		if len(list) == 0 {
			return
		}
		totals, sample := contents(ring.Table(3), ring.Find(3, &refs))
		if totals != slow.totals {
			t.Errorf("totals\n got %+v\nwant %+v", totals, slow.totals)
		}
		if want := slow.sample(); !reflect.DeepEqual(sample, want) {
			t.Errorf("sample\n got %+v\nwant %+v", sample, want)
		}
	})
}

// A slot read from its stored form is the slot that was stored.
func TestSlotSurvivesItsStoredForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var from, to Ring
		var fromRefs, toRefs Refs
		slot := from.Open(1, &fromRefs, 0)
		for _, r := range reports(t) {
			from.Table(1).Add(slot, &r, r.Destination.Hash(Seed{3, 4}))
		}
		stored := from.Table(1).AppendSlot(nil, slot)
		back := to.Open(1, &toRefs, 0)
		rest, err := to.Table(1).RestoreSlot(stored, back)
		if err != nil || len(rest) != 0 {
			t.Fatalf("restore: %v, %d bytes left", err, len(rest))
		}
		wantTotals, wantSample := contents(from.Table(1), slot)
		gotTotals, gotSample := contents(to.Table(1), back)
		if gotTotals != wantTotals || !reflect.DeepEqual(gotSample, wantSample) {
			t.Errorf("got %+v %+v, want %+v %+v", gotTotals, gotSample, wantTotals, wantSample)
		}
		for cut := range stored {
			if _, err := new(Table).RestoreSlot(stored[:cut], new(Slot)); err == nil {
				t.Fatalf("cut at %d of %d: no error", cut, len(stored))
			}
		}
	})
}

func FuzzRestoreSlot(f *testing.F) {
	var ring Ring
	var refs Refs
	slot := ring.Open(1, &refs, 0)
	ring.Table(1).Add(slot, &Report{Contact: true, Observations: 1, Destination: Key{Port: 23}}, 99)
	f.Add(ring.Table(1).AppendSlot(nil, slot))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = new(Table).RestoreSlot(b, new(Slot))
	})
}

// Adding to an open pane allocates nothing once its memory is there.
func TestAddAllocatesNothing(t *testing.T) {
	var ring Ring
	var refs Refs
	fill := func() {
		for i := range 200 {
			r := Report{Contact: true, Observations: 1, Destination: Key{Port: uint16(i)}}
			ring.Table(0).Add(ring.Open(0, &refs, 0), &r, r.Destination.Hash(Seed{}))
		}
	}
	fill()
	if n := testing.AllocsPerRun(10, fill); n != 0 {
		t.Errorf("allocations = %v, want 0", n)
	}
}

func TestRingCoversWidthPanes(t *testing.T) {
	var r Ring
	r.Jump(100)
	for n, want := range map[Number]bool{99: false, 100: true, 100 + Width - 1: true, 100 + Width: false} {
		if got := r.Covers(n); got != want {
			t.Errorf("Covers(%d) = %v, want %v", n, got, want)
		}
	}
}

func TestPaneOf(t *testing.T) {
	for _, c := range []struct {
		at   record.Micros
		want Number
	}{{0, 0}, {Length - 1, 0}, {Length, 1}, {MaxTime - 1, 1<<30 - 1}} {
		if got := Of(c.at); got != c.want {
			t.Errorf("Of(%d) = %d, want %d", c.at, got, c.want)
		}
	}
	if n := Number(5); n.End()-n.Start() != Length || Of(n.Start()) != n {
		t.Errorf("pane 5 is %d..%d", n.Start(), n.End())
	}
}
