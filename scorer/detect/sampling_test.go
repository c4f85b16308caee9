package detect

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// exchange is a flow as it was, and as a probe that samples saw it.
type exchange struct {
	host             byte
	protocol         int32
	size             int64 // bytes of a packet
	up, down         int64 // packets
	upSeen, downSeen int64
}

// exchanges draws the flows of a pane, one to a host. Whoever answers over TCP does so at least to
// every sixteenth packet; a stream of media is slower than a flood.
func exchanges(t *rapid.T, ratio int) []exchange {
	chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	thin := func(n int64) (seen int64) {
		for range n {
			if chance.IntN(100) < ratio {
				seen++
			}
		}
		return seen
	}
	return rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) exchange {
		e := exchange{
			host: rapid.Byte().Draw(t, "host"), protocol: rapid.SampledFrom([]int32{pane.TCP, pane.UDP}).Draw(t, "protocol"),
			size: rapid.Int64Range(40, 1500).Draw(t, "size"), up: rapid.SampledFrom([]int64{1, 3, 40, 900, 6000}).Draw(t, "up"),
		}
		switch answers := rapid.IntRange(0, 2).Draw(t, "answers"); {
		case answers == 1:
			e.down = max(e.up/16, 1)
		case answers == 2 && e.protocol == pane.UDP:
			e.down = 2
		}
		e.upSeen, e.downSeen = thin(e.up), thin(e.down)
		return e
	}), 0, 40, func(e exchange) byte { return e.host }).Draw(t, "flows")
}

// sampled is a terminal of which a probe sees so much, in per cent.
type sampled struct {
	ratio        int32
	reader       feature.Reader
	memory       feature.Memory
	state        State
	destinations Destinations
}

// take gives it a pane and returns what stands then.
func (s *sampled) take(n pane.Number, flows []exchange) Levels {
	var ring pane.Ring
	var refs pane.Refs
	ring.Jump(n)
	slot, v := ring.Open(n, &refs, 0), feature.Vector{}
	for _, e := range flows {
		up, down := e.up, e.down
		if s.ratio < 100 {
			up, down = e.upSeen, e.downSeen
		}
		if up+down == 0 {
			continue
		}
		t := record.PseudonymisedTelemetry{OccurredAt: n.Start() + record.Second, Kind: record.KindFlow, SamplingRatio: record.Some(s.ratio)}
		t.Flow = record.Flow{
			Protocol: e.protocol, RemoteAddress: netip.AddrFrom4([4]byte{203, 0, 113, e.host}), RemotePort: 8000, Direction: record.DirectionUplink,
			ULVolume: up * e.size, ULPackets: up, DLVolume: down * 100, DLPackets: down,
		}
		var r pane.Report
		r.Read(&t, &pane.Infrastructure{})
		ring.Table(n).Add(slot, &r, r.Destination.Hash(pane.Seed{}))
	}
	s.memory.Age(n)
	s.reader.Read(feature.Pane{Number: n, Table: ring.Table(n), Slot: slot}, &s.memory, &v)
	detectors, rules, ref := shipped(), DefaultDestinationsRules(), shippedReference()
	ref.Ports = &Ports{}
	s.state.Step(&detectors, &v, ref)
	s.destinations.Step(&v, ref, &rules)
	s.reader.Learn(&v, &s.memory, true)
	return Standing{State: &s.state, Destinations: &s.destinations}.At(n)
}

// Sampling hides evidence and makes none: the same traffic thinned gives no more of a
// scan, of a flood and of retries, and no destination that fails.
func TestSamplingNeverRaisesEvidence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ratio := rapid.SampledFrom([]int{1, 5, 10, 25, 50, 90}).Draw(t, "ratio")
		full, thin := sampled{ratio: 100}, sampled{ratio: int32(ratio)}
		for n := pane.Number(10); n < pane.Number(10+rapid.IntRange(1, 8).Draw(t, "panes")); n++ {
			flows := exchanges(t, ratio)
			a, b := full.take(n, flows), thin.take(n, flows)
			for _, f := range []Family{Scanning, Flooding} {
				if b.Of[f] > a.Of[f] {
					t.Fatalf("pane %d, %d %% sampled: %v %d milli-nats, in full %d\n%+v", n, ratio, f, b.Of[f], a.Of[f], flows)
				}
			}
			if b.Faults[Retry] > a.Faults[Retry] {
				t.Fatalf("pane %d, %d %% sampled: retries %d milli-nats, in full %d\n%+v", n, ratio, b.Faults[Retry], a.Faults[Retry], flows)
			}
		}
	})
}
