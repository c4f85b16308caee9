package detect

// What an operator calls benign is taken away: all that stands, and when it last grew.
// What was learned stays: a BENIGN about a group must not make its terminals strangers
// whose place, device and sessions nobody knows.

// Acquit takes away the evidence.
func (s *State) Acquit() { *s = State{met: s.met, Unsure: s.Unsure} }

// Acquit takes away what stands against destinations. Services stay services, and
// whatever they do from now on is known.
func (d *Destinations) Acquit() {
	kept := Destinations{outage: d.outage}
	for i := range d.slots {
		if s := &d.slots[i]; s.used && s.proven {
			s.excused, s.victim = true, false
			kept.slots[i] = *s
		}
	}
	*d = kept
}

// Acquit takes away churn and faults. Open sessions and the cells stay.
func (c *Control) Acquit() {
	*c = Control{sessions: c.sessions, excused: c.excused, part: c.part, cells: c.cells, seen: c.seen}
}

// Acquit takes away what stands. The device, its usual load and its homes stay; where
// the terminal is now, an area of that label or 0, is one of them.
func (d *Device) Acquit(label uint32) {
	kept := Device{
		home: d.home, equipment: d.equipment, renewed: d.renewed, roaming: d.roaming, load: d.load, reported: d.reported,
		reboots: d.reboots, day: d.day, battery: d.battery, drained: d.drained, seen: d.seen,
		strays: strays{began: d.strays.began, spoke: d.strays.spoke, weight: d.strays.weight},
	}
	if d.away != 0 && label != 0 {
		kept.home[1] = area{label: label, hours: 1, last: d.seen / panesPerHour}
	}
	*d = kept
}
