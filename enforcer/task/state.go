package task

import (
	"encoding/binary"
	"fmt"

	"cordon/internal/record"
	"cordon/internal/stream"
)

// stateVersion is the layout of the pieces; another one is refused at start.
const stateVersion = 2

// Kinds of a piece: the first byte of its key.
const (
	pieceTerminal  = 't' // then the pseudonym
	piecePartition = 'p' // then 4 bytes big-endian
	pieceGuard     = 'g'
	pieceChain     = 'a'
	piecePause     = 's'
)

// pieceKey names a piece.
type pieceKey struct {
	kind      byte
	terminal  record.Pseudonym
	partition int32
}

func (k pieceKey) bytes() []byte {
	b := []byte{k.kind}
	switch k.kind {
	case pieceTerminal:
		b = append(b, k.terminal[:]...)
	case piecePartition:
		b = binary.BigEndian.AppendUint32(b, uint32(k.partition))
	}
	return b
}

// dirtySet holds the pieces that changed since the last committed cut, in the
// order of their first change. The zero dirtySet is empty.
type dirtySet struct {
	keys []pieceKey
	has  map[pieceKey]struct{}
	cut  []pieceKey // in the cut whose outcome is not known yet
}

func (d *dirtySet) add(k pieceKey) {
	if _, known := d.has[k]; known {
		return
	}
	if d.has == nil {
		d.has = map[pieceKey]struct{}{}
	}
	d.has[k] = struct{}{}
	d.keys = append(d.keys, k)
}

// take moves everything into a cut.
func (d *dirtySet) take() []pieceKey {
	d.cut, d.keys = append(d.cut, d.keys...), nil
	clear(d.has)
	return d.cut
}

// settle ends the cut: what was not committed is dirty again.
func (d *dirtySet) settle(committed bool) {
	aborted := d.cut
	d.cut = nil
	if committed {
		return
	}
	later := d.keys
	d.keys = nil
	clear(d.has)
	for _, k := range append(aborted, later...) {
		d.add(k)
	}
}

// Cut copies every piece that changed since the last committed cut.
func (t *Task) Cut(cut *stream.Cut) {
	cut.Watermark, cut.StateVersion = t.watermark(), stateVersion
	cut.Fence, cut.ConfigDigest = t.fence, t.settings.digest()
	for _, k := range t.dirty.take() {
		cut.Add(k.bytes(), t.piece(k))
	}
}

// Settle tells the outcome of the last Cut.
func (t *Task) Settle(committed bool) { t.dirty.settle(committed) }

// piece returns the value of a piece; nil removes it.
func (t *Task) piece(k pieceKey) []byte {
	w := wire{b: t.scratch[:0]}
	switch k.kind {
	case pieceTerminal:
		x := t.terminals[k.terminal]
		if x == nil {
			return nil
		}
		w.terminal(x)
	case piecePartition:
		w.partition(&t.parts[k.partition])
	case pieceGuard:
		issues, floor := t.guard.Windows()
		w.windows(&issues, &floor)
	case pieceChain:
		w.fixed(t.chain.Head[:])
	case piecePause:
		w.pause(&t.pause)
	}
	t.scratch = w.b
	return w.b
}

// Restore takes one piece.
func (t *Task) Restore(key, value []byte) error {
	w := wire{b: value, reading: true}
	switch {
	case len(key) == 17 && key[0] == pieceTerminal:
		t.restoreTerminal(record.Pseudonym(key[1:]), &w)
	case len(key) == 5 && key[0] == piecePartition:
		t.restorePartition(binary.BigEndian.Uint32(key[1:]), &w)
	case len(key) == 1 && key[0] == pieceGuard:
		var issues []record.Micros
		var floor record.Micros
		w.windows(&issues, &floor)
		t.guard.SetWindows(issues, floor)
	case len(key) == 1 && key[0] == pieceChain:
		w.fixed(t.chain.Head[:])
	case len(key) == 1 && key[0] == piecePause:
		w.pause(&t.pause)
	default:
		return fmt.Errorf("%w: %s holds a piece this program does not know; run the version that wrote it, or delete the state topic to start over",
			stream.ErrState, stream.EnforcerState)
	}
	if value != nil && (w.failed || len(w.b) > 0) {
		return fmt.Errorf("%w: a piece of kind %q in %s cannot be read; run the version that wrote it, or delete the state topic to start over",
			stream.ErrState, key[0], stream.EnforcerState)
	}
	return nil
}

func (t *Task) restoreTerminal(id record.Pseudonym, w *wire) {
	if w.b == nil {
		delete(t.terminals, id)
		return
	}
	x := t.terminals[id]
	if x == nil {
		x = &terminal{}
		t.terminals[id] = x
		t.restored = append(t.restored, x)
	}
	*x = terminal{}
	x.Terminal = id
	w.terminal(x)
}

// maxPartitions bounds what a damaged key can make the program allocate.
const maxPartitions = 1 << 16

func (t *Task) restorePartition(p uint32, w *wire) {
	if p >= maxPartitions {
		w.failed = true
		return
	}
	for len(t.parts) <= int(p) {
		t.parts = append(t.parts, partition{seen: -1})
	}
	w.partition(&t.parts[p])
}
