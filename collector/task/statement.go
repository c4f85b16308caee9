package task

import (
	"slices"
	"strconv"

	"cordon/collector/clock"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// told is what the collectors of other instances last heard of this partition.
type told struct {
	front record.Micros
	wall  record.Micros // 0: nothing yet
}

// Tick lets a silent partition move, and states its time.
func (t *Task) Tick(now stream.Now, out *stream.Effects) {
	t.clock.Tick(now.Wall, now.AtEnd, t.refused >= 0)
	t.decide(out)
	switch at := t.time(); {
	case t.clock.Due(at) || t.clock.DueByWall(now.Wall):
		t.state(at, now.Wall, out)
	case t.refused >= 0 && (now.Wall < t.told.wall || t.told.wall == 0 || t.told.front != t.Front().Time || now.Wall-t.told.wall >= t.every):
		t.tellFront(&record.SourceClock{State: record.ClockActive}, now.Wall, out)
	}
	t.declare(now.Silent, out)
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
	t.toTelemetry(st, out)
	t.tellFront(st, wall, out)
	t.counters.SourceClocks++
}

// tellFront tells the collectors of other instances where the partition stands:
// they see no more of a record that it waits to take, and two partitions at a
// gap would wait for one another for ever. The scorer is told T only, for the
// record that waits is not in telemetry yet.
func (t *Task) tellFront(st *record.SourceClock, wall record.Micros, out *stream.Effects) {
	t.told = told{t.Front().Time, wall}
	st.RawPartition, st.RawPartitions, st.NextOffset, st.Time = t.partition, t.counts.raw, t.next, t.told.front
	t.toProgress(strconv.Itoa(int(t.partition)), st, out)
}

// declare says of raw partitions whose owner has fallen silent that they are not
// to be waited for, once per silence. Their owner's next word ends that. Several
// tasks may say it: it changes nothing the second time.
func (t *Task) declare(silent []int32, out *stream.Effects) {
	for _, r := range silent {
		if _, done := slices.BinarySearch(t.declared, r); done {
			continue
		}
		st := &record.SourceClock{RawPartition: r, RawPartitions: t.counts.raw, State: record.ClockStalled}
		t.toTelemetry(st, out)
		// The owner's last word outlasts it: that says how far the clock has come.
		t.toProgress(strconv.Itoa(int(r))+stream.SilentSuffix, st, out)
		t.counters.Declared++
	}
	t.declared = append(t.declared[:0], silent...)
}

func (t *Task) toTelemetry(st *record.SourceClock, out *stream.Effects) {
	t.encode(st)
	for p := range t.counts.telemetry {
		out.Send(stream.Send{Topic: stream.Telemetry, Partition: p, Value: t.value})
	}
}

func (t *Task) toProgress(key string, st *record.SourceClock, out *stream.Effects) {
	t.encode(st)
	out.Send(stream.Send{Topic: stream.Progress, Partition: st.RawPartition % t.counts.progress, Key: []byte(key), Value: t.value})
}

// countLost counts, as missing, the records between the position and the log
// start once the first record behind the gap shows how many there were.
func (t *Task) countLost(in *input) {
	if t.lostFrom < 0 {
		return
	}
	n := in.Offset - t.lostFrom
	t.clock.Count(t.clock.Known(""), t.clock.Sane(in.appended), clock.Missing, n)
	t.counters.Lost += n
	t.lostFrom = -1
}
