package e2e

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/replay"
	"cordon/internal/simulate"
	"cordon/internal/stream"
)

// loadTerminals are the fleet of these tests: it gives about 170 records a second
// of its own time, and as many a second of ours as a phase says.
const loadTerminals = 5000

// maxMemory bounds the resident memory of each program in these tests, in bytes.
// Of each of four partitions up to three fetches of 4 MiB (kafka.prefetch_bytes)
// are held and one is decoded, into several times as much; as much again may be
// garbage (GOGC=100). The state of 5,000 terminals is below 10 MB.
const maxMemory = 300 << 20

// promised reports whether there is time for the lengths and loads that are
// promised, and not for those of `make test` only.
func promised() bool { return os.Getenv("CORDON_SOAK") != "" }

// either returns what is promised where there is time for it, else less.
func either(long, short int) int {
	if promised() {
		return long
	}
	return short
}

// beside lets a test with brokers of its own run beside others in `make test`:
// it waits most of the time. Figures of the promised lengths are taken alone.
func beside(t *testing.T) {
	if !promised() {
		t.Parallel()
	}
}

// phase is a rate, in records a second, for some seconds.
type phase struct{ rate, seconds int }

func (p phase) records() int { return p.rate * p.seconds }

// load is a fleet written in three phases: before, during and after whatever
// happens to it.
type load [3]phase

// steady is a load that knows nothing of what happens.
func steady(rate, before, during, after int) load {
	return load{{rate, before}, {rate, during}, {rate, after}}
}

// fleet gives the records of all phases, as fast as they are asked for.
func (l load) fleet(t *testing.T) replay.Source {
	t.Helper()
	total := 0
	for _, p := range l {
		total += p.records()
	}
	start := fleetStart()
	fleet, err := simulate.New(simulate.Settings{
		Terminals: loadTerminals, Start: start, Duration: record.Day, Seed: 3, Attacks: outbreak, Lifelike: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &capped{Source: fleet, left: total}
}

// paced gives the records of a source at the rates of its phases.
type paced struct {
	replay.Source
	left load
	// enter is called when a phase begins, before its first record.
	enter func(phase int)
	// entered is when each phase began.
	entered []time.Time
	given   int           // records of the phase under way
	newest  record.Micros // event time given last
}

// Next waits until the next record is due.
func (p *paced) Next(t *raw.Telemetry) error {
	for now := len(p.entered); now < len(p.left) && (now == 0 || p.given == p.left[now-1].records()); now++ {
		p.enter(now)
		p.entered, p.given = append(p.entered, time.Now()), 0
	}
	now := len(p.entered) - 1
	due := p.entered[now].Add(time.Duration(p.given) * time.Second / time.Duration(p.left[now].rate))
	if wait := time.Until(due); wait > time.Millisecond {
		time.Sleep(wait)
	}
	p.given++
	err := p.Source.Next(t)
	p.newest = max(p.newest, t.OccurredAt)
	return err
}

// moment is when event time was reached.
type moment struct {
	at   record.Micros
	wall time.Time
}

// watch sees how long the pipeline takes to decide what it could decide.
type watch struct {
	mu       sync.Mutex
	written  []moment // how far the sources had come, in order
	delays   []delay
	stop     context.CancelFunc
	watching sync.WaitGroup
}

// delay is how long after the records that end a pane were acknowledged its
// Progress was read, and when that was.
type delay struct {
	wall time.Time
	took time.Duration
}

// lateness is the scorer's: a pane is due when every source is so far past it.
const lateness = 20 * record.Second

// watching follows the verdicts of a deployment until the test ends.
func (d *deployment) watching() *watch {
	d.t.Helper()
	ctx, stop := context.WithCancel(d.t.Context())
	w := &watch{stop: stop}
	for p := range d.partitions {
		w.watching.Go(func() {
			_ = d.client.Follow(ctx, stream.Position{Topic: stream.Verdicts, Partition: p}, w.decided) // ends with ctx
		})
	}
	d.t.Cleanup(w.end)
	return w
}

func (w *watch) end() {
	w.stop()
	w.watching.Wait()
}

// wrote is told how far the sources have come and that this was acknowledged.
func (w *watch) wrote(at record.Micros) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.written = append(w.written, moment{at, time.Now()})
}

func (w *watch) decided(b stream.Batch) error {
	now := time.Now()
	for _, rec := range b.Records {
		var p record.Progress
		if record.NameOf(rec.Value) != "Progress" || record.DecodeInto(rec.Value, &p) != nil {
			continue
		}
		w.mu.Lock()
		i, _ := slices.BinarySearchFunc(w.written, p.Time+lateness, func(m moment, at record.Micros) int { return int(m.at - at) })
		if i < len(w.written) {
			w.delays = append(w.delays, delay{now, max(0, now.Sub(w.written[i].wall))})
		}
		w.mu.Unlock()
	}
	return nil
}

// between returns the delays seen in a span of time, in order of length.
func (w *watch) between(from, to time.Time) []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []time.Duration
	for _, d := range w.delays {
		if !d.wall.Before(from) && d.wall.Before(to) {
			all = append(all, d.took)
		}
	}
	slices.Sort(all)
	return all
}

// told renders delays for a report.
func told(delays []time.Duration) string {
	if len(delays) == 0 {
		return "no pane decided"
	}
	return fmt.Sprintf("decided after %s in the median, %s at most, of %d",
		delays[len(delays)/2].Round(time.Millisecond), delays[len(delays)-1].Round(time.Millisecond), len(delays))
}

// memory returns the most that a running program has had resident, in bytes, as
// Linux counts it; 0 where that cannot be seen.
func (d *deployment) memory(name string) int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.programs[name].cmd.Process.Pid))
	for _, line := range strings.Split(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kilobytes << 10
		}
	}
	return 0
}

// withstand writes a load while happens does its worst in the second phase: it
// is called with 1 at the beginning of that and with 2 at its end, and must not
// take long. The result must be that of a backtest, and every program must have
// lived through it within its memory. At the promised lengths a pane must be
// decided as quickly as before once the third phase has lasted as long as the
// second; in `make test` others use the machine too, and that is only told.
func withstand(t *testing.T, d *deployment, l load, happens func(phase int)) {
	t.Helper()
	d.startAll()
	w := d.watching()
	source := &paced{Source: l.fleet(t), left: l, enter: happens}
	got := d.replayed(source, 0, func(int64) { w.wrote(source.newest) })
	w.end()
	before, during, after := source.entered[0], source.entered[1], source.entered[2]
	recovered := after.Add(after.Sub(during))
	usual := w.between(before, during)
	t.Logf("%.0f records/s for %.0f s: %s", l[0].achieved(before, during), during.Sub(before).Seconds(), told(usual))
	t.Logf("%.0f records/s for %.0f s: %s", l[1].achieved(during, after), after.Sub(during).Seconds(), told(w.between(during, after)))
	t.Logf("%d records/s for the next %.0f s: %s", l[2].rate, after.Sub(during).Seconds(), told(w.between(after, recovered)))
	then := w.between(recovered, time.Now())
	t.Logf("after that: %s", told(then))
	if promised() {
		backToUsual(t, usual, then)
	}
	d.lived()
	same(t, d.quiet(l.fleet(t)), got)
}

// backToUsual fails the test when panes take longer than before.
func backToUsual(t *testing.T, usual, then []time.Duration) {
	t.Helper()
	if len(usual) == 0 || len(then) == 0 {
		t.Error("no pane was decided before or none after: nothing is shown")
		return
	}
	if got, want := then[len(then)-1], 2*usual[len(usual)-1]+time.Second; got > want {
		t.Errorf("a pane is decided after up to %s when all should be as before, want at most %s", got, want)
	}
}

// achieved is the rate at which a phase was written.
func (p phase) achieved(from, to time.Time) float64 {
	return float64(p.records()) / to.Sub(from).Seconds()
}

// lived fails the test when a program has ended, or had more memory than it may.
func (d *deployment) lived() {
	d.t.Helper()
	for _, name := range []string{"collector", "scorer", "enforcer"} {
		if d.programs[name].ended() {
			d.t.Errorf("%s has ended:\n%s", name, d.tail(name))
			continue
		}
		got := d.memory(name)
		d.t.Logf("%s: %d MB resident at most", name, got>>20)
		if got > maxMemory {
			d.t.Errorf("%s had %d MB resident, want at most %d", name, got>>20, maxMemory>>20)
		}
	}
}

// Ten times the load.
func TestLoadSpike(t *testing.T) {
	rate, spike := either(10_000, 5_000), either(60, 8)
	d := deploy(t, 4)
	withstand(t, d, load{{rate, either(30, 5)}, {10 * rate, spike}, {rate, spike + either(30, 4)}}, func(int) {})
}
