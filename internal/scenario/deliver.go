package scenario

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"cordon/internal/feed"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
)

const (
	// clockEvery is how often a source writes a Clock, as a replay does; in
	// long silences more rarely, for nothing happens but that timers end.
	clockEvery      = feed.ClockEvery
	clockEveryQuiet = 10 * record.Minute
	// busy is how near a record has to be for the time not to be quiet.
	busy = record.Minute
	// shuffleBy delays records at most: less than the lateness (20 s), and where
	// addresses are resolved less than the 10 s that a flow waits for its session.
	shuffleBy        = 19 * record.Second
	shuffleBySession = 9 * record.Second
)

// arrival is what reaches the pipeline at a time.
type arrival struct {
	at    record.Micros
	sends []stream.Send
	act   *act // done once everything before it has been worked through
	line  int
}

// report is one record of one terminal, with the true time it is written at.
type report struct {
	at  record.Micros
	who *terminal
	nth uint64 // of its step and terminal, from 0
	raw.Telemetry
	step *step
	from *source
}

// delivery turns the steps of a scenario into arrivals.
type delivery struct {
	s          *Scenario
	v          Variation
	sources    []*source
	usual      *source // of terminals without one
	numbers    map[sourcePartition]int64
	random     *rand.Rand
	shuffleBy  record.Micros
	start, end record.Micros // true times of the first and last record
	arrivals   []arrival
}

// sourcePartition is where a source numbers its records.
type sourcePartition struct {
	source    *source
	partition int32
}

// deliver returns the arrivals in order.
func deliver(s *Scenario, v Variation) *delivery {
	d := &delivery{
		s: s, v: v, sources: s.sources, numbers: map[sourcePartition]int64{},
		random: rand.New(rand.NewPCG(v.Shuffle, 1)), shuffleBy: shuffleBy,
	}
	if d.usual = s.source("probe"); d.usual == nil {
		d.usual = &source{name: "probe"}
	}
	for _, t := range s.terminals {
		if t.address.IsValid() {
			d.shuffleBy = shuffleBySession
		}
	}
	reports := d.reports()
	d.span(reports)
	for i := range reports {
		d.send(&reports[i])
	}
	d.acts()
	d.clocks()
	if s.until != 0 {
		d.ticks()
	}
	slices.SortStableFunc(d.arrivals, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
	return d
}

// reports lists what every terminal does, in order of time.
func (d *delivery) reports() []report {
	var list []report
	for i := range d.s.steps {
		step := &d.s.steps[i]
		if step.traffic.verb == noTraffic {
			continue
		}
		for _, t := range step.who {
			step.traffic.reports(step.at, seed(t, i), func(nth uint64, r raw.Telemetry) {
				from := cmp.Or(step.via, t.source, d.usual)
				list = append(list, report{at: r.OccurredAt, who: t, nth: nth, Telemetry: r, step: step, from: from})
			})
		}
	}
	slices.SortStableFunc(list, func(a, b report) int { return cmp.Compare(a.at, b.at) })
	for i := range list {
		if list[i].from == d.usual && !slices.Contains(d.sources, d.usual) {
			d.sources = append(slices.Clone(d.sources), d.usual)
		}
	}
	return list
}

// span finds when the scenario begins and ends.
func (d *delivery) span(reports []report) {
	d.start, d.end = Midnight+maxLength, Midnight
	note := func(at record.Micros) { d.start, d.end = min(d.start, at), max(d.end, at) }
	for i := range reports {
		note(reports[i].at)
	}
	for i := range d.s.steps {
		note(d.s.steps[i].at)
	}
	d.start = min(d.start, d.end) - record.Second
}

// send puts one report into the hands of its source.
func (d *delivery) send(r *report) {
	t := &r.Telemetry
	d.identify(r)
	for _, fill := range r.step.traffic.fills {
		fill(r.nth, t)
	}
	t.SourceID = r.from.name
	t.Shift(r.from.skew)
	arrives := r.at + r.from.delay + r.step.late
	if d.v.Shuffle != 0 && !r.step.isLate && *r.from == (source{name: r.from.name}) {
		arrives += record.Micros(d.random.Int64N(int64(d.shuffleBy)))
	}
	d.put(r, feed.Key(t), arrives)
	if t.Kind == record.KindSession && t.Session.OtherUEAddress.IsValid() {
		d.put(r, t.Session.OtherUEAddress.AsSlice(), arrives)
	}
}

// identify names the terminal in its report: session events with everything,
// traffic of a terminal with an address by that alone.
func (d *delivery) identify(r *report) {
	t, who := &r.Telemetry, r.who.as(r.at)
	t.UEAddress = who.address
	if r.step.traffic.address.IsValid() {
		t.UEAddress = r.step.traffic.address
	}
	t.DNN, t.SNSSAI = who.dnn, who.snssai
	if t.UEAddress.IsValid() && t.Kind != record.KindSession {
		return
	}
	t.SUPI, t.GPSI, t.PEI, t.CellID = who.supi, who.gpsi, who.pei, who.cell
	t.InternalGroupID, t.TrackingAreaCode = who.group, who.area
}

// put numbers a record for its raw partition and lets it arrive.
func (d *delivery) put(r *report, key []byte, at record.Micros) {
	p := stream.KeyPartition(key, d.v.Partitions)
	place := sourcePartition{r.from, p}
	numbered := r.Telemetry
	numbered.SourceSequence = record.Some(d.numbers[place])
	d.numbers[place]++
	if r.from.silent(r.at) {
		return
	}
	value := raw.AppendTelemetry(nil, &numbered)
	for range r.step.copies {
		d.arrivals = append(d.arrivals, arrival{at: at, line: r.step.line, sends: []stream.Send{
			{Topic: stream.TelemetryRaw, Partition: p, Key: key, Value: value},
		}})
	}
}

// acts enters what is done to the pipeline, and the restarts of the variation.
func (d *delivery) acts() {
	for i := range d.s.steps {
		if step := &d.s.steps[i]; step.act.kind != noAct {
			d.arrivals = append(d.arrivals, arrival{at: step.at, act: &step.act, line: step.line})
		}
	}
	for _, r := range d.v.Restarts {
		d.arrivals = append(d.arrivals, arrival{at: r.At, act: &act{kind: restart, stage: r.Stage}})
	}
}

// clocks enters the Clocks of every source that writes them, into every raw
// partition.
func (d *delivery) clocks() {
	times := d.clockTimes()
	for _, s := range d.sources {
		if s.clocksOff {
			continue
		}
		for _, at := range times {
			if !s.silent(at) {
				d.arrivals = append(d.arrivals, arrival{at: at + s.delay, sends: d.clock(s, at+s.skew)})
			}
		}
	}
}

// clockTimes are dense where something happens and sparse where nothing does.
func (d *delivery) clockTimes() []record.Micros {
	var near []record.Micros
	for _, a := range d.arrivals {
		near = append(near, a.at)
	}
	slices.Sort(near)
	end := max(d.end+busy, d.s.until)
	var times []record.Micros
	for at := d.start; at <= end; {
		times = append(times, at)
		i, _ := slices.BinarySearch(near, at)
		next := end
		if i < len(near) {
			next = near[i]
		}
		if d.s.until == 0 && next-at > busy+clockEvery && (i == 0 || at-near[i-1] > busy) {
			at = min(at+clockEveryQuiet, next-busy)
			continue
		}
		at += clockEvery
	}
	return times
}

func (d *delivery) clock(s *source, at record.Micros) []stream.Send {
	value := raw.AppendTelemetry(nil, &raw.Telemetry{OccurredAt: at, SourceID: s.name, Kind: record.KindClock})
	sends := make([]stream.Send, d.v.Partitions)
	for p := range sends {
		sends[p] = stream.Send{Topic: stream.TelemetryRaw, Partition: int32(p), Key: []byte(s.name), Value: value}
	}
	return sends
}

// ticks lets wall time pass second by second, also where nothing arrives.
func (d *delivery) ticks() {
	for at := d.start; at <= d.s.until; at += record.Second {
		d.arrivals = append(d.arrivals, arrival{at: at})
	}
}

// last are the final Clocks, past every timer.
func (d *delivery) last() (record.Micros, []stream.Send) {
	at := d.end + feed.Beyond
	var sends []stream.Send
	for _, s := range d.sources {
		sends = append(sends, d.clock(s, at)...)
	}
	return at, sends
}
