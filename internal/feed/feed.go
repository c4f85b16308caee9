// Package feed turns captured or simulated telemetry into the records of
// telemetry.raw, as a network probe writes them: keyed, numbered, and with
// Clocks that say how far each source has come. replay, backtest and the demo
// share it, so that they put the same input before the collector.
//
// What it promises: the same telemetry and partition count give the same
// records in the same order. Every partition gets a Clock of a source before
// the source's first record, every 5 s of event time, and a last one past every
// timer of the pipeline. What comes twice under one number of its source, as
// probes send what they doubt has arrived, goes out twice under one number.
//
// What it does not: it sorts nothing (a record older than its source's Clock is
// late by that much, and the lateness takes it in) and writes nothing. A repeat
// that comes after recently other records of its source and partition is numbered
// like a new record.
package feed

import (
	"bytes"
	"slices"

	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
)

const (
	// ClockEvery is the event time between two Clocks of a source (contracts,
	// section 8).
	ClockEvery = 5 * record.Second
	// Beyond is how far after the last record the last Clock lies: past every
	// timer of scorer and enforcer, of which 7 d is the longest.
	Beyond = 8 * record.Day
	// maxSources bounds the sources that get Clocks, as the collector bounds
	// those it tells apart; what comes later shares the time of the others.
	maxSources = 4096
	// recently is how many records of a source and partition are kept to know a
	// repeat by: simulated ones follow at once, and of those that a probe sent again
	// others lie between only while its first attempt hung.
	recently = 8
)

// Feed numbers and keys telemetry for one set of partitions. It belongs to one
// goroutine.
type Feed struct {
	partitions int32
	sources    []source
	index      map[string]int
	newest     record.Micros // of all records so far
	clock      record.Micros // time of the last Clocks; 0 before the first
	sends      []stream.Send
}

// source numbers the records of one source per partition. It begins with the
// time of its first record: the next run of the same source goes on far above,
// and none of it looks like a repeat.
type source struct {
	id    string
	lanes []lane // by partition
}

// lane is what a source sends into one partition.
type lane struct {
	next   int64 // number of the next record
	recent [recently]sent
	oldest int // in recent
}

// sent is a record that went out.
type sent struct {
	number     int64 // of the input
	renumbered int64
	key, value []byte // nil: none
}

// repeated returns the record that is sent again as t; nil: t is new. Not the
// number alone tells, for a source that starts anew begins at its first again.
func (l *lane) repeated(t *raw.Telemetry, key []byte) *sent {
	for i := range l.recent {
		s := &l.recent[i]
		if s.value == nil || s.number != t.SourceSequence.Value || !bytes.Equal(s.key, key) {
			continue
		}
		again := *t
		again.SourceSequence = record.Some(s.renumbered)
		if bytes.Equal(s.value, raw.AppendTelemetry(nil, &again)) {
			return s
		}
	}
	return nil
}

// keep remembers a record that has a number of the input.
func (l *lane) keep(s sent) {
	l.recent[l.oldest] = s
	l.oldest = (l.oldest + 1) % recently
}

// New returns a feed into n partitions of telemetry.raw.
func New(n int32) *Feed { return &Feed{partitions: n, index: map[string]int{}} }

// Add returns the records to write for one observation: Clocks that are due
// first, then the record, then its copy where a session event names a second
// address. They are valid until the next call. sourceSequence is renumbered, as
// a probe would number what it sends into each partition; a repeat gets the number
// of what it repeats. A Clock is left out:
// the feed writes its own, and one from the end of another replay lies days
// ahead.
func (f *Feed) Add(t *raw.Telemetry) []stream.Send {
	f.sends = f.sends[:0]
	if t.Kind == record.KindClock {
		return f.sends
	}
	f.newest = max(f.newest, t.OccurredAt)
	f.clocks(t.SourceID)
	f.add(t, Key(t))
	if t.Kind == record.KindSession && t.Session.OtherUEAddress.IsValid() {
		f.add(t, t.Session.OtherUEAddress.AsSlice())
	}
	return f.sends
}

// Tick returns the Clocks that say nothing older than now will come, for feeds
// in real time during which no record happens.
func (f *Feed) Tick(now record.Micros) []stream.Send {
	f.sends = f.sends[:0]
	f.newest = max(f.newest, now)
	f.clocks("")
	return f.sends
}

// End returns the times of the last Clocks, to be written by ClockAt one after
// the other: up to Beyond after the newest record, or to limit if that is
// earlier, for a clock ahead of the brokers' own would be refused.
//
// They come in steps that grow. In one jump the measures of one partition would
// end before another partition's time had moved, and the enforcer's limits,
// which hold over all of them, would let more in than in any real course of
// time.
func (f *Feed) End(limit record.Micros) []record.Micros {
	last := min(f.newest+Beyond, max(limit, f.newest))
	var times []record.Micros
	for step, at := record.Minute, f.newest+record.Minute; at < last; at += step {
		times = append(times, at)
		switch after := at - f.newest; {
		case after >= 3*record.Hour:
			step = 6 * record.Hour
		case after >= 15*record.Minute:
			step = 10 * record.Minute
		}
	}
	// The last two are as near as in ordinary time: over a longer step the
	// sources that speak second look as if they had fallen behind, and that would
	// be the last thing said of them.
	if near := last - ClockEvery; near > f.newest && (len(times) == 0 || near > times[len(times)-1]) {
		times = append(times, near)
	}
	return append(times, last)
}

// ClockAt returns the Clocks of every source at a time, which is not before the
// newest record's.
func (f *Feed) ClockAt(at record.Micros) []stream.Send {
	f.sends = f.sends[:0]
	f.newest = max(at, f.newest)
	f.clock = f.newest
	for i := range f.sources {
		f.clockOf(i)
	}
	return f.sends
}

// Newest returns the event time of the newest record so far.
func (f *Feed) Newest() record.Micros { return f.newest }

// Key returns the key a probe gives a record: the terminal's address where the
// record has one, for session and flow records of an address have to meet, and
// its SUPI otherwise.
func Key(t *raw.Telemetry) []byte {
	if t.UEAddress.IsValid() {
		return t.UEAddress.AsSlice()
	}
	return []byte(t.SUPI)
}

// clocks writes what is due: of every source each ClockEvery, and of a source
// that is new.
func (f *Feed) clocks(id string) {
	due := f.clock == 0 || f.newest >= f.clock+ClockEvery
	if due {
		f.clock = f.newest
		for i := range f.sources {
			f.clockOf(i)
		}
	}
	if _, known := f.index[id]; !known && id != "" && len(f.sources) < maxSources {
		f.index[id] = len(f.sources)
		f.sources = append(f.sources, source{id: id, lanes: slices.Repeat([]lane{{next: int64(f.newest)}}, int(f.partitions))})
		f.clockOf(len(f.sources) - 1)
	}
}

// clockOf writes the Clock of one source into every partition. It takes no
// number: a repeated or lost Clock hides nothing.
func (f *Feed) clockOf(i int) {
	c := raw.Telemetry{OccurredAt: f.clock, SourceID: f.sources[i].id, Kind: record.KindClock}
	value := raw.AppendTelemetry(nil, &c)
	for p := int32(0); p < f.partitions; p++ {
		f.send(p, []byte(c.SourceID), value)
	}
}

func (f *Feed) add(t *raw.Telemetry, key []byte) {
	p := stream.KeyPartition(key, f.partitions)
	i, known := f.index[t.SourceID]
	if !known {
		plain := *t
		plain.SourceSequence = record.Opt[int64]{}
		f.send(p, key, raw.AppendTelemetry(nil, &plain))
		return
	}
	l := &f.sources[i].lanes[p]
	if t.SourceSequence.Set {
		if s := l.repeated(t, key); s != nil {
			f.send(p, key, s.value)
			return
		}
	}
	numbered := *t
	numbered.SourceSequence = record.Some(l.next)
	value := raw.AppendTelemetry(nil, &numbered)
	if t.SourceSequence.Set {
		l.keep(sent{number: t.SourceSequence.Value, renumbered: l.next, key: key, value: value})
	}
	l.next++
	f.send(p, key, value)
}

func (f *Feed) send(partition int32, key, value []byte) {
	f.sends = append(f.sends, stream.Send{Topic: stream.TelemetryRaw, Partition: partition, Key: key, Value: value})
}
