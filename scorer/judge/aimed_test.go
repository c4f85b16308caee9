package judge

import (
	"net/netip"
	"testing"

	"cordon/internal/record"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

func suspect(address string, port uint16, ul, packets uint64) feature.Suspect {
	return feature.Suspect{Key: pane.KeyOf(&record.Flow{Protocol: 6, RemoteAddress: netip.MustParseAddr(address), RemotePort: int32(port)}), Flows: 1, UL: ul, Packets: packets}
}

func TestAimed(t *testing.T) {
	scan := make([]feature.Suspect, 0, 32)
	sprayed := make([]feature.Suspect, 0, 32)
	const many = 1000 // packets in the pane, of which 32 flows were kept
	for i := range 32 {
		host := netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}).String()
		scan = append(scan, suspect(host, 23, 60, 1))
		sprayed = append(sprayed, suspect("203.0.113.80", uint16(1000+i), 60, 1))
	}
	for name, c := range map[string]struct {
		suspects []feature.Suspect
		packets  uint64 // in the whole pane; 0: those of the suspects
		want     bool
	}{
		"nothing":                       {nil, 0, false},
		"scan of 32 kept hosts":         {scan, 0, false},
		"one victim":                    {[]feature.Suspect{suspect("203.0.113.80", 80, 1<<20, 900)}, 0, true},
		"one victim over many ports":    {sprayed, 0, true},
		"one flow of a flood in a scan": {append([]feature.Suspect{suspect("203.0.113.80", 80, 1<<20, 900)}, scan...), 0, true},
		"fast scan":                     {scan, many, false},
		"fast scan, one host twice":     {append([]feature.Suspect{suspect("203.0.113.1", 2323, 60, 1)}, scan[1:]...), many, false},
		"fast flood over many ports":    {sprayed, many, true},
		"four victims":                  {[]feature.Suspect{suspect("203.0.113.1", 80, 9, 9), suspect("203.0.113.2", 80, 9, 9), suspect("203.0.113.3", 80, 9, 9), suspect("203.0.113.4", 80, 9, 9)}, 0, true},
	} {
		v := feature.Vector{Suspects: c.suspects, UnansweredPackets: feature.Amount{Value: c.packets}, UnansweredBytes: feature.Amount{Value: 60 * c.packets}}
		if got := aimed(&v); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// Carpet bombing is a flood of a network; a fast scan is none.
func TestHeavy(t *testing.T) {
	for name, c := range map[string]struct {
		bytes, packets uint64
		want           bool
	}{
		"carpet of full packets": {6 << 20, 12_000, true}, "fast scan": {600_000, 10_000, false},
		"very fast scan": {6 << 20, 100_000, false}, "a burst": {900_000, 1_000, false},
	} {
		v := feature.Vector{UnansweredPackets: feature.Amount{Value: c.packets}, UnansweredBytes: feature.Amount{Value: c.bytes}}
		if got := heavy(&v); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}
