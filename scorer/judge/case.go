package judge

import (
	"cordon/internal/record"
	"cordon/scorer/detect"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// Case is what is held against one terminal, from its first evidence on. It
// may be open (a verdict stands) or not yet, or no longer.
type Case struct {
	First    pane.Number // pane of the first evidence
	Verdict  pane.Number // pane of the last verdict
	Cleared  pane.Number // pane in which it was cleared; 0: never
	Class    record.Class
	Families uint16 // those that were of weight since it was raised, a bit for each
	Faults   uint8  // likewise
	// Exceptions are those that were told of it, a bit for each.
	Exceptions uint16
	Open       bool
	Changed    bool  // its destinations, since the last verdict
	Reported   bool  // the last verdict told of forbidden traffic
	Aimed      bool  // a flood had a victim: see aimed
	Pressed    bool  // so had flow starts: see pressed
	Level      int32 // 100 × score of the last pane judged
	told       int32 // Level of the last verdict
	Trend      record.Trend
	history    [trendPanes]detect.Nats // evidence of the last panes, by number
	raised     pane.Number             // pane in which it was raised
	judged     pane.Number             // last pane that history covers

	Measured       Measured
	ForbiddenFlows uint64 // reports towards its destinations since the last verdict
	ForbiddenUL    uint64 // bytes likewise
	destinations   [DestinationLimit]Destination
	used           uint8
}

// Measured are the numbers behind a case's evidence since First, or, where it
// was cleared and taken up again, since it was cleared; those of a family that was
// lowered since then. Evidence of before is in Carried, so that a contribution can
// always be recomputed.
type Measured struct {
	Carried                  Carried
	TCP, Other               feature.Contacts
	Strangers                bool   // they answer the terminal: set for a verdict, not stored
	FloodPanes               int32  // panes with more unanswered uplink than the limit
	UnansweredBytes          uint64 // the most in one pane
	UnansweredPackets        uint64
	UplinkPanes, StartsPanes int32  // panes above 1.44 times the normal
	Uplink, Starts           uint64 // the most in one pane; Starts in thousandths
	// UplinkNormal and StartsNormal are what the last of those panes were held against.
	UplinkNormal, StartsNormal detect.Normal
	// FloodNats, UplinkNats and StartsNats are what those panes weighed together,
	// without what other panes took away.
	FloodNats, UplinkNats, StartsNats detect.Nats
}

// gain adds what a pane weighed.
func gain(sum *detect.Nats, nats detect.Nats, observations int32) {
	*sum = min(*sum+nats*detect.Nats(max(observations, 1)), mostGained)
}

// mostGained bounds what is summed up: no family weighs as much.
const mostGained = 1_000_000 * detect.Nat

// Carried is evidence that stood when the measuring began.
type Carried struct{ Scan, Flood, Volume, Uplink, Starts detect.Nats }

// renew begins to measure a family anew, of which only some nats are left.
func (m *Measured) renew(f detect.Family, left detect.Nats) {
	switch f {
	case detect.Scanning:
		m.TCP, m.Other, m.Carried.Scan = feature.Contacts{}, feature.Contacts{}, left
	case detect.Flooding:
		m.FloodPanes, m.FloodNats, m.UnansweredBytes, m.UnansweredPackets, m.Carried.Flood = 0, 0, 0, 0, left
	}
}

// forget drops the numbers of what has nothing left.
func (m *Measured) forget(before *detect.Levels) {
	for _, f := range [...]detect.Family{detect.Scanning, detect.Flooding} {
		if before.Of[f] == 0 {
			m.renew(f, 0)
		}
	}
	if before.Uplink == 0 {
		m.UplinkPanes, m.UplinkNats, m.Uplink, m.Carried.Uplink = 0, 0, 0, 0
	}
	if before.Starts == 0 {
		m.StartsPanes, m.StartsNats, m.Starts, m.Carried.Starts = 0, 0, 0, 0
	}
}

// carriedOf returns what stands of the families that are measured.
func carriedOf(l *detect.Levels) Carried {
	return Carried{l.Of[detect.Scanning], l.Of[detect.Flooding], l.Of[detect.Volume], l.Uplink, l.Starts}
}

// Begin makes c the case of a terminal whose first evidence is in pane n, with
// what stood before that pane: volume, or the rest of a case long cleared.
func (c *Case) Begin(before detect.Levels, n pane.Number) {
	*c = Case{First: n, Measured: Measured{Carried: carriedOf(&before)}}
}

// Stale reports whether new evidence in pane n begins a new case: the old one
// has nothing left, or was cleared too long ago.
func (c *Case) Stale(before detect.Levels, n pane.Number) bool {
	if c.Open || (c.Cleared != 0 && n-c.Cleared < reopenSpan) {
		return false
	}
	return c.Cleared != 0 || before.OutsideVolume()+before.Malfunction() == 0
}

// Seen is a pane with what it is about.
type Seen struct {
	*feature.Vector
	Uplink, Starts detect.Normal // what its volume was held against
	// Suspect is the destination that novelty, beacon and exfiltration are about.
	Suspect pane.Key
	Named   bool // there is one
	// Before is what stood before this pane: where a family had nothing left, its
	// numbers begin anew. Nil: they go on.
	Before *detect.Levels
}

// Take adds what a pane says to the case.
func (c *Case) Take(r *Rule, seen Seen) {
	v := seen.Vector
	m := &c.Measured
	if seen.Before != nil {
		m.forget(seen.Before)
	}
	m.TCP.Failed += v.TCP.Failed
	m.TCP.Answered += v.TCP.Answered
	m.Other.Failed += v.Other.Failed
	m.Other.Answered += v.Other.Answered
	if nats := r.Flood.Evidence(v); nats > 0 {
		m.FloodPanes++
		gain(&m.FloodNats, nats, v.UnansweredBytes.Observations)
		m.UnansweredBytes = max(m.UnansweredBytes, v.UnansweredBytes.Value)
		m.UnansweredPackets = max(m.UnansweredPackets, v.UnansweredPackets.Value)
	}
	if nats := r.Uplink.Of(seen.Uplink).Evidence(v.Uplink.Value); nats > 0 {
		m.UplinkPanes++
		gain(&m.UplinkNats, nats, v.Uplink.Observations)
		m.UplinkNormal = seen.Uplink
		m.Uplink = max(m.Uplink, v.Uplink.Value)
	}
	if nats := r.Starts.Of(seen.Starts).Evidence(v.Starts.Value); nats > 0 {
		m.StartsPanes++
		gain(&m.StartsNats, nats, v.Starts.Observations)
		m.StartsNormal = seen.Starts
		m.Starts = max(m.Starts, v.Starts.Value)
		if !c.Pressed && pressed(v) { // it has another exception now
			c.Pressed, c.Changed = true, true
		}
	}
	c.age(v.Pane)
	c.blame(r, v, &seen)
	c.accuse(&seen)
}
