package fleet

import (
	"context"
	"errors"
	"io"

	"cordon/collector/pseudonym"
	collector "cordon/collector/task"
	"cordon/internal/backtest"
	"cordon/internal/evaluate"
	"cordon/internal/evaluate/baseline"
	"cordon/internal/evaluate/source"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
	scorer "cordon/scorer/task"
)

// Settings say what is run.
type Settings struct {
	Source source.Source
	// Partitions of the topics keyed by terminal, 1..1024.
	Partitions int32
	// Overrides are keys of the scorer that are not at their defaults.
	Overrides []Override
	// Baselines that run beside; nil: none.
	Baselines []baseline.Detector
	// Start of the input, from which baselines count what they learn from.
	Start record.Micros
	// Truth is called when the source has ended: captures know their terminals
	// only then. Terminals of its episodes are those of the test key.
	Truth func() []evaluate.Episode
	// Progress is told of the time of a record now and then; nil: nobody.
	Progress func(record.Micros)
}

// Result is what came of a run.
type Result struct {
	Ours      *evaluate.Report
	Baselines []Named
	// Tail is how many benign terminals reached each of evaluate.TailNats, Most
	// what any of them reached, in milli-nats.
	Tail    []int
	Most    int64
	Records int64 // of the input
	// What was said of whom, for comparisons of runs.
	Statements []evaluate.Statement
	Warnings   []evaluate.Warning
	Terminals  map[record.Pseudonym]bool // all that were heard of
}

// Named is the report of one baseline.
type Named struct {
	Name   string
	Report *evaluate.Report
}

// Run works through the source and evaluates.
func Run(ctx context.Context, s Settings) (*Result, error) {
	settings, err := scorerSettings(s.Overrides)
	if err != nil {
		return nil, err
	}
	first, err1 := collector.Stage(collector.DefaultSettings(), pseudonym.TestKey())
	second, err2 := scorer.Stage(settings)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	w := &watch{settings: &s, seen: map[record.Pseudonym]*seen{}}
	run, err := backtest.New(backtest.Settings{Stages: []*stream.Stage{first, second}, Partitions: s.Partitions, Sink: w.take})
	if err != nil {
		return nil, err
	}
	if err := w.feed(ctx, run); err != nil {
		return nil, err
	}
	return w.result(), nil
}

// feed hands the whole source to the pipeline.
func (w *watch) feed(ctx context.Context, run *backtest.Run) error {
	const often = 4096 // records between two looks at the context
	var t raw.Telemetry
	for {
		switch err := w.settings.Source.Next(&t); {
		case errors.Is(err, io.EOF):
			return run.Finish()
		case err != nil:
			return err
		}
		if err := run.Add(&t); err != nil {
			return err
		}
		if w.records++; w.records%often != 0 {
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if w.settings.Progress != nil {
			w.settings.Progress(t.OccurredAt)
		}
	}
}

// watch gathers what a run says and sees.
type watch struct {
	settings   *Settings
	decoder    record.Decoder
	telemetry  record.PseudonymisedTelemetry
	seen       map[record.Pseudonym]*seen
	last       record.Micros
	statements []evaluate.Statement
	early      []evaluate.Warning
	tail       evaluate.Tail
	records    int64
}

// seen is what is known of a terminal from its telemetry.
type seen struct {
	first, last record.Micros
	class       string // its data network, which simulated classes have one each of
}

// take is the sink of the pipeline.
func (w *watch) take(o backtest.Output) error {
	switch record.NameOf(o.Value) {
	case "PseudonymisedTelemetry":
		if err := w.decoder.DecodeTelemetry(o.Value, &w.telemetry); err != nil {
			return err
		}
		w.look()
		for _, d := range w.settings.Baselines {
			d.Observe(&w.telemetry)
		}
	case "Verdict":
		var v record.Verdict
		if err := record.DecodeInto(o.Value, &v); err != nil {
			return err
		}
		w.statements = append(w.statements, evaluate.StatementOf(&v))
		w.tail.Evidence(v.Terminal, v.Evidence)
	case "EarlyWarning":
		var e record.EarlyWarning
		if err := record.DecodeInto(o.Value, &e); err != nil {
			return err
		}
		w.early = append(w.early, evaluate.Warning{Terminal: e.Terminal, ExceptionID: e.ExceptionID, At: e.OccurredAt})
	}
	return nil
}

// look notes when a terminal was heard of.
func (w *watch) look() {
	at := w.telemetry.OccurredAt
	s := w.seen[w.telemetry.Terminal]
	if s == nil {
		s = &seen{first: at, last: at}
		w.seen[w.telemetry.Terminal] = s
	}
	if s.class == "" && w.telemetry.DNN != "" {
		s.class = string(append([]byte(nil), w.telemetry.DNN...)) // the decoder's string is its input's
	}
	s.first, s.last = min(s.first, at), max(s.last, at)
	w.last = max(w.last, at)
}

func (w *watch) result() *Result {
	episodes := w.settings.Truth()
	attacked := map[record.Pseudonym]bool{}
	for i := range episodes {
		attacked[episodes[i].Terminal] = true
		if s := w.seen[episodes[i].Terminal]; s != nil && episodes[i].Class == "" {
			episodes[i].Class = s.class
		}
	}
	isAttacked := func(id record.Pseudonym) bool { return attacked[id] }
	in := evaluate.Input{
		Episodes: episodes, Alarms: evaluate.Alarms(w.statements), Early: w.early,
		Terminals: len(w.seen), Days: w.days(0), End: w.last, Grace: evaluate.DefaultGrace,
	}
	r := &Result{Ours: evaluate.Evaluate(in), Records: w.records, Tail: w.tail.Counts(isAttacked), Most: w.tail.Most(isAttacked), Statements: w.statements, Warnings: w.early, Terminals: w.terminals()}
	for _, d := range w.settings.Baselines {
		in.Alarms, in.Early, in.Days = unnamed(d.Finish()), nil, w.days(d.Learning())
		r.Baselines = append(r.Baselines, Named{d.Name(), evaluate.Evaluate(in)})
	}
	return r
}

func (w *watch) terminals() map[record.Pseudonym]bool {
	all := make(map[record.Pseudonym]bool, len(w.seen))
	for id := range w.seen {
		all[id] = true
	}
	return all
}

// days is how long terminals were watched, without what lies before the end of
// learning.
func (w *watch) days(learning record.Micros) float64 {
	var total record.Micros
	for _, s := range w.seen {
		from := s.first
		if learning > 0 {
			from = max(from, w.settings.Start+learning)
		}
		total += max(0, s.last-from)
	}
	return float64(total) / float64(record.Day)
}

// unnamed are alarms of a detector that knows neither class nor exception: each
// accuses, for no longer than a moment.
func unnamed(list []baseline.Alarm) []evaluate.Alarm {
	var all []evaluate.Alarm
	for _, a := range list {
		all = append(all, evaluate.Alarm{Terminal: a.Terminal, Class: record.ClassMalicious, At: a.At, Until: a.At})
	}
	return all
}
