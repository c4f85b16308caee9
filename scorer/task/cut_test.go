package task

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/scorer/pane"
)

// busy returns what a partition of some hundred terminals sends before a cut and
// after it: cases and panes are open, records wait, strings are many, and after
// 31 days of silence all terminals are forgotten.
func busy() (before, after [][]byte) {
	before, after = story()
	var s script
	now := epoch + 3*record.Day + 50*record.Second
	for round := range record.Micros(6) {
		for terminal := range 250 {
			f := flow{byte(terminal), now + round*7*record.Second, fmt.Sprintf("203.0.113.%d:443", terminal%20), pane.TCP, 4, int64(terminal % 7)}
			r := f.record()
			r.TypeAllocationCode = fmt.Sprintf("%d%d", terminal, round)
			s.add(r)
		}
	}
	half := len(s.values) / 2
	before, after = append(before, s.values[:half]...), slices.Concat(s.values[half:], after)
	var later script
	for p := range int32(2) {
		later.add(&record.SourceClock{RawPartition: p, RawPartitions: 2, Time: now + 33*record.Day, State: record.ClockActive})
	}
	for _, f := range scan(9, now+33*record.Day, 20, record.Second) {
		later.add(f.record())
	}
	return before, append(after, later.values...)
}

// A cut that is encoded by another goroutine, while the task goes on, has the
// pieces of one that is encoded at once. The race detector sees whether both
// touch the same memory.
func TestCutIsEncodedBesideTheTask(t *testing.T) {
	before, after := busy()
	at := func(whileEncoding [][]byte) []stream.Piece {
		task := start(t, nil)
		run(t, task, before)
		var cut stream.Cut
		task.Cut(&cut)
		done := make(chan struct{})
		go func() {
			cut.Encode()
			close(done)
		}()
		run(t, task, whileEncoding)
		task.sweepNames()
		<-done
		task.Settle(true)
		return cut.Pieces()
	}
	want, got := at(nil), at(after)
	if len(want) < 200 || len(got) != len(want) {
		t.Fatalf("%d pieces, want %d", len(got), len(want))
	}
	for i := range want {
		if !bytes.Equal(got[i].Key, want[i].Key) || !bytes.Equal(got[i].Value, want[i].Value) {
			t.Errorf("piece %q is %x, want %x", got[i].Key, got[i].Value, want[i].Value)
		}
	}
}

// Terminals that are forgotten, and come again, are told of as without cuts,
// aborted ones and crashes in between.
func TestForgottenTerminalsStayForgotten(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var flows []flow
		for range rapid.IntRange(1, 4).Draw(rt, "episodes") {
			flows = append(flows, episode(rt)...)
		}
		values := deliver(rt, flows, 0, 5*record.Second)
		for range rapid.IntRange(1, 3).Draw(rt, "times") {
			last, _ := record.Decode(values[len(values)-1])
			from := last.(*record.SourceClock).Time + 31*record.Day
			values = append(values, encode(&record.SourceClock{RawPartitions: 1, Time: from, State: record.ClockActive}))
			for _, f := range scan(byte(rapid.IntRange(1, 3).Draw(rt, "terminal")), from, rapid.IntRange(1, 20).Draw(rt, "contacts"), record.Second) {
				values = append(values, encode(f.record()))
			}
			values = append(values, encode(&record.SourceClock{RawPartitions: 1, Time: from + 2*record.Day, State: record.ClockActive}))
		}
		settings := DefaultSettings()
		same(rt, "troubled", troubled(rt, t, settings, values), plain(t, settings, values))
	})
}

// What is not written anew in a cut is what was written before: the log of all
// committed cuts holds the state as a single cut of everything does.
func TestCutsAddUp(t *testing.T) {
	before, after := busy()
	values := slices.Concat(before, after)
	rapid.Check(t, func(rt *rapid.T) {
		kept := checkpoint{pieces: map[string][]byte{}}
		task := kept.restore(t, DefaultSettings())
		for next := 0; next < len(values); {
			to := min(len(values), next+rapid.IntRange(1, 800).Draw(rt, "batch"))
			run(t, task, values[next:to])
			next = to
			if rapid.Bool().Draw(rt, "sweep") {
				task.sweepNames()
			}
			var cut stream.Cut
			task.Cut(&cut)
			committed := rapid.IntRange(0, 2).Draw(rt, "abort") > 0
			if committed {
				kept.take(&cut)
				kept.next = next
			}
			task.Settle(committed)
		}
		var cut stream.Cut
		task.Cut(&cut)
		kept.take(&cut)
		task.Settle(true)
		kept.next = len(values)
		all, again := everything(task), everything(kept.restore(t, DefaultSettings()))
		if len(all) != len(again) {
			rt.Fatalf("restored state has %d pieces, want %d", len(again), len(all))
		}
		for key, value := range all {
			if again[key] != value {
				rt.Errorf("piece %q restored\n %x\nwant\n %x", key, again[key], value)
			}
		}
	})
}

// everything returns the whole state of a task, by key.
func everything(task *Task) map[string]string {
	for number := range task.roster.terminals.Len() {
		task.touch(number)
	}
	task.sweepNames()
	for number, s := range task.names.strings {
		if s != "" {
			task.names.changed = append(task.names.changed, uint32(number))
		}
	}
	for i := range task.waiting.records {
		task.waiting.records[i].stored = false
	}
	var cut stream.Cut
	task.Cut(&cut)
	cut.Encode()
	task.Settle(true)
	all := map[string]string{}
	for _, p := range cut.Pieces() {
		if p.Value != nil {
			all[string(p.Key)] = string(p.Value)
		}
	}
	return all
}
