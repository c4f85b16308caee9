package detect

import (
	"testing"

	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// Nothing stands after a BENIGN, nor does anything say that it lately did.
func TestAcquitTakesAllEvidence(t *testing.T) {
	state := State{Scan: Sum{9000, 10}, Peering: Sum{9000, 10}, Flood: Sum{9000, 10}, Uplink: Sum{9000, 10}, Starts: Sum{9000, 10}, LastScan: 10, LastFlood: 10, met: 3}
	destinations := Destinations{retry: Sum{9000, 10}, retries: retries{last: 10}, last: 10, blamed: verdictOn{last: 10, nats: [4]Nats{9000, 9000, 9000, 6000}}}
	destinations.slots[0] = slot{used: true, first: 5, last: 10, tried: 9, failedPanes: 9}
	destinations.slots[1] = slot{used: true, proven: true, first: 5, last: 10, tried: 9, ok: 9, rhythm: 9000}
	control := Control{churn: Sum{9000, 10}, lastChurn: 10, lastAccess: 10, access: 9000, lastRadio: 10, radioOf: 9000, lastPing: 10, pingsOf: 9000}
	device := Device{
		swapped: Sum{9000, 10}, location: 9000, lastLocation: 10, host: Sum{9000, 10}, reported: 10, lastHost: 10, external: Sum{6000, 10}, lastExternal: 10,
		restart: 9000, lastFault: 10, restarts: [2]uint16{9, 9}, causes: causes{drain: drain{nats: 9000, last: 10}}, strays: strays{elsewhere: 10, woke: [wakes]pane.Number{10, 9, 8}, long: 9000, tooLong: 10, place: 9000},
	}
	state.Acquit()
	destinations.Acquit()
	control.Acquit()
	device.Acquit(1)
	s := Standing{State: &state, Destinations: &destinations, Control: &control, Device: &device}
	if l := s.At(11); l.Sum() != 0 || l.Malfunction() != 0 {
		t.Errorf("got %+v, want nothing", l)
	}
	for f := range Families {
		if n := s.Last(f); n != 0 {
			t.Errorf("%v: last in pane %d, want never", f, n)
		}
	}
	for f := range Faults {
		if n := s.LastFault(f); n != 0 {
			t.Errorf("%v: last in pane %d, want never", f, n)
		}
	}
	rules, ref := DefaultDestinationsRules(), Reference{Age: 9999, Ports: &Ports{}}
	if destinations.slots[0].used || destinations.slots[1].against(11, &ref, &rules).sum() != 0 || !destinations.slots[1].proven {
		t.Errorf("slots %+v: want the service alone, and nothing against it", destinations.slots[:2])
	}
	if state.met != 3 {
		t.Errorf("met %d strangers that answered, want 3", state.met)
	}
}

// What was learned stays: after a BENIGN a terminal that moves is seen, also one that
// was away and may be where it is.
func TestAcquitKeepsWhatWasLearned(t *testing.T) {
	location := func(d *Device, n pane.Number) Nats {
		var l Levels
		d.At(n, &l)
		return l.Of[Location]
	}
	for _, c := range []struct {
		name    string
		at      uint32 // where it is when acquitted
		hours   int
		after   uint32 // where it is then
		evident bool
	}{
		{"stays at home", 1, 0, 1, false},
		{"leaves home", 1, 0, 2, true},
		{"away, and stays there", 2, 5, 2, false},
		{"away, and comes home", 2, 5, 1, false},
		{"away, and goes on", 2, 5, 3, true},
	} {
		var d Device
		n := d.livesAt(900_000, 72, 1)
		n = d.livesAt(n, c.hours, c.at)
		if d.Acquit(c.at); location(&d, n) != 0 {
			t.Errorf("%s: %d milli-nats just after", c.name, location(&d, n))
		}
		n = d.livesAt(n, 5, c.after)
		if got := location(&d, n) > 0; got != c.evident {
			t.Errorf("%s: %d milli-nats, want some: %v", c.name, location(&d, n), c.evident)
		}
		rules := DefaultDeviceRules()
		d.Step(&feature.Vector{Pane: n + 1}, &Reference{Equipment: 8}, &rules)
		if location(&d, n+1) < 8000 {
			t.Errorf("%s: another device is %d milli-nats, want 9000", c.name, location(&d, n+1))
		}
	}
	c := Control{cells: [2]cell{{1, 1}, {2, 1}}, seen: 10}
	c.sessions[0] = session{used: true, since: 1}
	if c.Acquit(); c.sessions[0].since != 1 || c.cells[0].label != 1 || c.Empty(11) {
		t.Errorf("got %+v, want its session and its cells", c)
	}
}
