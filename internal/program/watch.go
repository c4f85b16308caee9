package program

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"cordon/internal/observe"
	"cordon/internal/stream/kafka"
)

// watchEvery is how often positions and the tasks' figures are taken over into
// the metrics.
const watchEvery = time.Second

// watch copies what the runner knows into metrics from a goroutine of its own.
type watch struct {
	done chan struct{}
	wait sync.WaitGroup
}

func startWatch(m *observe.Metrics, r *kafka.Runner) *watch {
	w := &watch{done: make(chan struct{})}
	w.wait.Go(func() {
		ticker := time.NewTicker(watchEvery)
		defer ticker.Stop()
		for {
			select {
			case <-w.done:
				return
			case <-ticker.C:
				show(m, r)
			}
		}
	})
	return w
}

func (w *watch) stop() {
	close(w.done)
	w.wait.Wait()
}

func show(m *observe.Metrics, r *kafka.Runner) {
	lag := m.Gauge("input_lag_records", "committed records not yet taken, by topic and partition", "topic", "partition")
	position := m.Gauge("input_position_offset", "offset of the next record at the last checkpoint", "topic", "partition")
	for _, f := range r.Figures() {
		labels := []string{string(f.Input.Topic), strconv.Itoa(int(f.Input.ID))}
		lag.With(labels...).Set(float64(f.Lag))
		position.With(labels...).Set(float64(f.Next))
	}
	for _, c := range r.Counts() {
		help := "see docs/operations.md, Metrics: " + strings.ReplaceAll(c.Name, "_", " ")
		m.Gauge(c.Name, help, "partition", "kind").With(strconv.Itoa(int(c.Task)), c.Label).Set(float64(c.Value))
	}
}
