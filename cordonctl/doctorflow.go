package main

import (
	"context"
	"fmt"
	"time"

	"cordon/internal/record"
	"cordon/internal/stream"
)

// behindBy is how far a watermark may stay behind the oldest raw clock: lateness
// (20 s), a pane (10 s), and time to work.
const behindBy = 90 * record.Second

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
		case d.tooSlow(&s.Record) != "":
			d.advise(stateWarning, what, text+"; not waited for: raw "+d.tooSlow(&s.Record), "what it brings may be late: look why it is slow, or give the scorer more room for records ahead (held_bytes)")
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
	d.advise(stateWarning, "dead letters", fmt.Sprintf("%s among the newest %d; the last %s ago", counts(reasons), total, inSeconds(d.now-last)), remedyOf(reasons))
	return nil
}

// remedyOf says what to do about dead letters.
func remedyOf(reasons map[string]int64) string {
	see := "see them with: cordonctl tail deadletter --all"
	if reasons[record.DeadFutureTime.String()] > 0 {
		see += "; FUTURE_TIME: the clock of a probe is ahead of the brokers', look at its NTP"
	}
	return see
}

// inSeconds writes an age for people.
func inSeconds(age record.Micros) string {
	return max(age, 0).Duration().Round(time.Second).String()
}
