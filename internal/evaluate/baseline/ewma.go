package baseline

import (
	"math"
	"math/bits"

	"cordon/internal/record"
)

// Numbers of the z-score: Slips' own for a host that is not suspicious yet
// (alpha 0.05, z 3.5, on log1p of rates).
const (
	ewmaAlpha = 0.05
	ewmaZ     = 3.5
	// ewmaWindows is how many minutes with traffic come before the first test:
	// half of one over alpha, for some devices speak four times an hour.
	ewmaWindows = 10
	// ewmaFloor is the least deviation on the log1p scale: a terminal that sends
	// the same every minute is not anomalous with one packet more.
	ewmaFloor = 0.5
)

// ewmaRates is how many rates are watched: uplink bytes, uplink packets, flows
// begun, flows that failed, distinct destinations (up to 256).
const ewmaRates = 5

// EWMA compares five rates of each minute with traffic with the exponentially
// weighted mean and deviation of the same terminal. It learns all the time.
type EWMA struct {
	alarms
	windows
	state map[record.Pseudonym]*moments
}

// moments are what is learned of a terminal.
type moments struct {
	windows        int
	mean, variance [ewmaRates]float64
}

// NewEWMA returns the z-score.
func NewEWMA() *EWMA {
	e := &EWMA{alarms: newAlarms(), state: map[record.Pseudonym]*moments{}}
	e.windows = windows{open: map[record.Pseudonym]*window{}, close: e.judge}
	return e
}

// Name implements Detector.
func (e *EWMA) Name() string { return "EWMA z-score" }

// Learning implements Detector: it is counted in minutes with traffic, which
// differ by terminal.
func (e *EWMA) Learning() record.Micros { return 0 }

// Observe implements Detector.
func (e *EWMA) Observe(t *record.PseudonymisedTelemetry) { e.observe(t) }

// Finish implements Detector.
func (e *EWMA) Finish() []Alarm {
	e.finish()
	return e.sorted()
}

func (e *EWMA) judge(terminal record.Pseudonym, w *window) {
	m := e.state[terminal]
	if m == nil {
		m = &moments{}
		e.state[terminal] = m
	}
	if m.add(w) {
		e.add(terminal, w.end())
	}
}

// add tests a window against what was learned, then learns from it.
func (m *moments) add(w *window) (anomalous bool) {
	distinct := 0
	for _, word := range w.distinct {
		distinct += bits.OnesCount64(word)
	}
	rates := [ewmaRates]int64{w.bytes, w.packets, w.begun, w.failed, int64(distinct)}
	for i, rate := range rates {
		x := math.Log1p(float64(rate))
		if m.windows == 0 {
			m.mean[i] = x
			continue
		}
		away := x - m.mean[i]
		deviation := max(math.Sqrt(m.variance[i]), ewmaFloor)
		anomalous = anomalous || m.windows >= ewmaWindows && away > ewmaZ*deviation
		m.mean[i] += ewmaAlpha * away
		m.variance[i] = (1 - ewmaAlpha) * (m.variance[i] + ewmaAlpha*away*away)
	}
	m.windows++
	return anomalous
}
