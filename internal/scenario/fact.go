package scenario

import (
	"fmt"
	"net/netip"
	"strings"

	"cordon/internal/backtest"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// kinds are what a scenario may expect, by their words in a file.
var kinds = []string{
	"early", "verdict", "reason", "technique", "command", "rehearsal", "audit", "telemetry", "source", "clock", "progress", "late", "missing", "rejected", "dead letter",
}

// fact is something that came out, in the terms of the language.
type fact struct {
	kind         string
	who          string // terminal or source; empty: neither
	at           record.Micros
	count        int64
	tags         []string // symbols it holds
	numbers      []number
	destinations []netip.AddrPort
	detail       string // in words

	counterfactual string // of a verdict
}

// number is a figure of a fact.
type number struct {
	name  string
	value int64
}

// String tells the fact in words.
func (f *fact) String() string {
	text := clockText(f.at) + " " + f.kind
	if f.who != "" {
		text += " " + f.who
	}
	if len(f.tags) > 0 {
		text += " " + strings.Join(f.tags, " ")
	}
	if len(f.destinations) > 0 {
		text += " destination"
		for _, d := range f.destinations {
			text += " " + destinationText(d)
		}
	}
	if f.detail != "" {
		text += ": " + f.detail
	}
	return text
}

func destinationText(d netip.AddrPort) string {
	if d.Port() == 0 {
		return d.Addr().String() + ":*"
	}
	return d.String()
}

// take is the sink of the run.
func (r *Result) take(o backtest.Output) error {
	if o.Partition != 0 && record.NameOf(o.Value) == "SourceClock" {
		return nil // it is written into every partition
	}
	rec, err := record.Decode(o.Value)
	if err != nil {
		return fmt.Errorf("what a stage wrote: %w", err)
	}
	switch rec := rec.(type) {
	case *record.Verdict:
		r.Verdicts = append(r.Verdicts, rec)
		r.moments = append(r.moments, r.run.Log().Time())
		r.note(verdictFact(rec), rec.Terminal)
		for i := range rec.Reasons {
			r.note(reasonFact(rec, &rec.Reasons[i]), rec.Terminal)
		}
		for _, id := range rec.TechniqueIDs {
			r.note(fact{kind: "technique", at: rec.DecidedAt, count: 1, tags: []string{id}}, rec.Terminal)
		}
	case *record.EarlyWarning:
		r.note(fact{kind: "early", at: rec.OccurredAt, count: 1, tags: []string{rec.ExceptionID.String()},
			numbers: []number{{"evidence", rec.Evidence}}, detail: nats(rec.Evidence) + reasonsText(rec.Reasons)}, rec.Terminal)
	case *record.IsolationCommand:
		r.Commands = append(r.Commands, rec)
		r.note(commandFact(o.Topic, rec), rec.Terminal)
	case *record.PseudonymisedTelemetry:
		r.note(fact{kind: "telemetry", at: rec.OccurredAt, count: 1, tags: []string{rec.Kind.String()}}, rec.Terminal)
	case *record.DeadLetter:
		r.note(fact{kind: "dead letter", at: rec.At, count: 1, tags: []string{rec.Reason.String(), rec.Stage}, detail: rec.Detail}, record.Pseudonym{})
	case *record.AuditEvent:
		r.Deferred = r.Deferred || rec.Kind == "DEFER"
		r.note(fact{kind: "audit", at: rec.At, count: 1, tags: []string{rec.Kind, rec.ReasonCode}, detail: "by " + rec.Actor}, rec.Terminal)
	case *record.SourceClock:
		r.clock(rec)
	case *record.Progress:
		r.note(fact{kind: "late", at: rec.Time, count: rec.Coverage.Late}, record.Pseudonym{})
		r.note(progressFact(rec), record.Pseudonym{})
	}
	return nil
}

// note keeps a fact that has something to say.
func (r *Result) note(f fact, terminal record.Pseudonym) {
	if f.count == 0 {
		return
	}
	if !terminal.IsZero() {
		f.who = r.names[terminal]
		if f.who == "" {
			f.who = terminal.String()
		}
	}
	r.facts = append(r.facts, f)
}

// clock keeps what a raw partition says of itself and of its sources.
func (r *Result) clock(c *record.SourceClock) {
	r.facts = append(r.facts, fact{kind: "clock", at: c.Time, count: 1, tags: []string{c.State.String()},
		detail: fmt.Sprintf("raw partition %d", c.RawPartition)})
	for _, s := range c.Sources {
		r.facts = append(r.facts, fact{kind: "source", who: s.SourceID, at: c.Time, count: 1, tags: []string{s.State.String()}})
		for _, f := range []fact{{kind: "missing", count: s.Missing}, {kind: "rejected", count: s.Rejected}} {
			f.who, f.at = s.SourceID, c.Time
			if f.count > 0 {
				r.facts = append(r.facts, f)
			}
		}
	}
}

// progressFact is how far one partition is decided, and by which states of the
// raw partitions.
func progressFact(p *record.Progress) fact {
	f := fact{kind: "progress", at: p.Time, count: 1, numbers: []number{{"coverage", int64(p.Coverage.Permille)}}}
	for _, s := range p.Sources {
		f.tags = append(f.tags, s.State.String())
	}
	f.detail = fmt.Sprintf("coverage %d", p.Coverage.Permille)
	return f
}

func verdictFact(v *record.Verdict) fact {
	f := fact{kind: "verdict", at: v.DecidedAt, count: 1, tags: []string{v.Status.String(), v.Class.String()}}
	for _, e := range v.Exceptions {
		f.tags = append(f.tags, e.ExceptionID.String())
	}
	for _, reason := range v.Reasons {
		f.tags = append(f.tags, reason.Family)
	}
	f.tags = append(f.tags, v.Criticality.String())
	if v.EmergencySession {
		f.tags = append(f.tags, "EMERGENCY")
	}
	for _, d := range v.Destinations {
		f.destinations = append(f.destinations, netip.AddrPortFrom(d.Address, uint16(d.Port)))
	}
	level := int32(0)
	for _, e := range v.Exceptions {
		level = max(level, e.Level)
	}
	f.counterfactual = v.Counterfactual
	f.numbers = []number{
		{"evidence", v.Evidence}, {"malfunction", v.MalfunctionEvidence}, {"level", int64(level)}, {"score", int64(v.Score)}, {"sequence", v.Sequence},
		{"confidence", int64(v.Confidence)}, {"coverage", int64(v.Coverage.Permille)},
	}
	f.detail = fmt.Sprintf("%s%s; coverage %d, confidence %d; %s", nats(v.Evidence+v.MalfunctionEvidence), reasonsText(v.Reasons),
		v.Coverage.Permille, v.Confidence, v.Counterfactual)
	return f
}

// reasonFact is one line of a verdict's explanation.
func reasonFact(v *record.Verdict, reason *record.Reason) fact {
	return fact{
		kind: "reason", at: v.DecidedAt, count: 1,
		tags:    []string{reason.Family, reason.Reference.String(), reason.Feature},
		numbers: []number{{"nats", reason.Contribution}, {"value", reason.Value}, {"allowed", reason.Expected}},
		detail:  fmt.Sprintf("%s for %d %s where %d is normal", nats(reason.Contribution), reason.Value, reason.Unit, reason.Expected),
	}
}

func commandFact(topic stream.Topic, c *record.IsolationCommand) fact {
	f := fact{kind: "command", at: c.IssuedAt, count: 1, tags: []string{c.Action.String(), c.Mode.String(), c.Reason.Class.String(), c.Reason.ExceptionID.String()}}
	if topic == stream.IsolationRehearsal {
		f.kind = "rehearsal"
	}
	for _, d := range c.Target.Destinations {
		f.destinations = append(f.destinations, netip.AddrPortFrom(d.Address, uint16(d.Port)))
	}
	f.numbers = []number{{"seconds", c.ValidForSeconds}, {"sequence", c.Sequence}}
	f.detail = fmt.Sprintf("for %d s; %s", c.ValidForSeconds, c.Reason.Text)
	return f
}

// nats writes evidence.
func nats(milli int64) string { return fmt.Sprintf("%d.%d nats", milli/1000, milli%1000/100) }

// reasonsText tells reasons in words.
func reasonsText(reasons []record.Reason) string {
	var list []string
	for _, r := range reasons {
		list = append(list, fmt.Sprintf("%s %s: %s %d %s where %v allows %d", r.Family, nats(r.Contribution), r.Feature, r.Value, r.Unit, r.Reference, r.Expected))
	}
	if len(list) == 0 {
		return ""
	}
	return ", " + strings.Join(list, "; ")
}
