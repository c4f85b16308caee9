package pane

import "cordon/internal/record"

// What a probe that samples packets did not see may have been there. Nothing that it
// did not see is held against a terminal: neither that an answer was missing nor, in
// amounts that are scaled up, what chance may have added.

// Limits of sampled telemetry.
const (
	// silentSample is how many packets towards a destination must have been sampled in
	// a pane, and none of an answer, until it counts as silent. A receiver of TCP
	// acknowledges at least every second full segment (RFC 9293, 3.8.6.3), with offload
	// in the network card about every sixteenth packet: 300 packets miss them all once
	// in 10^8 panes.
	silentSample = 300
	// silentPackets is how many packets must have gone there over another protocol,
	// scaled up: a receiver of media reports every five seconds only (RFC 3550, 6.2),
	// which a sample misses. 1,000 packets a second, 11 Mbit/s of full packets, are more
	// than the media of a terminal. Ours.
	silentPackets = 10_000
	// fullPacket is the largest packet of most links, bytes: as many of them must have
	// been sampled at least.
	fullPacket = 1500
	// sampleDeviations are taken from an amount that is scaled up: chance adds more in
	// one report of 30,000.
	sampleDeviations = 4
)

// Silent reports whether packets went to the destination in the pane that nobody
// answered: where they were sampled, whether that is all but certain.
func (d *Destination) Silent() bool {
	if d.Sampled == 0 || d.UnansweredPackets == 0 {
		return d.UnansweredPackets > 0
	}
	return d.Sampled >= silentSample && (d.Protocol == TCP || d.UnansweredPackets >= silentPackets)
}

// sample notes that the report of a flow without an answer was sampled: whether the
// flow had one is not known, nor whether a refusal was all that came back.
func (r *Report) sample(f *record.Flow, s scale) {
	if s.sampling != 100 && !r.Answered {
		r.Began, r.Sampled = false, uint32(min(max(f.ULPackets, 0), 1<<31))
	}
}

// bytes returns a number of bytes per pane, of so many packets; below 0 where they
// were not counted.
func (s scale) bytes(n, packets int64) uint64 {
	full := n / fullPacket
	if packets >= 0 {
		full = min(full, packets)
	}
	return s.least(n, full)
}

// least returns the least amount per pane that is likely where n was measured by so
// many sampled packets, and no less than what was seen.
func (s scale) least(n, packets int64) uint64 {
	if s.sampling == 100 {
		return s.amount(n)
	}
	likely := s.amount(n)
	s.sampling = 100
	seen := s.amount(n)
	root := root(packets)
	if root <= sampleDeviations {
		return seen
	}
	return max(likely-likely*sampleDeviations/root, seen)
}

// root returns the square root of n, rounded down; 0 where n is below 1.
func root(n int64) uint64 {
	low, high := uint64(0), uint64(1)<<32
	for low+1 < high {
		if mid := (low + high) / 2; mid*mid <= uint64(max(n, 0)) {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}
