package task

import (
	"errors"
	"fmt"

	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/scorer/detect"
	"cordon/scorer/feature"
	"cordon/scorer/judge"
	"cordon/scorer/pane"
	"cordon/scorer/peer"
)

// name of the stage in dead letters.
const name = "scorer"

// Stage returns the scorer's place in the flow.
func Stage(s Settings) (*stream.Stage, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	return &stream.Stage{
		Name:    name,
		Inputs:  []stream.Topic{stream.Telemetry},
		State:   stream.ScorerState,
		Outputs: []stream.Topic{stream.Verdicts, stream.VerdictsEarly, stream.DeadLetters},
		Resume:  stream.Verdicts,
		Figures: figures,
		NewTask: func(partition int32) stream.Task { return New(s, partition) },
	}, nil
}

// Task scores the terminals of one telemetry partition. It belongs to one
// goroutine.
type Task struct {
	partition      int32
	settings       Settings
	infrastructure pane.Infrastructure
	rule           judge.Rule
	detectors      detect.Detectors
	rules          detectorRules
	digest         record.Digest
	generation     int64
	deadLetters    int32 // partitions of that topic

	clock    clock
	ring     pane.Ring
	roster   roster
	names    names
	waiting  waiting
	coverage coverage
	census   census
	counts   counts
	ages     detect.SessionAges
	releases detect.Releases
	peers    peer.Peers
	gate     detect.Gate // of the pane that is closed
	changes  changes
	cases    agenda // terminals with an open case, by when it is to be judged
	vigils   agenda // terminals with a life round the clock, by when they may be missed: too early, never too late
	swept    record.Micros

	cut       cutState
	restoring restoring

	// Scratch memory, reused from call to call.
	decoder   record.Decoder
	telemetry record.PseudonymisedTelemetry
	report    pane.Report
	reader    feature.Reader
	vector    feature.Vector
	kept      []*pane.Destination
	touched   byte             // what was read ahead: nobody looks at it
	group     peer.Group       // of the terminal at hand
	noHabit   detect.Habit     // of a terminal of which nothing is learned
	normal    [2]detect.Normal // what uplink and flow starts of the pane were held against
	peek      peek
	levels    detect.Levels // what stands against the terminal at hand, with its pane
	order     []ordered
	heaped    []ordered // of arrange, as are heaps
	heaps     []int32
	looked    []ordered // of them, those that survey looks at
	turns     []int32
	events    []pane.Event
	buffer    []byte
}

// New returns the task of a partition, without state. The settings are valid.
func New(s Settings, partition int32) *Task {
	t := &Task{
		partition: partition,
		settings:  s,
		rule:      s.Rule(),
		clock:     clock{lateness: record.MicrosIn(s.Lateness)},
		names:     newNames(),
		waiting:   waiting{limit: s.HeldBytes},
		peers:     peer.New(),
	}
	t.cases.roster = &t.roster
	t.vigils = agenda{roster: &t.roster, vigil: true}
	t.infrastructure, _ = pane.NewInfrastructure(s.Infrastructure) // Validate has read it
	t.detectors = s.detectors(&t.rule)
	t.rules = s.rules()
	t.reader.Limits = s.limits()
	t.peek.reader.Limits = s.limits()
	return t
}

// Process takes the whole batch.
func (t *Task) Process(b stream.Batch, _ stream.Now, out *stream.Effects) int {
	for i := range b.Records {
		if i%ahead == 0 {
			t.fetchOwners(b.Records[i:min(i+ahead, len(b.Records))])
		}
		t.take(&b, &b.Records[i], out)
	}
	return len(b.Records)
}

// Tick does nothing: the scorer's time is in its input.
func (t *Task) Tick(stream.Now, *stream.Effects) {}

// take does what one record asks for.
func (t *Task) take(b *stream.Batch, r *stream.Record, out *stream.Effects) {
	origin := position{b.Partition, r.Offset, b.AppendTime}
	err := t.decoder.DecodeTelemetry(r.Value, &t.telemetry)
	switch {
	case err == nil:
		t.observe(r.Value, origin, out)
	case errors.Is(err, record.ErrUnknownSchema):
		t.takeOther(r.Value, origin, out)
	default:
		t.refuse(record.ReasonOf(err), origin, out)
	}
}

// takeOther takes what is not telemetry: clocks and changes.
func (t *Task) takeOther(value []byte, origin position, out *stream.Effects) {
	other, err := t.decoder.Decode(value)
	if err != nil {
		t.refuse(record.ReasonOf(err), origin, out)
		return
	}
	switch r := other.(type) {
	case *record.SourceClock:
		t.counts.clocks++
		if !t.clock.hear(r) {
			t.refuse(record.DeadOutOfRange, origin, out)
			return
		}
		t.coverage.hold(pane.Of(max(r.Time-t.clock.lateness, 0))-1, sourcesOf(r))
		t.follow(out)
	case *record.ProfileChange, *record.DecisionChange, *record.SettingChange:
		t.change(other, value, origin, out)
	default:
		t.refuse(record.DeadUnknownSchema, origin, out)
	}
}

// sourcesOf sums up what a raw partition's sources sent.
func sourcesOf(c *record.SourceClock) tally {
	var sum tally
	for _, s := range c.Sources {
		sum.add(tally{received: s.Received, missing: s.Missing, rejected: s.Rejected})
	}
	return sum
}

// observe puts the decoded record into its pane, or lets it wait for it. Where
// there is no room to wait, the slowest raw partition is no longer waited for.
func (t *Task) observe(value []byte, origin position, out *stream.Effects) {
	if !inRange(&t.telemetry) {
		t.refuse(record.DeadOutOfRange, origin, out)
		return
	}
	t.counts.records[t.telemetry.Kind]++
	n := pane.Of(t.telemetry.OccurredAt)
	for !t.place(n, out) && !t.waiting.hold(n, value) {
		if !t.clock.drop() {
			t.refuse(record.DeadHeldTooMany, origin, out)
			return
		}
		t.counts.dropped++
		t.follow(out)
		_ = t.decoder.DecodeTelemetry(value, &t.telemetry) // again: records that waited were decoded meanwhile
	}
}

// place adds the decoded record to pane n where that is open, counts it where
// that has been passed, and reports whether it was either.
func (t *Task) place(n pane.Number, out *stream.Effects) bool {
	switch {
	case !t.clock.running:
		return false
	case n < t.ring.First():
		t.counts.late++
		t.coverage.add(tally{late: 1}, t.clock.watermark)
		return true
	case t.ring.Covers(n):
		t.add(n, out)
		return true
	}
	return false
}

// inRange reports whether the values that panes are made from have a meaning.
// The collector has checked them; this log may have other writers.
func inRange(r *record.PseudonymisedTelemetry) bool {
	return r.OccurredAt >= 0 && r.OccurredAt < pane.MaxTime && int(r.Kind) < len(counts{}.records) &&
		uint32(r.Flow.Protocol) <= 255 && uint32(r.Flow.RemotePort) <= 65_535
}

// add adds the decoded record to open pane n.
func (t *Task) add(n pane.Number, out *stream.Effects) {
	number := t.roster.number(t.telemetry.Terminal)
	term := t.roster.at(number)
	slot := t.ring.Open(n, &term.open, number)
	t.names.widen(&slot.Context, &t.telemetry, &term.context)
	t.addEvents(n, slot)
	t.report.Read(&t.telemetry, &t.infrastructure)
	hash := uint64(0)
	if t.report.Contact || t.report.Destination.Inbound {
		hash = t.report.Destination.Hash(pane.SeedOf(term.id))
	}
	entered := t.ring.Table(n).Add(slot, &t.report, hash)
	if t.report.Name.Form != pane.FormNone {
		t.ring.Table(n).AddName(slot, &t.report, t.report.Name.Hash(pane.SeedOf(term.id)))
	}
	t.touch(number)
	if t.report.Contact && !t.report.Answered {
		t.warn(n, number, entered, out)
	}
}

// addEvents adds what the decoded record tells beside traffic.
func (t *Task) addEvents(n pane.Number, slot *pane.Slot) {
	r := &t.telemetry
	if r.Kind == record.KindFlow || r.Kind == record.KindSessionUsage {
		return
	}
	t.events = pane.EventsOf(r, t.events[:0])
	for _, e := range t.events {
		t.ring.Table(n).AddEvent(slot, e)
	}
}

// position says where a record came from.
type position struct {
	partition stream.Partition
	offset    int64
	appended  record.Micros
}

// refuse counts a record and says in the dead letters where it lies. What it
// holds stays where it is: in the telemetry topic, by its position.
func (t *Task) refuse(reason record.DeadLetterReason, at position, out *stream.Effects) {
	t.counts.refused[reason]++
	key := fmt.Appendf(nil, "%s/%d/%d", at.partition.Topic, at.partition.ID, at.offset)
	t.send(out, stream.Send{Topic: stream.DeadLetters, Partition: at.partition.ID % max(t.deadLetters, 1), Key: key}, &record.DeadLetter{
		Reason: reason, Stage: name, SourceTopic: string(at.partition.Topic),
		SourcePartition: at.partition.ID, SourceOffset: at.offset, At: at.appended,
	})
}

// send encodes a record as the value of s and sends it.
func (t *Task) send(out *stream.Effects, s stream.Send, rec any) {
	value, err := record.Append(t.buffer[:0], rec)
	if err != nil { // a value its own schema cannot hold: seen in metrics, never fatal
		t.counts.unencodable++
		return
	}
	t.buffer, s.Value = value, value
	out.Send(s)
}
