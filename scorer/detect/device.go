package detect

import (
	"cordon/internal/record"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// Device is what is kept of the device behind a terminal: where it lives and which
// one it is (D10, D14), how busy and how healthy it says it is (D13), what firewalls
// say of it, what it did outside of its provisioned profile (D8), and whether it is
// missed (D16).
type Device struct {
	home      [homes]area
	away      pane.Number // since when it is in none of its areas; 0: it is at home
	equipment uint32      // token of the device; 0: not known
	renewed   pane.Number // when it became another device; 0: it never did
	roaming   int8        // 0 not known, 1 at home, 2 roaming
	swapped   Sum         // D14
	location  Nats        // D10, as of the last pane

	busy     pane.Number // since when it is busier than usual; 0: it is not
	load     int32       // its usual load, per cent × 256
	host     Sum         // D13
	reported pane.Number // last status

	reboots    int32 // as it last said; -1: never
	restarts   [2]uint16
	day        pane.Number // of restarts[0], since 1970
	battery    int32       // per cent, as of drained
	drained    pane.Number
	restart    Nats // as of lastFault
	external   Sum
	externalID record.ExceptionID

	strays  strays
	causes  causes
	silence silence

	lastLocation, lastHost, lastExternal, lastFault, seen pane.Number
}

// homes is how many areas count as where a terminal lives: two, for one that stands
// between cells. With more it is a mover, and another area is no news.
const homes = 3

// area is a tracking area and in how many hours the terminal was there.
type area struct {
	label uint32
	hours uint16
	last  pane.Number // hour it was last counted in
}

// DeviceRules are the thresholds of D10, D13, D14 and of what others report.
type DeviceRules struct {
	Location LocationRules
	Host     HostRules
	External ExternalRules
	Profile  ProfileRules
	Silence  SilenceRules
}

// DefaultDeviceRules returns the rules every published figure was measured with.
func DefaultDeviceRules() DeviceRules {
	return DeviceRules{
		Location: LocationRules{Enabled: true, Weight: 100, Swap: 9 * Nat, Roaming: 3 * Nat},
		Host:     HostRules{Enabled: true, Weight: 100, Load: 90, Temperature: 80, Restarts: 6, Drain: 25},
		External: ExternalRules{Enabled: true, Weight: 100},
		Profile:  ProfileRules{Enabled: true, Weight: 100},
		Silence:  SilenceRules{Enabled: true, Weight: 100, Ratio: 5, Least: pane.Panes(6 * record.Hour)},
	}
}

// Wants reports whether the pane tells anything of the device.
func (r *DeviceRules) Wants(v *feature.Vector, ref *Reference) bool {
	if ref.Area != 0 || ref.Equipment != 0 || ref.Profile != nil {
		return true
	}
	for i := range v.Events {
		if k := v.Events[i].Kind; k == record.KindDeviceStatus || k == record.KindExternalException {
			return true
		}
	}
	return false
}

// Step takes a pane.
func (d *Device) Step(v *feature.Vector, ref *Reference, r *DeviceRules) {
	d.wake(v.Pane)
	d.silence = silence{}
	d.place(v.Pane, ref, &r.Location)
	d.identify(v.Pane, ref, &r.Location)
	d.stray(v, ref, &r.Profile)
	status := status{}
	for i := range v.Events {
		e := &v.Events[i]
		switch {
		case e.Kind == record.KindExternalException:
			d.hear(e, v.Pane, &r.External)
		case e.Kind == record.KindDeviceStatus && pane.Status(e.What) == pane.StatusRoaming:
			d.roam(e.Count != 0, v.Pane, &r.Location)
		case e.Kind == record.KindDeviceStatus:
			status.take(e)
		}
	}
	if status.some && r.Host.Enabled {
		d.weighHost(&status, v.Pane, &r.Host)
	}
}

// wake notes that something is known of the device in pane n.
func (d *Device) wake(n pane.Number) {
	if d.seen == 0 {
		d.reboots, d.battery = -1, -1
	}
	d.seen = n
}

// ExternalRules are those of what firewalls and threat intelligence report. It
// corroborates and decides nothing: who can forge it must not isolate anybody.
type ExternalRules struct {
	Enabled bool
	// Weight in per cent of the nats (100).
	Weight int64
}

// hear takes a report: its level in per cent of 6 nats.
func (d *Device) hear(e *pane.Event, n pane.Number, r *ExternalRules) {
	if !r.Enabled || e.What == uint8(record.ExceptionUnknown) {
		return
	}
	nats := External.Cap() * Nats(e.Count) / 100 * Nats(r.Weight) / 100
	if nats >= d.externalAt(n) {
		d.external, d.externalID = Sum{min(nats, External.Cap()), n}, record.ExceptionID(e.What)
		c := &d.causes
		c.level, c.listed, c.protocol, c.otherPort = uint8(min(max(e.Count, 0), 100)), e.Outcome != 0, e.Cause, e.Session
		c.end = e.Cell
	}
	d.lastExternal = n
}

// deviceHalfLife lets a change of the device and a report of others fade.
const deviceHalfLife = int64(record.Day / pane.Length)

func (s Sum) halve(n pane.Number) Nats {
	value := Decay(s.Value, int64(max(n-s.At, 0)), deviceHalfLife)
	if value < scanFloor {
		return 0
	}
	return value
}

func (d *Device) externalAt(n pane.Number) Nats { return d.external.halve(n) }

// At writes the levels as they stand when pane n has passed.
func (d *Device) At(n pane.Number, l *Levels) {
	l.Of[Location] = min(d.locationAt(n)+d.swapped.halve(n)+d.placeAt(n), Location.Cap())
	l.Of[Profile] = d.strays.at(n)
	if n-d.reported < hostSpan {
		l.Of[Host] = d.host.Value
	}
	l.Of[External] = d.externalAt(n)
	restarts, drained := d.restartAt(n), d.causes.drain.at(n)
	l.Faults[Restart] = max(restarts, drained)
	l.Drained = drained > 0 && drained >= restarts
	l.Faults[Silence] = d.silence.at(n)
}

// Last returns the last pane that spoke for a family.
func (d *Device) Last(f Family) pane.Number {
	switch f {
	case Location:
		return d.lastLocation
	case Profile:
		return d.strays.lastStray()
	case Host:
		return d.lastHost
	case External:
		return d.lastExternal
	}
	return 0
}

// LastFault returns the last pane in which the device restarted too often or its
// battery drained, or the one in which it was missed.
func (d *Device) LastFault(f Fault) pane.Number {
	switch f {
	case Restart:
		return max(d.lastFault, d.causes.drain.last)
	case Silence:
		return d.silence.said
	}
	return 0
}

// deviceSpan is how long a device is remembered.
const deviceSpan = pane.Number(30 * record.Day / pane.Length)

// Empty reports whether nothing is worth keeping.
func (d *Device) Empty(n pane.Number) bool { return n-d.seen >= deviceSpan }
