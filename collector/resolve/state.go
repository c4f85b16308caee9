package resolve

import (
	"errors"

	"cordon/internal/identity"
	"cordon/internal/record"
	"cordon/internal/record/wire"
)

// ErrState reports a stored piece that this version cannot read.
var ErrState = errors.New("state of the address table is of another layout")

// CutBindings hands out the key of every address that changed, with what is
// stored of it; nil: it was forgotten. What is handed out is valid until the
// next call.
func (t *Table) CutBindings(yield func(name, piece []byte)) {
	var name, scratch []byte
	t.changed.Cut(func(k Key) {
		name = k.append(name[:0])
		b := t.bindings[k]
		if b == nil {
			yield(name, nil)
			return
		}
		scratch = append(scratch[:0], name...)
		scratch = wire.AppendInt(scratch, int32(len(b.events)))
		for _, e := range b.events {
			scratch = wire.AppendLong(scratch, int64(e.at))
			scratch = wire.AppendString(scratch, e.supi.Reveal())
			scratch = wire.AppendBool(scratch, e.bound)
		}
		yield(name, scratch)
	})
}

// CutHeld does the same for records that wait, by their slot, and for those of
// the layout before, which are removed, by their offset (former).
func (t *Table) CutHeld(yield func(slot int32, piece []byte), former func(offset int64)) {
	s := &t.slots
	s.leaving, s.former = append(s.leaving, s.former...), nil
	for _, offset := range s.leaving {
		former(offset)
	}
	var scratch []byte
	s.cut(func(slot int32, h *Held) {
		if h == nil {
			yield(slot, nil)
			return
		}
		scratch = wire.AppendLong(wire.AppendInt(scratch[:0], slot), h.Offset)
		scratch = wire.AppendLong(scratch, int64(h.At))
		scratch = wire.AppendLong(scratch, int64(h.Appended))
		scratch = h.Key.append(scratch)
		scratch = append(wire.AppendInt(scratch, int32(len(h.Value))), h.Value...)
		yield(slot, scratch)
	})
}

// Settle tells whether the last cut was committed.
func (t *Table) Settle(committed bool) {
	t.changed.Settle(committed)
	t.slots.settle(committed)
}

func (k Key) append(dst []byte) []byte {
	dst = wire.AppendAddr(dst, k.address)
	n := k.network.Value()
	return wire.AppendString(wire.AppendString(dst, n.dnn), n.snssai)
}

func readKey(r *wire.Reader) Key {
	address := r.Addr()
	dnn := r.String()
	return KeyOf(address, dnn, r.String())
}

// RestoreBinding takes back one address.
func (t *Table) RestoreBinding(r *wire.Reader) error {
	k, b := readKey(r), &binding{}
	for n := r.Int(); n > 0 && !r.Failed(); n-- {
		at := record.Micros(r.Long())
		text := r.String()
		supi, err := identity.ParseSUPI(text)
		if err != nil && text != "" {
			return ErrState
		}
		b.events = append(b.events, event{at, supi.Clone(), r.Bool()})
	}
	if r.Failed() || len(b.events) == 0 || t.bindings[k] != nil {
		return ErrState
	}
	t.bindings[k] = b
	t.watch(k, b)
	return nil
}

// RestoreHeld takes back one record that waits. Next finds out again whether R
// has passed it.
func (t *Table) RestoreHeld(r *wire.Reader) error {
	slot := r.Int()
	h := readHeld(r)
	h.slot = slot
	if !r.Done() || !t.slots.restore(h) {
		return ErrState
	}
	t.admit(h)
	return nil
}

// RestoreFormerHeld takes back one of the layout before, in which its offset
// named the piece. It gets a slot, and the next cut writes it under that.
func (t *Table) RestoreFormerHeld(r *wire.Reader) error {
	h := readHeld(r)
	if !r.Done() {
		return ErrState
	}
	t.slots.enter(h)
	t.slots.former = append(t.slots.former, h.Offset)
	t.admit(h)
	return nil
}

func readHeld(r *wire.Reader) *Held {
	h := &Held{Offset: r.Long(), At: record.Micros(r.Long()), Appended: record.Micros(r.Long())}
	h.Key = readKey(r)
	h.Value = append([]byte(nil), r.Bytes()...)
	return h
}

// Restored ends the restore.
func (t *Table) Restored() { t.slots.restored() }
