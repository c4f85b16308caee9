package task

import (
	"math"
	"slices"
	"testing"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

func TestWatermark(t *testing.T) {
	const s = record.Second
	hear := func(partition int32, at record.Micros, state record.ClockState) record.SourceClock {
		return record.SourceClock{RawPartition: partition, RawPartitions: 2, Time: at, State: state}
	}
	for _, c := range []struct {
		name  string
		heard []record.SourceClock
		want  record.Micros
		moves bool
	}{
		{"nothing heard", nil, 0, false},
		{"one of two", []record.SourceClock{hear(0, 100*s, record.ClockActive)}, 0, false},
		{"the slower one", []record.SourceClock{hear(0, 100*s, record.ClockActive), hear(1, 50*s, record.ClockIdle)}, 30 * s, true},
		{"an empty one does not count", []record.SourceClock{hear(0, 100*s, record.ClockActive), hear(1, 0, record.ClockEmpty)}, 80 * s, true},
		{"a stalled one does not count", []record.SourceClock{hear(0, 100*s, record.ClockActive), hear(1, 50*s, record.ClockStalled)}, 80 * s, true},
		{"lost data counts", []record.SourceClock{hear(0, 100*s, record.ClockActive), hear(1, 50*s, record.ClockDataLoss)}, 30 * s, true},
		{"none counts", []record.SourceClock{hear(0, 100*s, record.ClockEmpty), hear(1, 50*s, record.ClockStalled)}, 0, false},
		{"a time that goes back", []record.SourceClock{hear(0, 100*s, record.ClockActive), hear(1, 50*s, record.ClockActive), hear(1, 40*s, record.ClockActive)}, 30 * s, true},
		{"declared stalled by another", []record.SourceClock{hear(0, 100*s, record.ClockActive), hear(1, 50*s, record.ClockActive), hear(1, 0, record.ClockStalled)}, 80 * s, true},
		{"its owner speaks again, without a newer time", []record.SourceClock{hear(0, 100*s, record.ClockActive), hear(1, 50*s, record.ClockActive), hear(1, 0, record.ClockStalled), hear(1, 50*s, record.ClockActive)}, 30 * s, true},
		{"never heard, declared stalled", []record.SourceClock{hear(0, 100*s, record.ClockActive), hear(1, 0, record.ClockStalled)}, 80 * s, true},
		{"near 1970", []record.SourceClock{hear(0, 5*s, record.ClockActive), hear(1, 5*s, record.ClockActive)}, 0, true},
	} {
		k := clock{lateness: 20 * s}
		for i := range c.heard {
			if !k.hear(&c.heard[i]) {
				t.Fatalf("%s: clock %d not believed", c.name, i)
			}
		}
		if got, moves := k.next(); moves != c.moves || (moves && got != c.want) {
			t.Errorf("%s: %d %v, want %d %v", c.name, got, moves, c.want, c.moves)
		}
	}
}

func TestClockIsNotBelieved(t *testing.T) {
	k := clock{}
	if !k.hear(&record.SourceClock{RawPartition: 1, RawPartitions: 2, Time: 1}) {
		t.Fatal("a good clock was not believed")
	}
	for _, bad := range []record.SourceClock{
		{RawPartition: 0, RawPartitions: 3}, {RawPartition: 2, RawPartitions: 2}, {RawPartition: -1, RawPartitions: 2},
		{RawPartitions: 2, Time: pane.MaxTime}, {RawPartitions: 2, Time: math.MaxInt64}, // a clock from beyond all panes
		{RawPartition: 0, RawPartitions: 0}, {RawPartition: 0, RawPartitions: 1 << 30},
	} {
		if k.hear(&bad) {
			t.Errorf("believed %+v", bad)
		}
	}
}

// A raw partition that holds up the others is dropped, and counts again once
// it has caught up.
func TestDroppedClockCountsAgain(t *testing.T) {
	const s = record.Second
	k := clock{lateness: 20 * s}
	for partition, at := range []record.Micros{500 * s, 100 * s} {
		k.hear(&record.SourceClock{RawPartition: int32(partition), RawPartitions: 2, Time: at, State: record.ClockActive})
	}
	k.watermark, k.running = 80*s, true
	if !k.drop() || k.standing() != (standing{counting: 1, dropped: 1}) {
		t.Fatal("nothing dropped")
	}
	if got, moves := k.next(); !moves || got != 480*s {
		t.Errorf("watermark %d %v, want 480 s", got, moves)
	}
	if k.drop() {
		t.Error("the last one was dropped")
	}
	k.watermark = 480 * s
	k.hear(&record.SourceClock{RawPartition: 1, RawPartitions: 2, Time: 499 * s, State: record.ClockActive})
	if k.standing().dropped != 1 {
		t.Error("counts before it has caught up")
	}
	if k.waits()[1].State != record.ClockStalled {
		t.Errorf("told as %v, want STALLED", k.waits()[1].State)
	}
	k.hear(&record.SourceClock{RawPartition: 1, RawPartitions: 2, Time: 500 * s, State: record.ClockActive})
	if k.standing().dropped != 0 {
		t.Error("does not count after it has caught up")
	}
}

// Nobody is dropped where that would not let the watermark move.
func TestWhoIsDropped(t *testing.T) {
	at := func(seconds record.Micros, state record.ClockState) rawClock {
		return rawClock{time: seconds * record.Second, state: state, heard: true}
	}
	active, empty := record.ClockActive, record.ClockEmpty
	for _, c := range []struct {
		name string
		raw  []rawClock
		want int // index of the one that is dropped, -1: none
	}{
		{"none is known", nil, -1},
		{"only one", []rawClock{at(5, active)}, -1},
		{"all at the same time", []rawClock{at(5, active), at(5, active), at(5, active)}, -1},
		{"the slowest", []rawClock{at(7, active), at(5, active), at(6, active)}, 1},
		{"never heard before slow", []rawClock{at(7, active), at(5, active), {}}, 2},
		{"never heard, and none counts", []rawClock{at(0, empty), {}}, -1},
		{"empty ones hold nobody up", []rawClock{at(0, empty), at(5, active)}, -1},
	} {
		k := clock{raw: c.raw}
		if got := k.drop(); got != (c.want >= 0) {
			t.Errorf("%s: dropped %v", c.name, got)
		}
		for i := range k.raw {
			if k.raw[i].dropped != (i == c.want) {
				t.Errorf("%s: raw partition %d dropped %v, want %d to be", c.name, i, k.raw[i].dropped, c.want)
			}
		}
	}
}

// A raw partition that was dropped before there was a watermark counts with its
// first word.
func TestDroppedBeforeTheFirstWord(t *testing.T) {
	k := clock{lateness: 20 * record.Second}
	k.hear(&record.SourceClock{RawPartition: 0, RawPartitions: 2, Time: 100 * record.Second, State: record.ClockActive})
	if !k.drop() {
		t.Fatal("the one that was never heard is not dropped")
	}
	k.hear(&record.SourceClock{RawPartition: 1, RawPartitions: 2, Time: 50 * record.Second, State: record.ClockActive})
	if got, moves := k.next(); !moves || got != 30*record.Second {
		t.Errorf("watermark %d %v, want 30 s", got, moves)
	}
}

// What another collector says of a raw partition takes nothing from the counts
// of its sources, which its owner tells.
func TestStalledByAnotherLeavesCountsAlone(t *testing.T) {
	var s script
	say := func(r int32, at record.Micros, state record.ClockState, received int64) {
		c := &record.SourceClock{RawPartition: r, RawPartitions: 2, Time: at, State: state}
		if received > 0 {
			c.Sources = []record.SourceCount{{SourceID: "upf-1", Received: received, Missing: 1}}
		}
		s.add(c)
	}
	say(0, epoch+record.Minute, record.ClockActive, 5)
	say(1, epoch+record.Minute, record.ClockActive, 7)
	say(1, 0, record.ClockStalled, 0)
	say(1, 0, record.ClockStalled, 0) // said by a second one
	say(0, epoch+10*record.Minute, record.ClockActive, 0)
	say(1, epoch+10*record.Minute, record.ClockActive, 11)
	say(0, epoch+20*record.Minute, record.ClockActive, 0)
	say(1, epoch+20*record.Minute, record.ClockActive, 0)
	var sum record.Coverage
	var states []record.ClockState
	for _, r := range run(t, start(t, nil), s.values) {
		if p, is := r.rec.(*record.Progress); is {
			sum.Received += p.Coverage.Received
			sum.Missing += p.Coverage.Missing
			states = append(states, p.Sources[1].State)
		}
	}
	if sum.Received != 23 || sum.Missing != 3 {
		t.Errorf("%d received and %d missing in all, want 23 and 3", sum.Received, sum.Missing)
	}
	if !slices.Contains(states, record.ClockStalled) || states[len(states)-1] != record.ClockActive {
		t.Errorf("Progress tells of raw partition 1: %v, want STALLED and then ACTIVE", states)
	}
}

func TestCoverage(t *testing.T) {
	var c coverage
	c.add(tally{received: 90, missing: 10}, 0)
	if got := c.recent().coverage(); got.Permille != 900 {
		t.Errorf("%+v, want 900 permille", got)
	}
	c.add(tally{received: 100}, record.Hour)
	if got := c.recent().coverage(); got.Received != 190 || got.Permille != 950 {
		t.Errorf("an hour later %+v, want 950 permille", got)
	}
	c.add(tally{}, 5*record.Hour)
	if got := c.recent().coverage(); got.Permille != 1000 || got.Received != 0 {
		t.Errorf("five hours later %+v, want nothing missing", got)
	}
}
