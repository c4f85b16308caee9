package baseline

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
)

const start = record.Micros(1_767_225_600_000_000) // 2026-01-01, a whole hour

// flow is a report of a flow that began and was answered.
func flow(who byte, at record.Micros, host byte, port int32) *record.PseudonymisedTelemetry {
	t := &record.PseudonymisedTelemetry{Terminal: record.Pseudonym{who}, OccurredAt: start + at, Kind: record.KindFlow}
	t.Flow = record.Flow{
		Protocol: 6, RemoteAddress: netip.AddrFrom4([4]byte{198, 18, 0, host}), RemotePort: port,
		StartTime: record.Some(start + at), ULPackets: 10, ULVolume: 1000, DLPackets: 8, DLVolume: 900,
	}
	return t
}

func failed(t *record.PseudonymisedTelemetry) *record.PseudonymisedTelemetry {
	t.Flow.DLPackets, t.Flow.DLVolume = 0, 0
	return t
}

func times(list []Alarm) []record.Micros {
	var all []record.Micros
	for _, a := range list {
		all = append(all, a.At-start)
	}
	return all
}

// Slips: "horizontal scan > 3 dst unanswered on a port, vertical >= 6 ports; 5+
// reconnections; 10 NXDOMAIN; exfil 500 MB".
func TestStaticThresholds(t *testing.T) {
	const second = record.Second
	for name, c := range map[string]struct {
		make  func(i int) *record.PseudonymisedTelemetry
		alarm int // the record that crosses, from 1
	}{
		"horizontal": {func(i int) *record.PseudonymisedTelemetry {
			return failed(flow(1, record.Micros(i)*second, byte(i), 23))
		}, 4},
		"vertical": {func(i int) *record.PseudonymisedTelemetry {
			return failed(flow(1, record.Micros(i)*second, 1, int32(i)))
		}, 6},
		"reconnections": {func(i int) *record.PseudonymisedTelemetry {
			return failed(flow(1, record.Micros(i)*second, 1, 443))
		}, 5},
		"reset": {func(i int) *record.PseudonymisedTelemetry {
			f := flow(1, record.Micros(i)*second, 1, 443)
			f.Flow.DLTCPFlags = record.Some[int32](flagRST)
			return f
		}, 5},
		"names": {func(i int) *record.PseudonymisedTelemetry {
			f := flow(1, record.Micros(i)*second, 1, 53)
			f.Flow.DNSResponse = record.Some[int32](3)
			return f
		}, 10},
		"exfiltration": {func(i int) *record.PseudonymisedTelemetry {
			f := flow(1, record.Micros(i)*second, 1, 443)
			f.Flow.ULVolume = 100_000_000
			return f
		}, 5},
		"answered": {func(i int) *record.PseudonymisedTelemetry {
			return flow(1, record.Micros(i)*second, byte(i), 23)
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewStatic(StaticAny)
			for i := 1; i <= 20; i++ {
				s.Observe(c.make(i))
			}
			var want []record.Micros
			if c.alarm > 0 {
				want = []record.Micros{record.Micros(c.alarm) * second}
			}
			if got := times(s.Finish()); !slices.Equal(got, want) {
				t.Errorf("alarms at %v, want %v", got, want)
			}
		})
	}
}

// Slips: "alert at .25 x width/60 = 15 per hour": 19 destinations of 0.8 beyond
// the third. The next hour begins anew.
func TestStaticSum(t *testing.T) {
	s := NewStatic(StaticSum)
	for i := 1; i <= 21; i++ {
		s.Observe(failed(flow(1, record.Micros(i)*record.Second, byte(i), 23)))
	}
	for i := 1; i <= 22; i++ {
		s.Observe(failed(flow(1, record.Hour+record.Micros(i)*record.Second, byte(i), 23)))
	}
	if got, want := times(s.Finish()), []record.Micros{record.Hour + 22*record.Second}; !slices.Equal(got, want) {
		t.Errorf("alarms at %v, want %v", got, want)
	}
}

func TestUpperFence(t *testing.T) {
	for _, c := range []struct {
		list []int64
		want float64
	}{
		{[]int64{1, 2, 3, 4, 5}, 7}, // quartiles 2 and 4
		{[]int64{5, 3, 1, 2, 4, 6}, 8.5},
		{[]int64{7, 7, 7}, 7},
	} {
		if got := upperFence(c.list); got != c.want {
			t.Errorf("upperFence(%v): got %g, want %g", c.list, got, c.want)
		}
	}
}

// Both learn from an hour of steady traffic and tell of a burst, once in ten
// minutes; a terminal they hardly know is left alone.
func TestLearnedBaselines(t *testing.T) {
	for _, d := range []Detector{NewBoxplot(start, record.Hour), NewEWMA()} {
		t.Run(d.Name(), func(t *testing.T) {
			for i := range 90 {
				at := record.Micros(i) * record.Minute
				d.Observe(flow(1, at, 1, 443))
				burst := flow(1, at+record.Second, 2, 443)
				burst.Flow.ULPackets, burst.Flow.ULVolume = 20_000, 20_000_000
				if i == 70 || i == 71 {
					d.Observe(burst)
				}
				if i > 85 {
					burst.Terminal = record.Pseudonym{2}
					d.Observe(burst)
				}
			}
			if got, want := times(d.Finish()), []record.Micros{71 * record.Minute}; !slices.Equal(got, want) {
				t.Errorf("alarms at %v, want %v", got, want)
			}
		})
	}
}

// The number of alarms of a terminal is bounded by time, whatever it does.
func TestRefractoryLaw(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		a := newAlarms()
		at := record.Micros(0)
		for _, gap := range rapid.SliceOf(rapid.Int64Range(0, int64(20*record.Minute))).Draw(r, "gaps") {
			at += record.Micros(gap)
			a.add(record.Pseudonym{}, at)
		}
		list := a.sorted()
		for i := 1; i < len(list); i++ {
			if list[i].At-list[i-1].At < refractory {
				r.Fatalf("alarms at %d and %d, want ten minutes between", list[i-1].At, list[i].At)
			}
		}
	})
}

func Example() {
	d := NewStatic(StaticAny)
	for host := range byte(10) {
		d.Observe(failed(flow(1, record.Micros(host)*record.Second, host, 23)))
	}
	for _, a := range d.Finish() {
		fmt.Println(d.Name(), a.At)
	}
	// Output: static thresholds, any 2026-01-01T00:00:03.000000Z
}
