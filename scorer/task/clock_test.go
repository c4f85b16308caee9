package task

import (
	"math"
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
	if !k.drop() || k.dropped() != 1 {
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
	if k.dropped() != 1 {
		t.Error("counts before it has caught up")
	}
	if k.waits()[1].State != record.ClockStalled {
		t.Errorf("told as %v, want STALLED", k.waits()[1].State)
	}
	k.hear(&record.SourceClock{RawPartition: 1, RawPartitions: 2, Time: 500 * s, State: record.ClockActive})
	if k.dropped() != 0 {
		t.Error("does not count after it has caught up")
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
