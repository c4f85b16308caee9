package detect

import (
	"cordon/internal/record"
	"cordon/internal/record/wire"
	"cordon/scorer/pane"
)

// Append appends what is kept in its stored form: panes by their distance from the
// one the terminal was last seen in.
func (d *Device) Append(b []byte, last pane.Number) []byte {
	for _, n := range d.panes() {
		b = pane.AppendNumber(b, *n, last)
	}
	for _, n := range d.strays.panes() {
		b = pane.AppendNumber(b, *n, last)
	}
	for _, n := range d.numbers() {
		b = wire.AppendInt(b, *n)
	}
	b = append(wire.AppendInt(b, int32(d.equipment)), byte(d.roaming), byte(d.externalID))
	for i := range d.home {
		a := &d.home[i]
		b = wire.AppendInt(wire.AppendInt(wire.AppendInt(b, int32(a.label)), int32(a.hours)), int32(a.last))
	}
	b = wire.AppendInt(wire.AppendInt(b, int32(d.restarts[0])), int32(d.restarts[1]))
	return d.causes.append(b, last)
}

// Read reads what Append wrote, and reports whether it could.
func (d *Device) Read(r *wire.Reader, last pane.Number) bool {
	for _, n := range d.panes() {
		*n = pane.ReadNumber(r, last)
	}
	for _, n := range d.strays.panes() {
		*n = pane.ReadNumber(r, last)
	}
	for _, n := range d.numbers() {
		*n = r.Int()
	}
	d.equipment = uint32(r.Int())
	var b [2]byte
	r.Fixed(b[:])
	d.roaming, d.externalID = int8(b[0]), min(record.ExceptionID(b[1]), record.PingPongAcrossCells)
	for i := range d.home {
		d.home[i] = area{uint32(r.Int()), uint16(r.Int()), pane.Number(r.Int())}
	}
	d.restarts = [2]uint16{uint16(r.Int()), uint16(r.Int())}
	d.causes.read(r, last)
	return !r.Failed()
}

// panes lists the points in time in stored order.
func (d *Device) panes() [14]*pane.Number {
	return [...]*pane.Number{
		&d.away, &d.swapped.At, &d.busy, &d.host.At, &d.reported, &d.drained, &d.external.At,
		&d.lastLocation, &d.lastHost, &d.lastExternal, &d.lastFault, &d.seen, &d.renewed, &d.silence.said,
	}
}

// numbers lists the numbers in stored order.
func (d *Device) numbers() [18]*int32 {
	return [...]*int32{
		(*int32)(&d.swapped.Value), (*int32)(&d.location), &d.load, (*int32)(&d.host.Value),
		&d.reboots, (*int32)(&d.day), &d.battery, (*int32)(&d.restart), (*int32)(&d.external.Value),
		(*int32)(&d.strays.long), (*int32)(&d.strays.place), &d.strays.contacts, &d.strays.service, &d.strays.settled, &d.strays.weight,
		(*int32)(&d.silence.nats), &d.silence.quiet, &d.silence.usual,
	}
}
