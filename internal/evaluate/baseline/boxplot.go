package baseline

import (
	"slices"

	"cordon/internal/record"
)

// Fences of a boxplot: Tukey's, 1.5 interquartile ranges above the upper
// quartile. Arp et al. used one on one feature.
const (
	fenceRanges = 1.5
	// fenceWindows is how many minutes with traffic a terminal needs before its
	// quartiles mean anything.
	fenceWindows = 5
)

// Boxplot compares the uplink packets of a minute with the fence of the same
// terminal, made of the minutes with traffic in the first part of the run.
type Boxplot struct {
	alarms
	windows
	start, learning record.Micros
	learned         map[record.Pseudonym][]int64
	fence           map[record.Pseudonym]float64
}

// NewBoxplot returns a boxplot that learns for some time from start on.
func NewBoxplot(start, learning record.Micros) *Boxplot {
	b := &Boxplot{alarms: newAlarms(), start: start, learning: learning, learned: map[record.Pseudonym][]int64{}, fence: map[record.Pseudonym]float64{}}
	b.windows = windows{open: map[record.Pseudonym]*window{}, close: b.judge}
	return b
}

// Name implements Detector.
func (b *Boxplot) Name() string { return "boxplot of packets a minute" }

// Learning implements Detector.
func (b *Boxplot) Learning() record.Micros { return b.learning }

// Observe implements Detector.
func (b *Boxplot) Observe(t *record.PseudonymisedTelemetry) { b.observe(t) }

// Finish implements Detector.
func (b *Boxplot) Finish() []Alarm {
	b.finish()
	return b.sorted()
}

func (b *Boxplot) judge(terminal record.Pseudonym, w *window) {
	if w.end() <= b.start+b.learning {
		b.learned[terminal] = append(b.learned[terminal], w.packets)
		return
	}
	fence, ok := b.fence[terminal]
	if !ok {
		list := b.learned[terminal]
		if len(list) < fenceWindows {
			return
		}
		fence = upperFence(list)
		b.fence[terminal] = fence
		delete(b.learned, terminal)
	}
	if float64(w.packets) > fence {
		b.add(terminal, w.end())
	}
}

// upperFence is above which a boxplot draws outliers.
func upperFence(list []int64) float64 {
	slices.Sort(list)
	q1, q3 := quartile(list, 1), quartile(list, 3)
	return q3 + fenceRanges*(q3-q1)
}

// quartile interpolates between the two nearest of a sorted list.
func quartile(sorted []int64, n int) float64 {
	at := float64(n) / 4 * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return float64(sorted[len(sorted)-1])
	}
	part := at - float64(i)
	return float64(sorted[i])*(1-part) + float64(sorted[i+1])*part
}
