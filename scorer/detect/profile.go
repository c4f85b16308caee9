package detect

import (
	"fmt"
	"slices"

	"cordon/internal/record"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
	"cordon/scorer/profile"
)

// ProfileRules are those of D4, D7, D8 and D10 against what was provisioned: the one
// evidence that nobody can learn his way around.
type ProfileRules struct {
	Enabled bool
	// Weight in per cent of the nats (100).
	Weight int64
}

// Limits of violations (detection reference 3.4, D7, D8, D10).
const (
	violation = 9 * Nat // a destination that is not allowed, a place where it may not be
	wakeNats  = 3 * Nat // each communication off schedule or before its time, from …
	wakes     = 3       // … so many in a day on
	// burstGap is how long a terminal must be silent until it communicates anew:
	// reports of one communication come up to a minute apart, and some are lost. Ours.
	burstGap = pane.Number(3 * record.Minute / pane.Length)
	// strayDay is how long a violation stands, and in which wakes are counted.
	strayDay = pane.Number(record.Day / pane.Length)
)

// strays are what a terminal did outside of its profile.
type strays struct {
	woke      [wakes]pane.Number // the last times out of turn, the newest first
	began     pane.Number        // of the communication under way, or the last one
	spoke     pane.Number        // last pane with traffic of its own
	long      Nats               // that it lasted too long, as of tooLong
	tooLong   pane.Number
	elsewhere pane.Number // last contact to a destination that is not allowed
	contacts  int32       // panes with such contacts within a day of one another
	service   int32       // of the last of them: protocol × 65,536 + port
	settled   int32       // label of the area of a stationary terminal
	outside   pane.Number // since when it is where it may not be; 0: it is not
	place     Nats        // as of the last pane that said where it is
	weight    int32       // of the rules, per cent
}

// stray holds a pane against the profile.
func (d *Device) stray(v *feature.Vector, ref *Reference, r *ProfileRules) {
	e := ref.Profile
	if e == nil || !r.Enabled {
		d.strays = strays{}
		return
	}
	s := &d.strays
	s.weight = int32(r.Weight)
	s.forbid(v, e)
	if speaks(v) {
		s.wake(v.Pane, e)
	}
	if ref.Area != 0 {
		s.stand(v.Pane, ref.Area, e)
		if s.place > 0 {
			d.lastLocation = v.Pane
		}
	}
}

// speaks reports whether the terminal itself communicates in a pane.
func speaks(v *feature.Vector) bool {
	return slices.ContainsFunc(v.Seen, func(s feature.Seen) bool { return s.Remote() && s.UL > 0 })
}

// forbid notes contacts to destinations that are not allowed. Infrastructure is, what
// an operator vouches for, and what many of the group turned to at once: then the profile is out of date.
func (s *strays) forbid(v *feature.Vector, e *profile.Expected) {
	found := false
	for i := range v.Seen {
		d := &v.Seen[i]
		if !d.Remote() || d.UL == 0 || d.Service || d.Held || d.Vouched || d.Peers.Down || d.Peers.Common ||
			d.Protocol == pane.ICMP || d.Protocol == pane.ICMPv6 || e.Allows(d.Key) {
			continue
		}
		found, s.service = true, int32(d.Protocol)<<16|int32(d.Port)
	}
	if !found {
		return
	}
	if v.Pane-s.elsewhere >= strayDay {
		s.contacts = 0
	}
	s.contacts, s.elsewhere = s.contacts+1, v.Pane
}

// wake follows communications: when they begin, and how long they last.
func (s *strays) wake(n pane.Number, e *profile.Expected) {
	last, before := s.spoke, s.began
	s.spoke = n
	if last != 0 && n-last < burstGap {
		s.last(n, e)
		return
	}
	s.began = n
	early := e.Period > 0 && before != 0 && n-before < e.Period/2-e.Deviation
	if early || !e.Scheduled(n) {
		copy(s.woke[1:], s.woke[:])
		s.woke[0] = n
	}
}

// last weighs that a communication takes longer than twice its provisioned time: 1
// nat, and another one for each doubling.
func (s *strays) last(n pane.Number, e *profile.Expected) {
	if e.Duration == 0 || n-s.began <= 2*e.Duration {
		return
	}
	s.long, s.tooLong = 0, n
	for limit := 2 * e.Duration; limit < n-s.began && s.long < violation; limit *= 2 {
		s.long += Nat
	}
}

// stand weighs where the terminal is: 9 nats for an area that is not expected, 9 for
// another one of a stationary terminal, after ten minutes.
func (s *strays) stand(n pane.Number, label uint32, e *profile.Expected) {
	if !e.Stationary {
		s.settled = 0
	} else if s.settled == 0 {
		s.settled = int32(label)
	}
	nats := Nats(0)
	if s.settled != 0 && int32(label) != s.settled {
		nats += violation
	}
	if len(e.Areas) > 0 && !slices.Contains(e.Areas, label) {
		nats += violation
	}
	s.place = 0
	switch {
	case nats == 0:
		s.outside = 0
	case s.outside == 0:
		s.outside = n
	case n-s.outside >= awaySpan:
		s.place = min(nats*Nats(s.weight)/100, Location.Cap())
	}
}

// off reports whether enough communications came out of turn within a day.
func (s *strays) off(n pane.Number) bool {
	return s.woke[wakes-1] != 0 && s.woke[0]-s.woke[wakes-1] < strayDay && n-s.woke[0] < strayDay
}

// parts returns what stands at pane n: destinations, wakes, duration.
func (s *strays) parts(n pane.Number) (parts [3]Nats) {
	if s.elsewhere != 0 && n-s.elsewhere < strayDay {
		parts[0] = violation
	}
	if s.off(n) {
		parts[1] = wakes * wakeNats
	}
	if n-s.tooLong < strayDay {
		parts[2] = s.long
	}
	for i := range parts {
		parts[i] = parts[i] * Nats(s.weight) / 100
	}
	return parts
}

// at returns the evidence of the family when pane n has passed.
func (s *strays) at(n pane.Number) Nats {
	p := s.parts(n)
	return min(p[0]+p[1]+p[2], Profile.Cap())
}

// lastStray returns the last pane outside of the profile.
func (s *strays) lastStray() pane.Number { return max(s.elsewhere, s.woke[0], s.tooLong) }

// find explains the heaviest violation, and what each of the three weighs.
func (s *strays) find(n pane.Number) Finding {
	p := s.parts(n)
	all := fmt.Sprintf("destinations %s + schedule %s + duration %s nats", inFull(p[0]), inFull(p[1]), inFull(p[2]))
	switch {
	case p[0] >= max(p[1], p[2]):
		return Finding{
			Feature: "destinationNotAllowed", Unit: "panes with contacts", Value: int64(s.contacts), Reference: record.ReferenceProfile,
			Exception: record.WrongDestinationAddress,
			Samples:   []string{fmt.Sprintf("protocol %d port %d, outside of the allowed destinations", s.service>>16, s.service&0xffff), all},
		}
	case p[1] >= p[2]:
		return Finding{
			Feature: "communicationOffSchedule", Unit: "times in 24 h", Value: wakes, Expected: wakes - 1, Reference: record.ReferenceProfile,
			Exception: record.UnexpectedWakeup, Samples: []string{fmt.Sprintf("the last %d within %d minutes", wakes, (s.woke[0]-s.woke[wakes-1])/6), all},
		}
	}
	return Finding{
		Feature: "communicationDuration", Unit: "seconds", Value: int64(s.tooLong-s.began) * 10, Reference: record.ReferenceProfile,
		Exception: record.UnexpectedLongLiveFlow, Samples: []string{"1 nat above twice the provisioned time, and for each doubling", all},
	}
}

// panes lists the points in time in stored order.
func (s *strays) panes() [wakes + 5]*pane.Number {
	return [...]*pane.Number{&s.woke[0], &s.woke[1], &s.woke[2], &s.began, &s.spoke, &s.tooLong, &s.elsewhere, &s.outside}
}
