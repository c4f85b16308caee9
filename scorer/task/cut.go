package task

import (
	"encoding/json"
	"math/bits"

	"cordon/internal/stream"
	"cordon/scorer/page"
	"cordon/scorer/pane"
	"cordon/scorer/peer"
	"cordon/scorer/profile"
)

// cutState follows what changed since the last committed cut.
type cutState struct {
	dirty   marks      // terminals
	removed []pieceKey // of terminals
	leaving []pieceKey // removed, of the cut that is not settled
	frozen  frozen     // the cut that is not settled
	open    bool       // there is one
}

// marks is a set of small numbers.
type marks []uint64

// add puts a number in.
func (m *marks) add(number int32) {
	for int(number/64) >= len(*m) {
		*m = append(*m, 0)
	}
	(*m)[number/64] |= 1 << (number % 64)
}

// addAll puts in what another set holds.
func (m *marks) addAll(other marks) {
	for len(*m) < len(other) {
		*m = append(*m, 0)
	}
	for i, word := range other {
		(*m)[i] |= word
	}
}

// touch notes that a terminal changed.
func (t *Task) touch(number int32) { t.cut.dirty.add(number) }

// frozen is the state as it stood at a cut. It shares its pages with the task,
// which copies each before it writes to it, and holds what changed since the
// last committed cut: nothing of it changes until the cut is settled, so it is
// encoded while the task goes on.
type frozen struct {
	terminals page.List[terminal]
	pools     pools
	ring      pane.Ring
	dirty     marks
	removed   []pieceKey
	names     []storedName
	fresh     []held
	gone      []uint64
	partition *partitionState
	ages      []byte // lengths of sessions, as stored
	peers     []peer.Piece
	changes   []profile.Piece

	buffer, inner []byte // scratch memory
}

// Cut takes hold of the terminals and strings that changed, the records that
// wait, and the clock.
func (t *Task) Cut(cut *stream.Cut) {
	t.Settle(false) // a cut that was never settled did not commit
	cut.Watermark, cut.StateVersion = t.clock.watermark, StateVersion
	cut.StateGeneration, cut.ConfigDigest = t.generation, t.digest
	c, f := &t.cut, &t.cut.frozen
	c.open = true
	c.leaving, c.removed = c.removed, nil
	f.removed, f.names, f.partition = c.leaving, t.names.cut(), t.partitionState()
	f.fresh, f.gone = t.waiting.cut()
	f.ages, f.peers = t.releases.Append(t.ages.Append(f.ages[:0])), t.peers.Cut()
	f.changes = t.changes.Cut()
	f.dirty, c.dirty = c.dirty, f.dirty[:0]
	t.roster.terminals.Share(&f.terminals)
	t.roster.pools.share(&f.pools)
	t.ring.Share(&f.ring)
	cut.Later(f.encode)
}

// Settle ends a cut. What an aborted one held belongs to the next one too.
func (t *Task) Settle(committed bool) {
	c, f := &t.cut, &t.cut.frozen
	if !c.open {
		return
	}
	c.open = false
	if !committed {
		c.dirty.addAll(f.dirty)
		c.removed = append(c.leaving, c.removed...)
	}
	c.leaving = nil
	t.names.settle(committed)
	t.waiting.settle(committed)
	t.peers.Settle(committed)
	t.changes.Settle(committed)
	t.roster.terminals.Unshare(&f.terminals)
	t.roster.pools.unshare(&f.pools)
	t.ring.Unshare(&f.ring)
	f.removed, f.names, f.fresh, f.gone, f.partition, f.peers, f.changes = nil, nil, nil, nil, nil, nil, nil
}

// encode adds the pieces: removals before what takes their place.
func (f *frozen) encode(cut *stream.Cut) {
	for i := range f.removed {
		cut.Add(f.removed[i][:], nil)
	}
	for _, n := range f.names {
		if n.text == "" {
			cut.Add(nameKey(n.number), nil)
		} else {
			cut.Add(nameKey(n.number), []byte(n.text))
		}
	}
	for i, word := range f.dirty {
		for ; word != 0; word &= word - 1 {
			f.encodeTerminal(cut, int32(64*i+bits.TrailingZeros64(word)))
		}
	}
	for _, number := range f.gone {
		cut.Add(waitingKey(number), nil)
	}
	for i := range f.fresh {
		cut.Add(waitingKey(f.fresh[i].number), f.fresh[i].value)
	}
	cut.Add([]byte{kindAges}, f.ages)
	for _, p := range f.peers {
		cut.Add(append([]byte{kindPeers}, p.Key...), p.Value)
	}
	addChanges(cut, f.changes)
	if text, err := json.Marshal(f.partition); err == nil { // plain numbers: it cannot fail
		cut.Add([]byte{kindPartition}, text)
	}
}

// encodeTerminal adds the piece of a terminal, unless that was removed.
func (f *frozen) encodeTerminal(cut *stream.Cut, number int32) {
	term := f.terminals.At(number)
	if term.is(flagLive) {
		key := terminalKey(kindTerminal, term.id)
		f.buffer = f.appendTerminal(f.buffer[:0], term)
		cut.Add(key[:], f.buffer)
	}
}
