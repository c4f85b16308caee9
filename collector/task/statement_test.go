package task_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cordon/collector/clock"
	"cordon/collector/pseudonym"
	"cordon/collector/seal"
	"cordon/collector/task"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/internal/stream/memory"
)

// lone is a collector that is alone in its instance: it hears of the others by
// the progress topic only.
type lone struct {
	t       *testing.T
	id      int32
	task    *task.Task
	board   *stream.Board
	pending []stream.Batch // a record each
	said    []record.SourceClock
	T       record.Micros // of the last SourceClock in telemetry
}

// instances starts n collectors, each in an instance of its own, with what lies
// in its raw partition.
func instances(t *testing.T, wall record.Micros, partitionsOf ...[]*raw.Telemetry) []*lone {
	t.Helper()
	n := int32(len(partitionsOf))
	var all []*lone
	for id, records := range partitionsOf {
		l := &lone{t: t, id: int32(id), board: stream.NewBoard(n, wall)}
		l.board.Join(l.id, func() {})
		var err error
		if l.task, err = task.New(settings(), pseudonym.TestKey(), l.id); err != nil {
			t.Fatal(err)
		}
		if err := l.task.Start(stream.Start{Partitions: partitions(n, 1)}); err != nil {
			t.Fatal(err)
		}
		for i, r := range records {
			l.pending = append(l.pending, stream.Batch{AppendTime: wall, Records: []stream.Record{{Offset: int64(i), Value: raw.AppendTelemetry(nil, r)}}})
		}
		all = append(all, l)
	}
	return all
}

// step lets the collector take what it may and pass the time on; what it says
// on progress is returned.
func (l *lone) step(wall record.Micros) []stream.Record {
	l.t.Helper()
	var out stream.Effects
	now := stream.Now{Wall: wall, Frontier: l.board.Frontier(l.id), AtEnd: len(l.pending) == 0, Silent: l.board.Silent(l.id, wall)}
	for len(l.pending) > 0 && l.task.Process(l.pending[0], now, &out) == 1 {
		l.pending = l.pending[1:]
	}
	now.AtEnd = len(l.pending) == 0
	l.task.Tick(now, &out)
	var progress []stream.Record
	for _, s := range out.Sends() {
		var c record.SourceClock
		if record.DecodeInto(s.Value, &c) != nil {
			continue
		}
		switch s.Topic {
		case stream.Telemetry:
			if c.RawPartition == l.id {
				l.T = c.Time
			}
		case stream.Progress:
			l.said = append(l.said, c)
			progress = append(progress, stream.Record{Key: slices.Clone(s.Key), Value: slices.Clone(s.Value)})
		}
	}
	return progress
}

// pass lets a second of wall time pass for all of them.
func pass(all []*lone, wall record.Micros) {
	for _, l := range all {
		for _, r := range l.step(wall) {
			for _, other := range all {
				other.board.HeardRecord(r, wall)
			}
		}
	}
}

// sparse are reports with gaps longer than the alignment bound between them.
func sparse(source string, from, n int) []*raw.Telemetry {
	var list []*raw.Telemetry
	for i := range n {
		f := flow(from+i*300, supi(1), netip.Addr{})
		f.SourceID = source
		list = append(list, f)
	}
	return list
}

// Partitions of different instances whose records lie minutes apart do not wait
// for one another for ever, neither at the first start nor later.
func TestGapsAreCrossedByProgressAlone(t *testing.T) {
	wall := start + record.Day
	all := instances(t, wall, sparse("upf-1", 0, 20), sparse("upf-2", 100, 20), sparse("upf-3", 217, 20))
	for range 300 {
		pass(all, wall)
		wall += record.Second
		for _, l := range all {
			// T is what all scorers build on: never past a record that waits.
			if len(l.pending) > 0 {
				var next raw.Telemetry
				if err := raw.DecodeInto(l.pending[0].Records[0].Value, &next); err != nil {
					t.Fatal(err)
				}
				if l.T >= next.OccurredAt {
					t.Fatalf("partition %d states %v in telemetry, but its record of %v is not taken", l.id, l.T, next.OccurredAt)
				}
			}
		}
	}
	for _, l := range all {
		if len(l.pending) > 0 {
			t.Errorf("after 300 s partition %d still has %d of 20 records to take; it said %+v", l.id, len(l.pending), l.said)
		}
	}
}

// However instances come to run and however late they hear of one another: every
// record is taken, and none more than 20 s ahead of what another partition has
// still to take (architecture section 4, Alignment).
func TestAlignmentAcrossInstances(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var lists [][]*raw.Telemetry
		for range rapid.IntRange(2, 4).Draw(rt, "instances") {
			var list []*raw.Telemetry
			seconds := 0
			for range rapid.IntRange(0, 12).Draw(rt, "records") {
				seconds += rapid.OneOf(rapid.IntRange(0, 5), rapid.IntRange(15, 25), rapid.IntRange(100, 600)).Draw(rt, "gap")
				list = append(list, flow(seconds, supi(1), netip.Addr{}))
			}
			if len(list) > 0 { // all end together, as a replay does: none falls silent on the way
				list = append(list, flow(10_000, supi(1), netip.Addr{}))
			}
			lists = append(lists, list)
		}
		wall := start + record.Day
		all := instances(t, wall, lists...)
		var way []stream.Record // on progress, not heard yet
		for left := 1; left > 0; wall += record.Second {
			if wall > start+record.Day+5*record.Minute {
				rt.Fatalf("after 5 min %d records are not taken", left)
			}
			if rapid.IntRange(0, 2).Draw(rt, "heard") > 0 {
				for _, r := range way {
					for _, l := range all {
						l.board.HeardRecord(r, wall)
					}
				}
				way = nil
			}
			left = 0
			for i, l := range all {
				if rapid.IntRange(0, 3).Draw(rt, "runs") > 0 {
					before := len(l.pending)
					way = append(way, l.step(wall)...)
					checkAhead(rt, lists, all, i, len(lists[i])-before)
				}
				left += len(l.pending)
			}
		}
	})
}

// checkAhead holds what instance i took since its record from against what the
// others have still to take.
func checkAhead(rt *rapid.T, lists [][]*raw.Telemetry, all []*lone, i, from int) {
	took := lists[i][from : len(lists[i])-len(all[i].pending)]
	for _, r := range took {
		for j, other := range all {
			if j == i || len(other.pending) == 0 {
				continue
			}
			next := lists[j][len(lists[j])-len(other.pending)].OccurredAt
			if r.OccurredAt > next+stream.AlignBound {
				rt.Fatalf("partition %d took a record of %v while partition %d has one of %v to take", i, r.OccurredAt, j, next)
			}
		}
	}
}

// A partition without a record says so at once: others wait until it has.
func TestEmptyIsToldAtOnce(t *testing.T) {
	wall := start + record.Day
	all := instances(t, wall, sparse("upf-1", 0, 3), nil)
	pass(all, wall)
	pass(all, wall+record.Second)
	if got := all[1].said; len(got) != 1 || got[0].State != record.ClockEmpty {
		t.Fatalf("said %+v in its first second, want EMPTY", got)
	}
	if len(all[0].pending) > 0 {
		t.Errorf("%d of 3 records wait for a partition that is EMPTY", len(all[0].pending))
	}
}

// What waits says so when it begins to, when its place moves, and every 5 s.
func TestWaitingIsToldRarely(t *testing.T) {
	wall := start + record.Day
	all := instances(t, wall, sparse("upf-1", 0, 3), sparse("upf-2", 0, 3))
	for range 60 {
		all[0].step(wall) // the other instance is not there yet
		wall += record.Second
	}
	if n := len(all[0].said); n != 12 {
		t.Errorf("%d statements in 60 s of waiting, want one in 5 s", n)
	}
	for _, c := range all[0].said {
		if c.State != record.ClockActive || c.Time != at(0) || len(c.Sources) != 0 {
			t.Errorf("said %+v, want ACTIVE at %v, the record that waits", c, at(0))
		}
	}
	if all[0].T != 0 {
		t.Errorf("it told the scorers %v, want nothing", all[0].T)
	}
}

// A raw partition whose instance has died is declared STALLED once by those who
// hear nothing of it for two minutes, and counts again with its owner's word.
func TestSilentPartitionIsDeclaredStalled(t *testing.T) {
	c, err := task.New(settings(), pseudonym.TestKey(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(stream.Start{Partitions: partitions(4, 3)}); err != nil {
		t.Fatal(err)
	}
	declared := func(silent ...int32) (list []string) {
		var out stream.Effects
		c.Tick(stream.Now{Wall: start, Silent: silent}, &out)
		for _, s := range out.Sends() {
			var st record.SourceClock
			if err := record.DecodeInto(s.Value, &st); err != nil {
				t.Fatal(err)
			}
			if st.RawPartitions != 4 || st.State != record.ClockStalled || st.Time != 0 || len(st.Sources) != 0 {
				t.Errorf("said %+v, want STALLED of 4 partitions and nothing else", st)
			}
			list = append(list, fmt.Sprintf("%d:%s/%d", st.RawPartition, s.Topic, s.Partition))
		}
		return list
	}
	for i, step := range []struct {
		silent []int32
		want   string
	}{
		{nil, "[]"},
		{[]int32{2}, "[2:telemetry/0 2:telemetry/1 2:telemetry/2 2:progress/0]"},
		{[]int32{2}, "[]"},
		{[]int32{2, 3}, "[3:telemetry/0 3:telemetry/1 3:telemetry/2 3:progress/0]"},
		{nil, "[]"}, // both were heard again
		{[]int32{3}, "[3:telemetry/0 3:telemetry/1 3:telemetry/2 3:progress/0]"},
	} {
		if got := fmt.Sprint(declared(step.silent...)); got != step.want {
			t.Errorf("step %d, silent %v: declared %s, want %s", i, step.silent, got, step.want)
		}
	}
	if n := c.Counters().Declared; n != 3 {
		t.Errorf("counted %d declarations, want 3", n)
	}
}

// By wall time alone nobody moves on while the other instance lives; when it is
// silent for two minutes the rest goes on without it.
func TestRestGoesOnWithoutASilentInstance(t *testing.T) {
	wall := start + record.Day
	all := instances(t, wall, sparse("upf-1", 0, 3), sparse("upf-2", 0, 3))
	for range 119 {
		pass(all[:1], wall)
		wall += record.Second
	}
	if n := len(all[0].pending); n != 3 {
		t.Fatalf("%d of 3 records are left before the other one is given up, want 3", n)
	}
	for range 5 {
		pass(all[:1], wall)
		wall += record.Second
	}
	if n := len(all[0].pending); n != 0 {
		t.Errorf("%d of 3 records wait for an instance that is gone", n)
	}
	if !slices.ContainsFunc(all[0].said, func(c record.SourceClock) bool { return c.RawPartition == 1 && c.State == record.ClockStalled }) {
		t.Errorf("partition 1 was not declared STALLED: %+v", all[0].said)
	}
}

// Records deleted before they were read are told once, however often the
// process dies on the way, and counted as missing once.
func TestLostRecordsAreToldOnce(t *testing.T) {
	r := newRig(t, 1, 1)
	put := func(from, n int) {
		for i := range n {
			r.put(0, nil, flow(from+i, supi(1), netip.Addr{}))
		}
	}
	put(0, 10)
	r.run()
	put(10, 7)
	rawPartition := stream.Partition{Topic: stream.TelemetryRaw}
	r.log.Trim(rawPartition, r.log.End(rawPartition))
	for range 3 {
		r.restart() // each dies after the checkpoint that skips the gap
	}
	put(17, 1)
	r.run()
	put(100, 1)
	r.run()
	r.restart()
	put(200, 1)
	r.run()
	states, missing := 0, int64(0)
	for _, c := range r.clocks(0) {
		if c.State == record.ClockDataLoss {
			states++
		}
		for _, s := range c.Sources {
			missing += s.Missing
		}
	}
	if states != 1 || missing != 7 {
		t.Errorf("DATA_LOSS told %d times with %d records missing, want once with 7", states, missing)
	}
}

// A source that makes up names costs neither memory nor state beyond the bound,
// and what it sends flows on.
func TestSourcesBeyondTheBoundShareAnEntry(t *testing.T) {
	const beyond = 500
	r := newRig(t, 1, 1)
	for i := range clock.MaxSources + beyond {
		f := flow(0, supi(1), netip.Addr{})
		f.SourceID = fmt.Sprint("made-up-", i)
		r.put(0, nil, f)
	}
	r.run()
	if n := len(r.telemetry(0)); n != clock.MaxSources+beyond {
		t.Errorf("%d records forwarded, want %d", n, clock.MaxSources+beyond)
	}
	c := r.counters(0)
	if c.Clock.Sources != clock.MaxSources || c.Shared != beyond {
		t.Errorf("%d sources and %d shared records, want %d and %d", c.Clock.Sources, c.Shared, clock.MaxSources, beyond)
	}
	r.restart()
	var cut stream.Cut
	again := r.runner.Tasks()[0].(*task.Task)
	again.Cut(&cut)
	if n := again.Counters().Clock.Sources; n != clock.MaxSources {
		t.Errorf("%d sources after a restart, want %d", n, clock.MaxSources)
	}
}

// The state of the release before is read: its partition piece ends with the
// clock.
func TestFormerStateIsRead(t *testing.T) {
	r := newRig(t, 1, 1)
	r.put(0, nil, flow(7, supi(1), netip.Addr{}))
	r.run()
	sealer, err := seal.New(pseudonym.TestKey())
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := task.New(settings(), pseudonym.TestKey(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, piece := range stateOf(r) {
		plain, err := sealer.Open(piece.Key, piece.Value)
		if err != nil {
			t.Fatal(err)
		}
		if plain[0] == 'p' {
			plain = plain[:len(plain)-2] // nothing lost, no offset
		}
		if err := fresh.Restore(piece.Key, sealer.Seal(piece.Key, plain)); err != nil {
			t.Fatal(err)
		}
	}
	if err := fresh.Start(stream.Start{Restored: true, Header: stream.Header{StateVersion: task.StateVersion - 1}, Partitions: partitions(1, 1)}); err != nil {
		t.Fatalf("layout %d: %v", task.StateVersion-1, err)
	}
	if f := fresh.Front(); f.Time != at(7) {
		t.Errorf("went on at %v, want %v", f.Time, at(7))
	}
}

// stateOf returns the pieces in the state topic of a rig, tombstones left out.
func stateOf(r *rig) []stream.Record {
	return piecesIn(r.log, stream.Partition{Topic: stream.CollectorState})
}

func piecesIn(log *memory.Log, p stream.Partition) (pieces []stream.Record) {
	for b, next, more := log.Fetch(p, 0); more; b, next, more = log.Fetch(p, next) {
		for _, rec := range b.Records {
			if string(rec.Key) != stream.HeaderKey && rec.Value != nil {
				pieces = append(pieces, rec)
			}
		}
	}
	return pieces
}
