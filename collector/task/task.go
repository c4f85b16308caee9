// Package task is the collector as a state machine: one Task per partition of
// telemetry.raw, composed of the stages beside it.
//
//	decode ─► validate ─► not a repeat ─► clock ─► resolve ─► policy ─► telemetry
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
	"fmt"

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

// StateVersion is the layout of the state pieces; another one is refused.
const StateVersion = 2

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
		Inputs:        []stream.Topic{stream.TelemetryRaw},
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
	sources piece.Set[string]
	pieces  restoring

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
		clock: clock.New(settings.clock()), table: resolve.New(settings.resolve()), refused: -1,
	}, nil
}

// Process takes records up to the frontier; bad ones are taken at once.
func (t *Task) Process(batch stream.Batch, now stream.Now, out *stream.Effects) (taken int) {
	t.clock.Touch(now.Wall, false)
	for i := range batch.Records {
		in := input{Record: &batch.Records[i], appended: batch.AppendTime, now: now}
		if !t.take(in, out) {
			return i
		}
		t.next = in.Offset + 1
		t.refused = -1
		if at := t.time(); t.clock.Due(at) {
			t.state(at, now.Wall, out)
		}
	}
	return len(batch.Records)
}

// Tick lets a silent partition move, and states its time.
func (t *Task) Tick(now stream.Now, out *stream.Effects) {
	t.clock.Tick(now.Wall, now.AtEnd, t.refused >= 0)
	t.decide(out)
	if at := t.time(); t.clock.Due(at) || t.clock.DueByWall(now.Wall) {
		t.state(at, now.Wall, out)
	}
}

// time returns T: R, or the oldest record that waits. It is -1 before the first
// record.
func (t *Task) time() record.Micros { return min(t.clock.Passed(), t.table.Oldest()) }

// Front tells siblings where the partition stands. A record that is held back
// counts as reached, so that a gap in all partitions is jumped over.
func (t *Task) Front() stream.Front {
	return stream.Front{Counts: t.clock.Counts(), Time: max(t.time(), t.clock.Stated(), t.refused, 0)}
}

// state writes the partition's time into every partition of telemetry, so that
// each reader can tell by itself how far it may go, and for the siblings.
func (t *Task) state(at, wall record.Micros, out *stream.Effects) {
	st := t.clock.State(at, wall)
	st.RawPartition, st.RawPartitions, st.NextOffset = t.partition, t.counts.raw, t.next
	t.encode(st)
	for p := range t.counts.telemetry {
		out.Send(stream.Send{Topic: stream.Telemetry, Partition: p, Value: t.value})
	}
	key := fmt.Appendf(nil, "%d", t.partition)
	out.Send(stream.Send{Topic: stream.Progress, Partition: t.partition % t.counts.progress, Key: key, Value: t.value})
	t.counters.SourceClocks++
}

// encode fills value. A record this package makes is one its schema has, which
// a test proves for each; an encoder that refused one would leave a value no
// reader knows, and its reader would count it.
func (t *Task) encode(rec any) { t.value, _ = record.Append(t.value[:0], rec) }
