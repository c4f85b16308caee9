// Package observe lets a running program be watched: its metrics, its health and
// readiness over HTTP, and profiles on the machine itself.
//
// What it is: a narrow front of prometheus/client_golang, the only package that
// imports it. One Metrics belongs to one program instance; nothing is global, so
// a test or an embedded program has its own.
//
// What it promises: every metric of Cordon is named cordon_… (those of the Go
// runtime and the process keep their customary names go_… and process_…);
// counting is safe for concurrent use and, on a metric resolved once with With,
// an atomic add without allocation. A metric declared wrongly never panics and
// never disturbs the program: Err tells at start.
//
// What it does not: it cannot know what a label value means. A label's values
// are bounded by design, such as a reason, a partition, a source of the
// operator's own; never a terminal, an address, an identity or any text that came
// with a record. Histories and alerts are Prometheus's.
package observe

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// prefix of every metric of Cordon.
const prefix = "cordon_"

// validName is stricter than the client library, which takes any UTF-8: such a
// name has to be quoted in every query.
var validName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// Metrics is the registry of one program instance.
type Metrics struct {
	registry *prometheus.Registry

	mu  sync.Mutex
	err error // of all wrong declarations
}

// NewMetrics returns a registry with the metrics of the Go runtime, of the
// process, and cordon_build_info with the program and its version.
func NewMetrics(program, version string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.Gauge("build_info", "Always 1; the labels say which program this is.", "program", "version").With(program, version).Set(1)
	return m
}

// Err returns what was wrong in declarations and uses of metrics so far: a bad
// name, a name used twice with other labels or kind, a wrong number of label
// values. Such a metric counts, but is not shown.
func (m *Metrics) Err() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}

func (m *Metrics) refuse(name string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = errors.Join(m.err, fmt.Errorf("metric %s%s: %w", prefix, name, err))
}

// register adds c, or returns the one that was declared before with the same
// name and labels: the tasks of several partitions share their metrics.
func register[C prometheus.Collector](m *Metrics, name string, c C) C {
	if !validName.MatchString(name) {
		m.refuse(name, errors.New("a name is made of a-z, 0-9 and _"))
		return c
	}
	err := m.registry.Register(c)
	if err == nil {
		return c
	}
	var before prometheus.AlreadyRegisteredError
	if errors.As(err, &before) {
		if same, ok := before.ExistingCollector.(C); ok {
			return same
		}
	}
	m.refuse(name, err)
	return c
}

// Counters is a family of counters, one for each set of label values.
type Counters struct {
	m    *Metrics
	name string
	vec  *prometheus.CounterVec
}

// Counter declares the counters cordon_NAME. By custom the name ends in _total,
// behind its unit where it has one (bytes_total).
func (m *Metrics) Counter(name, help string, labels ...string) Counters {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: prefix + name, Help: help}, labels)
	return Counters{m, name, register(m, name, vec)}
}

// With returns the counter of these label values, in the order of the labels.
// Keep it: the look-up is not free.
func (c Counters) With(values ...string) Counter {
	one, err := c.vec.GetMetricWithLabelValues(values...)
	if err != nil {
		c.m.refuse(c.name, err)
		one = prometheus.NewCounter(prometheus.CounterOpts{Name: prefix + c.name})
	}
	return Counter{one}
}

// Counter is a number that only rises.
type Counter struct{ c prometheus.Counter }

// Inc adds one.
func (c Counter) Inc() { c.c.Inc() }

// Add adds n.
func (c Counter) Add(n uint64) { c.c.Add(float64(n)) }

// Gauges is a family of gauges, one for each set of label values.
type Gauges struct {
	m    *Metrics
	name string
	vec  *prometheus.GaugeVec
}

// Gauge declares the gauges cordon_NAME; the name ends in its unit.
func (m *Metrics) Gauge(name, help string, labels ...string) Gauges {
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: prefix + name, Help: help}, labels)
	return Gauges{m, name, register(m, name, vec)}
}

// With returns the gauge of these label values, in the order of the labels.
func (g Gauges) With(values ...string) Gauge {
	one, err := g.vec.GetMetricWithLabelValues(values...)
	if err != nil {
		g.m.refuse(g.name, err)
		one = prometheus.NewGauge(prometheus.GaugeOpts{Name: prefix + g.name})
	}
	return Gauge{one}
}

// Forget takes the gauge of these label values out, for one whose partition
// belongs to another instance now: a last value shown for ever would be a lie.
func (g Gauges) Forget(values ...string) { g.vec.DeleteLabelValues(values...) }

// Gauge is a number that rises and falls.
type Gauge struct{ g prometheus.Gauge }

// Set makes it v.
func (g Gauge) Set(v float64) { g.g.Set(v) }

// Add adds v, which may be negative.
func (g Gauge) Add(v float64) { g.g.Add(v) }

// GaugeFunc declares the gauge cordon_NAME whose value is asked for at each
// scrape; value is called from the scrape's goroutine.
func (m *Metrics) GaugeFunc(name, help string, value func() float64) {
	register(m, name, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: prefix + name, Help: help}, value))
}

// Histograms is a family of histograms, one for each set of label values.
type Histograms struct {
	m    *Metrics
	name string
	vec  *prometheus.HistogramVec
}

// Seconds are the bucket bounds for times from a millisecond to a minute, about
// two in each doubling of what the promises speak of (250 ms, 1 s, 35 s).
var Seconds = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2, 5, 10, 20, 35, 60}

// Histogram declares the histograms cordon_NAME with the given upper bounds of
// their buckets, rising; the name ends in its unit (_seconds).
func (m *Metrics) Histogram(name, help string, bounds []float64, labels ...string) Histograms {
	if !slices.IsSorted(bounds) || len(slices.Compact(slices.Clone(bounds))) != len(bounds) {
		m.refuse(name, fmt.Errorf("the bounds %v do not rise", bounds))
		bounds = Seconds // the library would panic at the first observation
	}
	vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: prefix + name, Help: help, Buckets: bounds}, labels)
	return Histograms{m, name, register(m, name, vec)}
}

// With returns the histogram of these label values, in the order of the labels.
func (h Histograms) With(values ...string) Histogram {
	one, err := h.vec.GetMetricWithLabelValues(values...)
	if err != nil {
		h.m.refuse(h.name, err)
		one = prometheus.NewHistogram(prometheus.HistogramOpts{Name: prefix + h.name})
	}
	return Histogram{one}
}

// Histogram counts observations by size.
type Histogram struct{ h prometheus.Observer }

// Observe adds one observation.
func (h Histogram) Observe(v float64) { h.h.Observe(v) }
