package evaluate

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"cordon/internal/record"
)

// Statement is what of a verdict counts here.
type Statement struct {
	Terminal             record.Pseudonym
	Case                 record.ID
	Generation, Sequence int64 // order within a terminal
	Status               record.VerdictStatus
	Class                record.Class
	Exceptions           []record.ExceptionID
	Evidence             int64 // milli-nats
	At                   record.Micros
}

// StatementOf takes what counts out of a verdict.
func StatementOf(v *record.Verdict) Statement {
	s := Statement{
		Terminal: v.Terminal, Case: v.VerdictID, Generation: v.StateGeneration, Sequence: v.Sequence,
		Status: v.Status, Class: v.Class, Evidence: v.Evidence, At: v.DecidedAt,
	}
	for _, e := range v.Exceptions {
		s.Exceptions = append(s.Exceptions, e.ExceptionID)
	}
	return s
}

// Warning is what of an early warning counts here.
type Warning struct {
	Terminal    record.Pseudonym
	ExceptionID record.ExceptionID
	At          record.Micros // of the deciding record
}

// ReadVerdicts reads the verdicts.jsonl of a backtest. An error names the line.
func ReadVerdicts(from io.Reader) ([]Statement, error) {
	var all []Statement
	err := eachLine(from, func(line []byte) error {
		var v record.Verdict
		if err := record.ParseJSON(line, &v); err != nil {
			return err
		}
		all = append(all, StatementOf(&v))
		return nil
	})
	return all, err
}

// ReadEarly reads the early.jsonl of a backtest. An error names the line.
func ReadEarly(from io.Reader) ([]Warning, error) {
	var all []Warning
	err := eachLine(from, func(line []byte) error {
		var w record.EarlyWarning
		if err := record.ParseJSON(line, &w); err != nil {
			return err
		}
		all = append(all, Warning{Terminal: w.Terminal, ExceptionID: w.ExceptionID, At: w.OccurredAt})
		return nil
	})
	return all, err
}

// eachLine calls fn for every line that is not empty.
func eachLine(from io.Reader, fn func([]byte) error) error {
	lines := bufio.NewReaderSize(from, 1<<16)
	for number := 1; ; number++ {
		line, end := lines.ReadBytes('\n')
		if text := bytes.TrimSpace(line); len(text) > 0 {
			if err := fn(text); err != nil {
				return fmt.Errorf("line %d: %w", number, err)
			}
		}
		if errors.Is(end, io.EOF) {
			return nil
		}
		if end != nil {
			return end
		}
	}
}

// Alarm is a case for as long as it has one class: from the verdict that raised
// it, or gave it the class, to the one that cleared it, or took the class away.
type Alarm struct {
	Terminal record.Pseudonym
	Class    record.Class
	At       record.Micros // decided
	Until    record.Micros // 0: it stands to the end
	Named    []Named       // exceptions, by when they were told of
	Evidence int64         // milli-nats, the most while it stood
}

// Named is an exception of an alarm.
type Named struct {
	ID record.ExceptionID
	At record.Micros
}

// Alarms makes alarms of verdicts in any order, repeats among them. They come by
// terminal, then by time.
func Alarms(statements []Statement) []Alarm {
	sorted := slices.Clone(statements)
	slices.SortStableFunc(sorted, func(a, b Statement) int {
		return cmp.Or(bytes.Compare(a.Terminal[:], b.Terminal[:]), cmp.Compare(a.Generation, b.Generation), cmp.Compare(a.Sequence, b.Sequence))
	})
	sorted = slices.CompactFunc(sorted, func(a, b Statement) bool {
		return a.Terminal == b.Terminal && a.Generation == b.Generation && a.Sequence == b.Sequence
	})
	var b alarms
	for i := range sorted {
		b.take(&sorted[i])
	}
	return b.all
}

// alarms gathers the alarms of statements that come in order.
type alarms struct {
	all      []Alarm
	open     bool // the last of all stands
	terminal record.Pseudonym
	caseID   record.ID
}

func (b *alarms) take(s *Statement) {
	if s.Terminal != b.terminal {
		b.open, b.terminal = false, s.Terminal
	}
	switch {
	case s.Status == record.StatusCleared:
		b.end(s.At)
		return
	case !b.open || s.Status == record.StatusRaised || s.Case != b.caseID || s.Class != b.last().Class:
		b.end(s.At)
		b.all = append(b.all, Alarm{Terminal: s.Terminal, Class: s.Class, At: s.At})
		b.open, b.caseID = true, s.Case
	}
	a := b.last()
	a.Evidence = max(a.Evidence, s.Evidence)
	for _, id := range s.Exceptions {
		if !slices.ContainsFunc(a.Named, func(n Named) bool { return n.ID == id }) {
			a.Named = append(a.Named, Named{id, s.At})
		}
	}
}

func (b *alarms) last() *Alarm { return &b.all[len(b.all)-1] }

func (b *alarms) end(at record.Micros) {
	if b.open {
		b.last().Until = at
	}
	b.open = false
}

// Names reports whether an alarm told of an exception, ever or from its first
// verdict on.
func (a *Alarm) Names(id record.ExceptionID, first bool) bool {
	return slices.ContainsFunc(a.Named, func(n Named) bool { return n.ID == id && (!first || n.At == a.At) })
}

// signs calls fn for each time at which the alarm said something new.
func (a *Alarm) signs(fn func(record.Micros)) {
	fn(a.At)
	for _, n := range a.Named {
		if n.At != a.At {
			fn(n.At)
		}
	}
}
