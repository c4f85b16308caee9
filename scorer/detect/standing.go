package detect

import (
	"fmt"

	"cordon/internal/record"
	"cordon/scorer/pane"
	"cordon/scorer/profile"
)

// Reference is what a terminal's pane is compared with, beside shipped priors:
// gathered for it from its own past, its peers and its profile.
type Reference struct {
	Age             pane.Number // panes since the terminal was first seen, or its device became another one
	Uplink          Normal      // bytes per pane
	Starts          Normal      // flow starts per pane, thousandths
	Busiest         uint16      // exchanges with destinations that answered before, in the terminal's busiest hour
	Rich            bool        // the terminal itself was seen to send more than half of what is normal without peers
	Learning        bool        // there are enough peers, and they do not know yet what is usual
	Busy            bool        // evidence or an open case stands against it: nothing is learned
	Area, Equipment uint32      // pane.Label of the tracking area, and token of the device, as this pane says; 0: it says nothing
	Storm           bool        // its cell or area has far more failures than usual: they are not the terminal's
	Ports           *Ports      // that the terminal uses with success; nil: none
	Gate            Gate        // what many terminals do at once
	// Short is a session that is shorter than those of the peers: 0.8 times their
	// shortest hundredth; 0 while that is not known (3.12, 15).
	Short record.Micros
	// Profile is what is provisioned for the terminal; nil: nothing.
	Profile *profile.Expected
	// Sessions learns how long sessions last; nil: nothing is learned.
	Sessions *SessionAges
}

// Normal is the highest amount per pane that is normal, and where that is known
// from.
type Normal struct {
	Value uint64
	From  record.Reference
}

// Gate is what the common-mode gate holds back in a pane.
type Gate struct {
	Sessions bool // so many release sessions at once that it is done to them (Releases.Hold; 3.12, 15)
	Updated  bool // the terminal's firmware changed within 24 h, as that of others: new destinations that answer surprise nobody
}

// Standing at a pane.

// At returns the levels when pane n has passed, if the terminal had no pane after
// the last one taken.
func (s Standing) At(n pane.Number) Levels {
	l := s.State.At(n)
	if s.Destinations != nil {
		s.Destinations.At(n, &l)
	}
	if s.Control != nil {
		s.Control.At(n, &l)
	}
	if s.Device != nil {
		s.Device.At(n, &l)
		if rest, foreign := s.rest(&l); foreign {
			l.Of[External] = min(l.Of[External], rest)
		}
	}
	if s.State.Unsure && l.Of[Flooding] < floodBase && l.Alone() < unsureLimit {
		l.Of[Volume] = max(l.Of[Volume]-max(l.Sum()-unsureLimit, 0), 0)
	}
	return l
}

// rest returns the evidence that is about no server, where others report another server
// than the one that stands out: their report weighs no more, for it corroborates nothing
// that the terminal does with this one.
func (s Standing) rest(l *Levels) (Nats, bool) {
	if s.Destinations == nil || s.Device.causes.end == 0 || !s.Destinations.other(s.Device.causes.end) {
		return 0, false
	}
	return l.OutsideVolume() - l.Of[Novelty] - l.Of[Beaconing] - l.Of[Exfiltration] - l.Of[External], true
}

// unsureLimit is the most that volume may bring the evidence to, without a flood,
// while nobody knows what is normal for the terminal: a peer-to-peer camera that sends
// much and finds some peers gone is no case on its first day.
const unsureLimit = 19 * Nat

// Last returns the last pane that spoke for a family; 0 where none did.
func (s Standing) Last(f Family) pane.Number {
	switch f {
	case Scanning:
		return s.State.LastScan
	case Flooding:
		return s.State.LastFlood
	case Novelty, Beaconing, Exfiltration:
		if s.Destinations != nil {
			return s.Destinations.Last()
		}
	case Churn:
		if s.Control != nil {
			return s.Control.Last()
		}
	case Profile, Location, Host, External:
		if s.Device != nil {
			return s.Device.Last(f)
		}
	}
	return 0
}

// LastFault is Last for a fault.
func (s Standing) LastFault(f Fault) pane.Number {
	switch f {
	case Access, Radio, PingPong:
		if s.Control != nil {
			return s.Control.LastFault(f)
		}
	case Retry:
		if s.Destinations != nil {
			return s.Destinations.LastRetry()
		}
	case Stuck:
		if s.Destinations != nil {
			return s.Destinations.LastStuck()
		}
	case Silence, Restart:
		if s.Device != nil {
			return s.Device.LastFault(f)
		}
	}
	return 0
}

// Find explains a family.
func (s Standing) Find(f Family, n pane.Number) Finding {
	switch f {
	case Novelty, Beaconing, Exfiltration:
		return s.Destinations.Find(f, n)
	case Churn:
		return s.Control.Find(n)
	}
	found := s.Device.Find(f, n)
	if f == External {
		levels := s.At(n)
		if rest, foreign := s.rest(&levels); foreign {
			found.Samples = append(found.Samples, fmt.Sprintf("about another server: at most %s nats", inFull(rest)))
		}
	}
	return found
}

// FindFault explains a fault.
func (s Standing) FindFault(f Fault, n pane.Number) Finding {
	switch f {
	case Retry:
		return s.Destinations.FindRetry(n)
	case Stuck:
		return s.Destinations.FindStuck(n)
	case Access, Radio, PingPong:
		return s.Control.FindFault(f, n)
	}
	return s.Device.FindFault(f, n)
}

// Lower sets the standing evidence of a family down to a level at pane n: the rule
// of package judge for a case that had no new evidence for its clear time.
func (s Standing) Lower(f Family, to Nats, n pane.Number) {
	switch {
	case f == Scanning:
		s.State.LowerScan(to, n)
	case f == Flooding:
		s.State.LowerFlood(to, n)
	case f == Churn && s.Control != nil:
		s.Control.LowerChurn(to, n)
	}
}

// Copy returns a standing of which Lower changes nothing of this one.
func (s Standing) Copy() Standing {
	state := *s.State
	s.State = &state
	if s.Control != nil {
		control := *s.Control
		s.Control = &control
	}
	return s
}
