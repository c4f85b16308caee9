package judge

import (
	"cordon/scorer/detect"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

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
