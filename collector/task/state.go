package task

import (
	"encoding/binary"
	"fmt"
	"slices"

	"cordon/collector/clock"
	"cordon/internal/record/wire"
	"cordon/internal/stream"
)

// Kinds of state pieces: the first byte of their name and of their content.
const (
	piecePartition = 'p' // the partition's clock
	pieceSource    = 's' // one source
	pieceBinding   = 'b' // one address
	pieceHeld      = 'w' // one record that waits
	pieceFormer    = 'h' // the same in layout 2
)

// restoring gathers the newest piece of every name until Start.
type restoring struct {
	newest map[string][]byte
	order  []string
}

// Restore opens one piece, so that a wrong key is told before anything starts.
func (t *Task) Restore(key, value []byte) error {
	if t.pieces.newest == nil {
		t.pieces.newest = map[string][]byte{}
	}
	name := string(key)
	if value == nil {
		delete(t.pieces.newest, name)
		return nil
	}
	plain, err := t.sealer.Open(key, value)
	if err != nil {
		return fmt.Errorf("%w: %s[%d]: %w", stream.ErrState, stream.CollectorState, t.partition, err)
	}
	if _, known := t.pieces.newest[name]; !known {
		t.pieces.order = append(t.pieces.order, name)
	}
	t.pieces.newest[name] = plain
	return nil
}

// Start builds the state from its pieces.
func (t *Task) Start(from stream.Start) error {
	t.counts = counts{from.Partitions[stream.TelemetryRaw], from.Partitions[stream.Telemetry],
		from.Partitions[stream.DeadLetters], from.Partitions[stream.Progress]}
	if min(t.counts.raw, t.counts.telemetry, t.counts.dead, t.counts.progress) < 1 {
		return fmt.Errorf("collector: a topic of telemetry.raw, telemetry, deadletter and progress has no partitions; make them with 'cordonctl topics create'")
	}
	if v := from.Header.StateVersion; from.Restored && (v < oldestState || v > StateVersion) {
		return fmt.Errorf("%w: %s[%d] has layout %d, this program knows %d to %d; run the release that wrote it, or delete the topic to start over",
			stream.ErrState, stream.CollectorState, t.partition, v, oldestState, StateVersion)
	}
	if from.Restored {
		if err := t.rebuild(); err != nil {
			return err
		}
	}
	for _, p := range from.Header.Positions {
		if !isChange(p.Topic) {
			t.next = max(t.next, p.Next)
		}
	}
	if slices.ContainsFunc(from.Lost, func(l stream.Loss) bool { return !isChange(l.Topic) }) {
		t.clock.Lost()
		if t.lostFrom < 0 {
			t.lostFrom = t.next
		}
	}
	return nil
}

func (t *Task) rebuild() error {
	for _, name := range t.pieces.order {
		plain, ok := t.pieces.newest[name]
		if !ok {
			continue
		}
		// Removed and written again, a name stands in the order twice.
		delete(t.pieces.newest, name)
		if err := t.rebuildPiece(plain); err != nil {
			return fmt.Errorf("%w: %s[%d]: %w; delete the topic to start over", stream.ErrState, stream.CollectorState, t.partition, err)
		}
	}
	t.pieces = restoring{}
	t.table.Restored()
	return nil
}

func (t *Task) rebuildPiece(plain []byte) error {
	if len(plain) == 0 {
		return clock.ErrState
	}
	r := wire.NewReader(plain[1:])
	switch plain[0] {
	case piecePartition:
		return t.restorePartition(&r)
	case pieceSource:
		return t.clock.RestoreSource(&r)
	case pieceBinding:
		return t.table.RestoreBinding(&r)
	case pieceHeld:
		return t.table.RestoreHeld(&r)
	case pieceFormer:
		return t.table.RestoreFormerHeld(&r)
	}
	return clock.ErrState
}

// restorePartition takes back the partition's own piece. In the layout before,
// it ends with the clock.
func (t *Task) restorePartition(r *wire.Reader) error {
	if err := t.clock.RestorePartition(r); err != nil || r.Done() {
		return err
	}
	if t.lostFrom = r.Long(); !r.Done() {
		return clock.ErrState
	}
	return nil
}

// Cut copies what changed, each piece sealed under a keyed name.
func (t *Task) Cut(cut *stream.Cut) {
	cut.Watermark = max(t.time(), t.clock.Stated(), 0)
	cut.StateVersion = StateVersion
	cut.ConfigDigest = t.digest
	t.plain = wire.AppendLong(t.clock.AppendPartition(append(t.plain[:0], piecePartition)), t.lostFrom)
	t.addPiece(cut, piecePartition, nil, t.plain)
	t.clock.CutSources(func(s *clock.Source) { t.sources.Mark(s.ID()) }, t.sources.Mark)
	t.sources.Cut(func(id string) {
		s := t.clock.ByID(id)
		if s == nil {
			t.addPiece(cut, pieceSource, []byte(id), nil)
			return
		}
		t.plain = s.Append(append(t.plain[:0], pieceSource))
		t.addPiece(cut, pieceSource, []byte(id), t.plain)
	})
	t.table.CutBindings(func(name, content []byte) {
		t.addPiece(cut, pieceBinding, name, t.withKind(pieceBinding, content))
	})
	t.table.CutHeld(func(slot int32, content []byte) {
		t.addPiece(cut, pieceHeld, binary.BigEndian.AppendUint32(nil, uint32(slot)), t.withKind(pieceHeld, content))
	}, func(offset int64) {
		t.addPiece(cut, pieceFormer, binary.BigEndian.AppendUint64(nil, uint64(offset)), nil)
	})
}

// withKind puts the kind before a piece; nil stays nil.
func (t *Task) withKind(kind byte, content []byte) []byte {
	if content == nil {
		return nil
	}
	t.plain = append(append(t.plain[:0], kind), content...)
	return t.plain
}

// addPiece seals a piece; nil removes it.
func (t *Task) addPiece(cut *stream.Cut, kind byte, name, plain []byte) {
	t.plainName = append(append(t.plainName[:0], kind), name...)
	t.name = t.sealer.Name(t.name[:0], t.plainName)
	if plain == nil {
		cut.Add(t.name, nil)
		return
	}
	cut.Add(t.name, t.sealer.Seal(t.name, plain))
}

// Settle tells whether the last cut was committed.
func (t *Task) Settle(committed bool) {
	t.sources.Settle(committed)
	t.table.Settle(committed)
}
