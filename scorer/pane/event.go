package pane

import (
	"cmp"
	"encoding/binary"

	"cordon/internal/record"
	"cordon/internal/record/wire"
	"cordon/scorer/page"
)

// EventSample is how many events are kept per terminal and pane: the earliest.
// More than three in a second, over a whole pane, is no life that a terminal
// leads; how many there were is told all the same.
const EventSample = 32

// Event is one thing that happened to a terminal beside its traffic: a record of
// the control plane, or one value of a device status.
type Event struct {
	At      uint16      // milliseconds from the start of the pane
	Kind    record.Kind // Session, Registration, RadioFailure, DeviceStatus or ExternalException
	What    uint8       // record.SessionEvent, record.RegistrationEvent, NGAP cause group, a Status, record.ExceptionID
	Outcome uint8       // record.Outcome of a registration; NGAP cause value of a radio failure; 1: an exception of a destination list
	Cause   uint8       // record.CauseClass of a session or registration; IP protocol of an exception
	Session uint16      // PDU session id + 1; 0: none; remote port of an exception
	Paged   bool        // the network asked for it
	Count   int32       // requests, failures; the value of a status; the level of an exception
	Slice   uint32      // Label of the slice's name
	Area    uint32      // Label of the tracking area code
	Cell    uint32      // first bytes of the cell's token, of an exception the End that it names; 0: none
	next    int32       // the event before it in time, index + 1
}

// Status says which value of a device status an event tells.
type Status uint8

// Values of a device status that a detector asks for; no other one takes a place of
// EventSample.
const (
	StatusCPU         Status = iota + 1 // per cent
	StatusBattery                       // per cent
	StatusTemperature                   // °C
	StatusReboots                       // count since the device was made
	StatusFirmware                      // half the Label of its version
	StatusRoaming                       // 0, 1
)

// compare orders events by time; equal ones by all they say, so that the order
// is total and the earliest do not depend on who came first.
func (e *Event) compare(o *Event) int {
	return cmp.Or(cmp.Compare(e.At, o.At), cmp.Compare(e.Kind, o.Kind), cmp.Compare(e.What, o.What), cmp.Compare(e.Outcome, o.Outcome),
		cmp.Compare(e.Cause, o.Cause), cmp.Compare(e.Session, o.Session), cmp.Compare(e.Count, o.Count), cmp.Compare(e.Cell, o.Cell),
		cmp.Compare(e.Area, o.Area), cmp.Compare(e.Slice, o.Slice), cmp.Compare(flag(e.Paged), flag(o.Paged)))
}

func flag(set bool) uint8 {
	if set {
		return 1
	}
	return 0
}

// AddEvent adds an event to a terminal's pane. Events of the same content are all
// kept: each is a record of its own.
func (t *Table) AddEvent(s *Slot, e Event) {
	s.Happened++
	before := int32(0) // from the latest to the earliest
	at := s.happened
	for at != 0 && t.events.At(at-1).compare(&e) > 0 {
		before, at = at, t.events.At(at-1).next
	}
	full := s.events == EventSample
	if full && before == 0 {
		return
	}
	place := int32(0)
	if full {
		place = s.happened
		s.happened = t.events.At(place - 1).next
		if before == place {
			before = 0
		}
	} else {
		var pages *page.Spare[Event]
		if t.spare != nil {
			pages = &t.spare.events
		}
		place = t.events.Add(pages) + 1
		s.events++
	}
	e.next = at
	*t.events.Edit(place - 1) = e
	if before == 0 {
		s.happened = place
	} else {
		t.events.Edit(before - 1).next = place
	}
}

// Events appends the kept events of a terminal's pane, the earliest first.
func (t *Table) Events(s *Slot, to []Event) []Event {
	from := len(to)
	for at := s.happened; at != 0; {
		e := *t.events.At(at - 1)
		to, at = append(to, e), e.next
	}
	for i, j := from, len(to)-1; i < j; i, j = i+1, j-1 {
		to[i], to[j] = to[j], to[i]
	}
	return to
}

// Label stands for a name where only equality counts; 0 for no name. Unlike the
// number of an interned string it does not depend on what came before.
func Label(name string) uint32 {
	if name == "" {
		return 0
	}
	k := NameOf(name)
	return max(binary.LittleEndian.Uint32(k.Address[8:]), 1)
}

// EventsOf appends what a record of the control plane or of device management
// tells.
func EventsOf(r *record.PseudonymisedTelemetry, to []Event) []Event {
	e := Event{
		At:   uint16((r.OccurredAt - Of(r.OccurredAt).Start()) / record.Millisecond),
		Kind: r.Kind, Cell: binary.BigEndian.Uint32(r.CellToken[:4]),
		Slice: Label(r.SNSSAI), Area: Label(r.TrackingAreaCode),
	}
	if id := r.PDUSessionID.Or(-1); id >= 0 && id <= 255 {
		e.Session = uint16(id) + 1
	}
	switch r.Kind {
	case record.KindSession:
		e.What, e.Cause, e.Count = uint8(r.Session.Event), uint8(r.Session.CauseClass), r.Session.BackoffSeconds.Or(0)
	case record.KindRegistration:
		g := &r.Registration
		e.What, e.Outcome, e.Cause, e.Paged = uint8(g.Event), uint8(g.Outcome), uint8(g.CauseClass), g.NetworkInitiated
		e.Count = min(max(g.Count, 1), maxCount)
	case record.KindRadioFailure:
		f := &r.RadioFailure
		e.What, e.Outcome, e.Count = uint8(f.NgApCauseGroup), uint8(f.NgApCauseValue), min(max(f.Count, 1), maxCount)
	case record.KindDeviceStatus:
		return appendStatus(to, e, &r.DeviceStatus)
	case record.KindExternalException:
		x := &r.ExternalException
		e.What, e.Count = uint8(record.ExceptionNamed(x.ExceptionID)), min(max(x.Level, 0), 100)
		e.Cause, e.Session = uint8(x.Protocol.Or(0)), uint16(x.RemotePort.Or(0))
		e.Cell = KeyOf(&record.Flow{RemoteAddress: x.RemoteAddress}).End()
	default:
		return to
	}
	return append(to, e)
}

// maxCount bounds what one record may claim.
const maxCount = 1 << 20

// appendStatus appends an event for each value of a device status.
func appendStatus(to []Event, e Event, d *record.DeviceStatus) []Event {
	value := func(s Status, v record.Opt[int32]) {
		if v.Set {
			e.What, e.Count = uint8(s), v.Value
			to = append(to, e)
		}
	}
	value(StatusCPU, d.CPULoad)
	value(StatusBattery, d.BatteryLevel)
	value(StatusTemperature, d.Temperature)
	value(StatusReboots, d.RebootCount)
	value(StatusRoaming, record.Opt[int32]{Value: int32(flag(d.Roaming.Value)), Set: d.Roaming.Set})
	if d.FirmwareVersion != "" {
		value(StatusFirmware, record.Some(int32(Label(d.FirmwareVersion)>>1)))
	}
	return to
}

// appendEvents appends the events of a terminal's pane in their stored form.
func (t *Table) appendEvents(b []byte, s *Slot) []byte {
	b = wire.AppendInt(b, s.events)
	for at := s.happened; at != 0; {
		e := t.events.At(at - 1)
		b = append(b, byte(e.Kind), e.What, e.Outcome, e.Cause, flag(e.Paged))
		for _, n := range e.numbers() {
			b = wire.AppendInt(b, n)
		}
		at = e.next
	}
	return b
}

// numbers lists the wider fields in stored order.
func (e *Event) numbers() [6]int32 {
	return [...]int32{int32(e.At), int32(e.Session), e.Count, int32(e.Slice), int32(e.Area), int32(e.Cell)}
}

// readEvents reads what appendEvents wrote into a fresh slot.
func (t *Table) readEvents(r *wire.Reader, s *Slot) bool {
	kept := r.Int()
	if kept < 0 || kept > EventSample {
		return false
	}
	last := int32(0)
	for range kept { // from the latest to the earliest
		var b [5]byte
		r.Fixed(b[:])
		e := Event{Kind: record.Kind(b[0]), What: b[1], Outcome: b[2], Cause: b[3], Paged: b[4] != 0}
		e.At, e.Session, e.Count = uint16(r.Int()), uint16(r.Int()), r.Int()
		e.Slice, e.Area, e.Cell = uint32(r.Int()), uint32(r.Int()), uint32(r.Int())
		at := t.events.Add(nil) + 1
		*t.events.Edit(at - 1) = e
		if last == 0 {
			s.happened = at
		} else {
			t.events.Edit(last - 1).next = at
		}
		last = at
		s.events++
	}
	return true
}
