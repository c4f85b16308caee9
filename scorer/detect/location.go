package detect

import (
	"cordon/internal/record"
	"cordon/scorer/pane"
)

// LocationRules are those of D10 and D14: a terminal that lives in one place and is
// somewhere else, or whose SIM is in another device.
type LocationRules struct {
	Enabled bool
	// Weight in per cent of the nats (100).
	Weight int64
	// Swap is what another device weighs (9), Roaming what a change to or from
	// roaming does (3): detection reference 3.4.
	Swap, Roaming Nats
}

const (
	panesPerHour = pane.Number(record.Hour / pane.Length)
	// homeHours is how long a terminal must have been seen at home before another
	// place is news.
	homeHours = 24
	// awaySpan is how long it must be away: reselection between neighbours flickers.
	awaySpan = pane.Number(10 * record.Minute / pane.Length)
	// moveSpan is how long it must be away until it lives there: it moved house.
	moveSpan = pane.Number(record.Day / pane.Length)
	// locationSpan is how long the last word about its place holds.
	locationSpan = pane.Number(record.Day / pane.Length)
)

// place follows where the terminal is.
func (d *Device) place(n pane.Number, ref *Reference, r *LocationRules) {
	if ref.Area == 0 || !r.Enabled {
		return
	}
	hour := n / panesPerHour
	for i := range d.home {
		a := &d.home[i]
		if a.label == ref.Area {
			d.stay(a, hour, i)
			break
		}
		if a.label == 0 {
			if i == 0 || d.home[0].hours < homeHours || d.away != 0 && n-d.away >= moveSpan {
				*a = area{label: ref.Area, hours: 1, last: hour}
			}
			break
		}
	}
	d.wander(n, ref, r)
}

// stay counts an hour at home.
func (d *Device) stay(a *area, hour pane.Number, i int) {
	if a.last != hour && a.hours < 1<<15 {
		a.hours++
		a.last = hour
	}
	if i > 0 && a.hours > d.home[i-1].hours {
		d.home[i-1], d.home[i] = d.home[i], d.home[i-1]
	}
}

// mover reports whether the terminal was seen in more areas than a home has.
func (d *Device) mover() bool { return d.home[homes-1].label != 0 }

// wander weighs that the terminal is in none of its areas: ln(1 + hours at home)
// for each hour away and the first one.
func (d *Device) wander(n pane.Number, ref *Reference, r *LocationRules) {
	d.location = 0
	if d.mover() || d.home[0].hours < homeHours || d.at(ref.Area) {
		d.away = 0
		return
	}
	if d.away == 0 {
		d.away = n
	}
	if n-d.away < awaySpan {
		return
	}
	hours := int64((n - d.away) / panesPerHour)
	nats := Ln(uint64(1+d.home[0].hours)) * Nats(1+min(hours, 10)) * Nats(r.Weight) / 100
	d.location, d.lastLocation = min(nats, Location.Cap()), n
}

// at reports whether an area is one of the terminal's.
func (d *Device) at(label uint32) bool {
	for i := range d.home {
		if d.home[i].label == label {
			return true
		}
	}
	return false
}

// locationAt returns D10 when pane n has passed.
func (d *Device) locationAt(n pane.Number) Nats {
	if n-d.lastLocation >= locationSpan {
		return 0
	}
	return d.location
}

// placeAt returns D10 against the profile when pane n has passed.
func (d *Device) placeAt(n pane.Number) Nats {
	if n-d.lastLocation >= locationSpan {
		return 0
	}
	return d.strays.place
}

// identify notes that the SIM is in another device (D14).
func (d *Device) identify(n pane.Number, ref *Reference, r *LocationRules) {
	if ref.Equipment == 0 {
		return
	}
	if d.equipment != 0 && d.equipment != ref.Equipment {
		d.renewed = n
		if r.Enabled {
			d.swap(deviceChange, r.Swap*Nats(r.Weight)/100, n)
		}
	}
	d.equipment = ref.Equipment
}

// Age returns for how many panes up to n the SIM has been in a device, as far as is
// known of it; 0 where the device is another one than before.
func (d *Device) Age(n pane.Number, equipment uint32) pane.Number {
	if equipment != 0 && d.equipment != 0 && equipment != d.equipment {
		return 0
	}
	return n - d.renewed
}

// roam notes that the terminal is at home or roaming.
func (d *Device) roam(now bool, n pane.Number, r *LocationRules) {
	state := int8(1)
	if now {
		state = 2
	}
	if d.roaming != 0 && d.roaming != state && r.Enabled {
		d.swap(roamingChange, r.Roaming*Nats(r.Weight)/100, n)
	}
	d.roaming = state
}

// swap adds the evidence of a change. The heavier one gives its name to what is left.
func (d *Device) swap(c change, nats Nats, n pane.Number) {
	left := d.swapped.halve(n)
	if nats >= left {
		d.causes.swap = c
	}
	d.swapped = Sum{min(left+nats, Location.Cap()), n}
	d.lastLocation = n
}

// Find explains a family.
func (d *Device) Find(f Family, n pane.Number) Finding {
	switch f {
	case Location:
		return d.findLocation(n)
	case Profile:
		return d.strays.find(n)
	case Host:
		return d.findHost()
	}
	return d.findExternal(n)
}
