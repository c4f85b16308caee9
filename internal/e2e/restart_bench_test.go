package e2e

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"cordon/internal/feed"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/simulate"
	"cordon/internal/stream"
	"cordon/internal/stream/kafka"
)

const (
	// restartTerminals in restartPartitions is the load that the figures of a
	// restart are promised for.
	restartTerminals  = 1_000_000
	restartPartitions = 8
	// restartRecords are enough for each terminal to have sent some.
	restartRecords = 3_000_000
)

// BenchmarkRestart fills a scorer with a million terminals, kills it and starts
// it again. It tells how long a cut held a partition, how large the state is, and
// how long the second one took from its assignment until every partition was
// restored, and until it had scored records that came meanwhile.
func BenchmarkRestart(b *testing.B) {
	for b.Loop() {
		d := deploy(b, restartPartitions)
		start := fleetStart()
		fleet, err := simulate.New(simulate.Settings{
			Terminals: restartTerminals, Start: start, Duration: record.Hour, Seed: 1, Lifelike: true,
		})
		if err != nil {
			b.Fatal(err)
		}
		writer, err := d.client.NewWriter(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		load := &feeding{fleet, feed.New(restartPartitions), writer}
		for _, name := range []string{"collector", "scorer"} {
			d.launch(name)
		}
		load.write(b, restartRecords)
		d.drain(b, "collector")
		d.drain(b, "scorer")
		d.awaitMetric(b, "scorer", "checkpoints in all partitions", func(m metrics) bool {
			return m.sum("cordon_input_lag_records") < 1000
		})
		m := d.metrics("scorer")
		b.Logf("%.0f terminals, %.0f pieces and %.0f MB of state in %.0f checkpoints; the last cuts held the partitions for %s",
			m.sum("cordon_scorer_terminals"), m.sum("cordon_checkpoint_pieces_total"), m.sum("cordon_checkpoint_bytes_total")/1e6,
			m.sum("cordon_checkpoints_total"), m.list("cordon_checkpoint_pause_microseconds"))
		d.kill("scorer")
		load.write(b, 100_000)
		d.drain(b, "collector")
		d.restart(b)
	}
}

// restart starts the scorer again and times it by its own log.
func (d *deployment) restart(b *testing.B) {
	b.Helper()
	path := d.programs["scorer"].log
	before, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	d.launch("scorer")
	var assigned, restored time.Time
	for deadline := time.Now().Add(time.Minute); restored.IsZero(); time.Sleep(5 * time.Millisecond) {
		text, _ := os.ReadFile(path)
		added := string(text[len(before):])
		if assigned.IsZero() && strings.Contains(added, "partitions are assigned") {
			assigned = time.Now()
		}
		if strings.Count(added, "restored in") == restartPartitions {
			restored = time.Now()
		}
		if time.Now().After(deadline) {
			b.Fatalf("not restored after a minute:\n%s", added)
		}
	}
	d.awaitMetric(b, "scorer", "records scored", func(m metrics) bool { return m.sum("cordon_scorer_records_total") > 0 })
	b.Logf("restored %.2f s after the assignment, records counted after %.2f s (looked at once a second)",
		restored.Sub(assigned).Seconds(), time.Since(assigned).Seconds())
	b.ReportMetric(restored.Sub(assigned).Seconds(), "s-to-restore")
}

// feeding writes a fleet without the Clocks that end a replay, in parts.
type feeding struct {
	fleet  *simulate.Fleet
	feed   *feed.Feed
	writer *kafka.Writer
}

// write writes the next n records.
func (f *feeding) write(b *testing.B, n int) {
	b.Helper()
	var t raw.Telemetry
	var sends []stream.Send
	for i := range n {
		if err := f.fleet.Next(&t); err != nil {
			b.Fatal(err)
		}
		sends = append(sends, f.feed.Add(&t)...)
		if len(sends) < 10_000 && i < n-1 {
			continue
		}
		if err := f.writer.Write(b.Context(), sends); err != nil {
			b.Fatal(err)
		}
		sends = sends[:0]
	}
}

// metrics are the lines of /metrics of one program.
type metrics []string

func (d *deployment) metrics(name string) metrics {
	text, _ := fetchText(d.programs[name].ready + "/metrics") // none while it starts
	return strings.Split(text, "\n")
}

// values returns those of every series of a metric.
func (m metrics) values(name string) (all []float64) {
	for _, line := range m {
		if rest, ok := strings.CutPrefix(line, name); ok && (rest[0] == '{' || rest[0] == ' ') {
			if v, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64); err == nil {
				all = append(all, v)
			}
		}
	}
	return all
}

func (m metrics) sum(name string) (sum float64) {
	for _, v := range m.values(name) {
		sum += v
	}
	return sum
}

func (m metrics) list(name string) string {
	var all []string
	for _, v := range m.values(name) {
		all = append(all, time.Duration(v*1e3).String())
	}
	return strings.Join(all, " ")
}

// awaitMetric waits until the metrics of a program say so.
func (d *deployment) awaitMetric(b testing.TB, name, what string, holds func(metrics) bool) {
	b.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !holds(d.metrics(name)); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.Fatalf("%s: after two minutes still not: %s\n%s", name, what, d.tail(name))
		}
	}
}
