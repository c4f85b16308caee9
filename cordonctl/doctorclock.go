package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cordon/collector/clock"
	"cordon/internal/record"
	"cordon/internal/stream"
)

const (
	// aliveWithin is how old the newest SourceClock of a collector may be, in wall
	// time: it states one every clock_every (5 s, at most 60 s), also in silence.
	aliveWithin = 90 * record.Second
	// apartBy is how far raw partitions that are waited for may lie apart, in event
	// time: alignment (20 s), source_patience (20 s), and time to tell.
	apartBy = 60 * record.Second
	// named is how many sources a line names.
	named = 5
)

// collector reads what the collectors last said of every raw partition.
func (d *doctor) collector(ctx context.Context) error {
	d.clocks = map[int32]said[record.SourceClock]{}
	for p := range d.counts[stream.Progress] {
		err := d.client.Read(ctx, stream.Partition{Topic: stream.Progress, ID: p}, 0, func(b stream.Batch) error {
			for _, r := range b.Records {
				var s record.SourceClock
				if record.DecodeInto(r.Value, &s) == nil {
					d.hear(&s, b.AppendTime)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if d.counts[stream.TelemetryRaw] == 0 {
		return nil
	}
	if len(d.clocks) == 0 {
		d.advise(stateProblem, "collector", "has never said anything about a raw partition", "start it: collector --config collector.yaml; with the same topics.prefix")
		return nil
	}
	for p := range d.counts[stream.TelemetryRaw] {
		d.rawPartition(p)
	}
	d.alignment()
	return nil
}

// hear keeps the newest word about a raw partition. One that only says where it
// waits names no sources: those named before still are its sources. Another
// collector's word about a silent one says no time: its own last time holds.
func (d *doctor) hear(s *record.SourceClock, at record.Micros) {
	before := d.clocks[s.RawPartition].Record
	if len(s.Sources) == 0 {
		s.Sources = before.Sources
	}
	s.Time = max(s.Time, before.Time)
	d.clocks[s.RawPartition] = said[record.SourceClock]{*s, at, true}
}

// rawPartition tells of the clock of one raw partition.
func (d *doctor) rawPartition(p int32) {
	s, what := d.clocks[p], fmt.Sprintf("raw %d", p)
	if !s.Found {
		d.advise(stateProblem, what, "no collector has said anything about it", "one collector serves all partitions by itself: look at its log; several need the same group")
		return
	}
	age := d.now - s.At
	text := fmt.Sprintf("%s, reported up to %s, %s, said %s ago", s.Record.State, s.Record.Time, plural(len(s.Record.Sources), "source"), inSeconds(age))
	switch {
	case age > aliveWithin:
		d.advise(stateProblem, what, text+": the collector is silent", "is it running? look at its log and /readyz; its group shares out the partitions")
	case s.Record.State == record.ClockEmpty:
		d.tell(stateOK, what, fmt.Sprintf("EMPTY, no probe has ever reported here, said %s ago", inSeconds(age)))
	case s.Record.State == record.ClockStalled && s.Record.NextOffset == 0:
		d.advise(stateProblem, what, text+": not waited for; nothing was read of it yet, or its collector is silent and another one says so", "is its collector running? look at its log and /readyz; another one takes over when the group notices")
	case s.Record.State == record.ClockStalled:
		d.advise(stateWarning, what, text+": not waited for", "its probes stopped writing Clocks, or the partition cannot be read: look at the probes and the collector's log")
	case s.Record.State == record.ClockDataLoss:
		d.advise(stateWarning, what, text+": records were deleted before they were read", "the collector was away longer than telemetry.raw is kept; coverage tells of it")
	case skewed(&s.Record) != "":
		d.advise(stateWarning, what, text+"; not waited for: "+skewed(&s.Record), "the clock of these sources is behind, or they deliver late: records of theirs may be too late")
	case len(s.Record.Sources) >= clock.MaxSources:
		d.advise(stateWarning, what, text+fmt.Sprintf(": sources beyond %d share one clock, and repeats of theirs are not recognised", clock.MaxSources), "who makes up names of sources? a probe has one name")
	case s.Record.State == record.ClockIdle:
		d.tell(stateOK, what, text+": its probes are silent, time goes on with the wall clock")
	default:
		d.tell(stateOK, what, text)
	}
}

// skewed names the sources of a partition that are not waited for.
func skewed(s *record.SourceClock) string {
	var list []string
	for _, source := range s.Sources {
		if source.State == record.SourceSkewed && source.SourceID != "" {
			list = append(list, source.SourceID)
		}
	}
	if more := len(list) - named; more > 0 {
		list = append(list[:named], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(list, ", ")
}

// alignment tells which raw partition the others wait for, and how far back a
// replay may begin.
func (d *doctor) alignment() {
	slowest, counting := int32(-1), 0
	newest := record.Micros(0)
	for p := range d.counts[stream.TelemetryRaw] {
		s := d.clocks[p]
		newest = max(newest, s.Record.Time)
		if !waitedFor(&s) {
			continue
		}
		if counting++; slowest < 0 || s.Record.Time < d.clocks[slowest].Record.Time {
			slowest = p
		}
	}
	if counting == 0 {
		d.tell(stateOK, "alignment", "no raw partition is waited for: the clock stands still")
		return
	}
	apart := newest - d.clocks[slowest].Record.Time
	text := fmt.Sprintf("%d of %s waited for; raw %d is the slowest, %s behind the newest; telemetry before %s is refused by replay",
		counting, plural(int(d.counts[stream.TelemetryRaw]), "raw partition"), slowest, inSeconds(apart), newest)
	if apart > apartBy {
		d.advise(stateWarning, "alignment", text, fmt.Sprintf("the others read no more than 20 s ahead of raw %d: it has a backlog, or its collector is slow; its line tells more", slowest))
		return
	}
	d.tell(stateOK, "alignment", text)
}

// waitedFor reports whether siblings and watermarks wait for a raw partition.
func waitedFor(s *said[record.SourceClock]) bool {
	return s.Found && s.Record.State != record.ClockEmpty && s.Record.State != record.ClockStalled
}

// oldestClock returns the oldest time of the raw partitions that count, and
// whether one does.
func (d *doctor) oldestClock() (oldest record.Micros, counting bool) {
	for _, s := range d.clocks {
		if waitedFor(&s) && (!counting || s.Record.Time < oldest) {
			oldest, counting = s.Record.Time, true
		}
	}
	return oldest, counting
}

// tooSlow lists the raw partitions that a scorer has stopped waiting for by
// itself, because its room for records ahead was full: it tells them as STALLED,
// their collectors do not.
func (d *doctor) tooSlow(p *record.Progress) string {
	var list []string
	for _, w := range p.Sources {
		if s := d.clocks[w.RawPartition]; w.State == record.ClockStalled && waitedFor(&s) {
			list = append(list, strconv.Itoa(int(w.RawPartition)))
		}
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}
