package peer

import (
	"cordon/internal/record"
	"cordon/scorer/pane"
)

const (
	// updateSpan is how long after an update new destinations are expected.
	updateSpan = panesPerDay
	// updateAgain is how soon an update may follow another one: a device that reports
	// another version every day is not believed.
	updateAgain = 7 * panesPerDay
	// updateLeast terminals must have come to a version within two days: what a device
	// says of itself excuses nothing, what many devices do at once may.
	updateLeast = 5
)

// Report takes what a terminal's device says in the pane of Begin: the version of its
// firmware counts.
func (p *Peers) Report(m *Member, events []pane.Event) {
	for i := range events {
		if e := &events[i]; e.Kind == record.KindDeviceStatus && pane.Status(e.What) == pane.StatusFirmware {
			p.install(m, uint32(e.Count))
		}
	}
}

// install notes the version of a terminal's firmware; the first one is no update.
func (p *Peers) install(m *Member, version uint32) {
	n := p.gate.now
	if version == 0 || version == m.firmware {
		return
	}
	update := m.firmware != 0
	m.firmware = version
	if m.updated != 0 && n-m.updated < updateAgain {
		return
	}
	if update {
		m.updated = n
		p.uses.note(p.uses.useOf(firmwares, uint64(version)))
	}
}

// firmwares is the group in which versions are counted in the place of destinations.
const firmwares = 2

// Updated reports whether the terminal's firmware changed within a day, together with
// that of others.
func (p *Peers) Updated(m *Member) bool {
	if n := p.gate.now; m.updated == 0 || n-m.updated >= updateSpan {
		return false
	}
	users := p.uses.of(p.uses.useOf(firmwares, uint64(m.firmware)))
	return max(users[today], users[yesterday]) >= updateLeast
}
