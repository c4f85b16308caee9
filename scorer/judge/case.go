package judge

import (
	"bytes"
	"cmp"
	"slices"

	"cordon/internal/record"
	"cordon/scorer/detect"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// DestinationLimit is how many destinations a case keeps (contracts: 8).
const DestinationLimit = 8

// Destination is a remote end of a case and what was sent to it.
type Destination struct {
	pane.Key
	Flows uint64      // reports
	UL    uint64      // bytes
	Last  pane.Number // of the last of them
}

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

// staleSpan is how long a destination stays with the case after the last traffic
// towards it. A case may be open for weeks; what was flooded yesterday must neither
// hide today's victim nor stay blocked for it.
const staleSpan = pane.Number(record.Hour / pane.Length)

// age takes out the destinations that got nothing for long.
func (c *Case) age(n pane.Number) {
	for i := int(c.used) - 1; i >= 0; i-- {
		if n-c.destinations[i].Last >= staleSpan {
			c.remove(i)
		}
	}
}

// remove takes a destination out.
func (c *Case) remove(i int) {
	c.used--
	c.destinations[i] = c.destinations[c.used]
	c.destinations[c.used] = Destination{}
}

// accuse puts the destination that novelty, beacon and exfiltration are about
// among those of the case.
func (c *Case) accuse(seen *Seen) {
	if !seen.Named {
		return
	}
	for i := range seen.Vector.Seen {
		d := &seen.Vector.Seen[i]
		if d.Key != seen.Suspect {
			continue
		}
		if d.Flooded { // blame has it
			return
		}
		flows, ul := uint64(d.Flows), d.UL
		if at := c.find(d.Key); at >= 0 {
			c.destinations[at].add(flows, ul, seen.Pane)
		} else {
			c.enter(Destination{d.Key, flows, ul, seen.Pane})
		}
		c.ForbiddenFlows += flows
		c.ForbiddenUL += ul
		return
	}
}

// blame puts the suspects of a pane among the destinations of the case: failed
// first contacts always, unanswered uplink where it makes the pane a flood. One
// that answers is taken out: it is not what the case is about.
func (c *Case) blame(r *Rule, v *feature.Vector, seen *Seen) {
	for _, k := range v.Answering {
		if !seen.Named || k != seen.Suspect {
			c.pardon(k)
		}
	}
	share := r.shareOf(v)
	if !c.Aimed && share.flood && (aimed(v) || heavy(v)) { // it has another exception now
		c.Aimed, c.Changed = true, true
	}
	for i := range v.Suspects {
		s := &v.Suspects[i]
		at := c.find(s.Key)
		switch {
		case at >= 0:
			c.destinations[at].add(s.Flows, s.UL, v.Pane)
		case s.Contact || share.holds(s):
			c.enter(Destination{s.Key, s.Flows, s.UL, v.Pane})
		default:
			continue
		}
		c.ForbiddenFlows += s.Flows
		c.ForbiddenUL += s.UL
	}
}

// add adds what went to a destination in a pane.
func (d *Destination) add(flows, ul uint64, n pane.Number) {
	d.Flows, d.UL, d.Last = d.Flows+flows, d.UL+ul, n
}

// floodShare is what a destination must have been sent to belong to a flood.
type floodShare struct {
	flood          bool
	bytes, packets uint64       // at least one of these
	limit          detect.Flood // infrastructure: more than the limits by itself
}

// shareOf returns the least share of a pane's flood: a sixteenth of the
// destination that got most. A time server that failed meanwhile is no victim.
func (r *Rule) shareOf(v *feature.Vector) floodShare {
	f := floodShare{flood: r.Flood.Evidence(v) > 0, bytes: 1, packets: 1, limit: r.Flood}
	for i := range v.Suspects {
		f.bytes = max(f.bytes, v.Suspects[i].UL/victimShare)
		f.packets = max(f.packets, v.Suspects[i].Packets/victimShare)
	}
	return f
}

// holds reports whether a destination belongs to the flood.
func (f *floodShare) holds(s *feature.Suspect) bool {
	if s.Service {
		return f.flood && (s.UL > f.limit.Bytes || s.Packets > f.limit.Packets)
	}
	return f.flood && (s.UL >= f.bytes || s.Packets >= f.packets)
}

// heavy reports whether unanswered uplink is too much for a scan, whoever gets it: a
// megabyte in a pane, in packets that carry something. A probe of a port is 40 to 80
// bytes; what is spread over a whole network in full packets is a flood of it.
func heavy(v *feature.Vector) bool {
	bytes, packets := v.UnansweredBytes.Value, v.UnansweredPackets.Value
	return bytes >= heavyBytes && bytes >= packets*heavyPacket
}

// pressed reports whether too many flow starts have a victim that may well answer:
// one destination, not known, got at least half of all that the pane began. Whoever
// asks a web server for the same page twenty times a second floods it, and what
// volume says of it is that.
func pressed(v *feature.Vector) bool {
	for i := range v.Seen {
		d := &v.Seen[i]
		if !d.Known && !d.Service && d.Remote() && 2000*uint64(d.Began) >= v.Totals.Starts {
			return true
		}
	}
	return false
}

const (
	heavyBytes  = 1 << 20
	heavyPacket = 200 // bytes at IP level
)

// aimed reports whether unanswered uplink has a victim: an address that got at
// least a sixteenth of all that the pane left unanswered, in bytes or packets. A
// fast scan sends as much, a packet to each of hundreds of addresses: to block
// some of those would stop nothing. Of many flows 32 are kept, so a flood that
// is sprayed over ports shows as a quarter of the packets to those; a sixteenth
// of them would be two packets, which a scanned host gets by chance.
func aimed(v *feature.Vector) bool {
	bytes, packets := v.UnansweredBytes.Value, v.UnansweredPackets.Value
	var keptBytes, kept uint64
	for i := range v.Suspects {
		keptBytes += v.Suspects[i].UL
		kept += v.Suspects[i].Packets
	}
	bytes, packets = max(bytes, keptBytes), max(packets, kept)
	for i := range v.Suspects {
		ul, sent := towards(v.Suspects, v.Suspects[i].AnyPort())
		if ul > 0 && ul >= bytes/victimShare || sent > 0 && (sent >= packets/victimShare || sent >= kept/keptShare) {
			return true
		}
	}
	return false
}

// towards sums what went to all ports of an address.
func towards(suspects []feature.Suspect, k pane.Key) (ul, packets uint64) {
	for i := range suspects {
		if suspects[i].AnyPort().Address == k.Address {
			ul += suspects[i].UL
			packets += suspects[i].Packets
		}
	}
	return ul, packets
}

const (
	// victimShare is the part of a flood, one in so many, that makes an address
	// its victim.
	victimShare = 16
	// keptShare is that part of the packets to the flows that were kept.
	keptShare = 4
)

// find returns where a destination stands, by itself or with its port left
// open; -1 where it does not.
func (c *Case) find(k pane.Key) int {
	for i := range c.destinations[:c.used] {
		if d := c.destinations[i].Key; d == k || d == k.AnyPort() {
			return i
		}
	}
	return -1
}

// enter makes room for a destination: with another port of the same address
// both become one with any port; when full it replaces the smallest, if that
// is smaller.
func (c *Case) enter(fresh Destination) {
	least := 0
	for i := range c.destinations[:c.used] {
		d := &c.destinations[i]
		if d.AnyPort() == fresh.AnyPort() {
			*d = Destination{d.AnyPort(), d.Flows + fresh.Flows, d.UL + fresh.UL, fresh.Last}
			c.Changed = true
			return
		}
		if compare(*d, c.destinations[least]) < 0 {
			least = i
		}
	}
	switch {
	case c.used < DestinationLimit:
		c.destinations[c.used] = fresh
		c.used++
	case heavier(fresh, c.destinations[least]) > 0:
		c.destinations[least] = fresh
	default:
		return
	}
	c.Changed = true
}

// pardon takes a destination out.
func (c *Case) pardon(k pane.Key) {
	for i := range c.destinations[:c.used] {
		if c.destinations[i].Key == k {
			c.remove(i)
			c.Changed = true
			return
		}
	}
}

// Destinations returns the destinations of the case, largest first.
func (c *Case) Destinations() []Destination {
	list := slices.Clone(c.destinations[:c.used])
	slices.SortFunc(list, func(a, b Destination) int { return compare(b, a) })
	return list
}

// heavier compares by bytes, then by flows: a flood can be a single flow, and
// must not lose its place to the contacts of a scan beside it.
func heavier(a, b Destination) int {
	return cmp.Or(cmp.Compare(a.UL, b.UL), cmp.Compare(a.Flows, b.Flows))
}

// compare orders destinations by weight; equal ones by key, so that the order
// is total.
func compare(a, b Destination) int {
	return cmp.Or(heavier(a, b), bytes.Compare(a.Address[:], b.Address[:]), cmp.Compare(a.Port, b.Port), cmp.Compare(a.Protocol, b.Protocol))
}
