package observe_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"cordon/internal/failure"
	"cordon/internal/observe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func serve(t *testing.T, o observe.Options) *observe.Server {
	t.Helper()
	s, err := observe.Serve(o)
	if err != nil {
		t.Fatalf("Serve on %s: %v", o.Listen, err)
	}
	t.Cleanup(func() {
		if err := s.Close(t.Context()); err != nil && !errors.Is(err, t.Context().Err()) {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func get(t *testing.T, s *observe.Server, path string) (int, string) {
	t.Helper()
	_, port, err := net.SplitHostPort(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://127.0.0.1:" + port + path)
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	return response.StatusCode, string(body)
}

func TestScrape(t *testing.T) {
	m := observe.NewMetrics("scorer", "v1")
	m.Counter("records_total", "Records read.", "partition").With("3").Add(41)
	m.Counter("records_total", "Records read.", "partition").With("3").Inc() // declared again by another task: shared
	m.Gauge("watermark_seconds", "Event time.").With().Set(7)
	m.Gauge("lag_records", "Distance to the end.", "partition").With("3").Add(5)
	m.Gauge("lag_records", "Distance to the end.", "partition").With("4").Add(6)
	m.Gauge("lag_records", "Distance to the end.", "partition").Forget("4")
	m.GaugeFunc("terminals", "Terminals in memory.", func() float64 { return 12 })
	m.Histogram("verdict_delay_seconds", "Pane start to verdict.", observe.Seconds).With().Observe(33)
	s := serve(t, observe.Options{Listen: "127.0.0.1:0", Metrics: m})

	status, body := get(t, s, "/metrics")
	if status != http.StatusOK {
		t.Fatalf("/metrics: status %d, want 200", status)
	}
	for _, want := range []string{
		`cordon_build_info{program="scorer",version="v1"} 1`,
		`cordon_records_total{partition="3"} 42`,
		`cordon_watermark_seconds 7`,
		`cordon_lag_records{partition="3"} 5`,
		`cordon_terminals 12`,
		`cordon_verdict_delay_seconds_bucket{le="20"} 0`,
		`cordon_verdict_delay_seconds_bucket{le="35"} 1`,
		`go_goroutines `,
		`process_resident_memory_bytes `,
	} {
		if !strings.Contains(body, "\n"+want) {
			t.Errorf("/metrics lacks %q", want)
		}
	}
	if strings.Contains(body, `partition="4"`) {
		t.Error("/metrics shows a gauge that was forgotten")
	}
}

func TestWrongMetricsAreToldNotFatal(t *testing.T) {
	for name, wrong := range map[string]func(*observe.Metrics){
		"bad name":             func(m *observe.Metrics) { m.Counter("a b", "").With().Inc() },
		"other kind":           func(m *observe.Metrics) { m.Counter("x", "h"); m.Gauge("x", "h").With().Set(1) },
		"other labels":         func(m *observe.Metrics) { m.Counter("x", "h", "a"); m.Counter("x", "h", "b").With("v").Inc() },
		"counter label count":  func(m *observe.Metrics) { m.Counter("x", "h", "a").With().Inc() },
		"gauge label count":    func(m *observe.Metrics) { m.Gauge("x", "h").With("v").Set(1) },
		"histogram labels":     func(m *observe.Metrics) { m.Histogram("x", "h", observe.Seconds, "a").With("v", "w").Observe(1) },
		"falling bounds":       func(m *observe.Metrics) { m.Histogram("x", "h", []float64{2, 1}).With().Observe(1) },
		"equal bounds":         func(m *observe.Metrics) { m.Histogram("x", "h", []float64{1, 1}).With().Observe(1) },
		"function on a family": func(m *observe.Metrics) { m.Gauge("x", "h", "a"); m.GaugeFunc("x", "h", func() float64 { return 0 }) },
	} {
		t.Run(name, func(t *testing.T) {
			m := observe.NewMetrics("scorer", "v1")
			wrong(m)
			if m.Err() == nil || !strings.Contains(m.Err().Error(), "metric cordon_") {
				t.Errorf("Err() = %v, want one that names the metric", m.Err())
			}
			if _, err := observe.Serve(observe.Options{Listen: observe.Off, Metrics: m}); err == nil {
				t.Error("Serve started with a wrong metric")
			}
		})
	}
}

func TestHealthAndReadiness(t *testing.T) {
	var state atomic.Pointer[observe.Readiness]
	s := serve(t, observe.Options{
		Listen: "127.0.0.1:0", Metrics: observe.NewMetrics("scorer", "v1"),
		Ready: func() observe.Readiness { return *state.Load() },
	})
	for _, c := range []struct {
		state  observe.Readiness
		status int
		text   string
	}{
		{observe.Readiness{Reason: "waiting for Kafka"}, http.StatusServiceUnavailable, "not ready: waiting for Kafka\n"},
		{observe.Readiness{Ready: true}, http.StatusOK, "ready\n"},
		{observe.Readiness{Ready: true, Reason: "standby"}, http.StatusOK, "ready: standby\n"},
	} {
		state.Store(&c.state)
		if status, text := get(t, s, "/readyz"); status != c.status || text != c.text {
			t.Errorf("/readyz with %+v: %d %q, want %d %q", c.state, status, text, c.status, c.text)
		}
		if status, text := get(t, s, "/healthz"); status != http.StatusOK || text != "ok\n" {
			t.Errorf("/healthz with %+v: %d %q, want 200 ok", c.state, status, text)
		}
	}
	s = serve(t, observe.Options{Listen: "127.0.0.1:0", Metrics: observe.NewMetrics("scorer", "v1")})
	if status, _ := get(t, s, "/readyz"); status != http.StatusOK {
		t.Errorf("/readyz without a function: %d, want 200", status)
	}
}

func TestProfilesOnlyOnLoopback(t *testing.T) {
	for listen, want := range map[string]int{"127.0.0.1:0": http.StatusOK, "localhost:0": http.StatusOK, "0.0.0.0:0": http.StatusNotFound, ":0": http.StatusNotFound} {
		s := serve(t, observe.Options{Listen: listen, Metrics: observe.NewMetrics("scorer", "v1")})
		if got, _ := get(t, s, "/debug/pprof/"); got != want {
			t.Errorf("listen %s: /debug/pprof/ answers %d, want %d", listen, got, want)
		}
	}
}

func TestTakenAddressNamesTheKey(t *testing.T) {
	first := serve(t, observe.Options{Listen: "127.0.0.1:0", Metrics: observe.NewMetrics("scorer", "v1")})
	_, err := observe.Serve(observe.Options{Listen: first.Addr(), Metrics: observe.NewMetrics("scorer", "v1")})
	want := "http.listen " + first.Addr() + `: bind: address already in use; free the address, set another one, or "off"`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if !errors.Is(err, failure.ErrUsage) {
		t.Error("a taken address is not an error of the configuration")
	}
}

func TestOff(t *testing.T) {
	s, err := observe.Serve(observe.Options{Listen: observe.Off, Metrics: observe.NewMetrics("scorer", "v1")})
	if err != nil {
		t.Fatal(err)
	}
	if s.Addr() != "" {
		t.Errorf("Addr() = %q, want none", s.Addr())
	}
	if err := s.Close(t.Context()); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestCountingAllocatesNothing(t *testing.T) {
	c := observe.NewMetrics("scorer", "v1").Counter("records_total", "Records read.", "partition").With("3")
	if n := testing.AllocsPerRun(100, func() { c.Add(3); c.Inc() }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func ExampleMetrics() {
	m := observe.NewMetrics("collector", "v1.0.0")
	// Resolved once, at the start of the task of partition 3.
	late := m.Counter("late_records_total", "Records behind the watermark.", "partition").With("3")
	late.Inc()
	fmt.Println(m.Err())
	// Output: <nil>
}
