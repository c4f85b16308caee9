package task

import (
	"encoding/binary"
	"fmt"
	"slices"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// formerTerminals holds the terminals of layout 2 until Start: their strings get
// numbers when all stored numbers are known.
type formerTerminals struct {
	pieces map[record.Pseudonym][]byte
	order  []record.Pseudonym // in which they came, some more than once
}

// restore takes a terminal, or its removal.
func (f *formerTerminals) restore(id record.Pseudonym, value []byte) {
	if value == nil {
		delete(f.pieces, id)
		return
	}
	if f.pieces == nil {
		f.pieces = map[record.Pseudonym][]byte{}
	}
	f.pieces[id] = slices.Clone(value)
	f.order = append(f.order, id)
}

// startFormer takes over the terminals of layout 2. All of them are part of the
// next cut, which removes their former pieces.
func (t *Task) startFormer() error {
	former := &t.restoring.former
	for _, id := range former.order {
		value, left := former.pieces[id]
		if !left {
			continue
		}
		delete(former.pieces, id)
		t.cut.removed = append(t.cut.removed, terminalKey(kindFormerTerminal, id))
		if _, known := t.roster.numbers[id]; known {
			continue // it was written anew
		}
		number := t.roster.number(id)
		rest, err := t.readFormerTerminal(t.roster.at(number), value)
		if err == nil {
			err = t.openFormerPanes(number, rest)
		}
		if err != nil {
			return fmt.Errorf("terminal: %w", err)
		}
		t.touch(number)
	}
	return nil
}

// formerTerminalSize is the size of a terminal's own numbers in layout 2.
const formerTerminalSize = 8 + 2*8 + 3*4 + 1

// readFormerTerminal fills in a terminal and returns what follows: its open
// panes.
func (t *Task) readFormerTerminal(term *terminal, b []byte) ([]byte, error) {
	if len(b) < formerTerminalSize {
		return nil, errShort
	}
	le := binary.LittleEndian
	term.sequence, b = int64(le.Uint64(b)), b[8:]
	for i := range term.warned {
		term.warned[i], b = record.Micros(le.Uint64(b)), b[8:]
	}
	for _, n := range [...]*pane.Number{&term.first, &term.last, &term.told} {
		*n, b = pane.Number(le.Uint32(b)), b[4:]
	}
	flags := b[0]
	term.set(flagEmergency, flags&1 != 0)
	b, err := t.readFormerNames(b[1:], &term.context)
	if err == nil {
		b, err = term.context.RestoreFormer(b)
	}
	if err == nil {
		b, err = term.evidence.RestoreFormer(b)
	}
	if err == nil {
		b, err = term.memory.RestoreFormer(b)
	}
	if err != nil || flags&2 == 0 {
		return b, err
	}
	return t.roster.openCase(term).Restore(b)
}

// readFormerNames reads the strings of a context, each behind its length, and
// returns the rest.
func (t *Task) readFormerNames(b []byte, c *pane.Context) ([]byte, error) {
	for _, number := range c.Names() {
		length, size := binary.Uvarint(b)
		if size <= 0 || length > uint64(len(b)-size) {
			return nil, errShort
		}
		b = b[size:]
		*number = t.names.number(string(b[:length]), 0)
		b = b[length:]
	}
	return b, nil
}

// openFormerPanes opens the panes of a terminal.
func (t *Task) openFormerPanes(number int32, b []byte) error {
	term := t.roster.at(number)
	for len(b) > 0 {
		if len(b) < 4 {
			return errShort
		}
		n := pane.Number(binary.LittleEndian.Uint32(b))
		if !t.ring.Covers(n) || term.open[n%pane.Width] != 0 {
			return errNotOpen
		}
		slot := t.ring.Open(n, &term.open, number)
		var err error
		if b, err = t.readFormerNames(b[4:], &slot.Context); err != nil {
			return err
		}
		if b, err = t.ring.Table(n).RestoreFormerSlot(b, slot); err != nil {
			return err
		}
	}
	return nil
}
