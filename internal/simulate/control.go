package simulate

import (
	"fmt"

	"cordon/internal/raw"
	"cordon/internal/record"
)

// attach is to register with the network and to establish the session that
// binds the terminal's address; then to register again from time to time.
type attach struct{}

// Steps of attach.
const (
	registering = iota
	establishing
	periodic
)

// periodicTimer is T3512, by which a registered terminal reports that it is
// still there (TS 24.501 table 10.2.1: 54 min).
const periodicTimer = 54 * record.Minute

// sessionDelay lies between registration and session.
const sessionDelay = 300 * record.Millisecond

func (attach) begin(f *Fleet, a *activity, at record.Micros) record.Micros {
	if a.step == periodic {
		return at + f.of(a).dice.around(periodicTimer, 1) // somebody else registers it
	}
	a.step = registering
	return at
}

func (attach) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	switch a.step {
	case registering:
		a.step = establishing
		f.registration(a, t, record.InitialRegistration)
		return t.OccurredAt + sessionDelay
	case establishing:
		a.step = periodic
		f.establish(a, t)
	default:
		f.registration(a, t, record.PeriodicRegistration)
	}
	return t.OccurredAt + f.of(a).dice.around(periodicTimer, 1)
}

// establish fills in the record that binds the address.
func (f *Fleet) establish(a *activity, t *raw.Telemetry) { f.session(a, t, record.SessionEstablished) }

// release fills in the record that gives the address up until a time: no packet
// of the terminal passes between.
func (f *Fleet) release(a *activity, t *raw.Telemetry, until record.Micros) {
	device := f.of(a)
	device.gap, device.gapEnd = t.OccurredAt, until
	f.session(a, t, record.SessionReleased)
}

// session fills in an event of the terminal's session.
func (f *Fleet) session(a *activity, t *raw.Telemetry, event record.SessionEvent) {
	device := f.of(a)
	t.SourceID, t.Kind = session, record.KindSession
	t.SUPI, t.UEAddress, t.PEI = supi(a.terminal), ueAddress(a.terminal), f.pei(a.terminal)
	t.PLMN, t.RATType = network, "NR"
	t.DNN, t.SNSSAI = f.network(device, t.OccurredAt)
	t.PDUSessionID = record.Some[int32](1)
	t.Session.Event = event
	t.Session.PDUSessionType = "IPV4"
	t.Session.CauseClass = record.CauseNone
}

// registration fills in an event between the terminal and its AMF.
func (f *Fleet) registration(a *activity, t *raw.Telemetry, event record.RegistrationEvent) {
	f.signal(a, t, record.KindRegistration)
	t.Registration = record.Registration{Event: event, Outcome: record.OutcomeSuccess, CauseClass: record.CauseNone, Count: 1}
}

// signal fills in what every record of the AMF says.
func (f *Fleet) signal(a *activity, t *raw.Telemetry, kind record.Kind) {
	cell := f.of(a).cell
	t.SourceID, t.Kind = mobility, kind
	t.SUPI, t.PLMN, t.RATType = supi(a.terminal), network, "NR"
	t.CellID, t.TrackingAreaCode = f.cells[cell], f.areas[cell/cellsPerArea]
}

// movement is to go from cell to cell, and from tracking area to tracking area.
type movement struct{}

// Steps of movement.
const (
	changingCell = iota
	changingArea
)

const (
	cellStay         = 10 * record.Minute // on average, hours at rest included
	cellsPerArea     = 16
	terminalsPerCell = 40
	areaDelay        = 400 * record.Millisecond // from the handover to the registration
)

func (movement) begin(f *Fleet, a *activity, at record.Micros) record.Micros {
	a.step = changingCell
	c := f.classOf(f.of(a))
	return at + record.Second + f.of(a).dice.irregular(cellStay*100/record.Micros(f.activity(c, at)))
}

func (m movement) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	if a.step == changingArea {
		f.registration(a, t, record.MobilityRegistration)
		return m.begin(f, a, t.OccurredAt)
	}
	device := f.of(a)
	from := device.cell
	step := int32(device.dice.in(span{1, 2}))
	if device.dice.chance(300) {
		step = -step
	}
	device.cell = (from + step + int32(len(f.cells))) % int32(len(f.cells))
	f.registration(a, t, record.Handover)
	if from/cellsPerArea != device.cell/cellsPerArea {
		a.step = changingArea
		return t.OccurredAt + areaDelay
	}
	return m.begin(f, a, t.OccurredAt)
}

// cellNames returns the NR cell identities and the tracking area codes of a
// fleet.
func cellNames(terminals int) (cells, areas []string) {
	n := terminals/terminalsPerCell + 2*cellsPerArea
	for i := range n {
		cells = append(cells, fmt.Sprintf("00101%09x", 0xa000+i))
	}
	for i := 0; i*cellsPerArea < n; i++ {
		areas = append(areas, fmt.Sprintf("%06x", 0xa00+i))
	}
	return cells, areas
}
