package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"cordon/internal/backtest"
	"cordon/internal/failure"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// summary is what a backtest comes to (contracts, section 9).
type summary struct {
	Records      int64            `json:"records"`
	Accepted     int64            `json:"accepted"`
	DeadLettered map[string]int64 `json:"deadLettered"`
	Late         int64            `json:"late"`
	Terminals    int64            `json:"terminals"`
	TerminalDays float64          `json:"terminalDays"`
	FirstEvent   string           `json:"firstEvent,omitempty"`
	LastEvent    string           `json:"lastEvent,omitempty"`
	Raised       map[string]int64 `json:"raised"` // cases, each once under its worst class
	Cleared      int64            `json:"cleared"`
	Commands     map[string]int64 `json:"commands"`
	WallSeconds  float64          `json:"wallSeconds,omitempty"`
}

// results gathers the outputs of a backtest, and writes them to a folder if
// there is one.
type results struct {
	dir     string
	files   map[string]*bufio.Writer
	open    []*os.File
	summary summary
	next    string // what to try after the table, for whoever has findings

	decoder     record.Decoder
	telemetry   record.PseudonymisedTelemetry
	seen        map[record.Pseudonym]span
	first, last record.Micros
	cases       map[record.Pseudonym]*finding
	late        map[int32]int64 // by partition
}

// span is when a terminal was first and last heard of.
type span struct{ first, last record.Micros }

// finding is what came of one terminal.
type finding struct {
	first    record.Micros // decision of the first verdict
	worst    record.Verdict
	raised   record.Class              // the worst of the case that was raised last; unknown: none was
	early    record.Micros             // first early warning; 0: none
	commands []record.IsolationCommand // in their order
	ended    bool                      // the newest verdict is CLEARED
}

// written are the files of a folder, by the topics that go into them.
var written = map[stream.Topic]string{
	stream.Verdicts: "verdicts.jsonl", stream.VerdictsEarly: "early.jsonl", stream.VerdictsNetwork: "network.jsonl",
	stream.IsolationCommands: "commands.jsonl", stream.IsolationRehearsal: "commands.jsonl", stream.DeadLetters: "deadletters.jsonl",
}

// summaryFile is the name of the summary in a folder.
const summaryFile = "summary.json"

func newResults(dir string) (*results, error) {
	r := &results{
		dir: dir, files: map[string]*bufio.Writer{}, seen: map[record.Pseudonym]span{}, cases: map[record.Pseudonym]*finding{}, late: map[int32]int64{},
		summary: summary{DeadLettered: map[string]int64{}, Raised: map[string]int64{"MALICIOUS": 0, "MALFUNCTIONING": 0, "WATCH": 0}, Commands: map[string]int64{}},
	}
	if dir == "" {
		return r, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, failure.Usage(fmt.Errorf("--out: %w", err))
	}
	if err := os.Remove(filepath.Join(dir, summaryFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, failure.Usage(fmt.Errorf("--out: %w", err))
	}
	for _, name := range written {
		if r.files[name] != nil {
			continue
		}
		file, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			return nil, errors.Join(failure.Usage(fmt.Errorf("--out: %w", err)), r.close())
		}
		r.open = append(r.open, file)
		r.files[name] = bufio.NewWriterSize(file, 1<<16)
	}
	return r, nil
}

// take is the sink of the backtest.
func (r *results) take(o backtest.Output) error {
	if o.Topic == stream.Telemetry {
		return r.count(o)
	}
	rec, err := record.Decode(o.Value)
	if err != nil {
		return err
	}
	r.note(o, rec)
	if _, progress := rec.(*record.Progress); progress {
		return nil
	}
	if file := r.files[written[o.Topic]]; file != nil {
		line, err := record.AppendJSON(nil, rec)
		if err != nil {
			return err
		}
		_, err = file.Write(append(line, '\n'))
		return err
	}
	return nil
}

// count takes one record behind the collector into the summary.
func (r *results) count(o backtest.Output) error {
	if record.NameOf(o.Value) != "PseudonymisedTelemetry" {
		return nil
	}
	if err := r.decoder.DecodeTelemetry(o.Value, &r.telemetry); err != nil {
		return err
	}
	at := r.telemetry.OccurredAt
	s, known := r.seen[r.telemetry.Terminal]
	if !known {
		s = span{at, at}
	}
	s.first, s.last = min(s.first, at), max(s.last, at)
	r.seen[r.telemetry.Terminal] = s
	if r.summary.Accepted == 0 {
		r.first, r.last = at, at
	}
	r.first, r.last = min(r.first, at), max(r.last, at)
	r.summary.Accepted++
	return nil
}

// note takes one verdict, command or dead letter into the summary.
func (r *results) note(o backtest.Output, rec any) {
	switch rec := rec.(type) {
	case *record.DeadLetter:
		r.summary.DeadLettered[rec.Reason.String()]++
	case *record.Progress:
		r.late[o.Partition] += rec.Coverage.Late
	case *record.EarlyWarning:
		if f := r.finding(rec.Terminal); f.early == 0 {
			f.early = rec.OccurredAt
		}
	case *record.Verdict:
		r.verdict(rec)
	case *record.IsolationCommand:
		r.summary.Commands[rec.Action.String()]++
		f := r.finding(rec.Terminal)
		f.commands = append(f.commands, *rec)
	}
}

// answer is the command that held when the worst verdict was decided, or else
// the first after it: a terminal may have had several cases, each with another
// answer. It is nil where nothing was ordered.
func (f *finding) answer() *record.IsolationCommand {
	var held *record.IsolationCommand
	for i := range f.commands {
		c := &f.commands[i]
		if c.IssuedAt > f.worst.DecidedAt && held != nil {
			break
		}
		if held = c; c.Action == record.ActionRelease {
			held = nil
		}
	}
	return held
}

func (r *results) verdict(v *record.Verdict) {
	f := r.finding(v.Terminal)
	switch {
	case v.Status == record.StatusRaised:
		f.raised = v.Class
		r.summary.Raised[v.Class.String()]++
	case v.Status == record.StatusCleared:
		f.raised = record.ClassUnknown
		r.summary.Cleared++
	case f.raised != record.ClassUnknown && v.Class < f.raised: // it grew: count it under what it became
		r.summary.Raised[f.raised.String()]--
		r.summary.Raised[v.Class.String()]++
		f.raised = v.Class
	}
	if f.first == 0 {
		f.first = v.DecidedAt
	}
	f.ended = v.Status == record.StatusCleared
	if !f.ended && (f.worst.Class == record.ClassUnknown || v.Class < f.worst.Class || v.Class == f.worst.Class && v.Evidence > f.worst.Evidence) {
		f.worst = *v
	}
}

func (r *results) finding(id record.Pseudonym) *finding {
	f := r.cases[id]
	if f == nil {
		f = &finding{}
		r.cases[id] = f
	}
	return f
}

// close ends the files.
func (r *results) close() error {
	var failures []error
	for _, file := range r.files {
		failures = append(failures, file.Flush())
	}
	for _, file := range r.open {
		failures = append(failures, file.Close())
	}
	return errors.Join(failures...)
}

// writeSummary writes the summary last, when everything else is whole: a folder
// without one is of a run that did not end. It has no wall time in it: it is
// the same for the same input.
func (r *results) writeSummary() error {
	if r.dir == "" {
		return nil
	}
	text, err := json.MarshalIndent(r.summary, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.dir, summaryFile), append(text, '\n'), 0o644)
}

// refused turns dead letters into exit code 4: their counts and reasons stand
// in the summary.
func (r *results) refused() error {
	total := int64(0)
	for _, n := range r.summary.DeadLettered {
		total += n
	}
	if total == 0 {
		return nil
	}
	return failure.RejectedInput(fmt.Errorf("%d records were not accepted: %s", total, counts(r.summary.DeadLettered)))
}

func (r *results) finish() {
	total := record.Micros(0)
	for _, s := range r.seen {
		total += s.last - s.first
	}
	r.summary.Terminals = int64(len(r.seen))
	r.summary.TerminalDays = float64(total/record.Second) / 86400
	if r.summary.Accepted > 0 {
		r.summary.FirstEvent, r.summary.LastEvent = r.first.String(), r.last.String()
	}
	for _, n := range r.late {
		r.summary.Late += n
	}
}
