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
	pieceStorm = 't' // + number, 2 bytes
	pieceGate  = 'd'
)

// errPiece is returned for a piece that is cut short or impossible.
var errPiece = errors.New("what is known of peers is cut short")

// Cut returns the parts that changed since the last committed cut.
func (p *Peers) Cut() []Piece {
	l := &p.leaving
	l.groups, l.gone, p.gone = l.groups[:0], p.gone, nil
	var list []Piece
	for _, key := range l.gone {
		if _, again := p.index[key]; !again {
			list = append(list, Piece{Key: groupKey(key)})
		}
	}
	for i := range p.groups {
		if g := &p.groups[i]; g.changed {
			g.changed = false
			l.groups = append(l.groups, g.key)
			list = append(list, Piece{groupKey(g.key), g.append(nil)})
		}
	}
	l.shards, p.uses.changed = p.uses.changed, [shards]bool{}
	for number, changed := range l.shards {
		if changed {
			list = append(list, Piece{shardKey(pieceShard, number), p.uses.appendShard(nil, number)})
		}
	}
	l.storms, p.storms.changed = p.storms.changed, [stormShards]bool{}
	for number, changed := range l.storms {
		if changed {
			list = append(list, Piece{shardKey(pieceStorm, number), p.storms.appendShard(nil, number)})
		}
	}
	return append(list, Piece{[]byte{pieceGate}, p.gate.append(p.uses.appendAge(wire.AppendInt(nil, int32(p.hour))))})
}

// groupKey and shardKey name pieces.
func groupKey(key uint64) []byte { return binary.BigEndian.AppendUint64([]byte{pieceGroup}, key) }

func shardKey(kind byte, number int) []byte {
	return binary.BigEndian.AppendUint16([]byte{kind}, uint16(number))
}

// leaving is what belongs to the cut that is not settled.
type leaving struct {
	groups, gone []uint64
	shards       [shards]bool
	storms       [stormShards]bool
}

// Settle ends a cut. What an aborted one held belongs to the next one too.
func (p *Peers) Settle(committed bool) {
	l := &p.leaving
	if !committed {
		p.gone = append(l.gone, p.gone...)
		for _, key := range l.groups {
			if at, known := p.index[key]; known {
				p.groups[at].changed = true
			}
		}
		for number, was := range l.shards {
			p.uses.changed[number] = p.uses.changed[number] || was
		}
		for number, was := range l.storms {
			p.storms.changed[number] = p.storms.changed[number] || was
		}
	}
	*l = leaving{groups: l.groups[:0]}
}

// Restore takes a stored part.
func (p *Peers) Restore(key, value []byte) error {
	r := wire.NewReader(value)
	if !p.restore(key, &r) || !r.Done() {
		return errPiece
	}
	return nil
}

// restore reads a stored part, and reports whether it could.
func (p *Peers) restore(key []byte, r *wire.Reader) bool {
	switch {
	case len(key) == 9 && key[0] == pieceGroup:
		return p.restoreGroup(binary.BigEndian.Uint64(key[1:]), r)
	case len(key) == 3 && key[0] == pieceShard:
		number := int(binary.BigEndian.Uint16(key[1:]))
		return number < shards && p.uses.readShard(r, number)
	case len(key) == 3 && key[0] == pieceStorm:
		number := int(binary.BigEndian.Uint16(key[1:]))
		return number < stormShards && p.storms.readShard(r, number)
	case len(key) == 1 && key[0] == pieceGate:
		p.hour = pane.Number(r.Int())
		p.uses.readAge(r)
		return p.gate.read(r)
	}
	return false
}

// append appends a group in its stored form.
func (g *group) append(b []byte) []byte {
	b = wire.AppendInt(b, int32(g.day))
	for _, n := range [...]uint32{g.members[0], g.members[1], g.told.members} {
		b = wire.AppendLong(b, int64(n))
	}
	b = append(wire.AppendBool(b, g.told.known), g.told.usual, g.told.uplink, g.told.uplinkMost, g.told.starts, g.told.startsMost)
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
	g := p.find(key, 0)
	if g == nil {
		return false
	}
	*g = group{key: key, day: pane.Number(r.Int())}
	g.members = [2]uint32{uint32(r.Long()), uint32(r.Long())}
	g.told.members = uint32(r.Long())
	var b [6]byte
	r.Fixed(b[:])
	g.told.known = b[0] != 0
	g.told.usual, g.told.uplink, g.told.uplinkMost, g.told.starts, g.told.startsMost = b[1], b[2], b[3], b[4], b[5]
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

// appendAge appends what belongs to all cells.
func (p *prevalence) appendAge(b []byte) []byte {
	return binary.LittleEndian.AppendUint64(wire.AppendInt(wire.AppendInt(b, int32(p.since)), int32(p.day)), p.secret)
}

// readAge reads what appendAge wrote.
func (p *prevalence) readAge(r *wire.Reader) {
	p.since, p.day = pane.Number(r.Int()), pane.Number(r.Int())
	var b [8]byte
	r.Fixed(b[:])
	p.secret = binary.LittleEndian.Uint64(b[:])
}

// appendShard appends the cells of a shard that are not 0.
func (p *prevalence) appendShard(b []byte, number int) []byte {
	for at, c := range p.cells[number*shardCells : (number+1)*shardCells] {
		if c != (cell{}) {
			b = wire.AppendInt(b, int32(at)+1)
			for _, n := range c[:ages] {
				b = wire.AppendInt(b, int32(n))
			}
		}
	}
	return wire.AppendInt(b, 0)
}

// readShard reads what appendShard wrote.
func (p *prevalence) readShard(r *wire.Reader, number int) bool {
	if p.cells == nil {
		p.cells = make([]cell, cells)
	}
	part := p.cells[number*shardCells : (number+1)*shardCells]
	clear(part)
	for {
		at := r.Int()
		if at == 0 || r.Failed() {
			return !r.Failed()
		}
		if at < 1 || at > shardCells {
			return false
		}
		for age := range ages {
			part[at-1][age] = uint16(r.Int())
		}
	}
}

// append appends the destinations that are watched.
func (g *gate) append(b []byte) []byte {
	for i := range g.watched {
		w := &g.watched[i]
		if w.since == 0 {
			continue
		}
		b = wire.AppendInt(b, int32(i)+1)
		for _, n := range [...]pane.Number{w.since, w.last, w.until, w.turn} {
			b = wire.AppendInt(b, int32(n))
		}
		b = w.key.Append(b)
		for _, v := range w.voters() {
			b = v.append(b)
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
	for {
		at := r.Int()
		if at == 0 || r.Failed() {
			g.tag()
			return !r.Failed()
		}
		if at < 1 || at > watchLimit {
			return false
		}
		w := &g.watched[at-1]
		for _, n := range [...]*pane.Number{&w.since, &w.last, &w.until, &w.turn} {
			*n = pane.Number(r.Int())
		}
		w.key.Read(r)
		w.hash = hashOf(&w.key)
		for _, v := range w.voters() {
			v.read(r)
		}
	}
}

// appendShard appends the cells and areas of a shard.
func (s *storms) appendShard(b []byte, number int) []byte {
	const size = stormPlaces / stormShards
	for at := number * size; at < (number+1)*size; at++ {
		if p := &s.places[at]; p.where != 0 {
			b = wire.AppendInt(b, int32(at%size)+1)
			b = wire.AppendLong(b, int64(p.where))
			b = wire.AppendInt(wire.AppendInt(b, int32(p.turn)), int32(p.until))
			b = p.who.append(wire.AppendLong(b, int64(p.usual)))
		}
	}
	return wire.AppendInt(b, 0)
}

// readShard reads what appendShard wrote.
func (s *storms) readShard(r *wire.Reader, number int) bool {
	const size = stormPlaces / stormShards
	part := s.places[number*size : (number+1)*size]
	clear(part)
	for {
		at := r.Int()
		if at == 0 || r.Failed() {
			return !r.Failed()
		}
		if at < 1 || at > size {
			return false
		}
		p := &part[at-1]
		p.where = uint64(r.Long())
		p.turn, p.until, p.usual = pane.Number(r.Int()), pane.Number(r.Int()), uint32(r.Long())
		p.who.read(r)
		s.until = max(s.until, p.until)
	}
}
