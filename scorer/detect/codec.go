package detect

import (
	"cordon/internal/record/wire"
	"cordon/scorer/pane"
)

// Bits of what a stored state tells, behind those of its sums.
const (
	tellsScan = 1 << (iota + 4)
	tellsFlood
	tellsUnsure
	tellsPeering
)

// sums lists the sums in stored order.
func (s *State) sums() [4]*Sum { return [...]*Sum{&s.Scan, &s.Flood, &s.Uplink, &s.Starts} }

// without returns what a sum is in a terminal that gave no cause for it, last
// seen in a pane: every pane sets those of flood and volume.
func without(sum int, last pane.Number) Sum {
	if sum == 0 {
		return Sum{}
	}
	return Sum{At: last}
}

// Append appends the state in its stored form: panes by their distance from the
// one the terminal was last seen in, and only what is there, behind a mask of it.
func (s *State) Append(b []byte, last pane.Number) []byte {
	at := len(b)
	b = append(b, 0)
	for i, sum := range s.sums() {
		if *sum != without(i, last) {
			b[at] |= 1 << i
			b = pane.AppendNumber(wire.AppendInt(b, int32(sum.Value)), sum.At, last)
		}
	}
	if s.LastScan != 0 {
		b[at] |= tellsScan
		b = pane.AppendNumber(b, s.LastScan, last)
	}
	if s.Unsure {
		b[at] |= tellsUnsure
	}
	if s.LastFlood != 0 {
		b[at] |= tellsFlood
		b = pane.AppendNumber(b, s.LastFlood, last)
	}
	if s.Peering != s.Scan || s.met != 0 {
		b[at] |= tellsPeering
		b = append(pane.AppendNumber(wire.AppendInt(b, int32(s.Peering.Value)), s.Peering.At, last), s.met)
	}
	return b
}

// Read reads what Append wrote. The caller asks the reader whether that failed.
func (s *State) Read(r *wire.Reader, last pane.Number) {
	var tells [1]byte
	r.Fixed(tells[:])
	for i, sum := range s.sums() {
		*sum = without(i, last)
		if tells[0]&(1<<i) != 0 {
			sum.Value = Nats(r.Int())
			sum.At = pane.ReadNumber(r, last)
		}
	}
	s.LastScan, s.LastFlood, s.Unsure = 0, 0, tells[0]&tellsUnsure != 0
	if tells[0]&tellsScan != 0 {
		s.LastScan = pane.ReadNumber(r, last)
	}
	if tells[0]&tellsFlood != 0 {
		s.LastFlood = pane.ReadNumber(r, last)
	}
	s.Peering, s.met = s.Scan, 0
	if tells[0]&tellsPeering != 0 {
		s.Peering = Sum{Value: Nats(r.Int()), At: pane.ReadNumber(r, last)}
		var met [1]byte
		r.Fixed(met[:])
		s.met = min(met[0], strangersMet)
	}
}
