package task

import (
	"fmt"

	"cordon/enforcer/audit"
	"cordon/enforcer/guard"
	"cordon/enforcer/ladder"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// Writer is the audit's name of the enforcer: one chain, for one enforcer is
// active at a time.
const Writer = "enforcer"

// unknownPartition is that of a terminal no verdict was seen of.
const unknownPartition = -1

// Stage returns the enforcer's place in the flow, or what is wrong with the
// settings.
func Stage(s Settings) (*stream.Stage, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	return &stream.Stage{
		Name: "enforcer",
		Inputs: []stream.Topic{
			stream.Verdicts, stream.VerdictsEarly, stream.VerdictsNetwork,
			stream.IsolationAcks, stream.OperatorDecisions,
		},
		Single: true,
		State:  stream.EnforcerState,
		Outputs: []stream.Topic{
			stream.IsolationCommands, stream.IsolationRehearsal, stream.Audit, stream.DeadLetters,
		},
		Transactional: true,
		// An enforcer without state goes on with the audit's chain and fence.
		Resume:  stream.Audit,
		NewTask: func(int32) stream.Task { return New(s) },
	}, nil
}

// terminal is a case with the partition whose clock it follows.
type terminal struct {
	ladder.Case
	partition int32
}

// partition is one partition of verdicts.
type partition struct {
	clock   record.Micros // event time; 0: nothing was heard of it
	seen    int64         // terminals it sees; -1: it did not say
	timers  agenda        // next event of the clock of each terminal
	waiting agenda        // deferred terminals, by when they were first wanted
}

// Task is the enforcer's state machine. It implements stream.Task.
type Task struct {
	settings  Settings
	rules     ladder.Rules
	guard     *guard.Guard
	chain     audit.Chain
	fence     int64
	terminals map[record.Pseudonym]*terminal
	restored  []*terminal // in the order of Restore, for Start
	parts     []partition
	pause     pause
	counts    map[stream.Topic]int32 // partitions of each topic
	dirty     dirtySet
	counters  Counters
	decoder   record.Decoder

	otherMode bool                 // measures of the other mode may be in force
	fresh     []*terminal          // deferred by the record at hand
	input     record.InputPosition // of the record at hand
	out       *stream.Effects      // during a call only
	scratch   []byte
}

// pause is an operator's PAUSE.
type pause struct {
	on    bool
	until record.Micros // event time; 0: until RESUME
}

// New returns the task without state. The settings must be valid.
func New(s Settings) *Task {
	return &Task{
		settings: s, rules: s.rules(), guard: guard.New(s.limits(), 0),
		chain: audit.Chain{WriterID: Writer}, terminals: map[record.Pseudonym]*terminal{},
	}
}

// Process takes the whole batch.
func (t *Task) Process(b stream.Batch, _ stream.Now, out *stream.Effects) int {
	t.begin(out)
	for _, r := range b.Records {
		t.input = record.InputPosition{Topic: string(b.Partition.Topic), Partition: b.Partition.ID, Offset: r.Offset}
		t.take(r, b.AppendTime)
		t.drain()
	}
	t.end()
	return len(b.Records)
}

// Tick does what a start in another mode asks for; the enforcer's timers follow
// event time.
func (t *Task) Tick(_ stream.Now, out *stream.Effects) {
	t.begin(out)
	t.end()
}

func (t *Task) begin(out *stream.Effects) {
	t.out = out
	if t.otherMode {
		t.otherMode = false
		t.switchMode()
		t.drain()
	}
}

func (t *Task) end() {
	t.out, t.input = nil, record.InputPosition{}
}

// take handles one record.
func (t *Task) take(r stream.Record, appended record.Micros) {
	if r.Value == nil {
		t.counters.Tombstones++
		return
	}
	rec, err := t.decoder.Decode(r.Value)
	if err != nil {
		t.reject(err, appended)
		return
	}
	topic := stream.Topic(t.input.Topic)
	switch rec := rec.(type) {
	case *record.Verdict:
		if topic == stream.Verdicts && !rec.Terminal.IsZero() {
			t.verdict(rec)
			return
		}
	case *record.Progress:
		if topic == stream.Verdicts {
			t.progress(rec)
			return
		}
	case *record.EarlyWarning:
		if topic == stream.VerdictsEarly {
			t.counters.EarlyWarnings++
			return
		}
	case *record.NetworkVerdict:
		if topic == stream.VerdictsNetwork {
			t.counters.NetworkVerdicts++
			return
		}
	case *record.CommandAck:
		if topic == stream.IsolationAcks {
			t.ack(rec)
			return
		}
	case *record.OperatorDecision:
		if topic == stream.OperatorDecisions {
			t.decision(rec)
			return
		}
	}
	t.reject(errMisplaced, appended)
}

// Counters returns what the task counted since it was made, and where it stands.
func (t *Task) Counters() Counters {
	c := t.counters
	c.Terminals = int64(len(t.terminals))
	c.Isolated = t.guard.Isolated()
	c.Room, _ = t.guard.Room()
	c.Clock = t.watermark()
	c.Paused = t.paused(c.Clock)
	for i := range t.parts {
		c.Waiting += int64(t.parts[i].waiting.Len())
	}
	return c
}

// watermark is the clock of the partition that is furthest behind.
func (t *Task) watermark() record.Micros {
	if len(t.parts) == 0 {
		return 0
	}
	least := t.parts[0].clock
	for i := range t.parts {
		least = min(least, t.parts[i].clock)
	}
	return least
}

func (t *Task) paused(at record.Micros) bool {
	return t.pause.on && (t.pause.until == 0 || at < t.pause.until)
}

// Start takes the restored state into use.
func (t *Task) Start(s stream.Start) error {
	n := s.Partitions[stream.Verdicts]
	if err := t.check(s, n); err != nil {
		return err
	}
	t.counts = s.Partitions
	t.fence = s.Header.Fence + 1
	if !s.Restored {
		t.resume(s.Tail)
	}
	t.reshape(n)
	for _, x := range t.restored {
		if t.terminals[x.Terminal] != x {
			continue // removed by a later piece
		}
		if x.partition >= int32(len(t.parts)) {
			return fmt.Errorf("%w: %s names partition %d of %s, which has %d; set the count back, or delete the state topic to start over",
				stream.ErrState, stream.EnforcerState, x.partition, stream.Verdicts, n)
		}
		t.adopt(x)
	}
	t.restored = nil
	return nil
}

func (t *Task) check(s stream.Start, verdicts int32) error {
	if verdicts < 1 {
		return fmt.Errorf("%w: topic %s has no partitions", stream.ErrState, stream.Verdicts)
	}
	if s.Restored && s.Header.StateVersion != stateVersion {
		return fmt.Errorf("%w: %s has state version %d, this program knows %d; run the version that wrote it, or delete the state topic to start over",
			stream.ErrState, stream.EnforcerState, s.Header.StateVersion, stateVersion)
	}
	for _, topic := range []stream.Topic{stream.IsolationCommands, stream.IsolationRehearsal} {
		if n, known := s.Partitions[topic]; known && n < verdicts {
			return fmt.Errorf("topic %s has %d partitions, %s has %d: a command keeps the partition of its verdict; give both the same count",
				topic, n, stream.Verdicts, verdicts)
		}
	}
	return nil
}

// resume continues the chain and the fence of an enforcer whose state is gone:
// policy systems refuse a fence lower than one they saw.
func (t *Task) resume(tail []stream.Record) {
	for _, r := range tail {
		rec, err := t.decoder.Decode(r.Value)
		e, ok := rec.(*record.AuditEvent)
		if err != nil || !ok || e.WriterID != Writer {
			continue
		}
		t.chain.Head = e.Hash
		t.fence = max(t.fence, fenceOf(e.Actor)+1)
		t.dirty.add(pieceKey{kind: pieceChain})
	}
}

// reshape makes room for the partitions and tells the guard what they see.
func (t *Task) reshape(n int32) {
	for int32(len(t.parts)) < n {
		t.parts = append(t.parts, partition{seen: -1})
	}
	issues, floor := t.guard.Windows()
	t.guard = guard.New(t.settings.limits(), int32(len(t.parts)))
	t.guard.SetWindows(issues, floor)
	for i := range t.parts {
		t.guard.Seen(int32(i), t.parts[i].seen)
	}
}

// adopt puts a restored terminal into the agendas and the guard's count.
func (t *Task) adopt(x *terminal) {
	t.schedule(x)
	if !x.State.InForce() {
		return
	}
	t.guard.Restored()
	if x.Force.Mode != t.rules.Mode {
		t.otherMode = true
	}
}
