package baseline

import "cordon/internal/record"

// Thresholds of Slips 1.1.21 (StratosphereLinuxIPS, docs/features.md and
// config/slips.yaml): windows of an hour; a horizontal scan is more than 3
// destinations that did not answer on one port, a vertical one 6 ports and more
// of one destination; 5 attempts at one destination that do not come about are
// reconnections, 10 names that do not exist a name scan, 500 MB up to one
// destination an exfiltration.
const (
	slipsWindow      = record.Hour
	slipsHorizontal  = 4
	slipsVertical    = 6
	slipsReconnects  = 5
	slipsNoName      = 10
	slipsExfiltrated = 500_000_000
)

// Threat levels of Slips: low, medium, high. Its confidences differ by rule and
// version; here each is 1, which lets it find more and accuse more.
const (
	threatLow, threatMedium, threatHigh = 0.2, 0.5, 0.8
)

// What evidence in an hour is enough.
const (
	// StaticAny lets every threshold that is crossed be an alarm.
	StaticAny = 0.0
	// StaticSum is the alert of Slips: 0.25 per minute of the window.
	StaticSum = 15.0
)

// Static compares counts with fixed thresholds. Each event at or beyond its
// threshold adds its threat level to the window's sum.
type Static struct {
	alarms
	alert float64
	state map[record.Pseudonym]*hour
}

// hour is what a terminal did in a window. Only what fails is kept.
type hour struct {
	number     int64
	sum        float64
	scanned    map[int32]map[uint64]bool // destinations that did not answer, by port
	ports      map[uint64]map[int32]bool // ports that did not answer, by host
	attempts   map[uint64]int64          // that did not come about, by destination
	noName     int
	uplink     map[uint64]int64 // bytes by destination
	exfiltrate map[uint64]bool
}

// NewStatic returns thresholds that alarm at a sum; see StaticAny, StaticSum.
func NewStatic(alert float64) *Static {
	return &Static{alarms: newAlarms(), alert: alert, state: map[record.Pseudonym]*hour{}}
}

// Name implements Detector.
func (s *Static) Name() string {
	if s.alert == StaticAny {
		return "static thresholds, any"
	}
	return "static thresholds, 15 an hour"
}

// Learning implements Detector: there is nothing to learn.
func (s *Static) Learning() record.Micros { return 0 }

// Observe implements Detector.
func (s *Static) Observe(t *record.PseudonymisedTelemetry) {
	if t.Kind != record.KindFlow {
		return
	}
	h := s.state[t.Terminal]
	if number := int64(t.OccurredAt / slipsWindow); h == nil || number > h.number {
		h = &hour{
			number: number, scanned: map[int32]map[uint64]bool{}, ports: map[uint64]map[int32]bool{},
			attempts: map[uint64]int64{}, uplink: map[uint64]int64{}, exfiltrate: map[uint64]bool{},
		}
		s.state[t.Terminal] = h
	}
	if threat := h.add(t); threat > 0 {
		if h.sum += threat; h.sum >= s.alert {
			s.add(t.Terminal, t.OccurredAt)
		}
	}
}

// add counts a flow report and returns the threat level of what it crosses.
func (h *hour) add(t *record.PseudonymisedTelemetry) (threat float64) {
	f := &t.Flow
	destination := hash(f)
	if f.DNSResponse.Or(0) == 3 { // NXDOMAIN (RFC 1035)
		if h.noName++; h.noName >= slipsNoName {
			threat += threatLow
		}
	}
	count(h.uplink, destination, f.ULVolume)
	if h.uplink[destination] >= slipsExfiltrated && !h.exfiltrate[destination] {
		h.exfiltrate[destination] = true
		threat += threatHigh
	}
	if answered(f) || !begun(t) {
		return threat
	}
	return threat + h.fail(f, destination)
}

// fail counts a flow that nobody took.
func (h *hour) fail(f *record.Flow, destination uint64) (threat float64) {
	if count(h.attempts, destination, 1); h.attempts[destination] >= slipsReconnects {
		threat += threatMedium
	}
	alone := *f
	alone.RemotePort = 0
	host := hash(&alone)
	if grown(h.scanned, f.RemotePort, host) >= slipsHorizontal {
		threat += threatHigh
	}
	if grown(h.ports, host, f.RemotePort) >= slipsVertical {
		threat += threatHigh
	}
	return threat
}

// most is how many destinations, or ports, a terminal is kept with in an hour:
// far more than any threshold asks for. A fast scan meets millions.
const most = 4096

// count adds to a destination's sum, if it is kept.
func count(sums map[uint64]int64, destination uint64, n int64) {
	if _, kept := sums[destination]; kept || len(sums) < most {
		sums[destination] += n
	}
}

// grown puts a member into the set of a key and returns the size of the set, or
// 0 where it was there before. A set that is full takes everything for new.
func grown[K, M comparable](sets map[K]map[M]bool, key K, member M) int {
	set := sets[key]
	if set == nil {
		if len(sets) == most {
			return 0
		}
		set = map[M]bool{}
		sets[key] = set
	}
	if set[member] {
		return 0
	}
	if len(set) < most {
		set[member] = true
	}
	return len(set)
}

// Finish implements Detector.
func (s *Static) Finish() []Alarm { return s.sorted() }
