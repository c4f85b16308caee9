package task

import (
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
		Figures: figures,
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
	clock record.Micros // event time; 0: nothing was heard of it
	seen  int64         // terminals it sees; -1: it did not say
	// generation is the state of the scorer that speaks. One that lost its state
	// never ends the cases of the state before it.
	generation int64
	timers     agenda // next event of the clock of each terminal
	waiting    agenda // deferred terminals, by when they were first wanted
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
