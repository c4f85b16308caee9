package detect

import (
	"cordon/internal/record"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// Destinations is what is kept of a terminal's destinations that are not known:
// a slot for each that may turn out to be a command-and-control host, a pool, or
// where data goes (D4 to D7), how often it called a known one in vain (D15), and
// whether it says the same again and again (D16).
type Destinations struct {
	slots      [slotLimit]slot
	retry      Sum // D15
	retries    retries
	last       pane.Number // last pane that spoke for one of the slots
	blamed     verdictOn
	outage     outage
	repetition repetition // D16
}

// verdictOn is what stands against the destination with the most evidence.
type verdictOn struct {
	key      pane.Key
	last     pane.Number // its last contact; 0: there is none
	nats     [4]Nats     // novelty, beacon, exfiltration, and volume that came in
	answered bool
	victim   bool // it was flooded
	rich     bool // the terminal's own uplink is rich: answered destinations weigh less
	peers    bool // held against peers
	count    verdictCounts
}

// verdictCounts are the numbers behind it.
type verdictCounts struct {
	tried, ok, flows uint32
	gaps, mean       int32 // mean in ms
	rhythm           Nats  // of the gaps, before the surprise
	ul, dl, normal   uint64
	surprise         Nats // of the destination, before weights
	peers            prevalence
	limit            uint8 // whole nats, that cut what novelty and beacon weigh together; 0: none did
}

// slotLimit is how many destinations are followed at once. Those with the least
// evidence, then with the fewest contacts, give way.
const slotLimit = 4

// Spans of D4 to D7 (detection reference 3.12).
const (
	slotSpan      = pane.Number(record.Day / pane.Length) // evidence stands that long after the last contact
	victimSpan    = pane.Number(10 * record.Minute / pane.Length)
	earlySpan     = pane.Number(3 * record.Hour / pane.Length)
	failingSpan   = pane.Number(10 * record.Minute / pane.Length)
	failingPanes  = 3
	provenPanes   = 5                                      // in which a destination answers that is a service; ours
	provenSpan    = pane.Number(record.Hour / pane.Length) // for which it did; ours
	freshPerPane  = 2                                      // failed first contacts that may take a slot in one pane: a scan makes hundreds
	inboundLimit  = 20_000
	rotationBytes = 1 << 20 // uplink that a new address on a customary port may get …
	rotationTimes = 4       // … or so many times that of the known destinations
	peersNeeded   = 200
)

// DestinationsRules are the thresholds of D4 to D7, D15 and D16.
type DestinationsRules struct {
	Novelty      NoveltyRules
	Beacon       BeaconRules
	Exfiltration ExfiltrationRules
	Retry        RetryRules
	Stuck        StuckRules
}

// NoveltyRules are those of D4: the surprise of a destination, milli-nats.
type NoveltyRules struct {
	Enabled bool
	// Weight in per cent of the nats (100).
	Weight int64
	// Commissioning is how long after its first pane a terminal's answered
	// destinations are expected to be new (1 h; 5 to 30 min gave false WATCH, 2 h
	// nothing more).
	Commissioning pane.Number
	// Failing is the surprise of a new TCP service that does not answer (9).
	Failing Nats
	// FailingExcused is the same over UDP, or on a port that the terminal uses with
	// success (4).
	FailingExcused Nats
	// Answered is the surprise of a new one that answers (5).
	Answered Nats
	// Rotation is the same on a port that the terminal uses with success (2).
	Rotation Nats
}

// DefaultDestinationsRules returns the rules every published figure was measured
// with. The surprises are those of detection reference 3.12.
func DefaultDestinationsRules() DestinationsRules {
	return DestinationsRules{
		Novelty: NoveltyRules{
			Enabled: true, Weight: 100, Commissioning: pane.Panes(record.Hour),
			Failing: 9 * Nat, FailingExcused: 4 * Nat, Answered: 5 * Nat, Rotation: 2 * Nat,
		},
		Beacon:       BeaconRules{Enabled: true, Weight: 100},
		Exfiltration: ExfiltrationRules{Enabled: true, Weight: 100},
		Retry:        RetryRules{Enabled: true, Weight: 100, Known: 3, Service: 8},
		Stuck:        StuckRules{Enabled: true, Weight: 100, Ratio: 3, Repeats: 360},
	}
}

// Wants reports whether the pane has a new destination, or a known one that fails
// often or gets the same twice.
func (r *DestinationsRules) Wants(v *feature.Vector, ref *Reference) bool {
	for i := range v.Seen {
		if r.eligible(&v.Seen[i]) || r.Stuck.wants(&v.Seen[i], ref) {
			return true
		}
	}
	return r.Retry.count(v).attempts > 0
}

// eligible reports whether a destination may take a slot: it is no infrastructure,
// the terminal was not seen to use it, and it is not one that many fail to reach
// or began to use at once, nor one that fails beside a known one (3.12, 8).
func (r *DestinationsRules) eligible(s *feature.Seen) bool {
	if s.Met || s.Service || s.Held || s.Peers.Down || s.Peers.Common {
		return false
	}
	if s.Form == pane.FormName {
		return wordy(s)
	}
	return s.Protocol != pane.ICMP && s.Protocol != pane.ICMPv6 && (s.Began > 0 || s.Answered > 0 || s.Silent())
}

// Step takes a pane.
func (d *Destinations) Step(v *feature.Vector, ref *Reference, r *DestinationsRules) {
	n := v.Pane
	d.expire(n)
	fresh := 0
	for i := range v.Seen {
		s := &v.Seen[i]
		if at := d.find(s.Key); at != nil {
			if s.Known || s.Peers.Common {
				*at = slot{}
			} else if !s.Held && !s.Peers.Down {
				at.take(s, n, ref, r)
			}
			continue
		}
		if !r.eligible(s) || s.Answered == 0 && !s.Flooded && fresh >= freshPerPane {
			continue
		}
		if s.Answered == 0 {
			fresh++
		}
		if at := d.room(n, ref, r); at != nil {
			*at = slot{key: s.Key, used: true, first: n, excused: ref.Age < r.Novelty.Commissioning, customary: ref.Ports.Customary(s.Key)}
			at.take(s, n, ref, r)
		}
	}
	d.weighRetries(r.Retry.count(v), n, &r.Retry)
	d.weighRepetition(v, ref, &r.Stuck)
	d.note(n, ref, r)
}

// find returns the slot of a destination, or nil.
func (d *Destinations) find(k pane.Key) *slot {
	for i := range d.slots {
		if s := &d.slots[i]; s.used && s.key == k {
			return s
		}
	}
	return nil
}

// expire forgets destinations that were not contacted for a day.
func (d *Destinations) expire(n pane.Number) {
	for i := range d.slots {
		if s := &d.slots[i]; s.used && n-s.last >= slotSpan {
			*s = slot{}
		}
	}
	if !d.blamed.stands(n) {
		d.blamed = verdictOn{}
	}
}

// room returns a free slot, or the one that has least to say: by evidence, then by
// contacts, then by age. Whoever wants to push out a rare destination must show
// more evidence than it has.
func (d *Destinations) room(n pane.Number, ref *Reference, r *DestinationsRules) *slot {
	var least *slot
	var lowest Nats
	for i := range d.slots {
		s := &d.slots[i]
		if !s.used {
			return s
		}
		if sum := s.against(n, ref, r).sum(); least == nil || sum < lowest ||
			sum == lowest && (s.tried+s.ok < least.tried+least.ok || s.tried+s.ok == least.tried+least.ok && s.last < least.last) {
			least, lowest = s, sum
		}
	}
	if least.last == n { // it came with this pane: the first of equals stay
		return nil
	}
	return least
}

// stands reports whether the evidence still stands when pane n has passed: a day
// after the last contact, of a victim as long as a flood does.
func (v *verdictOn) stands(n pane.Number) bool {
	span := slotSpan
	if v.victim {
		span = victimSpan
	}
	return v.last != 0 && n-v.last < span
}

// sum returns all that stands against it.
func (v verdictOn) sum() Nats { return v.nats[0] + v.nats[1] + v.nats[2] + v.nats[3] }

// note finds the destination with the most evidence: unrelated observations of
// several destinations must not add up (the false alarm of a door lock).
func (d *Destinations) note(n pane.Number, ref *Reference, r *DestinationsRules) {
	before := d.blamed.sum()
	d.blamed = verdictOn{}
	for i := range d.slots {
		s := &d.slots[i]
		if !s.used {
			continue
		}
		v := s.against(n, ref, r)
		if v.sum() > d.blamed.sum() || v.sum() > 0 && v.sum() == d.blamed.sum() && v.last > d.blamed.last {
			d.blamed = v
		}
	}
	if !d.blamed.victim && (d.blamed.sum() > before || d.blamed.last == n && d.blamed.sum() > 0) {
		d.last = n // of a flood its own family tells
	}
}

// richLimit is the most that volume, novelty, beacon and exfiltration weigh of a
// device with rich uplink, towards a destination that answers (reference 3.12, 13).
const richLimit = 16 * Nat

// At writes the levels as they stand when pane n has passed.
func (d *Destinations) At(n pane.Number, l *Levels) {
	l.Faults[Retry] = min(d.retry.fade(n, retryQuiet), FaultCap)
	l.Faults[Stuck] = d.repetition.at(n)
	b := &d.blamed
	if !b.stands(n) {
		return
	}
	l.Of[Novelty], l.Of[Beaconing], l.Of[Exfiltration] = min(b.nats[0], Novelty.Cap()), min(b.nats[1], Beaconing.Cap()), min(b.nats[2], Exfiltration.Cap())
	l.Of[Volume] = max(l.Of[Volume], b.nats[3])
	l.Reached, l.Answered, l.Inbound = b.answered, b.answered && !b.peers, b.key.Inbound
	if b.rich && b.answered {
		over := l.Of[Volume] + l.Of[Novelty] + l.Of[Beaconing] + l.Of[Exfiltration] - richLimit
		l.Of[Volume] = max(l.Of[Volume]-max(over, 0), 0)
	}
}

// Last returns the last pane that spoke for novelty, beacon or exfiltration.
func (d *Destinations) Last() pane.Number { return d.last }

// LastRetry returns the last pane in which a known destination was called too often
// in vain.
func (d *Destinations) LastRetry() pane.Number { return d.retries.last }

// LastStuck returns the last pane in which a known destination got the same again.
func (d *Destinations) LastStuck() pane.Number { return d.repetition.last }

// other reports whether the destination that stands out, or did last, is another one
// than the End that is named.
func (d *Destinations) other(end uint32) bool {
	return d.blamed.last != 0 && d.blamed.key.End() != 0 && d.blamed.key.End() != end
}

// Blamed returns the destination that novelty, beacon and exfiltration are about,
// if they weigh as much as a family.
func (d *Destinations) Blamed(n pane.Number) (pane.Key, bool) {
	b := &d.blamed
	return b.key, b.stands(n) && b.sum() >= 3*Nat
}

// Empty reports whether nothing is worth keeping.
func (d *Destinations) Empty(n pane.Number) bool {
	for i := range d.slots {
		if d.slots[i].used && n-d.slots[i].last < slotSpan {
			return false
		}
	}
	return d.retry.fade(n, retryQuiet) == 0 && d.outage.over(n) && d.repetition.over(n)
}
