package program

import (
	"cmp"
	"strconv"
	"strings"
	"sync"
	"time"

	"cordon/internal/observe"
	"cordon/internal/stream"
	"cordon/internal/stream/kafka"
)

// watchEvery is how often positions and the tasks' figures are taken over into
// the metrics.
const watchEvery = time.Second

// ownFigures says what the figures of the runner mean; those of the worker stand
// in stream.WorkerFigures, those of tasks in Stage.Figures.
var ownFigures = map[string]string{
	"batches_refused_total": "Batches that could not be read and were passed over. Above 0: records are lost to this program.",
}

// figures is where a watch takes from: a kafka.Runner.
type figures interface {
	Figures() []kafka.Figure
	Counts() []kafka.Count
}

// watch copies what the runner knows into metrics, from a goroutine of its own
// that start starts and stop waits for.
type watch struct {
	metrics  *observe.Metrics
	from     figures
	meanings map[string]string // Stage.Figures

	counted map[series]int64  // last value of a figure that only grows
	gauges  map[series]func() // those shown last, with how to take them out
	lag     observe.Gauges
	offset  observe.Gauges

	done chan struct{}
	wait sync.WaitGroup
}

// series is one line of /metrics of a task: a name and its label values.
type series struct{ name, first, second string }

func newWatch(m *observe.Metrics, from figures, stage *stream.Stage) *watch {
	return &watch{
		metrics: m, from: from, meanings: stage.Figures,
		counted: map[series]int64{}, gauges: map[series]func(){},
		lag:    m.Gauge("input_lag_records", "Committed records not yet taken, by input topic and partition.", "topic", "partition"),
		offset: m.Gauge("input_position_offset", "Offset of the next record at the last checkpoint, by input topic and partition.", "topic", "partition"),
		done:   make(chan struct{}),
	}
}

// start shows the figures every watchEvery until stop.
func (w *watch) start() {
	w.wait.Go(func() {
		ticker := time.NewTicker(watchEvery)
		defer ticker.Stop()
		for {
			select {
			case <-w.done:
				return
			case <-ticker.C:
				w.show()
			}
		}
	})
}

func (w *watch) stop() {
	close(w.done)
	w.wait.Wait()
}

// show takes everything over once. A gauge whose partition has moved to another
// instance is taken out: its last value would be shown for ever.
func (w *watch) show() {
	before := w.gauges
	w.gauges = make(map[series]func(), len(before))
	for _, f := range w.from.Figures() {
		topic, partition := string(f.Input.Topic), strconv.Itoa(int(f.Input.ID))
		w.set(w.lag, series{"input_lag_records", topic, partition}, f.Lag)
		w.set(w.offset, series{"input_position_offset", topic, partition}, f.Next)
	}
	counted := make(map[series]int64, len(w.counted))
	for _, c := range w.from.Counts() {
		s := series{c.Name, strconv.Itoa(int(c.Task)), c.Label}
		if strings.HasSuffix(c.Name, "_total") {
			counted[s] = c.Value
			w.count(s, c.Value)
		} else {
			w.set(w.metrics.Gauge(c.Name, w.meaning(c.Name), "partition", "kind"), s, c.Value)
		}
	}
	w.counted = counted
	for s, forget := range before {
		if w.gauges[s] == nil {
			forget()
		}
	}
}

func (w *watch) meaning(name string) string {
	return cmp.Or(ownFigures[name], stream.WorkerFigures[name], w.meanings[name])
}

func (w *watch) set(g observe.Gauges, s series, value int64) {
	g.With(s.first, s.second).Set(float64(value))
	w.gauges[s] = func() { g.Forget(s.first, s.second) }
}

// count adds what a figure has grown by. One that is smaller than before is of
// a task that was started anew, which counts from 0; the counter of the program
// goes on.
func (w *watch) count(s series, value int64) {
	last := w.counted[s]
	if value < last {
		last = 0
	}
	w.metrics.Counter(s.name, w.meaning(s.name), "partition", "kind").With(s.first, s.second).Add(uint64(value - last))
}
