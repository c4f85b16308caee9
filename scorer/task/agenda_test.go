package task

import (
	"encoding/binary"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// fleetOfCases returns what 10,000 terminals send who are watched afterwards.
func fleetOfCases() [][]byte {
	var s script
	s.clock(epoch)
	for i := range 10_000 {
		for j := range 5 {
			r := flow{1, epoch + record.Second, fmt.Sprintf("198.51.100.%d:23", j), pane.TCP, 1, 0}.record()
			binary.BigEndian.PutUint16(r.Terminal[2:], uint16(i))
			s.add(r)
		}
	}
	s.clock(epoch + record.Minute)
	return s.values
}

// A jump of 8 days over 10,000 open cases: what the last clock of a replay asks
// for.
func BenchmarkJump(b *testing.B) {
	values := fleetOfCases()
	jump := [][]byte{encode(&record.SourceClock{RawPartitions: 1, Time: epoch + 8*record.Day, State: record.ClockActive})}
	for b.Loop() {
		b.StopTimer()
		task := start(b, nil)
		run(b, task, values)
		b.StartTimer()
		run(b, task, jump)
	}
}

// Cases without traffic are looked at when something is due, not every pane: a
// minute of work otherwise.
func TestJumpClearsManyCases(t *testing.T) {
	task := start(t, nil)
	run(t, task, fleetOfCases())
	if task.cases.Len() != 10_000 {
		t.Fatalf("%d cases, want 10,000", task.cases.Len())
	}
	told := verdicts(run(t, task, [][]byte{encode(&record.SourceClock{RawPartitions: 1, Time: epoch + 8*record.Day, State: record.ClockActive})}))
	if cleared := len(told); cleared < 10_000 || task.cases.Len() != 0 {
		t.Errorf("%d verdicts, %d cases open, want all cleared", cleared, task.cases.Len())
	}
}

// The agenda is a list of turns, earliest first.
func TestAgendaIsAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := roster{}
		a := agenda{roster: &r}
		list := map[int32]pane.Number{}
		for range rapid.IntRange(1, 60).Draw(t, "acts") {
			number := r.number(record.Pseudonym{byte(rapid.IntRange(0, 15).Draw(t, "terminal"))})
			if rapid.Bool().Draw(t, "remove") {
				a.remove(number)
				delete(list, number)
			} else {
				list[number] = pane.Number(rapid.IntRange(0, 9).Draw(t, "at"))
				a.set(number, list[number])
			}
			n := pane.Number(rapid.IntRange(-1, 9).Draw(t, "until"))
			want, earliest := 0, pane.Number(10)
			for _, at := range list {
				earliest = min(earliest, at)
				if at <= n {
					want++
				}
			}
			due := a.due(n, nil)
			for _, number := range due {
				if at, known := list[number]; !known || at > n {
					t.Fatalf("terminal %d is due at %d, its turn is %d, %v", number, n, at, known)
				}
			}
			if first, some := a.first(); len(due) != want || some != (len(list) > 0) || some && first != earliest || a.Len() != len(list) {
				t.Fatalf("%d due at %d, first %d of %d; want %d, %d of %d", len(due), n, first, a.Len(), want, earliest, len(list))
			}
		}
	})
}
