package task

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"cordon/enforcer/audit"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// fataler is what testing.TB and rapid.T share.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// bench runs an enforcer over records in memory and keeps what it committed.
type bench struct {
	t        fataler
	stage    *stream.Stage
	counts   map[stream.Topic]int32
	owner    *stream.Owner
	offsets  map[stream.Partition]int64
	state    []stream.Send // committed pieces and headers, in order
	commands []record.IsolationCommand
	topics   []stream.Topic // of each command
	audit    []record.AuditEvent
	dead     []record.DeadLetter
}

func newBench(t fataler, partitions int32, s Settings) *bench {
	t.Helper()
	b := &bench{t: t, offsets: map[stream.Partition]int64{}, counts: map[stream.Topic]int32{
		stream.Verdicts: partitions, stream.VerdictsEarly: partitions, stream.VerdictsNetwork: 1,
		stream.IsolationAcks: 1, stream.OperatorDecisions: 1, stream.IsolationCommands: partitions,
		stream.IsolationRehearsal: partitions, stream.Audit: 1, stream.DeadLetters: 1,
	}}
	b.settings(s)
	b.restart()
	return b
}

func (b *bench) settings(s Settings) {
	stage, err := Stage(s)
	if err != nil {
		b.t.Fatalf("settings %+v: %v", s, err)
	}
	b.stage = stage
}

// restart drops the task and makes a new one from what was committed.
func (b *bench) restart() {
	b.t.Helper()
	var inputs []stream.Partition
	for _, topic := range b.stage.Inputs {
		for p := range b.counts[topic] {
			inputs = append(inputs, stream.Partition{Topic: topic, ID: p})
		}
	}
	b.owner = stream.NewOwner(b.stage, 0, inputs)
	for _, s := range b.state {
		if err := b.owner.Restored(stream.Record{Key: s.Key, Value: s.Value}); err != nil {
			b.t.Fatalf("restore %q: %v", s.Key, err)
		}
	}
	start := stream.Start{Partitions: b.counts}
	if len(b.state) == 0 {
		for i := range b.audit {
			start.Tail = append(start.Tail, stream.Record{Value: encode(b.t, &b.audit[i])})
		}
	}
	if err := b.owner.Begin(start); err != nil {
		b.t.Fatalf("begin: %v", err)
	}
	for _, p := range b.owner.Positions() {
		b.offsets[stream.Partition{Topic: p.Topic, ID: p.Partition}] = p.Next
	}
}

func encode(t fataler, rec any) []byte {
	t.Helper()
	value, err := record.Append(nil, rec)
	if err != nil {
		t.Fatalf("encode %T: %v", rec, err)
	}
	return value
}

// give hands one batch of records to the task.
func (b *bench) give(topic stream.Topic, partition int32, recs ...any) {
	b.t.Helper()
	at := stream.Partition{Topic: topic, ID: partition}
	batch := stream.Batch{Partition: at, AppendTime: 1}
	for _, rec := range recs {
		value, raw := rec.([]byte)
		if !raw {
			value = encode(b.t, rec)
		}
		batch.Records = append(batch.Records, stream.Record{Offset: b.offsets[at], Value: value})
		b.offsets[at]++
	}
	if n := b.owner.Take(batch, stream.Now{Frontier: stream.Far}); n != len(recs) {
		b.t.Fatalf("took %d of %d records of %v", n, len(recs), at)
	}
}

// cut makes a checkpoint and keeps what it holds if it commits.
func (b *bench) cut(commit bool) {
	b.t.Helper()
	c := b.owner.Cut()
	pieces, err := c.Pieces()
	if err != nil {
		b.t.Fatalf("cut: %v", err)
	}
	if commit {
		for _, s := range pieces {
			b.state = append(b.state, stream.Send{Key: slices.Clone(s.Key), Value: slices.Clone(s.Value)})
		}
		b.keep(c.Outputs)
	}
	b.owner.Settle(commit)
}

func (b *bench) keep(sends []stream.Send) {
	for _, s := range sends {
		rec, err := record.Decode(s.Value)
		if err != nil {
			b.t.Fatalf("output on %s: %v", s.Topic, err)
		}
		switch rec := rec.(type) {
		case *record.IsolationCommand:
			if string(s.Key) != string(rec.Terminal[:]) {
				b.t.Fatalf("command about %v has key %x", rec.Terminal, s.Key)
			}
			b.commands, b.topics = append(b.commands, *rec), append(b.topics, s.Topic)
		case *record.AuditEvent:
			b.audit = append(b.audit, *rec)
		case *record.DeadLetter:
			b.dead = append(b.dead, *rec)
		}
	}
	if err := audit.Verify(b.audit); err != nil {
		b.t.Fatalf("audit: %v", err)
	}
}

func (b *bench) task() *Task { return b.owner.Task().(*Task) }

// lines are the commands so far, one text each.
func (b *bench) lines() []string {
	var lines []string
	for _, c := range b.commands {
		lines = append(lines, fmt.Sprintf("%v %d: %v", c.IssuedAt.Duration(), c.Terminal[0], c.Action))
	}
	return lines
}

func (b *bench) want(lines ...string) {
	b.t.Helper()
	b.cut(true)
	if got := b.lines(); !slices.Equal(got, lines) {
		b.t.Fatalf("commands\n got %s\nwant %s", strings.Join(got, "; "), strings.Join(lines, "; "))
	}
}

// kinds are the audited acts so far: kind, reason, terminal.
func (b *bench) kinds() []string {
	var kinds []string
	for _, e := range b.audit {
		kinds = append(kinds, fmt.Sprintf("%s %s %d", e.Kind, e.ReasonCode, e.Terminal[0]))
	}
	return kinds
}

func (b *bench) wantAudit(kinds ...string) {
	b.t.Helper()
	b.cut(true)
	if got := b.kinds(); !slices.Equal(got, kinds) {
		b.t.Fatalf("audit\n got %s\nwant %s", strings.Join(got, "; "), strings.Join(kinds, "; "))
	}
}

// flood is a MALICIOUS verdict about terminal n that names one victim.
func flood(n byte, sequence int64, at record.Micros) *record.Verdict {
	return &record.Verdict{
		VerdictID: record.ID{n, byte(sequence), byte(sequence >> 8)}, Terminal: record.Pseudonym{n}, StateGeneration: 1, Sequence: sequence,
		Status: record.StatusRaised, Class: record.ClassMalicious, Criticality: record.CriticalityNormal,
		Exceptions: []record.Exception{{ExceptionID: record.SuspicionOfDDoSAttack, Level: 70, Trend: record.TrendUp}},
		Evidence:   25_000, Score: 800, DecidedAt: at,
		Destinations: []record.Destination{{Protocol: 17, Address: netip.AddrFrom4([4]byte{203, 0, 113, n}), Port: 53, Flows: 9}},
	}
}

func cleared(n byte, sequence int64, at record.Micros) *record.Verdict {
	v := flood(n, sequence, at)
	v.Status = record.StatusCleared
	return v
}

func clock(at record.Micros, terminals int64) *record.Progress {
	return &record.Progress{Time: at, StateGeneration: 1, Terminals: terminals}
}

const (
	second = record.Second
	minute = record.Minute
)

// generous are settings whose guards never bind in a test.
func generous() Settings {
	s := DefaultSettings()
	s.IsolationsPerMinute, s.SharePermille = 6000, 1000
	return s
}

var _ fataler = (*testing.T)(nil)
