package detect

import (
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"cordon/internal/record"
	"cordon/internal/record/wire"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
	"cordon/scorer/profile"
)

// part is what Destinations, Control and Device have in common.
type part interface {
	At(n pane.Number, l *Levels)
	Append(b []byte, last pane.Number) []byte
	Read(r *wire.Reader, last pane.Number) bool
}

// aPane draws a pane of few destinations and events, so that they come again.
func aPane(t *rapid.T, n pane.Number) *feature.Vector {
	v := &feature.Vector{Pane: n, Totals: new(pane.Totals)}
	for range rapid.IntRange(0, 4).Draw(t, "destinations") {
		v.Seen = append(v.Seen, aDestination(t))
	}
	for range rapid.IntRange(0, 4).Draw(t, "events") {
		v.Events = append(v.Events, anEvent(t))
	}
	return v
}

func aDestination(t *rapid.T) feature.Seen {
	k := pane.Key{
		Port: uint16(rapid.IntRange(1, 5).Draw(t, "port")), Protocol: rapid.SampledFrom([]uint8{pane.TCP, pane.UDP}).Draw(t, "protocol"),
		Form: rapid.SampledFrom([]pane.Form{pane.FormIPv4, pane.FormIPv6, pane.FormName}).Draw(t, "form"),
	}
	k.Inbound = k.Form == pane.FormIPv4 && rapid.IntRange(0, 4).Draw(t, "inbound") == 0
	flows := uint32(rapid.IntRange(1, 20).Draw(t, "flows"))
	d := &pane.Destination{
		Key: k, Hash: uint64(k.Port), Flows: flows, Began: uint32(rapid.IntRange(0, int(flows)).Draw(t, "began")),
		Answered: uint32(rapid.IntRange(0, int(flows)).Draw(t, "answered")), Time: int32(rapid.IntRange(-60_000, 9999).Draw(t, "time")),
		UL: rapid.Uint64Range(0, 1e8).Draw(t, "ul"), DL: rapid.Uint64Range(0, 1e8).Draw(t, "dl"), UnansweredPackets: rapid.Uint64Range(0, 9).Draw(t, "unanswered"),
	}
	s := feature.Seen{Destination: d, Known: rapid.IntRange(0, 9).Draw(t, "known") == 0, Met: rapid.IntRange(0, 3).Draw(t, "met") == 0}
	s.Before = s.Known || rapid.IntRange(0, 3).Draw(t, "before") == 0
	if rapid.IntRange(0, 3).Draw(t, "peers") == 0 {
		s.Peers = feature.Shared{Members: 1000, Users: rapid.Int64Range(0, 1000).Draw(t, "users")}
	}
	return s
}

func anEvent(t *rapid.T) pane.Event {
	return pane.Event{
		At:   uint16(rapid.IntRange(0, 9999).Draw(t, "at")),
		Kind: rapid.SampledFrom([]record.Kind{record.KindSession, record.KindRegistration, record.KindRadioFailure, record.KindDeviceStatus, record.KindExternalException}).Draw(t, "kind"),
		What: uint8(rapid.IntRange(0, 9).Draw(t, "what")), Outcome: uint8(rapid.IntRange(0, 3).Draw(t, "outcome")), Cause: uint8(rapid.IntRange(0, 4).Draw(t, "cause")),
		Session: uint16(rapid.IntRange(0, 3).Draw(t, "session")), Count: int32(rapid.IntRange(0, 100).Draw(t, "count")),
		Slice: uint32(rapid.IntRange(1, 3).Draw(t, "slice")), Cell: uint32(rapid.IntRange(0, 3).Draw(t, "cell")), Paged: rapid.Bool().Draw(t, "paged"),
	}
}

// aProfile draws what is provisioned for a terminal, or nothing.
func aProfile(t *rapid.T) *profile.Expected {
	if rapid.IntRange(0, 3).Draw(t, "provisioned") == 0 {
		return nil
	}
	return profile.New(&record.Profile{
		StationaryIndication: rapid.SampledFrom([]string{"", "STATIONARY"}).Draw(t, "stationary"),
		PeriodicTime:         record.Some(int32(rapid.IntRange(0, 200).Draw(t, "period"))), CommunicationDurationTime: record.Some(int32(rapid.IntRange(0, 30).Draw(t, "duration"))),
		AllowedDestinations: []record.AllowRule{{AddressPrefix: "::/0", PortFrom: record.Some[int32](1), PortTo: record.Some[int32](4)}},
	})
}

// life draws the panes of a terminal and lets check look at the parts after each.
func life(t *rapid.T, check func(n pane.Number, d *Destinations, c *Control, e *Device)) {
	var d Destinations
	var c Control
	var e Device
	var ages SessionAges
	var ports Ports
	destinations, control, device := DefaultDestinationsRules(), DefaultControlRules(), DefaultDeviceRules()
	n := pane.Number(900_000)
	for range rapid.IntRange(1, 25).Draw(t, "panes") {
		n += pane.Number(rapid.SampledFrom([]int{1, 1, 1, 6, 60, 360, 8640, 9000}).Draw(t, "gap"))
		ref := &Reference{
			Age: pane.Number(rapid.IntRange(0, 720).Draw(t, "age")), Uplink: Normal{Value: 300_000}, Starts: Normal{Value: 40_000}, Ports: &ports,
			Short: record.Micros(rapid.IntRange(0, 200).Draw(t, "short")) * record.Second, Sessions: &ages, Rich: rapid.Bool().Draw(t, "rich"), Busiest: uint16(rapid.IntRange(0, 9).Draw(t, "busiest")),
			Busy: rapid.Bool().Draw(t, "busy"), Area: uint32(rapid.IntRange(0, 2).Draw(t, "area")), Equipment: uint32(rapid.IntRange(0, 2).Draw(t, "equipment")),
			Profile: aProfile(t),
		}
		v := aPane(t, n)
		d.Excuse(v)
		d.Step(v, ref, &destinations)
		c.Step(v, ref, &control)
		e.Step(v, ref, &device)
		ports.Learn(v, ref)
		if rapid.IntRange(0, 5).Draw(t, "missed") == 0 {
			e.Miss(n, n-600, new(Habit), &device.Silence)
		}
		check(n, &d, &c, &e)
	}
}

// Evidence stays within the caps and never rises by itself: the judge looks for the
// next pane in which it has something to say by halving.
func TestEvidenceOnlyFallsByItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		life(t, func(n pane.Number, d *Destinations, c *Control, e *Device) {
			s := Standing{State: new(State), Destinations: d, Control: c, Device: e}
			before := s.At(n)
			for f := range Families {
				if before.Of[f] < 0 || before.Of[f] > f.Cap() {
					t.Fatalf("%v has %d, its cap is %d", f, before.Of[f], f.Cap())
				}
			}
			for _, later := range []pane.Number{1, 30, 60, 180, 360, 8640, 100_000} {
				after := s.At(n + later)
				for f := range Families {
					if after.Of[f] > before.Of[f] {
						t.Fatalf("%v rises from %d to %d in %d panes without traffic", f, before.Of[f], after.Of[f], later)
					}
				}
				for f := range Faults {
					if after.Faults[f] > before.Faults[f] || after.Faults[f] > FaultCap {
						t.Fatalf("%v rises from %d to %d in %d panes without traffic", f, before.Faults[f], after.Faults[f], later)
					}
				}
				before = after
			}
		})
	})
}

// What is read is what was stored, and goes on to the same evidence.
func TestPartsSurviveTheirStoredForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		life(t, func(n pane.Number, d *Destinations, c *Control, e *Device) {
			var d2 Destinations
			var c2 Control
			var e2 Device
			for _, p := range []struct{ from, to part }{{d, &d2}, {c, &c2}, {e, &e2}} {
				r := wire.NewReader(p.from.Append(nil, n))
				if !p.to.Read(&r, n) || !r.Done() {
					t.Fatalf("%T cannot be read", p.from)
				}
			}
			if d2 != *d || c2 != *c || e2 != *e {
				t.Fatalf("read\n%+v\n%+v\n%+v\nstored\n%+v\n%+v\n%+v", d2, c2, e2, *d, *c, *e)
			}
		})
	})
}

func FuzzReadParts(f *testing.F) {
	for _, p := range []part{new(Destinations), new(Control), new(Device)} {
		f.Add(p.Append(nil, 1))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, p := range []part{new(Destinations), new(Control), new(Device)} {
			r := wire.NewReader(b)
			if p.Read(&r, 1000) {
				p.At(2000, new(Levels))
			}
		}
		r := wire.NewReader(b)
		new(SessionAges).Read(&r)
		r = wire.NewReader(b)
		new(Ports).Read(&r, 1000)
	})
}

func TestPartSizes(t *testing.T) {
	for name, c := range map[string][2]uintptr{
		"Destinations": {unsafe.Sizeof(Destinations{}), 600}, "Control": {unsafe.Sizeof(Control{}), 432},
		"Device": {unsafe.Sizeof(Device{}), 244}, "Habit": {unsafe.Sizeof(Habit{}), 112}, "Ports": {unsafe.Sizeof(Ports{}), 64},
	} {
		if c[0] > c[1] {
			t.Errorf("%s has %d bytes, want at most %d", name, c[0], c[1])
		}
	}
}
