package task

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/scorer/pane"
)

// Restore takes one committed piece. An error wraps stream.ErrState.
func (t *Task) Restore(key, value []byte) error {
	if err := t.restore(key, value); err != nil {
		return t.refusal(err)
	}
	return nil
}

// refusal says which state cannot be continued, and what to do.
func (t *Task) refusal(err error) error {
	return fmt.Errorf("%w: %s[%d]: %w; run the version that wrote it, or delete the state topic to learn anew",
		stream.ErrState, stream.ScorerState, t.partition, err)
}

func (t *Task) restore(key, value []byte) error {
	if len(key) == 0 {
		return errors.New("a piece without a key")
	}
	switch {
	case key[0] == kindTerminal && len(key) == 1+len(record.Pseudonym{}):
		return t.restoreTerminal(record.Pseudonym(key[1:]), value)
	case key[0] == kindWaiting && len(key) == 9:
		t.restoreWaiting(binary.BigEndian.Uint64(key[1:]), value)
		return nil
	case key[0] == kindPartition && len(key) == 1:
		return t.restorePartition(value)
	}
	return fmt.Errorf("a piece of unknown kind %d", key[0])
}

// restoreWaiting takes a record that waits, or its removal.
func (t *Task) restoreWaiting(number uint64, value []byte) {
	w := &t.waiting
	at, known := slices.BinarySearchFunc(w.records, number, func(h held, n uint64) int { return cmp.Compare(h.number, n) })
	switch h := (held{number: number, value: slices.Clone(value), stored: true}); {
	case value == nil && known:
		w.records = slices.Delete(w.records, at, at+1)
	case value == nil:
	case known:
		w.records[at] = h
	default: // nearly always the last: numbers rise
		w.records = slices.Insert(w.records, at, h)
	}
}

// restoreTerminal takes a terminal, or its removal. Open panes are kept as they
// are until Start, when it is known which panes are open.
func (t *Task) restoreTerminal(id record.Pseudonym, value []byte) error {
	delete(t.restored, id)
	if value == nil {
		if number, known := t.roster.numbers[id]; known {
			t.roster.remove(number)
		}
		return nil
	}
	rest, err := t.readTerminal(t.roster.at(t.roster.number(id)), value)
	if err != nil {
		return fmt.Errorf("terminal: %w", err)
	}
	if len(rest) > 0 {
		t.restored[id] = append([]byte(nil), rest...)
	}
	return nil
}

// terminalSize is the stored size of a terminal's own numbers.
const terminalSize = 8 + 2*8 + 3*4 + 1

// readTerminal fills in a terminal and returns what follows: its open panes.
func (t *Task) readTerminal(term *terminal, b []byte) ([]byte, error) {
	if len(b) < terminalSize {
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
	b, err := t.readNames(b[1:], &term.context)
	if err == nil {
		b, err = term.context.Restore(b)
	}
	if err == nil {
		b, err = term.evidence.Restore(b)
	}
	if err == nil {
		b, err = term.memory.Restore(b)
	}
	if err != nil {
		return nil, err
	}
	if flags&2 == 0 {
		t.roster.dropCase(term)
		return b, nil
	}
	return t.roster.openCase(term).Restore(b)
}

// errShort is returned for a terminal that is cut short.
var errShort = errors.New("cut short")

// readNames reads the strings of a context and returns the rest.
func (t *Task) readNames(b []byte, c *pane.Context) ([]byte, error) {
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

// Start puts what was restored in force and settles the generation.
func (t *Task) Start(from stream.Start) error {
	if from.Restored && from.Header.StateVersion != StateVersion {
		return t.refusal(fmt.Errorf("it has layout %d, this program knows %d", from.Header.StateVersion, StateVersion))
	}
	t.deadLetters = from.Partitions[stream.DeadLetters]
	t.digest = t.settings.Digest(from.Partitions[stream.Telemetry])
	t.generation = t.startGeneration(&from)
	t.coverage.add(tally{missing: int64(len(from.Lost))}, t.clock.watermark)
	if err := t.startPanes(); err != nil {
		return t.refusal(err)
	}
	t.startRoster(from.Restored && from.Header.StateGeneration != t.generation)
	return t.startWaiting()
}

// startGeneration returns the generation to go on with: that of the state,
// one more under another configuration, or, without state, one more than the
// last that was told.
func (t *Task) startGeneration(from *stream.Start) int64 {
	if from.Restored {
		if from.Header.ConfigDigest != t.digest {
			return from.Header.StateGeneration + 1
		}
		return from.Header.StateGeneration
	}
	last := int64(0)
	for _, r := range from.Tail {
		if p := new(record.Progress); string(r.Key) == progressKey && t.decoder.DecodeInto(r.Value, p) == nil {
			last = max(last, p.StateGeneration)
		}
	}
	return last + 1
}

// startPanes opens the restored panes, terminal by terminal.
func (t *Task) startPanes() error {
	for number := range t.roster.used {
		term := t.roster.at(number)
		b := t.restored[term.id]
		for len(b) > 0 {
			if len(b) < 4 {
				return errShort
			}
			n := pane.Number(binary.LittleEndian.Uint32(b))
			if !t.ring.Covers(n) {
				return fmt.Errorf("pane %d is not open", n)
			}
			slot := t.ring.Open(n, &term.open, number)
			var err error
			if b, err = t.readNames(b[4:], &slot.Context); err != nil {
				return err
			}
			if b, err = t.ring.Table(n).RestoreSlot(b, slot); err != nil {
				return err
			}
		}
	}
	t.restored = nil
	return nil
}

// startRoster counts the restored terminals and lists their open cases. In a new
// generation these are told again, else readers would keep the verdicts of the
// former one, of which they cannot know that they still hold.
func (t *Task) startRoster(tellAgain bool) {
	t.census.advance(pane.Of(t.clock.watermark))
	for number := range t.roster.used {
		term := t.roster.at(number)
		if !term.is(flagLive) {
			continue
		}
		t.census.enter(term)
		if c := t.roster.caseOf(term); c != nil && c.Open {
			c.Changed = c.Changed || tellAgain
			t.cases.set(number, t.ring.First())
		}
	}
}

// startWaiting finds the panes of the restored records that wait.
func (t *Task) startWaiting() error {
	w := &t.waiting
	for i := range w.records {
		h := &w.records[i]
		if err := t.decoder.DecodeTelemetry(h.value, &t.telemetry); err != nil {
			return t.refusal(fmt.Errorf("a record that waits: %w", err))
		}
		h.pane = pane.Of(t.telemetry.OccurredAt)
		w.bytes += int64(len(h.value) + overhead)
	}
	return nil
}
