package task_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"cordon/collector/pseudonym"
	"cordon/collector/task"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/internal/stream/memory"
)

const start = record.Micros(1_700_000_000_000_000)

// rig runs the collector on a log in memory.
type rig struct {
	t      testing.TB
	log    *memory.Log
	stage  *stream.Stage
	runner *memory.Runner
}

func settings() task.Settings {
	s := task.DefaultSettings()
	s.Keys.Cache = 256
	s.TerminalPools = []netip.Prefix{netip.MustParsePrefix("10.45.0.0/16")}
	return s
}

func stageOf(t testing.TB, s task.Settings, key pseudonym.Key) *stream.Stage {
	t.Helper()
	stage, err := task.Stage(s, key)
	if err != nil {
		t.Fatal(err)
	}
	return stage
}

func newRig(t testing.TB, rawPartitions, partitions int32) *rig {
	t.Helper()
	r := &rig{t: t, log: memory.NewLog(), stage: stageOf(t, settings(), pseudonym.TestKey())}
	for topic, n := range map[stream.Topic]int32{stream.TelemetryRaw: rawPartitions, stream.CollectorState: rawPartitions,
		stream.Telemetry: partitions, stream.DeadLetters: 1, stream.Progress: 1} {
		r.log.Create(topic, n)
	}
	r.log.SetTime(start + record.Hour)
	r.restart()
	return r
}

func (r *rig) restart() {
	r.t.Helper()
	runner, err := memory.NewRunner(r.log, r.stage)
	if err != nil {
		r.t.Fatalf("start: %v", err)
	}
	r.runner = runner
}

// run lets the collector take what there is.
func (r *rig) run() {
	r.t.Helper()
	for {
		moved, err := r.runner.Step()
		if err != nil {
			r.t.Fatalf("step: %v", err)
		}
		if !moved {
			return
		}
	}
}

// put appends a raw record under its key.
func (r *rig) put(partition int32, key []byte, in *raw.Telemetry) {
	r.t.Helper()
	r.putBytes(partition, key, raw.AppendTelemetry(nil, in))
}

func (r *rig) putBytes(partition int32, key, value []byte) {
	r.t.Helper()
	if err := r.log.Append([]stream.Send{{Topic: stream.TelemetryRaw, Partition: partition, Key: key, Value: value}}); err != nil {
		r.t.Fatal(err)
	}
}

// records returns the decoded committed records of a partition.
func (r *rig) records(topic stream.Topic, partition int32) []any {
	r.t.Helper()
	var all []any
	for offset := int64(0); ; {
		b, next, more := r.log.Fetch(stream.Partition{Topic: topic, ID: partition}, offset)
		if !more {
			return all
		}
		for _, rec := range b.Records {
			value, err := record.Decode(rec.Value)
			if err != nil {
				r.t.Fatalf("%s[%d]: %v", topic, partition, err)
			}
			all = append(all, value)
		}
		offset = next
	}
}

// telemetry returns the pseudonymised records of a partition.
func (r *rig) telemetry(partition int32) []*record.PseudonymisedTelemetry {
	var list []*record.PseudonymisedTelemetry
	for _, value := range r.records(stream.Telemetry, partition) {
		if t, ok := value.(*record.PseudonymisedTelemetry); ok {
			list = append(list, t)
		}
	}
	return list
}

func (r *rig) clocks(partition int32) []*record.SourceClock {
	var list []*record.SourceClock
	for _, value := range r.records(stream.Telemetry, partition) {
		if t, ok := value.(*record.SourceClock); ok {
			list = append(list, t)
		}
	}
	return list
}

// dead returns reason@offset of every dead letter.
func (r *rig) dead() string {
	var list []string
	for _, value := range r.records(stream.DeadLetters, 0) {
		d := value.(*record.DeadLetter)
		list = append(list, fmt.Sprintf("%v@%d", d.Reason, d.SourceOffset))
		if d.Stage != "collector" || d.SourceTopic != "telemetry.raw" || d.Detail == "" || d.SealedPayload != nil {
			r.t.Errorf("dead letter %+v", d)
		}
	}
	return strings.Join(list, " ")
}

func (r *rig) counters(partition int) task.Counters {
	return r.runner.Tasks()[partition].(*task.Task).Counters()
}

func supi(n int) string { return fmt.Sprintf("imsi-00101%010d", n) }

func address(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, 45, byte(n >> 8), byte(n)}) }

func at(seconds int) record.Micros { return start + record.Micros(seconds)*record.Second }

// flow is a flow of a terminal that is named by SUPI, or only by address.
func flow(seconds int, subscriber string, ue netip.Addr) *raw.Telemetry {
	return &raw.Telemetry{OccurredAt: at(seconds), SourceID: "upf-1", SUPI: subscriber, UEAddress: ue, DNN: "iot", SNSSAI: "1", Kind: record.KindFlow,
		Flow: raw.Flow{Flow: record.Flow{Protocol: 6, RemoteAddress: netip.MustParseAddr("192.0.2.1"), RemotePort: 23, ULVolume: 40, ULPackets: 1}}}
}

func session(seconds int, subscriber string, ue netip.Addr, event record.SessionEvent) *raw.Telemetry {
	return &raw.Telemetry{OccurredAt: at(seconds), SourceID: "smf-1", SUPI: subscriber, UEAddress: ue, DNN: "iot", SNSSAI: "1", Kind: record.KindSession,
		Session: raw.Session{Session: record.Session{Event: event}}}
}

// word is a Clock of a source.
func word(seconds int, source string) *raw.Telemetry {
	return &raw.Telemetry{OccurredAt: at(seconds), SourceID: source, Kind: record.KindClock}
}

// terminalOf returns the pseudonym of a subscriber under the test key.
func terminalOf(t testing.TB, n int) record.Pseudonym {
	t.Helper()
	r := newRig(t, 1, 1)
	r.put(0, nil, flow(0, supi(n), netip.Addr{}))
	r.run()
	return r.telemetry(0)[0].Terminal
}

func TestForwards(t *testing.T) {
	r := newRig(t, 1, 8)
	for n := range 64 {
		r.put(0, nil, flow(n/8, supi(n), netip.Addr{}))
	}
	r.run()
	total := 0
	for p := range int32(8) {
		for _, out := range r.telemetry(p) {
			total++
			if out.RawPartition != 0 || out.Terminal.IsZero() || out.KeyEpoch != 0 || out.OccurredAt != at(int(out.RawOffset)/8) {
				t.Errorf("offset %d: %+v", out.RawOffset, out)
			}
		}
		if clocks := r.clocks(p); len(clocks) < 2 || clocks[len(clocks)-1].RawPartitions != 1 {
			t.Errorf("partition %d: SourceClocks %+v", p, clocks)
		}
	}
	if total != 64 || r.dead() != "" {
		t.Errorf("%d of 64 records forwarded, dead letters %q", total, r.dead())
	}
	if got := len(r.records(stream.Progress, 0)); got != len(r.clocks(0)) {
		t.Errorf("%d records on progress, %d in each partition of telemetry", got, len(r.clocks(0)))
	}
}

func TestDeadLetters(t *testing.T) {
	r := newRig(t, 1, 1)
	r.putBytes(0, nil, nil)
	r.putBytes(0, nil, []byte("not avro"))
	r.putBytes(0, nil, []byte{0xc3, 0x01, 1, 2, 3, 4, 5, 6, 7, 8})
	good := raw.AppendTelemetry(nil, flow(0, supi(1), netip.Addr{}))
	r.putBytes(0, nil, good[:len(good)-3])
	r.put(0, nil, flow(0, "001010000000001", netip.Addr{}))
	r.put(0, nil, flow(0, "", netip.Addr{}))
	r.put(0, nil, flow(2*3600, supi(1), netip.Addr{}))
	bad := flow(0, supi(1), netip.Addr{})
	bad.Flow.Protocol = 300
	r.put(0, nil, bad)
	r.put(0, nil, &raw.Telemetry{OccurredAt: at(0), SourceID: "upf-1", SUPI: supi(1)}) // no payload
	r.put(0, nil, session(0, "", address(1), record.SessionEstablished))
	r.put(0, nil, flow(0, supi(1), netip.Addr{}))
	r.putBytes(0, nil, append(good, make([]byte, 1<<16)...))
	r.run()
	want := "UNKNOWN_SCHEMA@0 UNKNOWN_SCHEMA@1 UNKNOWN_SCHEMA@2 UNDECODABLE@3 INVALID_IDENTITY@4 NO_SUBJECT@5 FUTURE_TIME@6 OUT_OF_RANGE@7 UNKNOWN_PAYLOAD@8 NO_SUBJECT@9 OVERSIZE@11"
	if got := r.dead(); got != want {
		t.Errorf("dead letters\n got %s\nwant %s", got, want)
	}
	if got := r.telemetry(0); len(got) != 1 || got[0].RawOffset != 10 {
		t.Errorf("the good record behind the bad ones: got %d records", len(got))
	}
}

func TestDuplicatesAndGaps(t *testing.T) {
	r := newRig(t, 1, 1)
	for i, n := range []int64{1, 2, 2, 5, 1, 6} {
		f := flow(i, supi(1), netip.Addr{})
		f.SourceSequence = record.Some(n)
		r.put(0, nil, f)
	}
	bad := flow(6, "bad", netip.Addr{})
	bad.SourceSequence = record.Some(int64(7))
	r.put(0, nil, bad)
	r.put(0, nil, bad)
	r.put(0, nil, flow(100, supi(1), netip.Addr{}))
	r.run()
	if got := len(r.telemetry(0)); got != 5 {
		t.Errorf("%d records forwarded, want 5", got)
	}
	c := r.counters(0)
	if c.Duplicates != 3 || c.Missing != 2 || c.DeadLetters[record.DeadInvalidIdentity] != 1 {
		t.Errorf("duplicates %d, missing %d, invalid %d, want 3, 2, 1", c.Duplicates, c.Missing, c.DeadLetters[record.DeadInvalidIdentity])
	}
	clocks := r.clocks(0)
	last := clocks[len(clocks)-1].Sources[0]
	if last.Received != 4 || last.Missing != 2 || last.Rejected != 1 {
		t.Errorf("counts %+v, want 4 received, 2 missing, 1 rejected", last)
	}
}

// A bad record with the oldest time there is, or the newest, is counted like
// any other.
func TestRejectedTimesAreCounted(t *testing.T) {
	for _, when := range []record.Micros{math.MinInt64, -1, math.MaxInt64} {
		r := newRig(t, 1, 1)
		r.put(0, nil, flow(0, supi(1), netip.Addr{}))
		bad := flow(0, supi(1), netip.Addr{})
		bad.OccurredAt = when
		r.put(0, nil, bad)
		r.put(0, nil, flow(5, supi(1), netip.Addr{}))
		r.run()
		reported := func() (n int64) {
			for _, c := range r.clocks(0) {
				for _, s := range c.Sources {
					n += s.Rejected
				}
			}
			return n
		}
		if n := reported(); n != 0 {
			t.Errorf("time %d: %d rejected reported before the pane was passed", when, n)
		}
		r.put(0, nil, flow(100, supi(1), netip.Addr{}))
		r.run()
		if n := reported(); n != 1 {
			t.Errorf("time %d: %d rejected reported, want 1", when, n)
		}
	}
}

// Alignment: no record later than the frontier is taken, a bad one is, and the
// front tells the siblings about the record that waits.
func TestFrontier(t *testing.T) {
	fresh, err := task.New(settings(), pseudonym.TestKey(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := fresh.Start(stream.Start{Partitions: partitions(1, 1)}); err != nil {
		t.Fatal(err)
	}
	if f := fresh.Front(); !f.Counts || f.Time != 0 {
		t.Errorf("before the first record: %+v, want siblings to wait at 0", f)
	}
	var out stream.Effects
	fresh.Tick(stream.Now{Wall: start, AtEnd: true}, &out)
	if f := fresh.Front(); f.Counts || len(out.Sends()) != 2 {
		t.Errorf("read to its end without a source: %+v and %d records, want EMPTY stated", f, len(out.Sends()))
	}
	batch := stream.Batch{AppendTime: start + record.Hour}
	for i, in := range []*raw.Telemetry{flow(0, supi(1), netip.Addr{}), flow(50, "bad", netip.Addr{}), flow(20, supi(1), netip.Addr{}), flow(21, supi(1), netip.Addr{})} {
		batch.Records = append(batch.Records, stream.Record{Offset: int64(i), Value: raw.AppendTelemetry(nil, in)})
	}
	if n := fresh.Process(batch, stream.Now{Wall: start, Frontier: at(20)}, &out); n != 3 {
		t.Errorf("took %d records up to %v, want 3", n, at(20))
	}
	if f := fresh.Front(); !f.Counts || f.Time != at(21) {
		t.Errorf("front %+v, want the record that waits at %v", f, at(21))
	}
	if n := fresh.Process(stream.Batch{AppendTime: batch.AppendTime, Records: batch.Records[3:]}, stream.Now{Wall: start, Frontier: at(21)}, &out); n != 1 {
		t.Errorf("took %d records, want 1", n)
	}
	clock := stream.Batch{AppendTime: batch.AppendTime, Records: []stream.Record{{Offset: 4, Value: raw.AppendTelemetry(nil, word(100, "upf-1"))}}}
	if n := fresh.Process(clock, stream.Now{Wall: start, Frontier: at(99)}, &out); n != 0 {
		t.Errorf("took a Clock beyond the frontier")
	}
}

func partitions(rawPartitions, telemetry int32) map[stream.Topic]int32 {
	return map[stream.Topic]int32{stream.TelemetryRaw: rawPartitions, stream.Telemetry: telemetry, stream.DeadLetters: 1, stream.Progress: 1}
}

func TestIdlePartitionMovesAndDecides(t *testing.T) {
	r := newRig(t, 1, 1)
	r.put(0, nil, flow(0, "", address(1)))
	r.run()
	for range 60 {
		r.log.SetTime(r.log.Time() + record.Second)
		r.run()
	}
	clocks := r.clocks(0)
	last := clocks[len(clocks)-1]
	// 60 s of silence, the last statement up to 5 s old, less the 15 s waited.
	if last.State != record.ClockIdle || last.Time < at(40) || last.Time > at(45) {
		t.Errorf("after a minute of silence: %+v, want IDLE at about %v", last, at(45))
	}
	if r.dead() != "UNRESOLVED_ADDRESS@0" {
		t.Errorf("the record that waited: %s", r.dead())
	}
}

func TestStartRefuses(t *testing.T) {
	other, err := pseudonym.NewKey(strings.NewReader(strings.Repeat("k", 32)), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, 1, 1)
	r.put(0, nil, flow(0, supi(1), netip.Addr{}))
	r.run()
	r.stage = stageOf(t, settings(), other)
	if _, err := memory.NewRunner(r.log, r.stage); !errors.Is(err, stream.ErrState) || !strings.Contains(err.Error(), "keys.file") {
		t.Errorf("state of another key: got %v", err)
	}
	if _, err := task.Stage(settings(), pseudonym.Key{}); !errors.Is(err, pseudonym.ErrKey) {
		t.Errorf("no key: got %v", err)
	}
	fresh, err := task.New(settings(), pseudonym.TestKey(), 0)
	if err != nil {
		t.Fatal(err)
	}
	err = fresh.Start(stream.Start{Restored: true, Header: stream.Header{StateVersion: task.StateVersion + 1}, Partitions: partitions(1, 1)})
	if !errors.Is(err, stream.ErrState) {
		t.Errorf("newer state: got %v", err)
	}
	if err := fresh.Start(stream.Start{Partitions: partitions(1, 0)}); err == nil || !strings.Contains(err.Error(), "topics create") {
		t.Errorf("no topics: got %v", err)
	}
}

func TestSettings(t *testing.T) {
	if err := task.DefaultSettings().Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
	for key, change := range map[string]func(*task.Settings){
		"terminal_pools": func(s *task.Settings) { s.TerminalPools = []netip.Prefix{{}} },
	} {
		s := settings()
		change(&s)
		if err := s.Validate(); err == nil || !strings.HasPrefix(err.Error(), key) {
			t.Errorf("%s: got %v", key, err)
		}
		if _, err := task.New(s, pseudonym.TestKey(), 0); err == nil {
			t.Errorf("%s: a task was made with bad settings", key)
		}
	}
}

// Hostile bytes are dead letters, whatever they are.
func FuzzTask(f *testing.F) {
	f.Add(raw.AppendTelemetry(nil, flow(0, supi(1), address(1))), raw.AppendTelemetry(nil, session(0, supi(1), address(1), record.SessionEstablished)))
	f.Add([]byte("not avro"), []byte{0xc3, 0x01})
	f.Fuzz(func(t *testing.T, first, second []byte) {
		c, err := task.New(settings(), pseudonym.TestKey(), 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(stream.Start{Partitions: partitions(1, 4)}); err != nil {
			t.Fatal(err)
		}
		batch := stream.Batch{AppendTime: start, Records: []stream.Record{{Offset: 0, Key: second, Value: first}, {Offset: 1, Key: first, Value: second}, {Offset: 2, Value: first}}}
		var out stream.Effects
		var cut stream.Cut
		if n := c.Process(batch, stream.Now{Wall: start, Frontier: stream.Far}, &out); n != 3 {
			t.Errorf("took %d of 3 records", n)
		}
		c.Cut(&cut)
		again, err := task.New(settings(), pseudonym.TestKey(), 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range cut.Pieces() {
			if err := again.Restore(p.Key, p.Value); err != nil {
				t.Errorf("restore: %v", err)
			}
		}
		if err := again.Start(stream.Start{Restored: true, Header: stream.Header{StateVersion: task.StateVersion}, Partitions: partitions(1, 4)}); err != nil {
			t.Errorf("start: %v", err)
		}
	})
}

func ExampleTask() {
	c, err := task.New(task.DefaultSettings(), pseudonym.TestKey(), 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := c.Start(stream.Start{Partitions: partitions(1, 1)}); err != nil {
		fmt.Println(err)
		return
	}
	var out stream.Effects
	value := raw.AppendTelemetry(nil, flow(0, "imsi-001010000000001", netip.Addr{}))
	c.Process(stream.Batch{AppendTime: start, Records: []stream.Record{{Value: value}}}, stream.Now{Frontier: stream.Far}, &out)
	first := out.Sends()[0]
	fmt.Printf("%s %x %d\n", first.Topic, first.Key, binary.Size(first.Key))
	// Output: telemetry 0adda3967dbf63cf28b04a9d8739c931 16
}
