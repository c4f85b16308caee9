package program

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"cordon/internal/observe"
	"cordon/internal/stream"
	"cordon/internal/stream/kafka"
)

// told is a runner that says what a test wants it to say.
type told struct {
	figures []kafka.Figure
	counts  []kafka.Count
}

func (t *told) Figures() []kafka.Figure { return t.figures }
func (t *told) Counts() []kafka.Count   { return t.counts }

// page returns the lines of /metrics that are Cordon's own.
func page(t *testing.T, m *observe.Metrics) string {
	t.Helper()
	server, err := observe.Serve(observe.Options{Listen: "127.0.0.1:0", Metrics: m})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close(t.Context())
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get("http://" + server.Addr() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var own []string
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "cordon_") && !strings.Contains(line, "build_info") {
			own = append(own, line)
		}
	}
	return strings.Join(own, "")
}

func TestWatchShowsFigures(t *testing.T) {
	input := stream.Partition{Topic: stream.Telemetry, ID: 3}
	from := &told{
		figures: []kafka.Figure{{Input: input, Next: 70, Lag: 5}},
		counts:  []kafka.Count{{Task: 3, Name: "late_total", Value: 4}, {Task: 3, Name: "terminals", Label: "known", Value: 9}, {Task: 3, Name: "batches_refused_total"}},
	}
	m := observe.NewMetrics("scorer", "v1")
	w := newWatch(m, from, &stream.Stage{Figures: map[string]string{"late_total": "Too late.", "terminals": "Terminals now."}})
	w.show()
	w.show() // the same again adds nothing
	want := `# HELP cordon_batches_refused_total Batches that could not be read and were passed over. Above 0: records are lost to this program.
# TYPE cordon_batches_refused_total counter
cordon_batches_refused_total{kind="",partition="3"} 0
# HELP cordon_input_lag_records Committed records not yet taken, by input topic and partition.
# TYPE cordon_input_lag_records gauge
cordon_input_lag_records{partition="3",topic="telemetry"} 5
# HELP cordon_input_position_offset Offset of the next record at the last checkpoint, by input topic and partition.
# TYPE cordon_input_position_offset gauge
cordon_input_position_offset{partition="3",topic="telemetry"} 70
# HELP cordon_late_total Too late.
# TYPE cordon_late_total counter
cordon_late_total{kind="",partition="3"} 4
# HELP cordon_terminals Terminals now.
# TYPE cordon_terminals gauge
cordon_terminals{kind="known",partition="3"} 9
`
	if got := page(t, m); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if err := m.Err(); err != nil {
		t.Error(err)
	}
}

// A task that moves away takes its gauges along; its counters stay, and go on
// when it comes back and counts from 0.
func TestWatchFollowsTasksThatMove(t *testing.T) {
	counts := func(late, terminals int64) []kafka.Count {
		return []kafka.Count{{Name: "late_total", Value: late}, {Name: "terminals", Value: terminals}}
	}
	from := &told{}
	m := observe.NewMetrics("scorer", "v1")
	w := newWatch(m, from, &stream.Stage{})
	for _, c := range []struct {
		name   string
		counts []kafka.Count
		want   []string
		absent string
	}{
		{name: "first", counts: counts(4, 9), want: []string{`late_total{kind="",partition="0"} 4`, `terminals{kind="",partition="0"} 9`}},
		{name: "grown", counts: counts(10, 8), want: []string{`late_total{kind="",partition="0"} 10`, `terminals{kind="",partition="0"} 8`}},
		{name: "gone", counts: nil, want: []string{`late_total{kind="",partition="0"} 10`}, absent: "terminals{"},
		{name: "back", counts: counts(2, 1), want: []string{`late_total{kind="",partition="0"} 12`, `terminals{kind="",partition="0"} 1`}},
		{name: "started anew between two looks", counts: counts(1, 1), want: []string{`late_total{kind="",partition="0"} 13`}},
	} {
		from.counts = c.counts
		w.show()
		got := page(t, m)
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q is not in\n%s", c.name, want, got)
			}
		}
		if c.absent != "" && strings.Contains(got, c.absent) {
			t.Errorf("%s: %q is still in\n%s", c.name, c.absent, got)
		}
	}
}

func TestWatchStops(t *testing.T) {
	w := newWatch(observe.NewMetrics("scorer", "v1"), &told{}, &stream.Stage{})
	w.start()
	w.stop() // returns only when its goroutine has ended
}
