package detect

import (
	"cordon/internal/record"
	"cordon/internal/record/wire"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// outage is that of a service of the terminal's own that is not known yet, for it is
// younger than a day or answers at a new address: what the terminal turns to instead
// on the same port fails as well.
type outage struct {
	until     pane.Number // first pane that is not excused; 0: there was none
	port      uint16
	protocol  uint8
	fallbacks uint8 // failures excused
}

const (
	outageSpan = pane.Number(10 * record.Minute / pane.Length) // after each failure of the service (3.12, 8)
	outageRest = pane.Number(record.Day / pane.Length)         // without one before there is a new allowance
	// fallbacksLimit is how many failures are excused: a device has a handful of other
	// servers; whoever prepares a service for an hour to hide a scan gains so many
	// contacts a day.
	fallbacksLimit = 8
)

// Excuse takes back failed first contacts of a pane that the outage of a service
// explains. It is called once for every pane, before any detector takes it.
func (d *Destinations) Excuse(v *feature.Vector) {
	o := &d.outage
	for i := range v.Seen {
		s := &v.Seen[i]
		if at := d.find(s.Key); at != nil && at.proven && failed(s) {
			o.extend(s, v.Pane)
		}
	}
	for i := range v.Seen {
		s := &v.Seen[i]
		if s.Failed && v.Pane < o.until && s.Port == o.port && s.Protocol == o.protocol && o.fallbacks < fallbacksLimit {
			o.fallbacks++
			v.Excuse(s)
		}
	}
}

// extend notes that a service failed in pane n.
func (o *outage) extend(s *feature.Seen, n pane.Number) {
	if n-o.until >= outageRest {
		o.fallbacks = 0
	}
	if n >= o.until || s.Port == o.port && s.Protocol == o.protocol {
		o.until, o.port, o.protocol = n+outageSpan, s.Port, s.Protocol
	}
}

// over reports whether nothing of an outage is worth keeping at pane n.
func (o *outage) over(n pane.Number) bool { return o.until == 0 || n-o.until >= outageRest }

func (o *outage) append(b []byte, last pane.Number) []byte {
	b = pane.AppendNumber(b, o.until, last)
	if o.until != 0 {
		b = append(wire.AppendInt(b, int32(o.port)), o.protocol, o.fallbacks)
	}
	return b
}

func (o *outage) read(r *wire.Reader, last pane.Number) {
	*o = outage{until: pane.ReadNumber(r, last)}
	if o.until != 0 {
		var b [2]byte
		o.port = uint16(r.Int())
		r.Fixed(b[:])
		o.protocol, o.fallbacks = b[0], b[1]
	}
}
