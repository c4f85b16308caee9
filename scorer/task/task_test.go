package task

import (
	"fmt"
	"net/netip"
	"testing"

	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/scorer/pane"
)

// epoch is the time tests start at: the edge of a pane and of an hour.
const epoch = record.Micros(1_780_000_200) * record.Second

// script is a list of encoded records for one task.
type script struct{ values [][]byte }

// add encodes a record.
func (s *script) add(rec any) {
	value, err := record.Append(nil, rec)
	if err != nil {
		panic(err)
	}
	s.values = append(s.values, value)
}

// clock says that the only raw partition is complete up to a time.
func (s *script) clock(at record.Micros) {
	s.add(&record.SourceClock{RawPartitions: 1, Time: at, State: record.ClockActive})
}

// flow is a flow report of a test.
type flow struct {
	terminal byte
	at       record.Micros
	to       string // address:port
	protocol int32
	ul, dl   int64 // packets; bytes are 100 times as many
}

// record returns the telemetry of the flow.
func (f flow) record() *record.PseudonymisedTelemetry {
	to := netip.MustParseAddrPort(f.to)
	t := &record.PseudonymisedTelemetry{
		Terminal: record.Pseudonym{f.terminal, 1}, OccurredAt: f.at, SourceID: "upf-1", DNN: "iot", Kind: record.KindFlow,
	}
	t.Flow = record.Flow{
		Protocol: f.protocol, RemoteAddress: to.Addr(), RemotePort: int32(to.Port()), Direction: record.DirectionUplink,
		ULPackets: f.ul, ULVolume: 100 * f.ul, DLPackets: f.dl, DLVolume: 100 * f.dl,
	}
	return t
}

// scan returns n failed contacts to different hosts, one every step.
func scan(terminal byte, at record.Micros, n int, step record.Micros) []flow {
	var list []flow
	for i := range n {
		list = append(list, flow{terminal, at + record.Micros(i)*step, fmt.Sprintf("198.51.%d.%d:23", i/250, 1+i%250), pane.TCP, 1, 0})
	}
	return list
}

// sent is one record a task sent, decoded.
type sent struct {
	topic stream.Topic
	value []byte
	rec   any
}

// start returns a started task with the default settings, changed.
func start(t testing.TB, change func(*Settings)) *Task {
	t.Helper()
	s := DefaultSettings()
	if change != nil {
		change(&s)
	}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	task := New(s, 0)
	if err := task.Start(stream.Start{Partitions: testCounts()}); err != nil {
		t.Fatal(err)
	}
	return task
}

// testCounts are the partition counts of tests.
func testCounts() map[stream.Topic]int32 {
	return map[stream.Topic]int32{stream.Telemetry: 1, stream.Verdicts: 1, stream.VerdictsEarly: 1, stream.DeadLetters: 1, stream.ScorerState: 1}
}

// run feeds values to a task as one batch and returns what it sent.
func run(t testing.TB, task *Task, values [][]byte) []sent {
	t.Helper()
	b := stream.Batch{Partition: stream.Partition{Topic: stream.Telemetry}}
	for i, v := range values {
		b.Records = append(b.Records, stream.Record{Offset: int64(i), Value: v})
	}
	var out stream.Effects
	if taken := task.Process(b, stream.Now{}, &out); taken != len(values) {
		t.Fatalf("taken %d of %d", taken, len(values))
	}
	var list []sent
	for _, s := range out.Sends() {
		rec, err := record.Decode(s.Value)
		if err != nil {
			t.Fatalf("%s: %v", s.Topic, err)
		}
		list = append(list, sent{s.Topic, append([]byte(nil), s.Value...), rec})
	}
	return list
}

// verdicts picks the verdicts.
func verdicts(list []sent) []*record.Verdict {
	var out []*record.Verdict
	for _, s := range list {
		if v, is := s.rec.(*record.Verdict); is {
			out = append(out, v)
		}
	}
	return out
}

// warnings picks the early warnings.
func warnings(list []sent) []*record.EarlyWarning {
	var out []*record.EarlyWarning
	for _, s := range list {
		if w, is := s.rec.(*record.EarlyWarning); is {
			out = append(out, w)
		}
	}
	return out
}

func TestScanIsRaisedAndCleared(t *testing.T) {
	var s script
	s.clock(epoch)
	for _, f := range scan(1, epoch+3*record.Second, 20, 500*record.Millisecond) {
		s.add(f.record())
	}
	s.clock(epoch + record.Day)
	list := run(t, start(t, nil), s.values)
	for _, w := range warnings(list) {
		t.Logf("%s early %v %+v", w.OccurredAt, w.ExceptionID, w.Reasons)
	}
	got := verdicts(list)
	for _, v := range got {
		t.Logf("%s %v %v seq %d evidence %d score %d conf %d %+v %q %+v", v.DecidedAt, v.Status, v.Class, v.Sequence, v.Evidence, v.Score, v.Confidence, v.Reasons, v.Counterfactual, v.Destinations)
	}
	if len(got) < 2 || got[0].Status != record.StatusRaised || got[0].Class != record.ClassMalicious {
		t.Fatalf("want a malicious case, got %+v", got)
	}
	if want := epoch + 10*record.Second + 20*record.Second; got[0].DecidedAt != want {
		t.Errorf("decidedAt = %s, want %s", got[0].DecidedAt, want)
	}
	if last := got[len(got)-1]; last.Status != record.StatusCleared {
		t.Errorf("last = %v, want CLEARED", last.Status)
	}
}
