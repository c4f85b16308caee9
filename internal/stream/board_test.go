package stream

import (
	"slices"
	"testing"

	"cordon/internal/record"
)

func front(t record.Micros) Front { return Front{Counts: true, Time: t} }

const second = record.Second

// Nobody runs ahead of a partition that has not spoken: one of this instance
// until its task is restored, one of another until progress tells.
func TestBoardWaitsForWhoHasNotSpoken(t *testing.T) {
	b := NewBoard(3, 0)
	expect := func(what string, want record.Micros) {
		t.Helper()
		if got := b.Frontier(0); got != want {
			t.Errorf("%s: the frontier of 0 is %d, want %d", what, got, want)
		}
	}
	b.Join(0, func() {})
	one := b.Join(1, func() {})
	b.Publish(0, front(100*second), 0)
	expect("nobody else has spoken", unknown.Time+AlignBound)
	b.Publish(1, front(90*second), 0)
	expect("2, of another instance, has not spoken", unknown.Time+AlignBound)
	b.Heard(2, front(80*second), 5)
	expect("all have spoken", 80*second+AlignBound)
	b.Heard(2, Front{Time: 80 * second}, 6)
	expect("2 is EMPTY or STALLED", 90*second+AlignBound)
	b.Heard(1, front(10*second), 7)
	expect("a word of others about 1, which runs here", 90*second+AlignBound)
	b.Leave(one, 8)
	expect("1 has left and nobody has taken over", 90*second+AlignBound)
	b.Heard(1, front(95*second), 9)
	expect("1 goes on elsewhere", 95*second+AlignBound)
	b.Heard(7, front(0), 9) // of a topic that has grown: not ours to follow
	expect("a partition that is not on the board", 95*second+AlignBound)
}

// After SilentAfter without a word nobody waits, until there is one again.
func TestBoardGivesUpTheSilent(t *testing.T) {
	b := NewBoard(3, 0)
	woken := 0
	b.Join(0, func() { woken++ })
	b.Publish(0, front(0), 0)
	b.Heard(1, front(50*second), 30*second)
	look := looking(b, 0)
	for _, c := range []struct {
		wall   record.Micros
		silent []int32
		want   record.Micros
	}{
		{SilentAfter - 1, nil, unknown.Time + AlignBound},
		{SilentAfter, []int32{2}, 50*second + AlignBound},
		{SilentAfter + 30*second, []int32{1, 2}, Far},
	} {
		if got := look(c.wall); !slices.Equal(got, c.silent) {
			t.Errorf("silent at %d: %v, want %v", c.wall, got, c.silent)
		}
		if got := b.Frontier(0); got != c.want {
			t.Errorf("frontier at %d: %d, want %d", c.wall, got, c.want)
		}
	}
	b.Heard(2, front(10*second), SilentAfter+31*second)
	if got := b.Silent(0, SilentAfter+31*second); !slices.Equal(got, []int32{1}) || b.Frontier(0) != 10*second+AlignBound {
		t.Errorf("after a word of 2: silent %v, frontier %d", got, b.Frontier(0))
	}
	if woken == 0 {
		t.Error("the task was not told that it may go on")
	}
}

// looking lets time pass as a worker does: it looks every second up to a wall time.
func looking(b *Board, now record.Micros) func(until record.Micros) []int32 {
	return func(until record.Micros) []int32 {
		for ; until-now > second; now += second {
			b.Silent(0, now)
		}
		now = until
		return b.Silent(0, now)
	}
}

// What a process did not see while it stood still, or while its clock was set, is
// no silence of others; two minutes of real silence after it are.
func TestBoardWaitsAfterTheClockJumped(t *testing.T) {
	for name, jump := range map[string]record.Micros{"ahead": record.Hour, "back": -record.Hour} {
		began := 2 * record.Hour
		b := NewBoard(2, began)
		b.Join(0, func() {})
		b.Heard(1, front(50*second), began)
		b.Silent(0, began+second)
		after := began + jump
		if got := b.Silent(0, after); got != nil || b.Frontier(0) != 50*second+AlignBound {
			t.Errorf("%s: silent %v, frontier %d; nobody was", name, got, b.Frontier(0))
		}
		look := looking(b, after)
		if got := look(after + SilentAfter - 1); got != nil {
			t.Errorf("%s: silent %v too early", name, got)
		}
		if got := look(after + SilentAfter); !slices.Equal(got, []int32{1}) {
			t.Errorf("%s: silent %v after two minutes, want 1", name, got)
		}
	}
}

func TestBoardWakesThoseThatDoNotKnow(t *testing.T) {
	b := NewBoard(2, 0)
	mine, other := 0, 0
	b.Join(0, func() { mine++ })
	b.Join(1, func() { other++ })
	mine, other = 0, 0
	b.Publish(0, front(1), 0)
	b.Publish(0, front(1), 0)
	if mine != 0 || other != 1 {
		t.Errorf("%d wake-ups for the mover and %d for its sibling, want 0 and 1", mine, other)
	}
}

// The old task of a partition may end after the new one has begun.
func TestBoardKeepsTheNewTask(t *testing.T) {
	b := NewBoard(1, 0)
	before := b.Join(0, func() {})
	b.Join(0, func() {})
	b.Leave(before, 0)
	if got := looking(b, 0)(2 * SilentAfter); got != nil {
		t.Errorf("silent: %v; the new task is here", got)
	}
}

// An owner that says STALLED is alive; others that say it of a silent partition
// tell nothing of its owner.
func TestBoardTellsOwnersFromOthers(t *testing.T) {
	b := NewBoard(2, 0)
	b.Join(0, func() {})
	say := func(key string, wall record.Micros) {
		t.Helper()
		value, err := record.Append(nil, &record.SourceClock{RawPartition: 1, RawPartitions: 2, State: record.ClockStalled})
		if err != nil {
			t.Fatal(err)
		}
		b.HeardRecord(Record{Key: []byte(key), Value: value}, wall)
	}
	at := record.Micros(0)
	for ; at < 2*SilentAfter; at += second {
		say("1", at)
		if silent := b.Silent(0, at); silent != nil || b.Frontier(0) != Far {
			t.Fatalf("its owner speaks at %d: silent %v, frontier %d; want none, and nobody waits", at, silent, b.Frontier(0))
		}
	}
	for end := at + SilentAfter; at < end; at += second {
		say("1"+SilentSuffix, at)
		b.Silent(0, at)
	}
	if silent := b.Silent(0, at); !slices.Equal(silent, []int32{1}) {
		t.Errorf("only others speak of it: silent %v, want 1", silent)
	}
}

// A task of this instance that cannot be restored, or hangs, holds up the others
// no longer than one of another instance.
func TestBoardGivesUpAHungTask(t *testing.T) {
	b := NewBoard(2, 0)
	b.Join(0, func() {})
	b.Join(1, func() {})
	for at := record.Micros(0); at < SilentAfter; at += second {
		b.Publish(0, front(at), at)
		if silent := b.Silent(0, at); silent != nil || b.Frontier(0) != unknown.Time+AlignBound {
			t.Fatalf("at %d: silent %v, frontier %d; want none, and 0 waits for 1", at, silent, b.Frontier(0))
		}
	}
	if silent := b.Silent(0, SilentAfter); !slices.Equal(silent, []int32{1}) || b.Frontier(0) != Far {
		t.Errorf("after two minutes: silent %v, frontier %d; want 1, and nobody waits", silent, b.Frontier(0))
	}
	b.Publish(1, front(7*second), SilentAfter)
	if silent := b.Silent(0, SilentAfter); silent != nil || b.Frontier(0) != 7*second+AlignBound {
		t.Errorf("1 is alive again: silent %v, frontier %d", silent, b.Frontier(0))
	}
}
