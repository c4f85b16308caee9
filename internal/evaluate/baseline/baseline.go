package baseline

import (
	"bytes"
	"cmp"
	"slices"

	"cordon/internal/record"
)

// Alarm says that something is wrong with a terminal.
type Alarm struct {
	Terminal record.Pseudonym
	At       record.Micros
}

// Detector is one baseline. It belongs to one goroutine.
type Detector interface {
	// Name is what a table calls it.
	Name() string
	// Learning is how long after Start it raises no alarm.
	Learning() record.Micros
	// Observe takes the next record; those of one terminal come by time, but for
	// late ones.
	Observe(t *record.PseudonymisedTelemetry)
	// Finish ends the run and returns all alarms, by terminal and time.
	Finish() []Alarm
}

// All returns the baselines for a run from start on, the first part of which is
// there to learn from.
func All(start, learning record.Micros) []Detector {
	return []Detector{
		NewStatic(StaticAny), NewStatic(StaticSum), NewBoxplot(start, learning), NewEWMA(),
	}
}

// refractory is how long after an alarm its terminal has no other: see the
// package.
const refractory = 10 * record.Minute

// alarms gathers alarms.
type alarms struct {
	list []Alarm
	last map[record.Pseudonym]record.Micros
}

func newAlarms() alarms { return alarms{last: map[record.Pseudonym]record.Micros{}} }

func (a *alarms) add(terminal record.Pseudonym, at record.Micros) {
	if last, ok := a.last[terminal]; ok && at < last+refractory {
		return
	}
	a.last[terminal] = at
	a.list = append(a.list, Alarm{terminal, at})
}

func (a *alarms) sorted() []Alarm {
	slices.SortFunc(a.list, func(x, y Alarm) int {
		return cmp.Or(bytes.Compare(x.Terminal[:], y.Terminal[:]), cmp.Compare(x.At, y.At))
	})
	return a.list
}

// TCP flags (RFC 9293).
const flagRST = 4

// answered reports whether the far end took the flow: it sent something, and no
// reset.
func answered(f *record.Flow) bool {
	return f.DLPackets > 0 && f.DLTCPFlags.Or(0)&flagRST == 0
}

// begun reports whether the flow began in the interval that is reported.
func begun(t *record.PseudonymisedTelemetry) bool {
	return t.Flow.StartTime.Set && (!t.IntervalStart.Set || t.Flow.StartTime.Value >= t.IntervalStart.Value)
}

// window is what a terminal did in one minute.
type window struct {
	number   int64 // minutes since 1970
	bytes    int64 // uplink
	packets  int64 // uplink
	begun    int64 // flows
	failed   int64 // flows that nobody took
	distinct [4]uint64
}

// minute is the length of a window.
const minute = record.Minute

// add counts a flow report.
func (w *window) add(t *record.PseudonymisedTelemetry) {
	f := &t.Flow
	w.bytes += f.ULVolume
	w.packets += f.ULPackets
	if begun(t) {
		w.begun++
		if !answered(f) {
			w.failed++
		}
	}
	bit := hash(f)
	w.distinct[bit>>6&3] |= 1 << (bit & 63)
}

// end is when the window is over.
func (w *window) end() record.Micros { return record.Micros(w.number+1) * minute }

// windows cuts the flow reports of terminals into minutes. A report of a minute
// that is over counts for the one that runs.
type windows struct {
	open  map[record.Pseudonym]*window
	close func(record.Pseudonym, *window)
}

func (w *windows) observe(t *record.PseudonymisedTelemetry) {
	if t.Kind != record.KindFlow {
		return
	}
	number := int64(t.OccurredAt / minute)
	now := w.open[t.Terminal]
	if now == nil {
		now = &window{number: number}
		w.open[t.Terminal] = now
	}
	if number > now.number {
		w.close(t.Terminal, now)
		*now = window{number: number}
	}
	now.add(t)
}

// finish closes what is open.
func (w *windows) finish() {
	for terminal, now := range w.open {
		w.close(terminal, now)
	}
}

// hash spreads destinations: FNV-1a over address, token and port.
func hash(f *record.Flow) uint64 {
	h := uint64(14695981039346656037)
	mix := func(b byte) { h = (h ^ uint64(b)) * 1099511628211 }
	address := f.RemoteAddress.As16()
	for _, b := range address {
		mix(b)
	}
	for _, b := range f.RemoteToken {
		mix(b)
	}
	mix(byte(f.RemotePort >> 8))
	mix(byte(f.RemotePort))
	return h ^ h>>29
}
