package detect

import (
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// slot is one destination.
type slot struct {
	key         pane.Key
	used        bool
	excused     bool // first contacted in the commissioning hour
	customary   bool // its port was in use with success before
	victim      bool // it was flooded
	proven      bool // it answered mostly, for an hour: its silence is an outage (D15)
	failedPanes uint8
	okPanes     uint8
	first, last pane.Number // panes of the first and last contact
	peers       prevalence  // what peers say of it
	ok          uint32      // attempts that were answered
	contact     int64       // time of the last contact that a gap is measured from, ms
	mean        int32       // of the gaps, ms
	gaps        int32
	rhythm      Nats // D5: evidence of the gaps
	tried       uint32
	early       [2]uint16 // attempts and those that were answered, within 3 h of the first contact
	flows       uint32
	ul, dl      uint64 // bytes
}

// take adds what a pane says of the destination.
func (s *slot) take(d *feature.Seen, n pane.Number, ref *Reference, r *DestinationsRules) {
	tried, ok := attempts(d)
	s.tried, s.ok = s.tried+tried, s.ok+ok
	if n-s.first < earlySpan {
		s.early[0], s.early[1] = add(s.early[0], int32(min(tried, 1<<15))), add(s.early[1], int32(min(ok, 1<<15)))
	}
	if tried > ok && s.failedPanes < 255 {
		s.failedPanes++
	}
	if tried > 0 && tried == ok && s.okPanes < 255 {
		s.okPanes++
	}
	served := tried > 0 && tried == ok && n-s.first >= provenSpan
	s.proven = s.proven || served && s.okPanes >= provenPanes && s.okPanes >= s.failedPanes
	s.flows += d.Flows
	s.ul, s.dl = s.ul+d.UL, s.dl+d.DL
	s.victim = s.victim || d.Flooded && d.UnansweredUL > victimBytes
	if m := d.Peers.Members; m >= peersNeeded {
		s.peers = prevalence{uint32(min(m, 1<<31)), uint32(min(d.Peers.Users, 1<<31)), Nats(d.Peers.Usual)}
	}
	if r.Beacon.Enabled && (ok > 0 || !s.proven) { // calls of a service that is down are D15's
		s.hear(d, n)
	}
	s.last = n
}

// prevalence is what peers say of a destination; the zero one: there are none.
type prevalence struct {
	members, users uint32
	usual          Nats // what any new destination is worth less
}

// surprise returns ln(members ÷ (1 + users)) − usual, 0 to 9 nats; -1 without peers.
func (p prevalence) surprise() Nats {
	if p.members == 0 {
		return -1
	}
	return min(max(LnRatio(uint64(p.members), 1+uint64(p.users))-p.usual, 0), Novelty.Cap())
}

// victimBytes is the unanswered uplink of a pane that makes a destination a victim
// at once: the limit of D2.
const victimBytes = 20_000

// attempts returns how often a pane tried to reach a destination and how often it
// answered. A pane with uplink to a flow that was open before counts as one attempt.
func attempts(d *feature.Seen) (tried, ok uint32) {
	switch {
	case d.Inbound:
		return 0, d.Answered
	case d.Began > 0:
		return d.Began, min(d.Answered, d.Began)
	case d.Answered > 0 && d.UL > 0:
		return 1, 1
	case d.Silent():
		return 1, 0
	}
	return 0, 0
}

// failing reports whether the destination does not answer: more than half of the
// attempts failed, in total and early, in several panes and over ten minutes; a
// victim of a flood at once. Without the early share "the main server is down"
// would be malicious.
func (s *slot) failing() bool {
	if s.key.Inbound || s.key.Form == pane.FormName || s.tried == 0 || 2*s.ok >= s.tried {
		return false
	}
	if s.victim || s.proven {
		return s.victim
	}
	return 2*s.early[1] < s.early[0] && s.failedPanes >= failingPanes && s.last-s.first >= failingSpan
}

// against returns what stands against the destination.
func (s *slot) against(n pane.Number, ref *Reference, r *DestinationsRules) verdictOn {
	shared := s.peers.members > 0
	v := verdictOn{
		key: s.key, last: s.last, victim: s.victim, answered: !s.failing() && s.key.Form != pane.FormName,
		rich: ref.Rich || ref.Learning && !shared, peers: shared,
	}
	sup := s.surprise(ref, &r.Novelty)
	v.count = verdictCounts{
		tried: s.tried, ok: s.ok, flows: s.flows, gaps: s.gaps, mean: s.mean, ul: s.ul, dl: s.dl, normal: ref.Uplink.Value,
		rhythm: s.rhythm, surprise: max(sup, 0), peers: s.peers,
	}
	if sup <= 0 {
		return v
	}
	if s.key.Inbound {
		v.nats[0] = sup
		v.nats[3] = min(3*Nat+LnRatio(inboundLimit+s.dl, inboundLimit), 6*Nat)
		return v
	}
	if r.Novelty.Enabled {
		v.nats[0] = sup * Nats(r.Novelty.Weight) / 100
	}
	v.nats[1] = r.Beacon.weigh(s, sup)
	if !s.victim { // what a flood sends tells nobody anything
		v.nats[2] = r.Exfiltration.weigh(s, sup, ref.Uplink.Value)
	}
	if limit := s.limit(&r.Novelty, sup); v.nats[0]+v.nats[1] > limit {
		v.nats[1], v.count.limit = max(limit-v.nats[0], 0), uint8(limit/Nat)
	}
	return v
}

// surprise returns what the destination itself is worth (D4).
func (s *slot) surprise(ref *Reference, r *NoveltyRules) Nats {
	failing, shared := s.failing(), s.peers.surprise()
	switch {
	case ref.Gate.Updated && !failing:
		return 0
	case s.key.Form == pane.FormName:
		return s.named(r)
	case failing && shared >= 0:
		return min(shared, r.Failing)
	case failing && (s.key.Protocol != pane.TCP || s.customary):
		return r.FailingExcused
	case failing:
		return r.Failing
	case s.ok == 0 && s.dl == 0: // neither yet
		return 0
	case s.key.Inbound && s.dl >= inboundLimit:
		return r.Failing
	case s.key.Inbound:
		return inboundSurprise
	case s.excused:
		return 0
	case shared >= 0:
		return shared
	case s.customary && s.ul <= max(rotationBytes, rotationTimes*ref.Ports.Usual()):
		return r.Rotation
	}
	return r.Answered
}

// inboundSurprise is the surprise of a stranger that was let in, before much came
// in (reference 3.12, 14).
const inboundSurprise = 4 * Nat

// limit returns the most that novelty and beacon of the destination may weigh
// together.
func (s *slot) limit(r *NoveltyRules, sup Nats) Nats {
	failing := s.failing()
	switch {
	case s.peers.members > 0 || s.key.Form == pane.FormName:
		return Novelty.Cap() + Beaconing.Cap()
	case failing && sup == r.FailingExcused:
		return 14 * Nat
	case failing:
		return Novelty.Cap() + Beaconing.Cap()
	case sup == r.Rotation:
		return 8 * Nat
	}
	return 16 * Nat
}
