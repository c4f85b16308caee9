package detect

import (
	"cordon/internal/record"
	"cordon/internal/record/wire"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// Ports are the ports that a terminal uses with success, and how much uplink its
// known destinations get. A new address on such a port is most likely the same
// service elsewhere.
type Ports struct {
	list  [portLimit]port
	usual [2]uint64   // uplink of the known destinations: this day's, and the day before
	day   pane.Number // of usual[0], since 1970
}

const portLimit = 5

// port is one of them.
type port struct {
	number   uint16
	protocol uint8
	last     pane.Number // of an answer; 0: the place is free
}

const panesPerDay = pane.Number(record.Day / pane.Length)

// Customary reports whether another destination answered on the port of this one.
func (p *Ports) Customary(k pane.Key) bool {
	if p == nil || k.Inbound || k.Form == pane.FormName {
		return false
	}
	for i := range p.list {
		if q := &p.list[i]; q.last != 0 && q.number == k.Port && q.protocol == k.Protocol {
			return true
		}
	}
	return false
}

// Usual returns the uplink that known destinations get in a day.
func (p *Ports) Usual() uint64 {
	if p == nil {
		return 0
	}
	return max(p.usual[0], p.usual[1])
}

// Learn takes the ports of a pane on which somebody answered, while nothing stands
// against the terminal.
func (p *Ports) Learn(v *feature.Vector, ref *Reference) {
	if p == nil {
		return
	}
	if day := v.Pane / panesPerDay; day != p.day {
		p.usual[1] = p.usual[0]
		if day > p.day+1 {
			p.usual[1] = 0
		}
		p.usual[0], p.day = 0, day
	}
	for i := range v.Seen {
		s := &v.Seen[i]
		if s.Known {
			p.usual[0] += s.UL
		}
		if s.Answered > 0 && !s.Service && s.Remote() && !ref.Busy && s.Port != 0 {
			p.learn(s, v.Pane)
		}
	}
}

// learn notes a port, in place of the one unused for longest.
func (p *Ports) learn(s *feature.Seen, n pane.Number) {
	oldest := &p.list[0]
	for i := range p.list {
		q := &p.list[i]
		if q.last != 0 && q.number == s.Port && q.protocol == s.Protocol {
			q.last = n
			return
		}
		if q.last < oldest.last {
			oldest = q
		}
	}
	*oldest = port{s.Port, s.Protocol, n}
}

// Append appends the ports in their stored form.
func (p *Ports) Append(b []byte, last pane.Number) []byte {
	b = wire.AppendInt(b, int32(p.day))
	b = wire.AppendLong(wire.AppendLong(b, int64(p.usual[0])), int64(p.usual[1]))
	for i := range p.list {
		q := &p.list[i]
		b = pane.AppendNumber(b, q.last, last)
		if q.last != 0 {
			b = append(wire.AppendInt(b, int32(q.number)), q.protocol)
		}
	}
	return b
}

// Read reads what Append wrote.
func (p *Ports) Read(r *wire.Reader, last pane.Number) {
	p.day = pane.Number(r.Int())
	p.usual = [2]uint64{uint64(r.Long()), uint64(r.Long())}
	for i := range p.list {
		q := &p.list[i]
		*q = port{last: pane.ReadNumber(r, last)}
		if q.last != 0 {
			var protocol [1]byte
			q.number = uint16(r.Int())
			r.Fixed(protocol[:])
			q.protocol = protocol[0]
		}
	}
}
