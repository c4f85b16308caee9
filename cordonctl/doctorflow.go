package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cordon/internal/record"
	"cordon/internal/stream"
)

// Ages in wall time.
const (
	// aliveWithin is how old the newest SourceClock of a collector may be: it
	// states one every clock_every (5 s, at most 60 s), also in silence.
	aliveWithin = 90 * record.Second
	// behindBy is how far a watermark may stay behind the oldest raw clock:
	// lateness (20 s), a pane (10 s), and time to work.
	behindBy = 90 * record.Second
)

// collector reads what the collectors last said of every raw partition.
func (d *doctor) collector(ctx context.Context) error {
	d.clocks = map[int32]said[record.SourceClock]{}
	for p := range d.counts[stream.Progress] {
		err := d.client.Read(ctx, stream.Partition{Topic: stream.Progress, ID: p}, 0, func(b stream.Batch) error {
			for _, r := range b.Records {
				var s record.SourceClock
				if record.DecodeInto(r.Value, &s) == nil {
					d.clocks[s.RawPartition] = said[record.SourceClock]{s, b.AppendTime, true}
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
	return nil
}

// rawPartition tells of the clock of one raw partition.
func (d *doctor) rawPartition(p int32) {
	s, what := d.clocks[p], fmt.Sprintf("raw %d", p)
	if !s.Found {
		d.advise(stateProblem, what, "no collector has said anything about it", "one collector serves all partitions by itself: look at its log; several need the same group")
		return
	}
	age := d.now - s.At
	text := fmt.Sprintf("%s, reported up to %s, said %s ago", s.Record.State, s.Record.Time, inSeconds(age))
	switch {
	case age > aliveWithin:
		d.advise(stateProblem, what, text+": the collector is silent", "is it running? look at its log and /readyz; its group shares out the partitions")
	case s.Record.State == record.ClockEmpty:
		d.tell(stateOK, what, fmt.Sprintf("EMPTY, no probe has ever reported here, said %s ago", inSeconds(age)))
	case s.Record.State == record.ClockStalled:
		d.advise(stateWarning, what, text+": not waited for", "its probes stopped writing Clocks, or the partition cannot be read: look at the probes and the collector's log")
	case s.Record.State == record.ClockDataLoss:
		d.advise(stateWarning, what, text+": records were deleted before they were read", "the collector was away longer than telemetry.raw is kept; coverage tells of it")
	case skewed(&s.Record) != "":
		d.advise(stateWarning, what, text+"; not waited for: "+skewed(&s.Record), "the clock of these sources is behind, or they deliver late: records of theirs may be too late")
	default:
		d.tell(stateOK, what, text)
	}
}

// skewed names the sources of a partition that are not waited for.
func skewed(s *record.SourceClock) string {
	var list []string
	for _, source := range s.Sources {
		if source.State == record.SourceSkewed {
			list = append(list, source.SourceID)
		}
	}
	return strings.Join(list, ", ")
}

// watermarks tells up to where each verdicts partition is decided.
func (d *doctor) watermarks(ctx context.Context) error {
	oldest, counting := d.oldestClock()
	for p := range d.counts[stream.Verdicts] {
		s, err := newest[record.Progress](ctx, d, stream.Partition{Topic: stream.Verdicts, ID: p}, "Progress")
		if err != nil {
			return err
		}
		what := fmt.Sprintf("verdicts %d", p)
		text := fmt.Sprintf("decided up to %s, %d terminals in 24 h, coverage %d ‰, said %s ago", s.Record.Time, s.Record.Terminals, s.Record.Coverage.Permille, inSeconds(d.now-s.At))
		switch {
		case !s.Found && !counting:
			d.tell(stateOK, what, "nothing decided, for there is no telemetry yet")
		case !s.Found:
			d.advise(stateProblem, what, "nothing decided, though probes have reported", "is the scorer running? the lines of the scorer and of the raw partitions tell more")
		case counting && oldest-s.Record.Time > behindBy:
			d.advise(stateWarning, what, fmt.Sprintf("%s, which is %s behind the oldest raw partition", text, inSeconds(oldest-s.Record.Time)), "the scorer is slow or away; its line tells more")
		case s.Record.Coverage.Permille < 990:
			d.advise(stateWarning, what, text, "telemetry is missing, late or rejected: look at sourceSequence gaps of the probes and at the dead letters")
		default:
			d.tell(stateOK, what, text)
		}
	}
	return nil
}

// oldestClock returns the oldest time of the raw partitions that count, and
// whether one does.
func (d *doctor) oldestClock() (oldest record.Micros, counting bool) {
	for _, s := range d.clocks {
		if s.Record.State == record.ClockEmpty || s.Record.State == record.ClockStalled {
			continue
		}
		if !counting || s.Record.Time < oldest {
			oldest, counting = s.Record.Time, true
		}
	}
	return oldest, counting
}

// mode tells whether the enforcer orders or rehearses, by what it wrote last.
func (d *doctor) mode(ctx context.Context) error {
	var last said[record.IsolationCommand]
	for _, t := range []stream.Topic{stream.IsolationCommands, stream.IsolationRehearsal} {
		for p := range d.counts[t] {
			s, err := newest[record.IsolationCommand](ctx, d, stream.Partition{Topic: t, ID: p}, "IsolationCommand")
			if err != nil {
				return err
			}
			if s.Found && s.At >= last.At {
				last = s
			}
		}
	}
	what := fmt.Sprintf("the last command, %s, is of %s", last.Record.Action, last.Record.IssuedAt)
	switch {
	case !last.Found:
		d.tell(stateOK, "mode", "no command yet; the enforcer only rehearses until its mode is ENFORCE")
	case last.Record.Mode == record.ModeEnforce:
		d.tell(stateOK, "mode", "ENFORCE: isolations are ordered in isolation.commands; "+what)
	default:
		d.tell(stateOK, "mode", "DRY_RUN: isolations are only rehearsed, in isolation.rehearsal; "+what)
	}
	return nil
}

// deadLetters counts the newest dead letters by reason.
func (d *doctor) deadLetters(ctx context.Context) error {
	reasons, total, last := map[string]int64{}, int64(0), record.Micros(0)
	for p := range d.counts[stream.DeadLetters] {
		at := stream.Partition{Topic: stream.DeadLetters, ID: p}
		start, end, err := d.client.Bounds(ctx, at)
		if err != nil {
			return err
		}
		err = d.client.Read(ctx, at, max(start, end-d.letters), func(b stream.Batch) error {
			for _, r := range b.Records {
				var letter record.DeadLetter
				if record.DecodeInto(r.Value, &letter) == nil {
					reasons[letter.Reason.String()]++
					total++
					last = max(last, b.AppendTime)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if total == 0 {
		d.tell(stateOK, "dead letters", "none")
		return nil
	}
	d.advise(stateWarning, "dead letters", fmt.Sprintf("%s among the newest %d; the last %s ago", counts(reasons), total, inSeconds(d.now-last)), "see them with: cordonctl tail deadletter --all")
	return nil
}

// inSeconds writes an age for people.
func inSeconds(age record.Micros) string {
	return max(age, 0).Duration().Round(time.Second).String()
}
