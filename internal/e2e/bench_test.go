package e2e

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/replay"
	"cordon/internal/simulate"
	"cordon/internal/stream"
)

const (
	// benchTerminals and benchRecords are the load of BenchmarkLive.
	benchTerminals = 100_000
	benchRecords   = 2_000_000
	// benchWithin bounds one program's work.
	benchWithin = 10 * time.Minute
)

// capped ends a source after so many records.
type capped struct {
	replay.Source
	left int
}

// Next gives the next record.
func (c *capped) Next(t *raw.Telemetry) error {
	if c.left == 0 {
		return io.EOF
	}
	c.left--
	return c.Source.Next(t)
}

// BenchmarkLive measures each program alone on the broker of this run: its input
// is complete before it starts, and it is stopped when it has taken all of it.
// CPU is that of the process, from its start to its end. With CORDON_PROFILES
// naming a folder, a CPU profile of each is left there.
func BenchmarkLive(b *testing.B) {
	for b.Loop() {
		d := deploy(b, 8)
		start := fleetStart()
		fleet, err := simulate.New(simulate.Settings{
			Terminals: benchTerminals, Start: start, Duration: record.Hour, Seed: 1, Lifelike: true,
		})
		if err != nil {
			b.Fatal(err)
		}
		result, err := replay.Run(b.Context(), replay.Settings{Client: d.client, Source: &capped{Source: fleet, left: benchRecords}})
		if err != nil {
			b.Fatal(err)
		}
		b.Logf("%d records of %d terminals, %s of their time", result.Records, benchTerminals, (result.Last - result.First).Duration())
		d.measure(b, "collector", stream.TelemetryRaw)
		d.measure(b, "scorer", stream.Telemetry)
		d.measure(b, "enforcer", stream.Verdicts)
	}
}

// measure runs one program over its whole input.
func (d *deployment) measure(b *testing.B, name string, input stream.Topic) {
	total := int64(0)
	for p := int32(0); p < d.partitions; p++ {
		_, end, err := d.client.Bounds(b.Context(), stream.Partition{Topic: input, ID: p})
		if err != nil {
			b.Fatal(err)
		}
		total += end
	}
	began := time.Now()
	p := d.launch(name)
	stopProfile := profile(b, p.ready, name)
	wall := d.drain(b, name).Sub(began)
	stopProfile()
	d.stop(name)
	usage := p.cmd.ProcessState.SysUsage().(*syscall.Rusage)
	cpu := p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
	b.Logf("%-9s %d records in %.1f s: %.0f records/s, %.0f records/s per core of its own, %d MB at most",
		name, total, wall.Seconds(), float64(total)/wall.Seconds(), float64(total)/cpu.Seconds(), usage.Maxrss/1024)
	b.ReportMetric(float64(total)/cpu.Seconds(), name+"-rec/s/core")
}

// drain waits until the program's counters stand still, and returns when they
// last moved.
func (d *deployment) drain(b *testing.B, name string) time.Time {
	moved, before := time.Now(), ""
	for deadline := time.Now().Add(benchWithin); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		now := counters(d.programs[name].ready, name)
		if now != before {
			moved, before = time.Now(), now
		}
		if before != "" && time.Since(moved) > still {
			return moved
		}
	}
	b.Fatalf("%s has not reached the end within %s:\n%s", name, benchWithin, d.tail(name))
	return moved
}

// still is how long counters must not have moved: longer than the second
// between two looks at them.
const still = 3 * time.Second

// counters are the lines of the program's metrics that count records.
func counters(address, name string) string {
	text, err := fetchText(address + "/metrics")
	if err != nil {
		return ""
	}
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "cordon_"+name+"_records_total{") && !strings.HasSuffix(line, " 0") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

func fetchText(address string) (string, error) {
	res, err := http.Get("http://" + address)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return string(text), err
}

// profile takes a CPU profile of the program until the returned function is
// called; none without CORDON_PROFILES.
func profile(b *testing.B, address, name string) func() {
	dir := os.Getenv("CORDON_PROFILES")
	if dir == "" {
		return func() {}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		time.Sleep(2 * time.Second) // the server is up then
		text, err := fetchText(address + "/debug/pprof/profile?seconds=8")
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name+".pprof"), []byte(text), 0o644)
		}
		if err != nil {
			b.Logf("profile of %s: %v", name, err)
		}
	}()
	return func() { <-done }
}
