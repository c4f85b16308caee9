package task

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/scorer/detect"
	"cordon/scorer/judge"
	"cordon/scorer/pane"
)

// epoch is the time tests start at: the edge of a pane.
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
	got := verdicts(list)
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

func TestLateRecordsChangeNothing(t *testing.T) {
	var s script
	s.clock(epoch)
	s.clock(epoch + record.Hour)
	for _, f := range scan(1, epoch+record.Minute, 30, record.Second) {
		s.add(f.record())
	}
	s.clock(epoch + 2*record.Hour)
	task := start(t, nil)
	list := run(t, task, s.values)
	if got := verdicts(list); len(got) != 0 {
		t.Errorf("verdicts from late records: %+v", got)
	}
	if task.counts.late != 30 {
		t.Errorf("late = %d, want 30", task.counts.late)
	}
	last := list[len(list)-1].rec.(*record.Progress)
	if last.Coverage.Late != 30 || last.Coverage.Permille != 0 {
		t.Errorf("coverage = %+v, want 30 late", last.Coverage)
	}
}

func TestBadInputIsDeadLettered(t *testing.T) {
	good := flow{1, epoch, "203.0.113.1:443", pane.TCP, 1, 1}.record()
	future := *good
	future.OccurredAt = -1
	port := *good
	port.Flow.RemotePort = 70_000
	for _, c := range []struct {
		name  string
		value []byte
		want  record.DeadLetterReason
	}{
		{"garbage", []byte("garbage"), record.DeadUnknownSchema},
		{"cut short", encode(good)[:40], record.DeadUndecodable},
		{"empty", nil, record.DeadUnknownSchema},
		{"before 1970", encode(&future), record.DeadOutOfRange},
		{"port", encode(&port), record.DeadOutOfRange},
		{"not for this topic", encode(&record.Progress{}), record.DeadUnknownSchema},
		{"clock of no partition", encode(&record.SourceClock{RawPartition: 5, RawPartitions: 1}), record.DeadOutOfRange},
	} {
		list := run(t, start(t, nil), [][]byte{c.value})
		if len(list) != 1 || list[0].topic != stream.DeadLetters {
			t.Errorf("%s: sent %+v, want one dead letter", c.name, list)
			continue
		}
		if d := list[0].rec.(*record.DeadLetter); d.Reason != c.want || d.Stage != "scorer" || d.SourceTopic != "telemetry" {
			t.Errorf("%s: %+v, want %v", c.name, d, c.want)
		}
	}
}

// When the room to wait is full, a raw partition that holds up the rest is no
// longer waited for; where there is none to drop, records go to dead letters.
func TestRoomToWaitIsBounded(t *testing.T) {
	small := func(s *Settings) { s.HeldBytes = 1 << 16 }
	fill := func(partitions int32) []sent {
		var s script
		for p := range partitions {
			s.add(&record.SourceClock{RawPartition: p, RawPartitions: partitions, State: record.ClockActive,
				Time: epoch + record.Micros(p)*record.Hour})
		}
		for i := range 1000 {
			s.add(flow{1, epoch + 30*record.Minute + record.Micros(i)*record.Second, "203.0.113.1:443", pane.TCP, 1, 1}.record())
		}
		return run(t, start(t, small), s.values)
	}
	refused, progress := 0, 0
	for _, s := range fill(1) {
		if d, is := s.rec.(*record.DeadLetter); is && d.Reason == record.DeadHeldTooMany {
			refused++
		}
	}
	if refused == 0 || refused == 1000 {
		t.Errorf("one raw partition: %d refused, want some", refused)
	}
	refused = 0
	for _, s := range fill(2) {
		switch r := s.rec.(type) {
		case *record.DeadLetter:
			refused++
		case *record.Progress:
			progress++
			if r.Sources[0].State != record.ClockStalled {
				t.Errorf("progress says %+v, want the first STALLED", r.Sources)
			}
		}
	}
	if refused != 0 || progress != 1 {
		t.Errorf("two raw partitions: %d refused, %d progress, want 0 and 1", refused, progress)
	}
}

func TestFloodNamesItsVictim(t *testing.T) {
	var s script
	s.clock(epoch)
	for i := range 300 {
		at := epoch + record.Micros(i)*100*record.Millisecond
		s.add(flow{1, at, fmt.Sprintf("203.0.113.5:%d", 1000+i), pane.UDP, 40, 0}.record())
		if i%100 == 0 {
			s.add(flow{1, at, "198.51.100.1:123", pane.UDP, 1, 0}.record()) // a time server that fails
		}
	}
	s.clock(epoch + record.Day)
	list := run(t, start(t, nil), s.values)
	if w := warnings(list); len(w) == 0 || w[0].ExceptionID != record.WrongDestinationAddress {
		t.Errorf("warnings: %+v", w)
	}
	got := verdicts(list)
	if len(got) == 0 {
		t.Fatal("no verdict")
	}
	for _, v := range got {
		if len(v.Destinations) != 1 || v.Destinations[0].Address.String() != "203.0.113.5" || v.Destinations[0].Port != 0 {
			t.Errorf("%v at %s: destinations %+v, want 203.0.113.5 with any port", v.Status, v.DecidedAt, v.Destinations)
		}
	}
}

// At most one early warning per terminal, exception and minute.
func TestEarlyWarningsAreFew(t *testing.T) {
	var s script
	s.clock(epoch)
	for i := range 1300 {
		at := epoch + record.Micros(i)*50*record.Millisecond
		if i%200 == 0 {
			s.clock(at)
		}
		s.add(flow{1, at, "203.0.113.5:80", pane.TCP, 40, 0}.record())
	}
	got := warnings(run(t, start(t, nil), s.values))
	if len(got) != 2 || got[0].ExceptionID != record.SuspicionOfDDoSAttack || got[1].OccurredAt < got[0].OccurredAt+record.Minute {
		t.Errorf("65 s of flood: %+v, want two warnings a minute apart", got)
	}
	if len(got) > 0 && got[0].Evidence < int64(floodWarning) {
		t.Errorf("evidence %d, want at least %d", got[0].Evidence, floodWarning)
	}
}

// A retry loop to three dead servers over all open panes is no scan.
func TestRepeatsAreNoScan(t *testing.T) {
	var s script
	s.clock(epoch)
	for i := range 60 {
		s.add(flow{1, epoch + record.Micros(i)*record.Second, fmt.Sprintf("203.0.113.%d:443", i%3), pane.TCP, 1, 0}.record())
	}
	s.clock(epoch + record.Day)
	list := run(t, start(t, nil), s.values)
	if len(warnings(list)) > 0 || len(verdicts(list)) > 0 {
		t.Errorf("warned %d times, judged %d times, want neither", len(warnings(list)), len(verdicts(list)))
	}
}

// The kill switches switch off what they say.
func TestDetectorsCanBeSwitchedOff(t *testing.T) {
	var s script
	s.clock(epoch)
	for _, f := range scan(1, epoch, 30, record.Second) {
		s.add(f.record())
	}
	s.clock(epoch + record.Day)
	list := run(t, start(t, func(s *Settings) { s.Scan.Enabled = false }), s.values)
	if len(warnings(list))+len(verdicts(list)) != 0 {
		t.Errorf("D1 is off: %d warnings, %d verdicts", len(warnings(list)), len(verdicts(list)))
	}
}

// One Progress per step, with the watermark; populations once an hour.
func TestProgress(t *testing.T) {
	var s script
	s.clock(epoch)
	s.add(flow{1, epoch + record.Second, "203.0.113.1:443", pane.TCP, 1, 1}.record())
	for i := range 100 {
		s.clock(epoch + record.Micros(i)*5*record.Second)
	}
	s.clock(epoch + record.Hour)
	s.clock(epoch + 30*record.Hour)
	var list []*record.Progress
	for _, r := range run(t, start(t, func(s *Settings) { s.Peers.Shown = 1 }), s.values) {
		if p, is := r.rec.(*record.Progress); is {
			list = append(list, p)
		}
	}
	if len(list) != 49+1+1 { // a pane every 10 s, the runs of an hour and of 29 hours once
		t.Errorf("%d Progress, want 51", len(list))
	}
	for i, p := range list {
		if i > 0 && p.Time <= list[i-1].Time {
			t.Errorf("Progress %d goes from %s to %s", i, list[i-1].Time, p.Time)
		}
	}
	if p := list[10]; p.Terminals != 1 || p.StateGeneration != 1 {
		t.Errorf("Progress = %+v, want one terminal, generation 1", p)
	}
	if p := list[len(list)-1]; p.Terminals != 0 || p.Time != epoch+30*record.Hour-20*record.Second {
		t.Errorf("last Progress = %+v, want no terminal", p)
	}
	if p := list[49]; len(p.Populations) != 1 || p.Populations[0] != (record.Population{Dimension: "dnn", Value: "iot", Terminals: 1}) {
		t.Errorf("populations = %+v at %s", p.Populations, p.Time)
	}
}

// Populations of fewer than five terminals are not told of: they would tell of single
// terminals.
func TestSmallPopulationsAreNotTold(t *testing.T) {
	for _, c := range []struct{ terminals, want int }{{4, 0}, {5, 1}} {
		var s script
		s.clock(epoch)
		for i := range c.terminals {
			s.add(flow{byte(i + 1), epoch + record.Second, "203.0.113.1:443", pane.TCP, 1, 1}.record())
		}
		s.clock(epoch + 2*record.Hour)
		told := 0
		for _, r := range run(t, start(t, nil), s.values) {
			if p, is := r.rec.(*record.Progress); is {
				told += len(p.Populations)
			}
		}
		if told != c.want {
			t.Errorf("%d terminals: %d populations are told of, want %d", c.terminals, told, c.want)
		}
	}
}

func TestGeneration(t *testing.T) {
	digest := DefaultSettings().Digest(1)
	tail := []stream.Record{
		{Key: []byte(progressKey), Value: encode(&record.Progress{StateGeneration: 4})},
		{Key: []byte{1}, Value: encode(&record.Verdict{StateGeneration: 6})},
	}
	for _, c := range []struct {
		name string
		from stream.Start
		want int64
	}{
		{"fresh", stream.Start{}, 1},
		{"without state after Progress", stream.Start{Tail: tail[:1]}, 5},
		{"without state after verdicts", stream.Start{Tail: tail[1:]}, 7},
		{"restored", stream.Start{Restored: true, Header: stream.Header{StateVersion: StateVersion, StateGeneration: 7, ConfigDigest: digest}}, 7},
		{"restored under another configuration", stream.Start{Restored: true, Header: stream.Header{StateVersion: StateVersion, StateGeneration: 7}}, 8},
	} {
		task := New(DefaultSettings(), 0)
		c.from.Partitions = testCounts()
		if err := task.Start(c.from); err != nil || task.generation != c.want {
			t.Errorf("%s: generation %d (%v), want %d", c.name, task.generation, err, c.want)
		}
	}
	err := New(DefaultSettings(), 0).Start(stream.Start{Restored: true, Header: stream.Header{StateVersion: 99}})
	if !errors.Is(err, stream.ErrState) {
		t.Errorf("another state version: %v, want %v", err, stream.ErrState)
	}
}

// A terminal that was silent for 30 days is forgotten, also in the state.
func TestSilentTerminalsAreForgotten(t *testing.T) {
	task := start(t, nil)
	var s script
	s.clock(epoch)
	s.add(flow{1, epoch, "203.0.113.1:443", pane.TCP, 1, 1}.record())
	s.clock(epoch + record.Hour)
	run(t, task, s.values)
	task.Cut(new(stream.Cut))
	task.Settle(true)
	var later script
	later.clock(epoch + 31*record.Day)
	run(t, task, later.values)
	var cut stream.Cut
	task.Cut(&cut)
	cut.Encode()
	if task.roster.index.live != 0 {
		t.Errorf("%d terminals, want none", task.roster.index.live)
	}
	if p := cut.Pieces()[0]; p.Value != nil || p.Key[0] != kindTerminal {
		t.Errorf("first piece %q %q, want the terminal's removal", p.Key, p.Value)
	}
}

func TestEmergencySessionIsTold(t *testing.T) {
	var s script
	s.clock(epoch)
	session := &record.PseudonymisedTelemetry{Terminal: record.Pseudonym{1, 1}, OccurredAt: epoch + record.Second, Kind: record.KindSession,
		Session: record.Session{Event: record.SessionEstablished, Emergency: true}}
	s.add(session)
	for _, f := range scan(1, epoch, 30, record.Second) {
		s.add(f.record())
	}
	s.clock(epoch + record.Day)
	if got := verdicts(run(t, start(t, nil), s.values)); len(got) == 0 || !got[0].EmergencySession {
		t.Errorf("verdicts %+v, want them to tell of the emergency session", got)
	}
}

// The state of a terminal is small and free of pointers.
func TestTerminalSize(t *testing.T) {
	size := unsafe.Sizeof(terminal{})
	t.Logf("a terminal has %d bytes, its destinations %d, control plane %d, device %d, case %d, pane %d, destination of a pane %d, event of a pane %d",
		size, unsafe.Sizeof(detect.Destinations{}), unsafe.Sizeof(detect.Control{}), unsafe.Sizeof(detect.Device{}),
		unsafe.Sizeof(judge.Case{}), unsafe.Sizeof(pane.Slot{}), unsafe.Sizeof(pane.Destination{}), unsafe.Sizeof(pane.Event{}))
	if size > 900 {
		t.Errorf("a terminal has %d bytes, want at most 900", size)
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[terminal](), reflect.TypeFor[judge.Case](), reflect.TypeFor[pane.Slot](), reflect.TypeFor[pane.Destination](), reflect.TypeFor[pane.Event](),
		reflect.TypeFor[detect.Destinations](), reflect.TypeFor[detect.Control](), reflect.TypeFor[detect.Device]()} {
		if name := pointerIn(typ); name != "" {
			t.Errorf("%v holds a pointer: %s", typ, name)
		}
	}
}

// pointerIn names the first pointer in a type.
func pointerIn(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			if inner := pointerIn(t.Field(i).Type); inner != "" {
				return t.Field(i).Name + "." + inner
			}
		}
	case reflect.Array:
		return pointerIn(t.Elem())
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.String, reflect.Interface, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return t.String()
	}
	return ""
}

func TestSettingsValidate(t *testing.T) {
	if err := DefaultSettings().Validate(); err != nil {
		t.Fatal(err)
	}
	for key, change := range map[string]func(*Settings){
		"decision.watch": func(s *Settings) { s.Decision.Watch = 30_000 },
		"decision.clear": func(s *Settings) { s.Decision.Clear = 12_000 },
		"infrastructure": func(s *Settings) { s.Infrastructure = []string{"here"} },
	} {
		s := DefaultSettings()
		change(&s)
		if err := s.Validate(); err == nil || !strings.HasPrefix(err.Error(), key) {
			t.Errorf("%s: %v, want an error that names the key", key, err)
		}
	}
	changed := DefaultSettings()
	changed.Flood.Packets++
	if changed.Digest(8) == DefaultSettings().Digest(8) || DefaultSettings().Digest(8) == DefaultSettings().Digest(4) {
		t.Error("the digest does not tell settings or partition counts apart")
	}
}

// fleet returns one encoded flow of each of n terminals in one pane.
func fleet(n int, at record.Micros) stream.Batch {
	b := stream.Batch{Partition: stream.Partition{Topic: stream.Telemetry}}
	f := flow{1, at, "203.0.113.1:443", pane.TCP, 10, 10}.record()
	f.IntervalStart = record.Some(at - 10*record.Second)
	// In no order that memory has: whoever takes terminals as they come has none of
	// them in a cache. The records themselves lie side by side, as in a batch.
	var values []byte
	for _, i := range rand.New(rand.NewPCG(1, uint64(at))).Perm(n) {
		binary.BigEndian.PutUint64(f.Terminal[:], uint64(i+1)*0x9e3779b97f4a7c15)
		binary.BigEndian.PutUint64(f.Terminal[8:], uint64(i+1)*0xc2b2ae3d27d4eb4f)
		f.Flow.RemotePort = int32(8000 + i%7)
		from := len(values)
		values, _ = record.Append(values, f)
		b.Records = append(b.Records, stream.Record{Value: values[from:len(values):len(values)]})
	}
	return b
}

// Taking a record allocates nothing once the terminal's panes are there.
func TestProcessAllocatesNothing(t *testing.T) {
	task := start(t, nil)
	var first script
	first.clock(epoch)
	run(t, task, first.values)
	b := fleet(500, epoch+5*record.Second)
	var out stream.Effects
	task.Process(b, stream.Now{}, &out)
	if n := testing.AllocsPerRun(10, func() { task.Process(b, stream.Now{}, &out) }); n > 0 {
		t.Errorf("%v allocations for 500 records, want 0", n)
	}
}
