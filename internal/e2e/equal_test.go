package e2e

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/collector/pseudonym"
	collector "cordon/collector/task"
	enforcer "cordon/enforcer/task"
	"cordon/internal/backtest"
	"cordon/internal/capture"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/replay"
	"cordon/internal/simulate"
	"cordon/internal/stream"
	scorer "cordon/scorer/task"
)

// sharePermille lets every terminal be isolated: which ones a cap holds back
// depends on how far each partition has come, and is no part of P2.
const sharePermille = 1000

// outputs are the confirmed verdicts and the commands of a run, as JSON lines
// per terminal, in order, and how much telemetry the collector forwarded of each.
type outputs struct {
	verdicts, commands map[record.Pseudonym][]string
	telemetry          map[record.Pseudonym]int
}

// captures returns the folder with captures, or skips the test.
func captures(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("CORDON_CAPTURES")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "captures")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		t.Skip("skipped: no captures (CORDON_CAPTURES names their folder)")
	}
	return path
}

// opener makes the same source again.
type opener func() replay.Source

func ofCapture(t *testing.T, path, terminal string) opener {
	return func() replay.Source {
		t.Helper()
		source, err := capture.Open([]string{path}, terminals(terminal))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { source.Close() })
		return source
	}
}

// fleetStart is where simulated fleets begin: the last Thursday but one, at 06:00.
// A day and an hour that do not change with those of the test, because a fleet
// lives by them: what a number of its records holds must not depend on when the
// test runs.
func fleetStart() record.Micros {
	return (record.MicrosOf(time.Now()) - 7*record.Day).Floor(7*record.Day) + 6*record.Hour
}

func ofFleet(t *testing.T, attacks ...simulate.Attack) opener {
	start := fleetStart()
	return func() replay.Source {
		t.Helper()
		fleet, err := simulate.New(simulate.Settings{Terminals: 200, Start: start, Duration: 8 * record.Minute, Seed: 7, Attacks: attacks, Lifelike: true})
		if err != nil {
			t.Fatal(err)
		}
		return fleet
	}
}

// quiet runs the same stages in this process: what a live run has to equal.
func (d *deployment) quiet(source replay.Source) outputs {
	d.t.Helper()
	return d.quietUntil(source, 0)
}

// quietUntil is quiet without what was decided after an event time.
func (d *deployment) quietUntil(source replay.Source, until record.Micros) outputs {
	d.t.Helper()
	all := gather()
	all.until = until
	twin{d.key, d.partitions, func(o backtest.Output) error { return all.take(o.Topic, o.Value) }}.run(d.t, source)
	return all.outputs()
}

// twin is a deployment in this process, without a broker.
type twin struct {
	key        pseudonym.Key
	partitions int32
	sink       func(backtest.Output) error // is handed every output
}

// run runs the stages over a source.
func (w twin) run(t testing.TB, source replay.Source) {
	t.Helper()
	first, err := collector.Stage(collector.DefaultSettings(), w.key)
	second, err1 := scorer.Stage(scorer.DefaultSettings())
	unlimited := enforcer.DefaultSettings()
	unlimited.SharePermille = sharePermille
	third, err2 := enforcer.Stage(unlimited)
	if err := errors.Join(err, err1, err2); err != nil {
		t.Fatal(err)
	}
	run, err := backtest.New(backtest.Settings{Stages: []*stream.Stage{first, second, third}, Partitions: w.partitions, Sink: w.sink})
	if err != nil {
		t.Fatal(err)
	}
	var telemetry raw.Telemetry
	for source.Next(&telemetry) == nil {
		if err := run.Add(&telemetry); err != nil {
			t.Fatal(err)
		}
	}
	if err := run.Finish(); err != nil {
		t.Fatal(err)
	}
}

// gathering keeps the newest record of each (terminal, sequence), and what must
// not be there.
type gathering struct {
	// until leaves out what was decided later; 0: nothing.
	until     record.Micros
	verdicts  map[record.Pseudonym]map[[2]int64]string
	commands  map[record.Pseudonym]map[[2]int64]string
	telemetry map[record.Pseudonym]int
	sources   map[[2]int64]bool // raw partition and offset that telemetry came from
	// doubled are different records under one sequence, and records of which
	// there may be only one: those that are written inside a transaction.
	doubled []string
}

func gather() *gathering {
	return &gathering{
		verdicts: map[record.Pseudonym]map[[2]int64]string{}, commands: map[record.Pseudonym]map[[2]int64]string{},
		telemetry: map[record.Pseudonym]int{}, sources: map[[2]int64]bool{},
	}
}

func (g *gathering) take(topic stream.Topic, value []byte) error {
	if !slices.Contains(compared, topic) {
		return nil
	}
	decoded, err := record.Decode(value)
	if err != nil {
		return err
	}
	switch r := decoded.(type) {
	case *record.PseudonymisedTelemetry:
		from := [2]int64{int64(r.RawPartition), r.RawOffset}
		if g.sources[from] {
			g.doubled = append(g.doubled, fmt.Sprintf("telemetry of offset %d of raw partition %d came twice, terminal %s", from[1], from[0], r.Terminal))
		}
		g.sources[from] = true
		g.telemetry[r.Terminal]++
	case *record.Verdict:
		if g.until > 0 && r.DecidedAt > g.until {
			return nil
		}
		g.put(g.verdicts, r.Terminal, [2]int64{r.StateGeneration, r.Sequence}, r)
	case *record.IsolationCommand:
		if g.until > 0 && r.IssuedAt > g.until {
			return nil
		}
		// The fence counts active enforcers: not part of a comparison of runs.
		r.Fence = 0
		if g.commands[r.Terminal][[2]int64{0, r.Sequence}] != "" {
			g.doubled = append(g.doubled, fmt.Sprintf("command %d of terminal %s came twice", r.Sequence, r.Terminal))
		}
		g.put(g.commands, r.Terminal, [2]int64{0, r.Sequence}, r)
	}
	return nil
}

// compared are the topics that gathering looks into.
var compared = []stream.Topic{stream.Telemetry, stream.Verdicts, stream.IsolationCommands, stream.IsolationRehearsal}

func (g *gathering) put(into map[record.Pseudonym]map[[2]int64]string, id record.Pseudonym, order [2]int64, rec any) {
	line, err := record.AppendJSON(nil, rec)
	if err != nil {
		line = []byte(err.Error())
	}
	if into[id] == nil {
		into[id] = map[[2]int64]string{}
	}
	if was, known := into[id][order]; known && was != string(line) {
		g.doubled = append(g.doubled, fmt.Sprintf("%s %v:\n  %s\n  %s", id, order, was, line))
	}
	into[id][order] = string(line)
}

func (g *gathering) outputs() outputs {
	return outputs{verdicts: ordered(g.verdicts), commands: ordered(g.commands), telemetry: g.telemetry}
}

func ordered(from map[record.Pseudonym]map[[2]int64]string) map[record.Pseudonym][]string {
	out := map[record.Pseudonym][]string{}
	for id, lines := range from {
		orders := slices.SortedFunc(maps.Keys(lines), func(a, b [2]int64) int { return slices.Compare(a[:], b[:]) })
		for _, order := range orders {
			out[id] = append(out[id], lines[order])
		}
	}
	return out
}

func (d *deployment) outputs() outputs {
	d.t.Helper()
	return d.outputsUntil(0)
}

// outputsUntil is outputs without what was decided after an event time.
func (d *deployment) outputsUntil(until record.Micros) outputs {
	d.t.Helper()
	all := gather()
	all.until = until
	for _, topic := range compared {
		d.each(topic, func(_ int32, r stream.Record) {
			if err := all.take(topic, r.Value); err != nil {
				d.t.Fatalf("%s: %v", topic, err)
			}
		})
	}
	if len(all.doubled) > 0 {
		d.t.Errorf("%d records are doubled, the first:\n%s", len(all.doubled), all.doubled[0])
	}
	return all.outputs()
}

// same compares two runs, byte for byte per terminal.
func same(t *testing.T, want, got outputs) {
	t.Helper()
	differ(t, want, got)
}

// differ is same, and returns how many records are lost, doubled or different.
func differ(t *testing.T, want, got outputs) int {
	t.Helper()
	n := compare(t, "verdicts", want.verdicts, got.verdicts) + compare(t, "commands", want.commands, got.commands)
	for id, records := range want.telemetry {
		if got.telemetry[id] != records {
			n++
			t.Errorf("%d records of telemetry of terminal %s, the backtest has %d", got.telemetry[id], id, records)
		}
	}
	return n
}

func compare(t *testing.T, what string, want, got map[record.Pseudonym][]string) (n int) {
	t.Helper()
	differs := func(format string, args ...any) {
		t.Helper()
		t.Errorf(format, args...)
		n++
	}
	if len(want) == 0 {
		differs("the backtest gives no %s: nothing is compared", what)
	}
	for id := range got {
		if want[id] == nil {
			differs("%s of terminal %s, which the backtest has none of: %s", what, id, got[id][0])
		}
	}
	for id, lines := range want {
		for i := range lines {
			if i >= len(got[id]) || got[id][i] != lines[i] {
				differs("%s %d of %d of terminal %s differ\nbacktest: %s\nlive:     %s", what, i, len(lines), id, lines[i], at(got[id], i))
				break
			}
		}
		if len(got[id]) > len(lines) {
			differs("terminal %s has %d %s, the backtest %d: %s", id, len(got[id]), what, len(lines), strings.Join(got[id][len(lines):], "\n"))
		}
	}
	return n
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "none"
}
