package profile

import (
	"cmp"
	"errors"
	"slices"

	"cordon/internal/record"
	"cordon/internal/record/wire"
	"cordon/scorer/pane"
)

// Piece is a change as it is stored; a nil Value removes it.
type Piece struct {
	Number uint64
	Value  []byte
}

// ErrPiece is returned for a piece that is cut short or holds no change.
var ErrPiece = errors.New("a change that cannot be read")

// Cut returns the pieces that changed since the last committed cut.
func (t *Table) Cut() []Piece {
	t.leaving, t.changed = t.changed, nil
	var pieces []Piece
	numbers := slices.Clone(t.leaving)
	slices.Sort(numbers)
	for _, number := range slices.Compact(numbers) {
		pieces = append(pieces, Piece{number, t.find(number).append(nil)})
	}
	return pieces
}

// Settle tells whether the last cut was committed.
func (t *Table) Settle(committed bool) {
	if !committed {
		t.changed = append(t.leaving, t.changed...)
	}
	t.leaving = nil
}

// find returns the entry of a number, or nil.
func (t *Table) find(number uint64) *entry {
	at, known := t.search(number)
	if !known {
		return nil
	}
	return t.entries[at]
}

func (t *Table) search(number uint64) (at int, known bool) {
	return slices.BinarySearchFunc(t.entries, number, func(e *entry, n uint64) int { return cmp.Compare(e.number, n) })
}

// append appends the stored form: whether it holds, what it excuses, and the record
// as it lay in the log.
func (e *entry) append(b []byte) []byte {
	if e == nil {
		return nil
	}
	b = wire.AppendInt(wire.AppendBool(b, e.holds), int32(len(e.excused)))
	for _, k := range e.excused {
		b = wire.AppendInt(append(b, k.Address[:]...), int32(k.Port))
		b = wire.AppendBool(append(b, k.Protocol, byte(k.Form)), k.Inbound)
	}
	return wire.AppendString(b, string(e.value))
}

// Restore takes a committed piece; the pieces come in any order, the newest of a
// number last.
func (t *Table) Restore(number uint64, value []byte) error {
	at, known := t.search(number)
	if known {
		t.forget(t.entries[at])
		t.entries = slices.Delete(t.entries, at, at+1)
	}
	if value == nil {
		return nil
	}
	e, err := t.read(value)
	if err != nil {
		return err
	}
	e.number = number
	t.entries = slices.Insert(t.entries, at, e)
	return nil
}

// read reads what append wrote.
func (t *Table) read(value []byte) (*entry, error) {
	r := wire.NewReader(value)
	holds, count := r.Bool(), r.Int()
	if count < 0 || count > excusedLimit {
		return nil, ErrPiece
	}
	excused := make([]pane.Key, count)
	for i := range excused {
		k := &excused[i]
		var b [2]byte
		r.Fixed(k.Address[:])
		k.Port = uint16(r.Int())
		r.Fixed(b[:])
		k.Protocol, k.Form, k.Inbound = b[0], pane.Form(b[1]), r.Bool()
	}
	stored := r.Bytes()
	if !r.Done() {
		return nil, ErrPiece
	}
	change, err := record.Decode(stored)
	if err != nil {
		return nil, ErrPiece
	}
	e, valid := t.entryOf(change)
	if !valid {
		return nil, ErrPiece
	}
	e.holds, e.excused, e.value = holds, excused, slices.Clone(stored)
	return e, nil
}

// Start follows the last piece.
func (t *Table) Start() {
	for _, e := range t.entries {
		t.next = max(t.next, e.number+1)
		t.bytes += e.size()
		switch {
		case !e.holds:
			t.plan(pane.Of(e.from))
		default:
			t.enter(e)
			if e.until < pane.MaxTime {
				t.plan(pane.Of(e.until))
			}
		}
	}
}
