package task

import (
	"errors"

	"cordon/internal/record"
	"cordon/internal/record/wire"
	"cordon/scorer/pane"
)

// Bits of a stored terminal.
const (
	tellsEmergency = 1 << iota // it has an emergency session
	tellsCase
	tellsWarned
	tellsOpen // it has open panes
	tellsDestinations
	tellsControl
	tellsDevice
	tellsLeft
)

// errShort is returned for a piece that is cut short or impossible.
var errShort = errors.New("cut short")

// appendTerminal appends a terminal in its stored form: panes by their distance
// from the one it was last seen in, what most terminals do not have behind a bit,
// the open panes last.
func (f *frozen) appendTerminal(b []byte, term *terminal) []byte {
	tells := int32(0)
	if term.is(flagEmergency) {
		tells |= tellsEmergency
	}
	if term.is(flagLeft) {
		tells |= tellsLeft
	}
	for _, p := range [...]struct{ ref, bit int32 }{
		{term.parts.file, tellsCase}, {term.parts.destinations, tellsDestinations}, {term.parts.control, tellsControl}, {term.parts.device, tellsDevice},
	} {
		if p.ref != 0 {
			tells |= p.bit
		}
	}
	if term.warned != [2]record.Micros{} {
		tells |= tellsWarned
	}
	if term.open != (pane.Refs{}) {
		tells |= tellsOpen
	}
	b = wire.AppendLong(wire.AppendInt(b, tells), term.sequence)
	b = pane.AppendNumber(b, term.last, 0)
	b = pane.AppendNumber(pane.AppendNumber(b, term.first, term.last), term.told, term.last)
	b = term.context.Append(b, new(pane.Context))
	b = term.evidence.Append(b, term.last)
	b = term.memory.Append(b, term.last)
	b = term.member.Append(term.habit.Append(term.ports.Append(b, term.last)))
	if tells&tellsWarned != 0 {
		for _, at := range term.warned {
			b = wire.AppendLong(b, int64(at))
		}
	}
	if tells&tellsCase != 0 {
		f.inner = f.pools.cases.look(term.parts.file).Append(f.inner[:0])
		b = append(wire.AppendLong(b, int64(len(f.inner))), f.inner...)
	}
	if tells&tellsOpen != 0 {
		f.inner = f.appendPanes(f.inner[:0], term)
		b = append(wire.AppendLong(b, int64(len(f.inner))), f.inner...)
	}
	if d := f.pools.destinations.look(term.parts.destinations); d != nil {
		b = d.Append(b, term.last)
	}
	if c := f.pools.control.look(term.parts.control); c != nil {
		b = c.Append(b, term.last)
	}
	if d := f.pools.device.look(term.parts.device); d != nil {
		b = d.Append(b, term.last)
	}
	return b
}

// appendPanes appends the open panes of a terminal.
func (f *frozen) appendPanes(b []byte, term *terminal) []byte {
	known := pane.Known{Context: &term.context, Seed: pane.SeedOf(term.id)}
	for n := f.ring.First(); n < f.ring.First()+pane.Width; n++ {
		if slot := f.ring.Find(n, &term.open); slot != nil {
			b = f.ring.Table(n).AppendSlot(pane.AppendNumber(b, n, term.last), slot, known)
		}
	}
	return b
}

// stored is what a stored terminal holds beside its own numbers; both alias the
// piece.
type stored struct{ file, panes []byte }

// read fills in a terminal, which may hold an earlier piece of its own, and
// reports whether it could.
func (p *pools) read(t *terminal, value []byte, s *stored) bool {
	r := wire.NewReader(value)
	tells := r.Int()
	t.set(flagEmergency, tells&tellsEmergency != 0)
	t.set(flagLeft, tells&tellsLeft != 0)
	t.sequence = r.Long()
	t.last = pane.ReadNumber(&r, 0)
	t.first, t.told = pane.ReadNumber(&r, t.last), pane.ReadNumber(&r, t.last)
	t.context.Read(&r, new(pane.Context))
	t.evidence.Read(&r, t.last)
	t.memory.Read(&r, t.last)
	if !t.is(flagFormer) {
		t.ports.Read(&r, t.last)
		if !t.habit.Read(&r) {
			return false
		}
		t.member.Read(&r)
	}
	t.warned = [2]record.Micros{}
	if tells&tellsWarned != 0 {
		for i := range t.warned {
			t.warned[i] = record.Micros(r.Long())
		}
	}
	if tells&tellsCase != 0 {
		s.file = r.Bytes()
	}
	if tells&tellsOpen != 0 {
		s.panes = r.Bytes()
	}
	return p.readParts(t, &r, tells) && r.Done()
}

// readParts reads what not every terminal has.
func (p *pools) readParts(t *terminal, r *wire.Reader, tells int32) bool {
	p.destinations.drop(&t.parts.destinations)
	p.control.drop(&t.parts.control)
	p.device.drop(&t.parts.device)
	return (tells&tellsDestinations == 0 || p.destinations.open(&t.parts.destinations).Read(r, t.last)) &&
		(tells&tellsControl == 0 || p.control.open(&t.parts.control).Read(r, t.last)) &&
		(tells&tellsDevice == 0 || p.device.open(&t.parts.device).Read(r, t.last))
}

// openPanes opens the stored panes of a terminal.
func (t *Task) openPanes(number int32, b []byte) error {
	term := t.roster.at(number)
	known := pane.Known{Context: &term.context, Seed: pane.SeedOf(term.id), Former: term.is(flagFormer)}
	if term.is(flagFormer) {
		term.set(flagFormer, false)
		t.cut.removed = append(t.cut.removed, terminalKey(kindFormerTerminal, term.id))
		t.touch(number)
	}
	for r := wire.NewReader(b); !r.Done(); {
		n := pane.ReadNumber(&r, term.last)
		if !t.ring.Covers(n) || term.open[n%pane.Width] != 0 {
			return errNotOpen
		}
		slot := t.ring.Open(n, &term.open, number)
		if !t.ring.Table(n).ReadSlot(&r, slot, known) || !t.names.hold(&slot.Context) {
			return errShort
		}
	}
	return nil
}

// errNotOpen is returned for a stored pane that is none of those that are open.
var errNotOpen = errors.New("a pane that is not open")
