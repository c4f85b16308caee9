package peer

import (
	"encoding/binary"
	"errors"

	"cordon/internal/record/wire"
	"cordon/scorer/pane"
)

// Piece is a stored part of what a partition knows. An empty value removes it.
type Piece struct{ Key, Value []byte }

// Kinds of pieces: the first byte of a key.
const (
	pieceGroup = 'g' // + key, 8 bytes
	pieceShard = 's' // + number, 2 bytes
	pieceGate  = 'd'
)

// errPiece is returned for a piece that is cut short or impossible.
var errPiece = errors.New("what is known of peers is cut short")

// Cut returns the parts that changed since the last committed cut.
func (p *Peers) Cut() []Piece {
	p.leaving.groups = p.leaving.groups[:0]
	var list []Piece
	for i := range p.groups {
		if g := &p.groups[i]; g.changed {
			g.changed = false
			p.leaving.groups = append(p.leaving.groups, int32(i))
			list = append(list, Piece{binary.BigEndian.AppendUint64([]byte{pieceGroup}, g.key), g.append(nil)})
		}
	}
	p.leaving.shards, p.uses.changed = p.uses.changed, [shards]bool{}
	for number, changed := range p.leaving.shards {
		if changed {
			list = append(list, Piece{binary.BigEndian.AppendUint16([]byte{pieceShard}, uint16(number)), p.uses.appendShard(nil, number)})
		}
	}
	return append(list, Piece{[]byte{pieceGate}, p.gate.append(wire.AppendInt(wire.AppendInt(nil, int32(p.uses.since)), int32(p.uses.day)))})
}

// leaving is what belongs to the cut that is not settled.
type leaving struct {
	groups []int32
	shards [shards]bool
}

// Settle ends a cut. What an aborted one held belongs to the next one too.
func (p *Peers) Settle(committed bool) {
	if !committed {
		for _, at := range p.leaving.groups {
			p.groups[at].changed = true
		}
		for number, was := range p.leaving.shards {
			p.uses.changed[number] = p.uses.changed[number] || was
		}
	}
	p.leaving = leaving{groups: p.leaving.groups[:0]}
}

// Restore takes a stored part.
func (p *Peers) Restore(key, value []byte) error {
	r := wire.NewReader(value)
	switch {
	case len(key) == 9 && key[0] == pieceGroup:
		if !p.restoreGroup(binary.BigEndian.Uint64(key[1:]), &r) || !r.Done() {
			return errPiece
		}
	case len(key) == 3 && key[0] == pieceShard:
		number := int(binary.BigEndian.Uint16(key[1:]))
		if number >= shards || !p.uses.readShard(&r, number) || !r.Done() {
			return errPiece
		}
	case len(key) == 1 && key[0] == pieceGate:
		p.uses.since, p.uses.day = pane.Number(r.Int()), pane.Number(r.Int())
		if !p.gate.read(&r) || !r.Done() {
			return errPiece
		}
	default:
		return errPiece
	}
	return nil
}

// append appends a group in its stored form.
func (g *group) append(b []byte) []byte {
	b = wire.AppendInt(b, int32(g.day))
	b = wire.AppendLong(wire.AppendLong(b, int64(g.members[0])), int64(g.members[1]))
	for _, h := range [...]*histogram{&g.firsts, &g.uplink, &g.starts} {
		for at, n := range h {
			if n != 0 {
				b = wire.AppendLong(wire.AppendInt(b, int32(at)+1), int64(n))
			}
		}
		b = wire.AppendInt(b, 0)
	}
	return b
}

// restoreGroup reads what append wrote.
func (p *Peers) restoreGroup(key uint64, r *wire.Reader) bool {
	if _, known := p.index[key]; !known && len(p.groups) >= groupLimit {
		return false
	}
	g := p.find(key, 0)
	*g = group{key: key, day: pane.Number(r.Int())}
	g.members = [2]uint32{uint32(r.Long()), uint32(r.Long())}
	for _, h := range [...]*histogram{&g.firsts, &g.uplink, &g.starts} {
		for {
			at := r.Int()
			if at == 0 || r.Failed() {
				break
			}
			if at < 1 || int(at) > len(h) {
				return false
			}
			h[at-1] = uint32(r.Long())
		}
	}
	return !r.Failed()
}

// appendShard appends the cells of a shard, of all ages, that are not 0.
func (p *prevalence) appendShard(b []byte, number int) []byte {
	for age := range p.counts {
		if p.counts[age] != nil {
			for at, n := range p.counts[age][number*shardCells : (number+1)*shardCells] {
				if n != 0 {
					b = wire.AppendInt(wire.AppendInt(b, int32(at)+1), int32(n))
				}
			}
		}
		b = wire.AppendInt(b, 0)
	}
	return b
}

// readShard reads what appendShard wrote.
func (p *prevalence) readShard(r *wire.Reader, number int) bool {
	for age := range p.counts {
		if p.counts[age] != nil {
			clear(p.counts[age][number*shardCells : (number+1)*shardCells])
		}
		for {
			at := r.Int()
			if at == 0 || r.Failed() {
				break
			}
			if at < 1 || at > shardCells {
				return false
			}
			if p.counts[age] == nil {
				p.counts[age] = make([]uint16, cells)
			}
			p.counts[age][number*shardCells+int(at)-1] = uint16(r.Int())
		}
	}
	return !r.Failed()
}

// append appends the destinations that are watched.
func (g *gate) append(b []byte) []byte {
	for i := range g.watched {
		w := &g.watched[i]
		if w.since == 0 {
			continue
		}
		b = wire.AppendInt(b, int32(w.since))
		for _, n := range [...]pane.Number{w.last, w.until, w.turn} {
			b = wire.AppendInt(b, int32(n))
		}
		b = w.key.Append(b)
		for _, v := range w.voters() {
			for _, word := range v {
				b = binary.LittleEndian.AppendUint64(b, word)
			}
		}
	}
	return wire.AppendInt(b, 0)
}

// voters lists the sets in stored order.
func (w *watch) voters() [4]*voters {
	return [...]*voters{&w.failed[0], &w.failed[1], &w.ok[0], &w.ok[1]}
}

// read reads what append wrote.
func (g *gate) read(r *wire.Reader) bool {
	g.watched = [watchLimit]watch{}
	for i := 0; ; i++ {
		since := r.Int()
		if since == 0 || r.Failed() {
			return !r.Failed()
		}
		if i == watchLimit {
			return false
		}
		w := &g.watched[i]
		w.since = pane.Number(since)
		for _, n := range [...]*pane.Number{&w.last, &w.until, &w.turn} {
			*n = pane.Number(r.Int())
		}
		w.key.Read(r)
		for _, v := range w.voters() {
			var b [32]byte
			r.Fixed(b[:])
			for j := range v {
				v[j] = binary.LittleEndian.Uint64(b[8*j:])
			}
		}
	}
}

// Append appends what is kept of a terminal.
func (m *Member) Append(b []byte) []byte {
	return append(wire.AppendInt(b, int32(m.day)), m.firsts, m.usual, m.uplink, m.starts)
}

// Read reads what Append wrote.
func (m *Member) Read(r *wire.Reader) {
	var b [4]byte
	m.day = pane.Number(r.Int())
	r.Fixed(b[:])
	m.firsts, m.usual, m.uplink, m.starts = b[0], b[1], b[2], b[3]
}
