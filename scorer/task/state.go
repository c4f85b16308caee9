package task

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/scorer/pane"
)

// StateVersion is the layout of the pieces; another one is refused.
const StateVersion = 2

// Kinds of pieces: the first byte of a key.
const (
	kindTerminal  = 't' // + pseudonym
	kindWaiting   = 'w' // + number, 8 bytes
	kindPartition = 'p'
)

// cutState follows what changed since the last committed cut.
type cutState struct {
	dirty   []int32 // terminals, each once
	pending []int32 // those of the cut that is not settled
	removed []record.Pseudonym
	leaving []record.Pseudonym // removed, of the cut that is not settled
}

// touch notes that a terminal changed.
func (t *Task) touch(number int32) {
	if term := t.roster.at(number); !term.is(flagDirty) {
		term.set(flagDirty, true)
		t.cut.dirty = append(t.cut.dirty, number)
	}
}

// Cut copies the terminals that changed, the records that wait, and the clock.
func (t *Task) Cut(cut *stream.Cut) {
	t.Settle(false) // a cut that was never settled did not commit
	cut.Watermark, cut.StateVersion = t.clock.watermark, StateVersion
	cut.StateGeneration, cut.ConfigDigest = t.generation, t.digest
	t.cut.leaving, t.cut.removed = t.cut.removed, nil
	for _, id := range t.cut.leaving {
		cut.Add(terminalKey(id), nil)
	}
	t.cut.pending, t.cut.dirty = t.cut.dirty, t.cut.pending[:0]
	for _, number := range t.cut.pending {
		term := t.roster.at(number)
		if term.is(flagDirty) {
			term.set(flagDirty, false)
			t.buffer = t.appendTerminal(t.buffer[:0], term)
			cut.Add(terminalKey(term.id), t.buffer)
		}
	}
	t.cutWaiting(cut)
	if text, err := json.Marshal(t.partitionState()); err == nil { // plain numbers: it cannot fail
		cut.Add([]byte{kindPartition}, text)
	}
}

// cutWaiting copies the waiting records that are new and removes those gone.
func (t *Task) cutWaiting(cut *stream.Cut) {
	w := &t.waiting
	w.going, w.gone, w.cutting = w.gone, nil, w.next
	for _, number := range w.going {
		cut.Add(waitingKey(number), nil)
	}
	for i := range w.records {
		if h := &w.records[i]; !h.stored {
			h.stored = true
			cut.Add(waitingKey(h.number), h.value)
		}
	}
}

// Settle ends a cut. What an aborted one held belongs to the next one too.
func (t *Task) Settle(committed bool) {
	if !committed {
		for _, number := range t.cut.pending {
			if t.roster.at(number).is(flagLive) {
				t.touch(number)
			}
		}
		t.cut.removed = append(t.cut.leaving, t.cut.removed...)
		t.waiting.gone = append(t.waiting.going, t.waiting.gone...)
		for i := range t.waiting.records {
			t.waiting.records[i].stored = t.waiting.records[i].number < t.waiting.committed
		}
	} else {
		t.waiting.committed = t.waiting.cutting
	}
	t.cut.pending, t.cut.leaving, t.waiting.going = t.cut.pending[:0], nil, nil
}

// terminalKey is the key of a terminal's piece.
func terminalKey(id record.Pseudonym) []byte { return append([]byte{kindTerminal}, id[:]...) }

// appendTerminal appends a terminal in its stored form, its open panes last.
func (t *Task) appendTerminal(b []byte, term *terminal) []byte {
	le := binary.LittleEndian
	b = le.AppendUint64(b, uint64(term.sequence))
	for _, at := range term.warned {
		b = le.AppendUint64(b, uint64(at))
	}
	for _, n := range [...]pane.Number{term.first, term.last, term.told} {
		b = le.AppendUint32(b, uint32(n))
	}
	c := t.roster.caseOf(term)
	b = append(b, flagByte(term.is(flagEmergency))|flagByte(c != nil)<<1)
	b = t.appendContext(b, &term.context)
	b = term.evidence.Append(b)
	b = term.memory.Append(b)
	if c != nil {
		b = c.Append(b)
	}
	for n := t.ring.First(); n < t.ring.First()+pane.Width; n++ {
		if slot := t.ring.Find(n, &term.open); slot != nil {
			b = le.AppendUint32(b, uint32(n))
			b = t.appendNames(b, &slot.Context)
			b = t.ring.Table(n).AppendSlot(b, slot)
		}
	}
	return b
}

// appendContext appends a context with its strings.
func (t *Task) appendContext(b []byte, c *pane.Context) []byte {
	return c.Append(t.appendNames(b, c))
}

// appendNames appends the strings of a context, each with its length.
func (t *Task) appendNames(b []byte, c *pane.Context) []byte {
	for _, number := range c.Names() {
		s := t.names.strings[*number]
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

// flagByte is 1 where a flag is set.
func flagByte(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// partitionState is the piece of what belongs to no terminal.
type partitionState struct {
	Raw       []rawState    `json:"raw"`
	Watermark record.Micros `json:"watermark"`
	Running   bool          `json:"running"`
	First     pane.Number   `json:"first"`
	Waiting   uint64        `json:"waiting"` // number of the next record that waits
	Swept     record.Micros `json:"swept"`
	Progress  [4]int64      `json:"progress"`
	Hour      [4]int64      `json:"hour"`
	Before    [4]int64      `json:"before"`
	Since     record.Micros `json:"since"`
	Ahead     [][5]int64    `json:"ahead,omitempty"` // pane and tally
}

// rawState is a raw partition's part of it.
type rawState struct {
	Time    record.Micros     `json:"time"`
	State   record.ClockState `json:"state"`
	Heard   bool              `json:"heard,omitempty"`
	Dropped bool              `json:"dropped,omitempty"`
}

// partitionState copies what belongs to no terminal.
func (t *Task) partitionState() *partitionState {
	s := &partitionState{
		Watermark: t.clock.watermark, Running: t.clock.running, First: t.ring.First(), Waiting: t.waiting.next, Swept: t.swept,
		Progress: t.coverage.progress.array(), Hour: t.coverage.hour.array(), Before: t.coverage.before.array(), Since: t.coverage.since,
	}
	for _, r := range t.clock.raw {
		s.Raw = append(s.Raw, rawState{r.time, r.state, r.heard, r.dropped})
	}
	for _, d := range t.coverage.ahead {
		s.Ahead = append(s.Ahead, [5]int64{int64(d.upTo), d.tally.received, d.tally.missing, d.tally.late, d.tally.rejected})
	}
	return s
}

// array returns a tally as numbers.
func (t tally) array() [4]int64 { return [4]int64{t.received, t.missing, t.late, t.rejected} }

// tallyOf is the inverse of array.
func tallyOf(a [4]int64) tally { return tally{a[0], a[1], a[2], a[3]} }

// restorePartition puts a restored partition piece in force.
func (t *Task) restorePartition(value []byte) error {
	var s partitionState
	if err := json.Unmarshal(value, &s); err != nil {
		return fmt.Errorf("partition piece: %w", err)
	}
	if s.First < 0 || len(s.Raw) > maxRawPartitions {
		return errors.New("partition piece is out of range")
	}
	t.clock.raw = nil
	for _, r := range s.Raw {
		t.clock.raw = append(t.clock.raw, rawClock{r.Time, r.State, r.Heard, r.Dropped})
	}
	t.clock.watermark, t.clock.running = s.Watermark, s.Running
	t.ring.Jump(s.First)
	t.waiting.next, t.waiting.committed, t.swept = s.Waiting, s.Waiting, s.Swept
	t.coverage = coverage{progress: tallyOf(s.Progress), hour: tallyOf(s.Hour), before: tallyOf(s.Before), since: s.Since}
	for _, d := range s.Ahead {
		t.coverage.ahead = append(t.coverage.ahead, dated{pane.Number(d[0]), tallyOf([4]int64(d[1:]))})
	}
	return nil
}
