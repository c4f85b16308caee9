package detect

import (
	"testing"

	"cordon/internal/record"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

func says(s pane.Status, value int32) pane.Event {
	return pane.Event{Kind: record.KindDeviceStatus, What: uint8(s), Count: value}
}

// livesAt lets a device be in an area, hour by hour.
func (d *Device) livesAt(n pane.Number, hours int, area uint32) pane.Number {
	rules := DefaultDeviceRules()
	for range hours {
		for range 6 {
			n += 60
			d.Step(&feature.Vector{Pane: n}, &Reference{Area: area, Equipment: 7}, &rules)
		}
	}
	return n
}

// D10: a terminal that lives in one place is somewhere else.
func TestLocation(t *testing.T) {
	for _, c := range []struct {
		name        string
		home, hours int // hours at home, hours away
		least, most Nats
	}{
		{"at home", 72, 0, 0, 0},
		{"new, then elsewhere", 2, 3, 0, 0},
		{"three days at home, an hour away", 72, 1, 4000, 9000},
		{"three days at home, three hours away", 72, 3, 12_000, 12_000},
	} {
		var d Device
		n := d.livesAt(900_000, c.home, 1)
		n = d.livesAt(n, c.hours, 2)
		l := Levels{}
		if d.At(n, &l); l.Of[Location] < c.least || l.Of[Location] > c.most {
			t.Errorf("%s: %d, want %d to %d", c.name, l.Of[Location], c.least, c.most)
		}
	}
	var mover Device
	n := pane.Number(900_000)
	for area := range uint32(6) {
		n = mover.livesAt(n, 30, area+1)
	}
	l := Levels{}
	if mover.At(n, &l); l.Of[Location] == 0 {
		return
	}
	t.Errorf("a terminal that moves once a day has %d nats in its sixth place, want 0", l.Of[Location])
}

// D14: another device weighs 9 nats, a change of roaming 3, and half after a day.
func TestIdentity(t *testing.T) {
	rules := DefaultDeviceRules()
	var d Device
	step := func(n pane.Number, equipment uint32, events ...pane.Event) Nats {
		d.Step(&feature.Vector{Pane: n, Events: events}, &Reference{Equipment: equipment}, &rules)
		l := Levels{}
		d.At(n, &l)
		return l.Of[Location]
	}
	for _, c := range []struct {
		name string
		got  Nats
		want Nats
	}{
		{"first device", step(1000, 1, says(pane.StatusRoaming, 0)), 0},
		{"the same device", step(1001, 1), 0},
		{"not said", step(1002, 0), 0},
		{"another device", step(1003, 2), 9000},
		{"it roams", step(1004, 2, says(pane.StatusRoaming, 1)), 11_999},
		{"a day later", step(1004+8640, 2), 5999},
	} {
		if c.got < c.want-5 || c.got > c.want+5 {
			t.Errorf("%s: %d, want %d", c.name, c.got, c.want)
		}
	}
}

// D13: busy for more than half an hour, 2 nats for ten minutes, at most 9.
func TestHost(t *testing.T) {
	rules := DefaultDeviceRules()
	for _, c := range []struct {
		name        string
		usual, load int32
		minutes     int
		want        Nats
	}{
		{"as always", 20, 25, 120, 0},
		{"busy for half an hour", 20, 97, 30, 0},
		{"busy for an hour", 20, 97, 60, 6000},
		{"busy for two hours", 20, 97, 120, 9000},
		{"forty points above its usual load", 20, 62, 120, 9000},
		{"always busy", 95, 97, 120, 0},
	} {
		var d Device
		n := pane.Number(900_000)
		for range 60 {
			n += 30
			d.Step(&feature.Vector{Pane: n, Events: []pane.Event{says(pane.StatusCPU, c.usual)}}, &Reference{}, &rules)
		}
		d.host = Sum{}
		for range c.minutes / 5 {
			n += 30
			d.Step(&feature.Vector{Pane: n, Events: []pane.Event{says(pane.StatusCPU, c.load)}}, &Reference{}, &rules)
		}
		l := Levels{}
		if d.At(n, &l); l.Of[Host] != c.want {
			t.Errorf("%s: %d, want %d", c.name, l.Of[Host], c.want)
		}
	}
}

func TestRestartsAndBattery(t *testing.T) {
	rules := DefaultDeviceRules()
	for _, c := range []struct {
		name   string
		events []pane.Event // one every ten minutes
		want   Nats
	}{
		{"one restart", []pane.Event{says(pane.StatusReboots, 5), says(pane.StatusReboots, 6)}, 0},
		{"a loop", []pane.Event{says(pane.StatusReboots, 5), says(pane.StatusReboots, 8), says(pane.StatusReboots, 12)}, FaultCap},
		{"the first word", []pane.Event{says(pane.StatusReboots, 500)}, 0},
		{"a battery as always", []pane.Event{says(pane.StatusBattery, 90), says(pane.StatusBattery, 88), says(pane.StatusBattery, 85)}, 0},
		{"a battery that drains", []pane.Event{says(pane.StatusBattery, 90), says(pane.StatusBattery, 75), says(pane.StatusBattery, 60)}, FaultCap},
		{"a battery that is changed", []pane.Event{says(pane.StatusBattery, 10), says(pane.StatusBattery, 100), says(pane.StatusBattery, 99)}, 0},
	} {
		var d Device
		n := pane.Number(900_000)
		for _, e := range c.events {
			n += 60
			d.Step(&feature.Vector{Pane: n, Events: []pane.Event{e}}, &Reference{}, &rules)
		}
		l := Levels{}
		if d.At(n, &l); l.Faults[Restart] != c.want || l.Sum() != 0 {
			t.Errorf("%s: %d, evidence %d; want %d, 0", c.name, l.Faults[Restart], l.Sum(), c.want)
		}
	}
}

// What others report is at most 6 nats, no family that counts, and fades.
func TestExternal(t *testing.T) {
	rules := DefaultDeviceRules()
	for level, want := range map[int32]Nats{0: 0, 50: 3000, 100: 6000} {
		var d Device
		e := pane.Event{Kind: record.KindExternalException, What: uint8(record.SuspicionOfDDoSAttack), Count: level}
		for n := range pane.Number(10) {
			d.Step(&feature.Vector{Pane: 1000 + n, Events: []pane.Event{e}}, &Reference{}, &rules)
		}
		l := Levels{}
		if d.At(1009, &l); l.Of[External] != want || l.Counted(3*Nat) != 0 {
			t.Errorf("level %d: %d, %d families; want %d and none", level, l.Of[External], l.Counted(3*Nat), want)
		}
	}
}

// What a reason says of a device is what its evidence comes from, also after the cause
// has passed and the evidence has not.
func TestCausesOfADevice(t *testing.T) {
	rules := DefaultDeviceRules()
	busy := func(d *Device, n pane.Number, load int32, minutes int) pane.Number {
		for range minutes / 5 {
			n += 30
			d.Step(&feature.Vector{Pane: n, Events: []pane.Event{says(pane.StatusCPU, load)}}, &Reference{}, &rules)
		}
		return n
	}
	report := pane.Event{Kind: record.KindExternalException, What: uint8(record.WrongDestinationAddress), Count: 90, Outcome: 1, Cause: 6, Session: 6667}
	for _, c := range []struct {
		name     string
		live     func(d *Device) pane.Number
		find     func(d *Device, n pane.Number) Finding
		feature  string
		value    int64
		expected int64
	}{
		{"busy for two hours, calm for ten minutes", func(d *Device) pane.Number {
			return busy(d, busy(d, busy(d, 900_000, 20, 120), 97, 120), 20, 10)
		}, func(d *Device, n pane.Number) Finding { return d.Find(Host, n) }, "hostBusy", 115, 30},
		{"another device", func(d *Device) pane.Number {
			d.Step(&feature.Vector{Pane: 1000}, &Reference{Equipment: 1}, &rules)
			d.Step(&feature.Vector{Pane: 1001}, &Reference{Equipment: 2}, &rules)
			return 1001
		}, func(d *Device, n pane.Number) Finding { return d.Find(Location, n) }, "deviceChanged", 1, 0},
		{"on a list", func(d *Device) pane.Number {
			d.Step(&feature.Vector{Pane: 1000, Events: []pane.Event{report}}, &Reference{}, &rules)
			return 1000
		}, func(d *Device, n pane.Number) Finding { return d.Find(External, n) }, "destinationListed", 90, 0},
		{"a battery that drains, and a restart", func(d *Device) pane.Number {
			for i, e := range []pane.Event{says(pane.StatusReboots, 1), says(pane.StatusBattery, 90), says(pane.StatusBattery, 60), says(pane.StatusReboots, 4)} {
				d.Step(&feature.Vector{Pane: 1000 + pane.Number(i), Events: []pane.Event{e}}, &Reference{}, &rules)
			}
			return 1003
		}, func(d *Device, n pane.Number) Finding { return d.FindFault(Restart, n) }, "batteryDrain", 30, 24},
		{"restarts", func(d *Device) pane.Number {
			for i, e := range []pane.Event{says(pane.StatusReboots, 1), says(pane.StatusReboots, 5)} {
				d.Step(&feature.Vector{Pane: 1000 + pane.Number(i), Events: []pane.Event{e}}, &Reference{}, &rules)
			}
			return 1001
		}, func(d *Device, n pane.Number) Finding { return d.FindFault(Restart, n) }, "restarts", 4, 2},
	} {
		var d Device
		n := c.live(&d)
		if got := c.find(&d, n); got.Feature != c.feature || got.Value != c.value || got.Expected != c.expected {
			t.Errorf("%s: %s %d where %d is normal, want %s %d and %d", c.name, got.Feature, got.Value, got.Expected, c.feature, c.value, c.expected)
		}
	}
}

// A restart that weighs little takes nothing away from a battery that drains.
func TestDrainOutlastsARestart(t *testing.T) {
	rules := DefaultDeviceRules()
	var d Device
	for i, e := range []pane.Event{says(pane.StatusReboots, 1), says(pane.StatusBattery, 90), says(pane.StatusBattery, 60), says(pane.StatusReboots, 4)} {
		d.Step(&feature.Vector{Pane: 1000 + pane.Number(i), Events: []pane.Event{e}}, &Reference{}, &rules)
	}
	l := Levels{}
	if d.At(1003, &l); l.Faults[Restart] != FaultCap || !l.Drained {
		t.Errorf("%d nats, drained %v; want %d of the drain", l.Faults[Restart], l.Drained, FaultCap)
	}
	l = Levels{}
	if d.At(1002+faultSpan, &l); l.Faults[Restart] != restartNats || l.Drained {
		t.Errorf("half an hour after the drain: %d nats, drained %v; want %d of the restarts", l.Faults[Restart], l.Drained, restartNats)
	}
}

func BenchmarkDevice(b *testing.B) {
	rules := DefaultDeviceRules()
	var d Device
	v := &feature.Vector{Events: []pane.Event{says(pane.StatusCPU, 20), says(pane.StatusBattery, 90)}}
	ref := Reference{Area: 1, Equipment: 1}
	for b.Loop() {
		v.Pane++
		d.Step(v, &ref, &rules)
	}
}

// A terminal of which nobody knows what is normal is no case for what it sends, unless
// it floods.
func TestVolumeOfAnUnknownTerminal(t *testing.T) {
	for _, c := range []struct {
		name                string
		unsure              bool
		scan, flood, volume Nats
		want                Nats // of volume
	}{
		{"known", false, 9000, 0, 12_000, 12_000},
		{"unknown", true, 9000, 0, 12_000, 10_000},
		{"unknown, and it floods", true, 9000, 5000, 12_000, 12_000},
		{"unknown, and it scans", true, 25_000, 0, 12_000, 12_000},
		{"unknown, little", true, 3000, 0, 12_000, 12_000},
	} {
		s := State{Unsure: c.unsure, Scan: Sum{c.scan, 1000}, Flood: Sum{c.flood, 1000}, Uplink: Sum{c.volume, 1000}}
		if l := (Standing{State: &s}).At(1000); l.Of[Volume] != c.want {
			t.Errorf("%s: %d nats of volume, want %d", c.name, l.Of[Volume], c.want)
		}
	}
}
