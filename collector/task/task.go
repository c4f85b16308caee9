// Package task is the collector as a state machine: one Task per partition of
// telemetry.raw, composed of the stages beside it.
//
//	decode ─► validate ─► not a repeat ─► clock ─► resolve ─► policy ─► telemetry
//
// Beside that it forwards what people say of terminals: profiles and settings
// (profiles.raw) and operators' decisions, with the time from which they hold.
//
// What it promises: every raw record has exactly one outcome: forwarded, dead
// letter, dropped as a repeat, or, for Clocks and second copies of a session,
// taken in. The outputs are a function of the raw records in their order, the
// key and the settings; how they were batched, where cuts and restarts fell and
// what the frontier held back changes none of them. Only SourceClocks, and what
// a silent partition gives up waiting for, follow the wall clock. No output but
// the sealed state holds an identity, in any encoding, and no error, dead
// letter or counter does.
//
// What it does not: it opens no file and talks to no log (internal/stream).
package task

import (
	"cordon/collector/clock"
	"cordon/collector/piece"
	"cordon/collector/policy"
	"cordon/collector/pseudonym"
	"cordon/collector/resolve"
	"cordon/collector/seal"
	"cordon/collector/validate"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// StateVersion is the layout of the state pieces. That of the release before is
// read as well; any other is refused.
const (
	StateVersion = 3
	oldestState  = 2
)

// stageName names the collector in transactional ids and dead letters.
const stageName = "collector"

// Stage returns the collector's place in the flow. Settings or a key that cannot
// be used are an error.
func Stage(settings Settings, key pseudonym.Key) (*stream.Stage, error) {
	if _, err := New(settings, key, 0); err != nil {
		return nil, err
	}
	return &stream.Stage{
		Name:          stageName,
		Inputs:        []stream.Topic{stream.TelemetryRaw, stream.ProfilesRaw, stream.OperatorDecisions},
		State:         stream.CollectorState,
		Outputs:       []stream.Topic{stream.Telemetry, stream.DeadLetters, stream.Progress},
		Transactional: true,
		Counts:        []stream.Topic{stream.Telemetry},
		Aligned:       true,
		Figures:       figures,
		NewTask: func(partition int32) stream.Task {
			t, _ := New(settings, key, partition) // it was made once above: only memory can fail it
			return t
		},
	}, nil
}

// Task is the collector of one raw partition.
type Task struct {
	partition int32
	digest    record.Digest

	decoder raw.Decoder
	bounds  validate.Bounds
	derive  *pseudonym.Deriver
	policy  *policy.Policy
	clock   *clock.Clock
	table   *resolve.Table
	sealer  *seal.Sealer

	counts  counts
	next    int64         // raw offset after the last record taken
	refused record.Micros // event time of the record the frontier holds back, -1: none
	// lostFrom is the first raw offset that was deleted before it was read, until
	// the record behind the gap tells how many there were; -1: none.
	lostFrom int64
	told     told
	declared []int32 // raw partitions of others that were said to be STALLED, sorted
	every    record.Micros
	sources  piece.Set[string]
	pieces   restoring

	// Reused from record to record.
	raw, again raw.Telemetry
	out        record.PseudonymisedTelemetry
	value      []byte
	name       []byte // of a state piece, keyed
	plainName  []byte // the same in clear
	plain      []byte // content of a state piece

	counters Counters
}

// counts are the partition counts of the topics the task knows.
type counts struct{ raw, telemetry, dead, progress int32 }

// New returns the task of a raw partition, without state.
func New(settings Settings, key pseudonym.Key, partition int32) (*Task, error) {
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	digest, err := settings.digest(key)
	if err != nil {
		return nil, err
	}
	// Epoch 0: keys do not rotate yet.
	derive, err := pseudonym.NewDeriver(key, 0, int(settings.Keys.Cache))
	if err != nil {
		return nil, err
	}
	treatment, err := policy.New(derive, settings.TerminalPools)
	if err != nil {
		return nil, err
	}
	sealer, err := seal.New(key)
	if err != nil {
		return nil, err
	}
	return &Task{
		partition: partition, digest: digest, bounds: settings.validate(), derive: derive, policy: treatment, sealer: sealer,
		clock: clock.New(settings.clock()), table: resolve.New(settings.resolve()), refused: -1, lostFrom: -1,
		every: record.MicrosIn(settings.ClockEvery),
	}, nil
}

// Process takes records up to the frontier; bad ones are taken at once.
func (t *Task) Process(batch stream.Batch, now stream.Now, out *stream.Effects) (taken int) {
	if isChange(batch.Partition.Topic) {
		return t.takeChanges(batch, now, out)
	}
	t.clock.Touch(now.Wall, false)
	for i := range batch.Records {
		in := input{Record: &batch.Records[i], appended: batch.AppendTime, now: now}
		if !t.take(in, out) {
			return i
		}
		t.next, t.refused = in.Offset+1, -1
		t.countLost(&in)
		if at := t.time(); t.clock.Due(at) {
			t.state(at, now.Wall, out)
		}
	}
	return len(batch.Records)
}

// encode fills value. A record this package makes is one its schema has, which
// a test proves for each; an encoder that refused one would leave a value no
// reader knows, and its reader would count it.
func (t *Task) encode(rec any) { t.value, _ = record.Append(t.value[:0], rec) }
