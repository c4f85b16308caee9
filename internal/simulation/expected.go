package simulation

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"cordon/internal/record"
	"cordon/internal/scenario"
	"cordon/internal/stream"
	"cordon/internal/stream/memory"
)

// Expected is what a quiet run of the same input comes to: the tasks one after
// the other on the same raw records, nothing in their way.
type Expected struct {
	Outcomes []outcome
	Verdicts scenario.Log
	Commands scenario.Log
	// Late is how many records came after their pane was closed.
	Late int64
	// Deferred reports that a limit held a command back: which one depends on how
	// far each partition has come.
	Deferred bool
	// room is what the tasks of another run may hold: in an Exact input as much as
	// is needed, and hardly more.
	room room
}

// outcome is what became of one raw record: the record it was forwarded as, or
// its dead letter.
type outcome struct {
	partition int32
	offset    int64
	value     []byte
}

// Expect makes the quiet run of an input.
func Expect(in *Input) (*Expected, error) { return expect(in, hooks{}) }

func expect(in *Input, h hooks) (*Expected, error) {
	room := in.room()
	stages, err := h.stages(room)
	if err != nil {
		return nil, err
	}
	log, parts := newLog(in.Partitions), in.parts()
	var late, held int64
	for _, s := range stages {
		q, err := runQuietly(log, s, parts)
		parts = [][]Append{nil} // all of it is in the log
		if err != nil {
			return nil, err
		}
		late, held = late+q.late, max(held, q.held)
	}
	if in.Exact && late > 0 {
		return nil, fmt.Errorf("%d records came late, in an input in which none can", late)
	}
	x, err := gather(log)
	if err == nil {
		x.Late, x.room = late, room
	}
	if err == nil && in.Exact {
		x.room.held = held + roomToSpare
	}
	return x, err
}

// parts splits an input before and behind what people say: when that takes effect
// follows from how far its reader has come.
func (in *Input) parts() (parts [][]Append) {
	all, from := slices.Concat(in.Appends, in.Tail), 0
	for i := range all {
		if topic := all[i].Sends[0].Topic; topic != stream.TelemetryRaw {
			parts = append(parts, all[from:i], all[i:i+1])
			from = i + 1
		}
	}
	return append(parts, all[from:])
}

// write appends a part of an input.
func write(log *memory.Log, part []Append) error {
	for _, a := range part {
		log.SetTime(a.At)
		if err := log.Append(a.Sends); err != nil {
			return err
		}
	}
	return nil
}

// stageFigures are what a stage counted in a quiet run.
type stageFigures struct {
	late int64 // records after their pane
	held int64 // bytes that waited for their session, the most after any batch
}

// runQuietly runs one stage to the end of each part of its input.
func runQuietly(log *memory.Log, s *stream.Stage, parts [][]Append) (f stageFigures, err error) {
	r, err := memory.NewRunner(log, s)
	if err != nil {
		return f, err
	}
	r.CutBytes = 1 << 20
	for _, part := range parts {
		if err := write(log, part); err != nil {
			return f, err
		}
		if err := f.follow(r); err != nil {
			return f, err
		}
	}
	for _, task := range r.Tasks() {
		f.late += figureOf(task, "scorer_late_records_total")
		if left := figureOf(task, figureHeld) + figureOf(task, figureAhead); left != 0 {
			return f, fmt.Errorf("%s: %d bytes wait after the sources' last words", s.Name, left)
		}
	}
	return f, nil
}

// follow runs a stage as long as anything moves.
func (f *stageFigures) follow(r *memory.Runner) error {
	for moved := true; moved; {
		var err error
		if moved, err = r.Step(); err != nil {
			return err
		}
		for _, task := range r.Tasks() {
			f.held = max(f.held, figureOf(task, figureHeld))
		}
	}
	return nil
}

// figureOf is a figure of a task, 0 if it has none of that name.
func figureOf(task stream.Task, name string) (sum int64) {
	task.(stream.Counted).Counts(func(figure, _ string, n int64) {
		if figure == name {
			sum += n
		}
	})
	return sum
}

// gather reads what a run came to.
func gather(log *memory.Log) (x *Expected, err error) {
	x = &Expected{}
	if x.Outcomes, err = outcomes(log); err != nil {
		return nil, err
	}
	var d decisions
	if d, err = decided(log); err != nil {
		return nil, err
	}
	x.Deferred = d.deferred
	if x.Verdicts, err = scenario.Confirmed(d.verdicts); err != nil {
		return nil, err
	}
	x.Commands, err = scenario.ConfirmedCommands(d.commands)
	return x, err
}

// decisions are what scorer and enforcer wrote.
type decisions struct {
	verdicts []*record.Verdict
	commands []*record.IsolationCommand
	deferred bool // a limit held a command back
}

func decided(log *memory.Log) (d decisions, err error) {
	seen := map[string]bool{} // repeats are decoded once
	err = each(log, func(_ stream.Partition, r stream.Record) error {
		if seen[string(r.Value)] {
			return nil
		}
		seen[string(r.Value)] = true
		rec, err := record.Decode(r.Value)
		switch rec := rec.(type) {
		case *record.Verdict:
			d.verdicts = append(d.verdicts, rec)
		case *record.IsolationCommand:
			d.commands = append(d.commands, rec)
		case *record.AuditEvent:
			d.deferred = d.deferred || rec.Kind == "DEFER"
		}
		return err
	}, stream.Verdicts, stream.IsolationCommands, stream.IsolationRehearsal, stream.Audit)
	return d, err
}

// each calls do for every committed record of topics, in order.
func each(log *memory.Log, do func(stream.Partition, stream.Record) error, topics ...stream.Topic) error {
	for _, topic := range topics {
		for id := range log.Partitions(topic) {
			p := stream.Partition{Topic: topic, ID: id}
			for offset := int64(0); ; {
				b, next, more := log.Fetch(p, offset)
				if !more {
					break
				}
				for _, r := range b.Records {
					if err := do(p, r); err != nil {
						return fmt.Errorf("%s[%d] at %d: %w", topic, id, r.Offset, err)
					}
				}
				offset = next
			}
		}
	}
	return nil
}

// outcomes lists what became of the raw records, by partition and offset.
func outcomes(log *memory.Log) (all []outcome, err error) {
	var d record.Decoder
	err = each(log, func(p stream.Partition, r stream.Record) error {
		var t record.PseudonymisedTelemetry
		var dead record.DeadLetter
		switch record.NameOf(r.Value) {
		case "PseudonymisedTelemetry":
			if err := d.DecodeTelemetry(r.Value, &t); err != nil {
				return err
			}
			all = append(all, outcome{t.RawPartition, t.RawOffset, r.Value})
		case "DeadLetter":
			if err := d.DecodeInto(r.Value, &dead); err != nil {
				return err
			}
			if dead.Stage == "collector" {
				all = append(all, outcome{dead.SourcePartition, dead.SourceOffset, r.Value})
			}
		}
		return nil
	}, stream.Telemetry, stream.DeadLetters)
	slices.SortStableFunc(all, func(a, b outcome) int {
		return cmp.Or(cmp.Compare(a.partition, b.partition), cmp.Compare(a.offset, b.offset))
	})
	return all, err
}

// differ tells the first raw record with another outcome.
func differ(want, got []outcome) string {
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(want):
			return fmt.Sprintf("raw record %d[%d] has an outcome that the quiet run does not know", got[i].partition, got[i].offset)
		case i >= len(got):
			return fmt.Sprintf("raw record %d[%d] has no outcome", want[i].partition, want[i].offset)
		case bytes.Equal(want[i].value, got[i].value) && want[i].partition == got[i].partition && want[i].offset == got[i].offset:
			continue
		}
		return fmt.Sprintf("raw record %d[%d] is next in the quiet run, %d[%d] in this one: %s and %s", want[i].partition, want[i].offset,
			got[i].partition, got[i].offset, text(want[i].value), text(got[i].value))
	}
	return ""
}

// text is a record as plain JSON.
func text(value []byte) string {
	decoded, err := record.Decode(value)
	if err != nil {
		return err.Error()
	}
	line, err := record.AppendJSON(nil, decoded)
	if err != nil {
		return err.Error()
	}
	return string(line)
}
