package pane

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
	"cordon/internal/record/wire"
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
	if !r.Contact && !r.Destination.Inbound {
		return
	}
	d := w.destinations[hash]
	d.Key, d.Hash, d.Service = r.Destination, hash, r.Service
	if d.Flows == 0 {
		d.Time = r.Time
	}
	d.Time = min(d.Time, r.Time)
	d.Flows++
	d.UL += r.UL
	d.DL += r.DL
	if r.Began {
		d.Began++
	}
	if r.Answered {
		d.Answered++
	} else {
		d.UnansweredUL += r.UL
		d.UnansweredPackets += r.ULPackets
		d.Sampled += r.Sampled
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
			Destination:  Key{Port: uint16(rapid.IntRange(1, 100).Draw(t, "port")), Protocol: TCP, Form: FormIPv4, Inbound: rapid.IntRange(0, 9).Draw(t, "inbound") == 0},
			Time:         int32(rapid.IntRange(-60_000, 9_999).Draw(t, "time")),
			Contact:      rapid.IntRange(0, 9).Draw(t, "contact") > 0,
			Began:        rapid.Bool().Draw(t, "began"),
			Answered:     rapid.Bool().Draw(t, "answered"),
			Usage:        rapid.IntRange(0, 19).Draw(t, "usage") == 0,
			Observations: uint8(rapid.IntRange(1, MaxObservations).Draw(t, "observations")),
			UL:           uint64(rapid.IntRange(0, 1e6).Draw(t, "ul")),
			DL:           uint64(rapid.IntRange(0, 1e6).Draw(t, "dl")),
			ULPackets:    uint64(rapid.IntRange(0, 1e3).Draw(t, "packets")),
			Sampled:      uint32(max(rapid.IntRange(-50, 100).Draw(t, "sampled"), 0)),
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
		known := Known{Context: &Context{DNN: 1, SNSSAI: 300, PDUSession: 3}, Seed: Seed{3, 4}}
		slot := from.Open(1, &fromRefs, 0)
		slot.Context = Context{DNN: rapid.Uint32Range(0, 2).Draw(t, "dnn"), SNSSAI: 300, KeyEpoch: rapid.Int32Range(0, 1).Draw(t, "epoch"),
			PDUSession: rapid.Uint16Range(0, 3).Draw(t, "session"), EmergencyOn: rapid.Uint16Range(0, 1).Draw(t, "emergency")}
		for _, r := range reports(t) {
			r.Destination.Form = Form(rapid.IntRange(0, int(FormName)).Draw(t, "form"))
			r.Destination.Protocol = rapid.SampledFrom([]uint8{TCP, UDP}).Draw(t, "protocol")
			if r.Destination.Form != FormNone {
				r.Destination.Address[15] = rapid.Byte().Draw(t, "address")
			}
			from.Table(1).Add(slot, &r, r.Destination.Hash(known.Seed))
		}
		stored := from.Table(1).AppendSlot(nil, slot, known)
		back := to.Open(1, &toRefs, 0)
		r := wire.NewReader(stored)
		if !to.Table(1).ReadSlot(&r, back, known) || !r.Done() {
			t.Fatalf("%x cannot be read", stored)
		}
		wantTotals, wantSample := contents(from.Table(1), slot)
		gotTotals, gotSample := contents(to.Table(1), back)
		if gotTotals != wantTotals || back.Context != slot.Context || !reflect.DeepEqual(gotSample, wantSample) {
			t.Errorf("got %+v %+v %+v, want %+v %+v %+v", gotTotals, back.Context, gotSample, wantTotals, slot.Context, wantSample)
		}
		for cut := range stored {
			r := wire.NewReader(stored[:cut])
			if new(Table).ReadSlot(&r, new(Slot), known) {
				t.Fatalf("cut at %d of %d: no error", cut, len(stored))
			}
		}
	})
}

// Panes survive their stored form, wherever they lie from one another.
func TestNumberSurvivesItsStoredForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, from := Number(rapid.Int32().Draw(t, "pane")), Number(rapid.Int32().Draw(t, "from"))
		r := wire.NewReader(AppendNumber(nil, n, from))
		if got := ReadNumber(&r, from); got != n || !r.Done() {
			t.Errorf("pane %d from %d is %d when read", n, from, got)
		}
	})
}

func FuzzReadSlot(f *testing.F) {
	var ring Ring
	var refs Refs
	slot := ring.Open(1, &refs, 0)
	ring.Table(1).Add(slot, &Report{Contact: true, Observations: 1, Destination: Key{Port: 23}}, 99)
	f.Add(ring.Table(1).AppendSlot(nil, slot, Known{Context: new(Context)}))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := wire.NewReader(b)
		new(Table).ReadSlot(&r, new(Slot), Known{Context: new(Context)})
	})
}

// A copy of the ring holds the open panes as they were, whatever becomes of
// them.
func TestSharedRingStays(t *testing.T) {
	var ring, copied Ring
	var refs Refs
	report := Report{Contact: true, Observations: 1, UL: 7, Destination: Key{Port: 23}}
	ring.Table(0).Add(ring.Open(0, &refs, 5), &report, 99)
	ring.Share(&copied)
	then := refs
	ring.Table(0).Add(ring.Open(0, &refs, 5), &report, 99)
	ring.Close()
	refs[0] = 0
	ring.Open(1, &refs, 6)
	totals, sample := contents(copied.Table(0), copied.Find(0, &then))
	if totals.UL != 7 || len(sample) != 1 || sample[0].Flows != 1 || copied.Find(1, &then) != nil {
		t.Errorf("the copy has %+v with %+v, want what was there when it was made", totals, sample)
	}
	if ring.Unshare(&copied); copied.Table(0).Len() != 0 {
		t.Errorf("a copy that is gone has %d terminals", copied.Table(0).Len())
	}
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
