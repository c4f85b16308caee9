package detect

import (
	"fmt"
	"net/netip"
	"testing"

	"cordon/internal/record"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// failure returns a first contact of a pane that failed.
func failure(v *feature.Vector, address byte, port uint16) feature.Seen {
	k := pane.KeyOf(&record.Flow{RemoteAddress: netip.AddrFrom4([4]byte{198, 51, 100, address}), RemotePort: int32(port), Protocol: pane.TCP})
	v.TCP.Failed++
	return feature.Seen{Destination: &pane.Destination{Key: k, Flows: 1, Began: 1, UnansweredPackets: 1, UL: 40}, Failed: true}
}

// A service that answered for an hour and does not any more excuses what fails on its
// port, as often as a device has other servers, and once a day.
func TestOutageExcusesFallbacks(t *testing.T) {
	for _, c := range []struct {
		name     string
		answered int // contacts, one a minute, before the service fails
		port     uint16
		tries    int // fallbacks, one a pane
		want     int // still held against the terminal
	}{
		{"a handful of fallbacks", 90, 8883, 6, 0},
		{"a scan on the port of a service that is down", 90, 8883, 40, 32},
		{"on another port", 90, 23, 6, 6},
		{"a service of half an hour", 30, 8883, 6, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := script{key: addressed(pane.TCP, 8883), every: 6, panes: 6 * (c.answered + 1), began: 1, answered: func(i int) bool { return i < c.answered }, ul: 60, dl: 60, age: 9000}
			_, d := s.play()
			n := pane.Number(900_000 + 6*(c.answered+1))
			if got := heldAgainst(d, n, &s, c.port, c.tries); got != c.want {
				t.Errorf("%d of %d failures count, want %d", got, c.tries, c.want)
			}
		})
	}
}

// heldAgainst plays fallbacks beside calls of the service that is down, and returns
// how many of the failures count.
func heldAgainst(d *Destinations, n pane.Number, s *script, port uint16, tries int) int {
	rules := DefaultDestinationsRules()
	counts := 0
	for i := range tries {
		v := &feature.Vector{Pane: n + pane.Number(i)}
		v.Seen = append(v.Seen, feature.Seen{Destination: &pane.Destination{Key: s.key, Flows: 1, Began: 1, UnansweredPackets: 3, UL: 180}, Met: true, Before: true})
		v.Seen = append(v.Seen, failure(v, byte(i+1), port))
		d.Excuse(v)
		d.Step(v, &Reference{Age: 9000, Uplink: Normal{Value: 300_000}, Ports: &s.ports}, &rules)
		counts += int(v.TCP.Failed)
	}
	return counts
}

// What was excused stays excused for a day, and no more is.
func TestOutageAllowanceIsOfADay(t *testing.T) {
	var o outage
	s := &feature.Seen{Destination: &pane.Destination{Key: addressed(pane.TCP, 443)}}
	for day, want := range []uint8{0, 3, 0} {
		n := pane.Number(900_000 + []int{0, 4000, 14_000}[day])
		o.extend(s, n)
		if o.fallbacks != want {
			t.Errorf("at pane %d %d were excused, want %d", n, o.fallbacks, want)
		}
		o.fallbacks = 3
	}
}

func ExampleDestinations_Excuse() {
	rules := DefaultDestinationsRules()
	var d Destinations
	service := addressed(pane.TCP, 8883)
	ref := &Reference{Age: 9000, Uplink: Normal{Value: 300_000}}
	for minute := range 70 {
		d.Step(&feature.Vector{Pane: 900_000 + pane.Number(6*minute), Seen: []feature.Seen{{
			Destination: &pane.Destination{Key: service, Flows: 1, Began: 1, Answered: 1, UL: 60, DL: 60}, Met: minute > 0,
		}}}, ref, &rules)
	}
	v := &feature.Vector{Pane: 900_500, Seen: []feature.Seen{{Destination: &pane.Destination{Key: service, Flows: 1, Began: 1, UL: 60}, Met: true, Before: true}}}
	v.Seen = append(v.Seen, failure(v, 1, 8883), failure(v, 2, 23))
	d.Excuse(v)
	fmt.Println("failed first contacts that count:", v.TCP.Failed)
	// Output: failed first contacts that count: 1
}
