package simulate

import (
	"cordon/internal/raw"
	"cordon/internal/record"
)

// departure is to be carried off: into another tracking area and about there.
type departure struct{}

// roamStay is how long what was carried off stays in a cell, on average.
const roamStay = 15 * record.Minute

func (departure) begin(_ *Fleet, a *activity, at record.Micros) record.Micros {
	a.step = 0
	return at + record.Second
}

func (departure) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	device := f.of(a)
	if a.step == 0 {
		a.step = 1
		f.carryOff(device)
		f.registration(a, t, record.MobilityRegistration)
	} else {
		// Within the area: its number stays.
		area := device.cell / cellsPerArea
		device.cell = f.cellIn(area, &device.dice)
		f.registration(a, t, record.Handover)
	}
	return t.OccurredAt + record.Second + device.dice.irregular(roamStay)
}

// carryOff puts a terminal into another tracking area.
func (f *Fleet) carryOff(device *terminal) {
	n := int64(len(f.areas))
	area := (int64(device.cell/cellsPerArea) + 1 + device.dice.below(n-1)) % n
	device.cell = f.cellIn(int32(area), &device.dice)
}

// cellIn returns one of the cells of an area.
func (f *Fleet) cellIn(area int32, d *dice) int32 {
	first := int64(area) * cellsPerArea
	return int32(first + d.below(min(cellsPerArea, int64(len(f.cells))-first)))
}

// swap is a subscriber that goes on in another device: the terminal leaves, and
// comes back as different equipment.
type swap struct {
	code string // type allocation code of the other device; empty: of the same type
	away bool   // it turns up in another tracking area some time later
}

// Steps of a swap.
const (
	leaving = iota
	releasing
	returning
	reestablishing
	departing
)

// thiefsDevice is the type allocation code of what stolen cards are put into.
const thiefsDevice = "00100190"

func (swap) begin(_ *Fleet, a *activity, at record.Micros) record.Micros {
	a.step = leaving
	return at + record.Second
}

func (s *swap) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	device := f.of(a)
	defer func() { a.step++ }()
	switch a.step {
	case leaving:
		f.registration(a, t, record.Deregistration)
		return t.OccurredAt + 100*record.Millisecond
	case releasing:
		back := t.OccurredAt + device.dice.around(90*record.Second, 40)
		f.release(a, t, back+sessionDelay)
		return back
	case returning:
		device.equipment, device.code = swappedSerial, s.code
		f.registration(a, t, record.InitialRegistration)
		return t.OccurredAt + sessionDelay
	case reestablishing:
		f.establish(a, t)
		if s.away {
			return t.OccurredAt + device.dice.around(20*record.Minute, 50)
		}
		return never
	}
	f.carryOff(device)
	f.registration(a, t, record.MobilityRegistration)
	return never
}

// swappedSerial is how much the serial number of other equipment is above the
// terminal's own: no other terminal of a fleet below half a million has it.
const swappedSerial = 500_000
