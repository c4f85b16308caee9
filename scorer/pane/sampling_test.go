package pane

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
)

func TestSilent(t *testing.T) {
	for _, c := range []struct {
		name     string
		protocol uint8
		packets  uint64
		sampled  uint32
		want     bool
	}{
		{"measured in full", TCP, 1, 0, true},
		{"nothing sent", TCP, 0, 0, false},
		{"one packet of a handshake", TCP, 10, 1, false},
		{"too few to be sure", TCP, 29_900, 299, false},
		{"nobody acknowledges 300 segments", TCP, 3000, 300, true},
		// RFC 3550, 6.2: reports of receivers come every 5 s or less often.
		{"a media stream, whose reports the sample may miss", UDP, 9_999, 3000, false},
		{"more than media", UDP, 10_000, 1000, true},
		{"long interval, few packets a pane", TCP, 0, 400, false},
	} {
		d := Destination{Key: Key{Protocol: c.protocol}, UnansweredPackets: c.packets, Sampled: c.sampled}
		if got := d.Silent(); got != c.want {
			t.Errorf("%s: %d packets, %d sampled: silent %v, want %v", c.name, c.packets, c.sampled, got, c.want)
		}
	}
}

// What is scaled up is at least what was seen, and at most what it stands for.
func TestLeastOfASample(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := scale{length: Length, sampling: rapid.Uint64Range(1, 100).Draw(t, "ratio"), observations: 1}
		packets := rapid.Int64Range(-1, math.MaxInt64).Draw(t, "packets")
		n := rapid.Int64Range(0, maxAmount).Draw(t, "amount")
		got := s.least(n, packets)
		if got < uint64(n) || got > s.amount(n) {
			t.Fatalf("least of %d in %d packets, %d %%: %d, want %d to %d", n, packets, s.sampling, got, n, s.amount(n))
		}
	})
}

func TestRoot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, math.MaxInt64).Draw(t, "n")
		if got, want := root(n), new(big.Int).Sqrt(big.NewInt(n)).Uint64(); got != want {
			t.Fatalf("root(%d) = %d, want %d", n, got, want)
		}
	})
	if got := root(-1); got != 0 {
		t.Errorf("root(-1) = %d, want 0", got)
	}
}

// A session whose packets nobody counted is scaled by full packets.
func TestSampledSession(t *testing.T) {
	var r Report
	r.Read(&record.PseudonymisedTelemetry{
		OccurredAt: record.Minute, Kind: record.KindSessionUsage, SamplingRatio: record.Some[int32](50),
		SessionUsage: record.SessionUsage{ULVolume: 150_000, ULPackets: -1, DLPackets: -1},
	}, &Infrastructure{})
	if r.UL != 300_000-300_000*4/10 {
		t.Errorf("100 full packets sampled of 200: %d bytes, want 180000", r.UL)
	}
}
