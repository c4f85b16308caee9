package simulation

import (
	"errors"
	"fmt"

	"cordon/internal/scenario"
	"cordon/internal/stream"
)

// Result is what a run came to.
type Result struct {
	// Late is how many records came after their pane was closed, as a scorer that
	// reads the telemetry log once counts them.
	Late int64
	// Compared reports that the verdicts were held against those of the quiet run,
	// Commands that the commands were as well.
	Compared, Commands bool
	// Verdicts is how many were confirmed.
	Verdicts int
}

// check holds what a run left in the log against what the quiet run of its input
// left, and against what holds in any run. The error says what is wrong.
func (w *world) check() error {
	want, r := w.want, &w.result
	got, err := gather(w.log)
	if err != nil {
		return err
	}
	r.Verdicts = got.Verdicts.Len()
	// Not in order of depth but of clarity: a lost record is told as such, not as
	// a verdict that differs.
	if err := w.checkOutcomes(got); err != nil {
		return err
	}
	if r.Late, err = w.checkReplay(); err != nil {
		return err
	}
	if w.in.Exact && r.Late > 0 {
		return fmt.Errorf("%d records came late, in a run in which none can", r.Late)
	}
	if r.Compared = r.Late == 0 && want.Late == 0 && differ(want.Outcomes, got.Outcomes) == ""; r.Compared {
		if d := scenario.Difference(want.Verdicts, got.Verdicts); d != "" {
			return fmt.Errorf("verdicts differ (quiet run first): %s", d)
		}
		if r.Commands = !want.Deferred && !got.Deferred; r.Commands {
			if d := scenario.Difference(want.Commands, got.Commands); d != "" {
				return fmt.Errorf("commands differ (quiet run first): %s", d)
			}
		}
	}
	return errors.Join(w.checkWarnings(), w.checkAudit(), w.checkClocks(got), w.checkBounds(), w.checkEnd())
}

// checkOutcomes: each raw record has one outcome, that of the quiet run. What a
// collector gives up waiting for in a Loose input depends on the wall clock.
func (w *world) checkOutcomes(got *Expected) error {
	want := w.want
	for i := 1; i < len(got.Outcomes); i++ {
		if a, b := got.Outcomes[i-1], got.Outcomes[i]; a.partition == b.partition && a.offset == b.offset {
			return fmt.Errorf("raw record %d[%d] has two outcomes: %s and %s", a.partition, a.offset, text(a.value), text(b.value))
		}
	}
	if w.in.Records != unknown && len(got.Outcomes) != w.in.Records {
		return fmt.Errorf("probes made %d records, %d have an outcome: %s", w.in.Records, len(got.Outcomes), differ(want.Outcomes, got.Outcomes))
	}
	if !w.in.Exact {
		return nil
	}
	if d := differ(want.Outcomes, got.Outcomes); d != "" {
		return errors.New(d)
	}
	return nil
}

// checkReplay is P1: a scorer that reads the committed telemetry once, from
// nothing, writes every record that is in verdicts and verdicts.early, byte for byte, and
// no other. Warnings peek at open panes, and so depend on the order of the log,
// which is another one in the quiet run; but on nothing else.
func (w *world) checkReplay() (late int64, err error) {
	counts := map[stream.Topic]int32{}
	for _, t := range stream.Topics(w.in.Partitions) {
		counts[t.Topic] = t.Partitions
	}
	for id := range w.in.Partitions {
		task := w.stages[1].NewTask(id)
		if err := task.Start(stream.Start{Partitions: counts}); err != nil {
			return 0, err
		}
		var out stream.Effects
		for offset := int64(0); ; {
			b, next, more := w.log.Fetch(stream.Partition{Topic: stream.Telemetry, ID: id}, offset)
			if !more {
				break
			}
			task.Process(b, stream.Now{}, &out)
			offset = next
		}
		for _, topic := range []stream.Topic{stream.Verdicts, stream.VerdictsEarly} {
			if err := w.sameOutputs(stream.Partition{Topic: topic, ID: id}, out.Sends()); err != nil {
				return 0, err
			}
		}
		late += figureOf(task, "scorer_late_records_total")
	}
	return late, nil
}

// sameOutputs compares a partition of a topic, repeats aside, with what one pass
// writes.
func (w *world) sameOutputs(p stream.Partition, want []stream.Send) error {
	known := map[string]bool{}
	for _, s := range want {
		if s.Topic == p.Topic {
			known[string(s.Value)] = false
		}
	}
	err := each(w.log, func(at stream.Partition, r stream.Record) error {
		if _, ok := known[string(r.Value)]; at == p && !ok {
			return fmt.Errorf("a scorer that reads the same telemetry once does not write this: %s", text(r.Value))
		} else if at == p {
			known[string(r.Value)] = true
		}
		return nil
	}, p.Topic)
	if err != nil {
		return err
	}
	for _, s := range want {
		if s.Topic == p.Topic && !known[string(s.Value)] {
			return fmt.Errorf("%s[%d] lacks what a scorer writes that reads the same telemetry once: %s", p.Topic, p.ID, text(s.Value))
		}
	}
	return nil
}

// checkWarnings: an early warning comes once for each life of its scorer, and
// again where its write was tried again.
func (w *world) checkWarnings() error {
	times := map[string]int{}
	return each(w.log, func(p stream.Partition, r stream.Record) error {
		times[string(r.Value)]++
		if most := w.lives[1][p.ID] + w.rewrote[1][p.ID]; times[string(r.Value)] > most {
			return fmt.Errorf("warning number %d of its kind, the task lived %d times: %s", times[string(r.Value)], most, text(r.Value))
		}
		return nil
	}, stream.VerdictsEarly)
}
