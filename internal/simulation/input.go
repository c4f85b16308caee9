package simulation

import (
	"cmp"
	"fmt"
	"slices"

	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// Kind is a kind of input.
type Kind uint8

// Kinds of input. All but Loose stay inside what P2 promises: no record comes
// late or from the future, as long as no raw partition is left alone for
// stream.SilentAfter.
const (
	Live      Kind = iota // steady sources, subscribers named
	Addresses             // user plane records name only an address
	Quiet                 // one raw partition stays empty, one falls silent, in every other input all do for long
	Backlog               // the programs start when minutes lie in the log
	Skewed                // clocks ahead and behind, slow and held up sources
	Repeating             // probes send records twice
	Capture               // replayed at full speed into 8 partitions, 7 of which hold Clocks only
	Loose                 // sources that come late, pause with records in hand, send rubbish
	Fleet                 // days of some hundred terminals in jumps, with peers, outages and changes
	kinds
)

// The kinds before Fleet take turns, every other Capture is a Fleet: its quiet run and
// its runs are the longest.
const (
	turn       = uint64(Fleet)
	fleetTurns = 2
)

var kindNames = [...]string{"live", "addresses", "quiet", "backlog", "skewed", "repeating", "capture", "loose", "fleet"}

// String returns the name of the kind.
func (k Kind) String() string { return kindNames[k] }

// Input is all that probes write in a run.
type Input struct {
	Kind       Kind
	Partitions int32
	// Start is when the programs are started for the first time, End when the
	// last record of the fleet has come.
	Start, End record.Micros
	// Known is when every raw partition that has a source has been heard of. One
	// that was EMPTY and is left alone with its first records is not waited for.
	Known record.Micros
	// Appends are in order of time. The tail follows when the deployment has been
	// off for a while: the sources' last words, past every timer.
	Appends, Tail []Append
	// Records is how many records the probes made, rubbish included, Clocks and
	// repeats not: each has one outcome.
	Records int
	// Exact reports that P2 holds for it.
	Exact bool
}

// last is when the last record has come, and the programs had time to read it.
func (in *Input) last() record.Micros { return max(in.End, in.Start+20*record.Second) }

// Append is what one source writes at once.
type Append struct {
	At    record.Micros
	Sends []stream.Send
}

// epoch is the event time at which every run begins: 2026-01-01.
const epoch = record.Micros(1_767_225_600) * record.Second

type span struct{ from, to record.Micros }

func (s span) covers(at record.Micros) bool { return at >= s.from && at < s.to }

// generator makes an input.
type generator struct {
	dice       dice
	in         *Input
	from, to   record.Micros
	terminals  []terminal
	probes     []probe
	userPlanes int // probes with a lower number report flows
	sessions   int // the probe that reports sessions
	silence    span
	arrivals   []arrival
}

// arrival is one record on its way.
type arrival struct {
	at   record.Micros
	from int
	send stream.Send
}

// MakeInput returns the input of a seed.
func MakeInput(seed uint64) *Input {
	kind := Kind(seed % turn)
	if kind == Capture && seed/turn%fleetTurns == 1 {
		kind = Fleet
	}
	return MakeKind(kind, seed)
}

// MakeKind returns the input of a seed that is of a kind.
func MakeKind(kind Kind, seed uint64) *Input { return generate(kind, seed).in }

// generate returns the generator when its input is made.
func generate(kind Kind, seed uint64) *generator {
	g := &generator{dice: newDice(seed, 1), in: &Input{Kind: kind}, from: epoch}
	g.in.Exact = g.in.Kind != Loose
	g.in.Partitions = int32(2 + g.dice.IntN(3))
	g.to = g.from + g.dice.between(90*record.Second, 150*record.Second)
	switch kind {
	case Capture:
		g.capture()
		return g
	case Fleet:
		g.fleet()
		return g
	}
	if g.in.Kind == Quiet && g.dice.one(2) {
		g.gap()
	}
	g.setProbes()
	g.populate(8+g.dice.IntN(10), func(i int) bool { return g.in.Kind == Addresses && i%4 != 0 || g.in.Kind == Loose && i%2 == 0 })
	if g.silence.to == 0 && g.dice.one(2) {
		at := g.dice.between(g.from+40*record.Second, g.to-30*record.Second)
		g.silence = span{at, at + g.dice.between(10*record.Second, 50*record.Second)}
	}
	for _, o := range g.traffic() {
		g.put(&o)
	}
	g.clocks()
	if len(g.arrivals) == 0 {
		// One input in a hundred thousand has nobody who says anything: the next of
		// its kind stands for it.
		return generate(kind, seed+turn)
	}
	g.collect()
	return g
}

// gap lets all fall silent for longer than panes are open: what comes behind it
// waits in a scorer, until the clock of the slowest partition crosses the gap, and
// the panes of what waits, in one step.
func (g *generator) gap() {
	at := g.dice.between(g.from+20*record.Second, g.from+40*record.Second)
	g.silence = span{at, at + g.dice.between(90*record.Second, 100*record.Second)}
	g.to += record.Minute
}

func (g *generator) silent(at record.Micros) bool { return g.silence.covers(at) }

// gatherFor is how long a probe gathers records before it writes them.
const gatherFor = 150 * record.Millisecond

// collect makes appends of the arrivals.
func (g *generator) collect() {
	g.in.Appends = g.appends()
	g.in.End = g.in.Appends[len(g.in.Appends)-1].At
	g.in.Known = g.from + 12*record.Second
	g.in.Start = g.in.Known
	if g.in.Kind == Live && g.dice.one(2) {
		g.in.Start = g.from - 5*record.Second // all partitions are EMPTY first
	}
	switch g.in.Kind {
	case Backlog:
		g.in.Start += g.dice.between(60*record.Second, 100*record.Second)
	case Loose:
		g.in.Start = g.from + g.dice.between(0, 20*record.Second)
	}
	for _, after := range tailTimes {
		g.last(g.to + after)
	}
	g.in.Tail = g.appends()
}

// tailTimes are when the sources speak again after the last record: past the
// timers of scorer and enforcer, of which seven days is the longest.
var tailTimes = []record.Micros{
	record.Minute, 2 * record.Minute, 12 * record.Minute, record.Hour, 3 * record.Hour, 30 * record.Hour, 8*record.Day - 5*record.Second, 8 * record.Day,
}

// last lets every source speak once in each partition it is known in: by a
// Clock, or by a record of a terminal of its own.
func (g *generator) last(at record.Micros) {
	for i := range g.probes {
		if g.probes[i].clocked {
			g.clock(i, at, at+record.Second)
			continue
		}
		if g.probes[i].dies != 0 {
			for to, known := range g.probes[i].known { // another one speaks where it did
				g.probes[i+1].known[to] = g.probes[i+1].known[to] || known
			}
			continue
		}
		for to := range g.in.Partitions {
			if g.probes[i].known[to] {
				g.farewell(i, to, at)
			}
		}
	}
}

// farewell is a harmless record of a terminal that nobody else reports.
func (g *generator) farewell(i int, to int32, at record.Micros) {
	t := raw.Telemetry{OccurredAt: at + g.probes[i].skew, SourceID: g.probes[i].id, Kind: record.KindRegistration}
	t.Registration.Event, t.Registration.Count = record.MobilityRegistration, 1
	g.in.Records++
	for n := 0; ; n++ {
		t.SUPI = fmt.Sprintf("imsi-00101%010d", 9_000_000_000+n)
		if stream.KeyPartition([]byte(t.SUPI), g.in.Partitions) == to {
			break
		}
	}
	g.arrivals = append(g.arrivals, arrival{at + 8*record.Second, i,
		stream.Send{Topic: stream.TelemetryRaw, Partition: to, Key: []byte(t.SUPI), Value: raw.AppendTelemetry(nil, &t)}})
}

// appends sorts the arrivals and puts together what one source writes at once.
func (g *generator) appends() (all []Append) {
	slices.SortStableFunc(g.arrivals, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
	open := make([]int, len(g.probes)) // the append of each probe that takes more, +1
	for _, a := range g.arrivals {
		if n := open[a.from]; n > 0 && a.at < all[n-1].At {
			all[n-1].Sends = append(all[n-1].Sends, a.send)
			continue
		}
		all = append(all, Append{At: a.at + gatherFor, Sends: []stream.Send{a.send}})
		open[a.from] = len(all)
	}
	slices.SortStableFunc(all, func(a, b Append) int { return cmp.Compare(a.At, b.At) })
	g.arrivals = nil
	return all
}
