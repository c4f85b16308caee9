package detect

import "cordon/scorer/feature"

// Flood is D2: uplink that nobody answers, to destinations that are not known.
type Flood struct {
	Bytes   uint64 // per pane: more than this is evidence (reference 3.4: 20 kB, 16 kbit/s)
	Packets uint64 // per pane, likewise (200)
	Weight  int64  // of the evidence, in per cent; 0 counts as 100
}

// Limits of D2, as in detection reference 3.4.
const (
	floodBase    = 2 * Nat // of any pane above the limit
	floodPaneCap = 6 * Nat // of one pane: a single burst is never enough
	floodQuiet   = 200     // taken away by every pane below the limit
	floodCap     = 12 * Nat
)

// Evidence returns what the unanswered uplink of a pane weighs, per pane it
// stands for; 0 where it is within the limits.
func (d *Flood) Evidence(v *feature.Vector) Nats {
	bytes, packets := v.UnansweredBytes.Value, v.UnansweredPackets.Value
	if bytes <= d.Bytes && packets <= d.Packets {
		return 0
	}
	excess := max(LnRatio(d.Bytes+bytes, d.Bytes), LnRatio(d.Packets+packets, d.Packets))
	return min(weighted(floodBase+excess, d.Weight), floodPaneCap)
}
