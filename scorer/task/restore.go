package task

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"cordon/internal/record"
	"cordon/internal/record/wire"
	"cordon/internal/stream"
	"cordon/scorer/pane"
)

// restoring is what is gathered until Start. The pieces come in any order: which
// panes are open, and what the strings are, is known at the end.
type restoring struct {
	panes []byte // stored panes of all terminals
	spans []span // where those of a terminal lie in it, by number
}

// span is a part of a buffer.
type span struct{ from, to int }

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
	name := key[1:]
	switch {
	case key[0] == kindTerminal && len(name) == len(record.Pseudonym{}):
		return t.restoreTerminal(record.Pseudonym(name), value, false)
	case key[0] == kindFormerTerminal && len(name) == len(record.Pseudonym{}):
		return t.restoreFormer(record.Pseudonym(name), value)
	case key[0] == kindName && len(name) == 4:
		return t.restoreName(binary.BigEndian.Uint32(name), value)
	case key[0] == kindWaiting && len(name) == 8:
		t.restoreWaiting(binary.BigEndian.Uint64(name), value)
		return nil
	case key[0] == kindAges && len(name) == 0:
		return t.restoreAges(value)
	case key[0] == kindChange && len(name) == 8:
		return t.changes.Restore(binary.BigEndian.Uint64(name), value)
	case key[0] == kindPeers:
		return t.peers.Restore(name, value)
	case key[0] == kindPartition && len(name) == 0:
		return t.restorePartition(value)
	}
	return fmt.Errorf("a piece of unknown kind %d", key[0])
}

// restoreAges takes the lengths of sessions.
func (t *Task) restoreAges(value []byte) error {
	if r := wire.NewReader(value); !t.ages.Read(&r) || !t.releases.Read(&r) || !r.Done() {
		return fmt.Errorf("lengths of sessions: %w", errShort)
	}
	return nil
}

// restoreName takes a string, or its removal.
func (t *Task) restoreName(number uint32, value []byte) error {
	if !t.names.restore(storedName{number, string(value)}) {
		return fmt.Errorf("string %d is out of range", number)
	}
	return nil
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

// restoreFormer takes a terminal of layout 3, or its removal, unless it was written
// anew: that piece may lie before the removal of this one.
func (t *Task) restoreFormer(id record.Pseudonym, value []byte) error {
	if number, known := t.roster.find(&id); known && !t.roster.look(number).is(flagFormer) {
		return nil
	}
	return t.restoreTerminal(id, value, true)
}

// restoreTerminal takes a terminal, or its removal.
func (t *Task) restoreTerminal(id record.Pseudonym, value []byte, former bool) error {
	if value == nil {
		if number, known := t.roster.find(&id); known {
			t.restoring.keep(number, nil)
			t.roster.remove(number)
		}
		return nil
	}
	number := t.roster.number(id)
	term := t.roster.at(number)
	term.set(flagFormer, former)
	if more := (stored{}); t.roster.pools.read(term, value, &more) {
		t.restoring.keep(number, more.panes)
		return t.restoreCase(term, more.file)
	}
	return fmt.Errorf("terminal: %w", errShort)
}

// restoreCase takes the case of a terminal, or that it has none.
func (t *Task) restoreCase(term *terminal, b []byte) error {
	if b == nil {
		t.roster.cases.drop(&term.parts.file)
		return nil
	}
	rest, err := t.roster.cases.open(&term.parts.file).Restore(b, term.is(flagFormer))
	if err == nil && len(rest) > 0 {
		err = errShort
	}
	return err
}

// keep keeps the open panes of a terminal until it is known which are open.
func (r *restoring) keep(number int32, panes []byte) {
	for int(number) >= len(r.spans) {
		r.spans = append(r.spans, span{})
	}
	from := len(r.panes)
	r.panes = append(r.panes, panes...)
	r.spans[number] = span{from, len(r.panes)}
}

// Start puts what was restored in force and settles the generation.
func (t *Task) Start(from stream.Start) error {
	if v := from.Header.StateVersion; from.Restored && v != StateVersion && v != formerVersion {
		return t.refusal(fmt.Errorf("it has layout %d, this program knows %d and %d", v, formerVersion, StateVersion))
	}
	t.deadLetters = from.Partitions[stream.DeadLetters]
	t.digest = t.settings.Digest(from.Partitions[stream.Telemetry])
	t.generation = t.startGeneration(&from)
	for _, loss := range from.Lost {
		// Markers are counted as records: too many rather than too few.
		t.coverage.add(tally{missing: loss.Offsets}, t.clock.watermark)
	}
	t.names.start()
	t.changes.Start()
	if err := t.startTerminals(from.Restored && from.Header.StateGeneration != t.generation); err != nil {
		return t.refusal(err)
	}
	return t.startWaiting()
}

// startGeneration returns the generation to go on with: that of the state,
// one more under another configuration, or, without state, one more than the
// last that was told: by Progress, or by verdicts, for one step may write more of
// them than the tail has room for.
func (t *Task) startGeneration(from *stream.Start) int64 {
	if from.Restored {
		if from.Header.ConfigDigest != t.digest {
			return from.Header.StateGeneration + 1
		}
		return from.Header.StateGeneration
	}
	last := int64(0)
	for _, r := range from.Tail {
		decoded, err := t.decoder.Decode(r.Value)
		if err != nil {
			continue // of a newer program, or no record of ours
		}
		switch told := decoded.(type) {
		case *record.Progress:
			last = max(last, told.StateGeneration)
		case *record.Verdict:
			last = max(last, told.StateGeneration)
		}
	}
	return last + 1
}

// startTerminals opens the panes of the restored terminals, counts these and
// lists their open cases. In a new generation these are told again, else readers
// would keep the verdicts of the former one, of which they cannot know that they
// still hold.
func (t *Task) startTerminals(tellAgain bool) error {
	t.census.advance(pane.Of(t.clock.watermark))
	for number := range t.roster.terminals.Len() {
		term := t.roster.at(number)
		if !term.is(flagLive) {
			continue
		}
		if !t.names.hold(&term.context) {
			return errors.New("a terminal with a string that is not there")
		}
		if int(number) < len(t.restoring.spans) {
			s := t.restoring.spans[number]
			if err := t.openPanes(number, t.restoring.panes[s.from:s.to]); err != nil {
				return fmt.Errorf("terminal: %w", err)
			}
		}
		t.census.enter(term)
		if c := t.roster.caseOf(term); c != nil && c.Open {
			c.Changed = c.Changed || tellAgain
			t.cases.set(number, t.ring.First())
		}
		if due := t.missed(term); due != 0 {
			t.vigils.set(number, max(due, fullHour(t.ring.First())))
		}
	}
	t.restoring = restoring{}
	return nil
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
