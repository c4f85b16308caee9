package detect

import (
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// Detectors are the detectors of a deployment. A nil one is switched off.
type Detectors struct {
	Scan   *Scan
	Flood  *Flood
	Uplink *Envelope // bytes
	Starts *Envelope // flow starts, thousandths
}

// Sum is evidence that stood at Value when pane At had been taken.
type Sum struct {
	Value Nats
	At    pane.Number
}

// State is the standing evidence of one terminal and when each family last had a
// pane that spoke against the terminal.
type State struct {
	Scan, Flood, Uplink, Starts Sum
	// Peering is Scan as it stands if the terminal is one that strangers answer. Both
	// are summed from the start, for that shows only after a while.
	Peering             Sum
	LastScan, LastFlood pane.Number
	met                 uint8 // first contacts over other than TCP that were answered, up to strangersMet
	// Unsure: what is normal volume for the terminal is not known, or it is rich.
	Unsure bool
}

// At returns the levels when pane n has passed, if the terminal had no pane
// after the last one taken.
func (s *State) At(n pane.Number) Levels {
	l := Levels{
		Uplink: min(s.Uplink.fade(n, volumeQuiet), volumeCap),
		Starts: min(s.Starts.fade(n, volumeQuiet), volumeCap),
	}
	l.Of[Scanning] = min(s.scan().leak(n), scanCap)
	l.Of[Flooding] = min(s.Flood.fade(n, floodQuiet), floodCap)
	l.Of[Volume] = max(l.Uplink, l.Starts)
	return l
}

// Step takes a pane of the terminal, later than all before it.
func (s *State) Step(d *Detectors, v *feature.Vector, ref *Reference) {
	n := v.Pane
	s.Unsure = ref.Rich || ref.Learning
	if d.Scan != nil {
		s.Scan.walk(d.Scan, v)
		among := d.Scan.Among(true)
		s.Peering.walk(&among, v)
		s.met = uint8(min(int32(s.met)+v.Other.Answered, strangersMet))
		if v.TCP.Failed+v.Other.Failed > 0 {
			s.LastScan = n
		}
	}
	if d.Flood != nil {
		e := d.Flood.Evidence(v)
		if e > 0 {
			s.LastFlood = n
			e *= Nats(max(v.UnansweredBytes.Observations, 1))
		} else {
			e = -floodQuiet
		}
		s.Flood = Sum{min(max(s.Flood.fade(n-1, floodQuiet)+e, 0), floodCap), n}
	}
	s.Uplink.step(d.Uplink, v.Uplink, ref.Uplink, n)
	s.Starts.step(d.Starts, v.Starts, ref.Starts, n)
}

// step adds the evidence of an amount to a volume sum.
func (s *Sum) step(e *Envelope, amount feature.Amount, normal Normal, n pane.Number) {
	if e == nil {
		return
	}
	nats := e.Of(normal).Evidence(amount.Value)
	if nats > 0 {
		nats *= Nats(amount.Observations)
	}
	*s = Sum{min(max(s.fade(n-1, volumeQuiet)+nats, 0), volumeSumCap), n}
}

// Strangers reports whether the terminal is one that strangers answer.
func (s *State) Strangers() bool { return s.met >= strangersMet }

// scan returns the sum of D1 that counts.
func (s *State) scan() *Sum {
	if s.Strangers() {
		return &s.Peering
	}
	return &s.Scan
}

// walk adds the first contacts of a pane to a sum of D1.
func (s *Sum) walk(d *Scan, v *feature.Vector) {
	if e := d.Evidence(v); e != 0 {
		*s = Sum{min(max(s.leak(v.Pane)+e, 0), scanCap), v.Pane}
	}
}

// leak returns a sum with the half-life of D1.
func (s Sum) leak(n pane.Number) Nats {
	value := Decay(s.Value, int64(max(n-s.At, 0)), scanHalfLife)
	if value < scanFloor {
		return 0
	}
	return value
}

// fade returns a sum that loses a constant amount per pane without traffic.
func (s Sum) fade(n pane.Number, perPane Nats) Nats {
	if s.Value <= 0 {
		return 0
	}
	idle := int64(max(n-s.At, 0))
	return Nats(max(int64(s.Value)-idle*int64(perPane), 0))
}

// LowerScan and LowerFlood set the standing evidence of a family down to a
// level at pane n: the rule of package judge for a case that had no new
// evidence for its clear time.
func (s *State) LowerScan(to Nats, n pane.Number) {
	for _, sum := range [...]*Sum{&s.Scan, &s.Peering} {
		*sum = Sum{min(sum.leak(n), to), n}
	}
}

// LowerFlood is LowerScan for the flood family.
func (s *State) LowerFlood(to Nats, n pane.Number) {
	s.Flood = Sum{min(s.Flood.fade(n, floodQuiet), to), n}
}
