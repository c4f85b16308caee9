package task

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
	"cordon/internal/stream"
)

// history is what lies in the partitions of verdicts: each a list of records in
// the order of their times, ended by a Progress past every timer.
type history [][]any

const lawTerminals = 6 // terminal n lies in partition n % partitions

// drawHistory draws cases of a few terminals that are raised, change, pause and
// are cleared, close enough in time for probation and expiry to interleave.
func drawHistory(t *rapid.T, partitions int) history {
	h := make(history, partitions)
	for p := range h {
		at, sequences := record.Micros(0), map[byte]int64{}
		h[p] = append(h[p], clock(0, 1000))
		for range rapid.IntRange(0, 25).Draw(t, "records") {
			at += record.Micros(rapid.Int64Range(0, 300).Draw(t, "pause")) * second
			if rapid.IntRange(0, 3).Draw(t, "progress") == 0 {
				h[p] = append(h[p], clock(at, 1000))
				continue
			}
			n := byte(rapid.IntRange(0, lawTerminals-1).Draw(t, "terminal"))
			n = n - n%byte(partitions) + byte(p)
			sequences[n]++
			h[p] = append(h[p], drawVerdict(t, n, sequences[n], at))
		}
		h[p] = append(h[p], clock(at+8*record.Day, 1000))
	}
	return h
}

func drawVerdict(t *rapid.T, n byte, sequence int64, at record.Micros) *record.Verdict {
	v := flood(n, sequence, at)
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0, 1:
		v.Status = record.StatusCleared
	case 2:
		v.Exceptions[0].ExceptionID = record.WrongDestinationAddress
	case 3:
		v.Class = record.ClassWatch
	case 4:
		v.Destinations[0].Port = rapid.Int32Range(1, 2).Draw(t, "port")
	}
	if rapid.IntRange(0, 9).Draw(t, "protected") == 0 {
		v.Criticality = record.CriticalityProtected
	}
	return v
}

// straight gives one record per batch, partition by partition, in one life.
func straight(t *rapid.T, h history, s Settings) *bench {
	b := newBench(t, int32(len(h)), s)
	// Who counts terminals later would be judged by another share.
	for p := range h {
		b.give(stream.Verdicts, int32(p), h[p][0])
	}
	for p, recs := range h {
		for _, rec := range recs[1:] {
			b.give(stream.Verdicts, int32(p), rec)
		}
	}
	b.cut(true)
	return b
}

// eventful gives the same records in batches of any size, in any order between
// the partitions, with checkpoints that commit or abort and crashes between.
func eventful(t *rapid.T, h history, s Settings) *bench {
	b := newBench(t, int32(len(h)), s)
	for p := range h {
		b.give(stream.Verdicts, int32(p), h[p][0])
	}
	for {
		var left []int
		for p := range h {
			if b.offsets[stream.Partition{Topic: stream.Verdicts, ID: int32(p)}] < int64(len(h[p])) {
				left = append(left, p)
			}
		}
		if len(left) == 0 {
			b.cut(true)
			return b
		}
		switch rapid.IntRange(0, 7).Draw(t, "act") {
		case 0:
			b.cut(true)
		case 1:
			b.cut(false)
		case 2:
			if len(b.state) > 0 {
				b.restart()
			}
		default:
			p := rapid.SampledFrom(left).Draw(t, "partition")
			recs := h[p][b.offsets[stream.Partition{Topic: stream.Verdicts, ID: int32(p)}]:]
			n := rapid.IntRange(1, min(len(recs), 5)).Draw(t, "batch")
			b.give(stream.Verdicts, int32(p), recs[:n]...)
		}
	}
}

// about returns the commands about each terminal, in order; the fence is not
// part of a comparison (contracts section 6).
func about(commands []record.IsolationCommand) [lawTerminals][]record.IsolationCommand {
	var by [lawTerminals][]record.IsolationCommand
	for _, c := range commands {
		c.Fence = 0
		by[c.Terminal[0]] = append(by[c.Terminal[0]], c)
	}
	return by
}

func compare(t *rapid.T, what string, got, want []record.IsolationCommand) {
	t.Helper()
	if !reflect.DeepEqual(about(got), about(want)) {
		t.Fatalf("%s: commands per terminal\n got %v\nwant %v", what, about(got), about(want))
	}
}

// TestBatchesCutsAndCrashesChangeNothing: as long as no guard binds, commands
// per terminal are the same however the input is cut up and interleaved.
func TestBatchesCutsAndCrashesChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t, rapid.IntRange(1, 3).Draw(t, "partitions"))
		compare(t, "cut up", eventful(t, h, generous()).commands, straight(t, h, generous()).commands)
	})
}

// TestOtherTerminalsChangeNothing: what is ordered about a terminal is the same
// when it is alone with the clock.
func TestOtherTerminalsChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t, 1)
		all := about(straight(t, h, generous()).commands)
		n := byte(rapid.IntRange(0, lawTerminals-1).Draw(t, "alone"))
		alone := history{nil}
		for _, rec := range h[0] {
			if v, ok := rec.(*record.Verdict); !ok || v.Terminal[0] == n {
				alone[0] = append(alone[0], rec)
			}
		}
		if got := about(straight(t, alone, generous()).commands); !reflect.DeepEqual(got[n], all[n]) {
			t.Fatalf("terminal %d\nalone %v\namong others %v", n, got[n], all[n])
		}
	})
}

// TestRestartsChangeNothingUnderGuards: with guards that bind, one partition
// cut up in any way gives the same commands and the same audit, in one order.
func TestRestartsChangeNothingUnderGuards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t, 1)
		s := DefaultSettings()
		s.IsolationsPerMinute = rapid.Int64Range(1, 2).Draw(t, "per minute")
		s.SharePermille = rapid.Int64Range(1, 3).Draw(t, "permille")
		one, other := straight(t, h, s), eventful(t, h, s)
		if !slices.Equal(other.lines(), one.lines()) {
			t.Fatalf("commands\n got %v\nwant %v", other.lines(), one.lines())
		}
		if !slices.Equal(other.kinds(), one.kinds()) {
			t.Fatalf("audit\n got %v\nwant %v", other.kinds(), one.kinds())
		}
		checkLimits(t, one.commands, s)
	})
}

// checkLimits replays the commands and counts: never more isolated at once than
// the share of 1,000 terminals, never more newly isolated in a minute.
func checkLimits(t *rapid.T, commands []record.IsolationCommand, s Settings) {
	isolated := map[record.Pseudonym]bool{}
	var issued []record.Micros
	for _, c := range commands {
		if c.Action == record.ActionRelease {
			delete(isolated, c.Terminal)
			continue
		}
		if !isolated[c.Terminal] {
			issued = append(issued, c.IssuedAt)
		}
		isolated[c.Terminal] = true
		if int64(len(isolated)) > s.SharePermille {
			t.Fatalf("%d isolated of 1000, limit %d permille", len(isolated), s.SharePermille)
		}
	}
	slices.Sort(issued)
	for i := int(s.IsolationsPerMinute); i < len(issued); i++ {
		if first := issued[i-int(s.IsolationsPerMinute)]; issued[i]-first < minute {
			t.Fatalf("more than %d isolations in the minute after %v: %v", s.IsolationsPerMinute, first.Duration(), issued)
		}
	}
}

// TestAgendaLaw compares the agenda with a sorted list.
func TestAgendaLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a agenda
		slow := map[record.Pseudonym]record.Micros{}
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			id := record.Pseudonym{byte(rapid.IntRange(0, 9).Draw(t, "id"))}
			if rapid.Bool().Draw(t, "set") {
				at := record.Micros(rapid.Int64Range(0, 5).Draw(t, "at"))
				a.Set(id, at)
				slow[id] = at
			} else {
				a.Remove(id)
				delete(slow, id)
			}
			var want []entry
			for id, at := range slow {
				want = append(want, entry{at, id})
			}
			slices.SortFunc(want, func(x, y entry) int {
				if x.before(y) {
					return -1
				}
				return 1
			})
			first, ok := a.First()
			if a.Len() != len(want) || ok != (len(want) > 0) || ok && first != want[0] {
				t.Fatalf("agenda of %d starts with %v, want %v", a.Len(), first, want)
			}
		}
	})
}

// FuzzRestore: no piece makes the program fail otherwise than by an error, and
// what it takes it writes again such that it reads the same.
func FuzzRestore(f *testing.F) {
	b := newBench(f, 2, generous())
	b.give(stream.Verdicts, 1, clock(0, 50), flood(7, 1, 20*second), cleared(7, 2, minute))
	b.give(stream.OperatorDecisions, 0, decide(record.DecisionPause, 0), decide(record.DecisionExempt, 9))
	b.cut(true)
	for _, s := range b.state {
		f.Add(s.Key, s.Value)
	}
	f.Fuzz(func(t *testing.T, key, value []byte) {
		first := New(generous())
		if first.Restore(key, value) != nil || value == nil {
			return
		}
		again := New(generous())
		k := pieceKey{kind: key[0]}
		switch k.kind {
		case pieceTerminal:
			k.terminal = record.Pseudonym(key[1:])
		case piecePartition:
			k.partition = int32(len(first.parts) - 1)
		}
		if err := again.Restore(key, first.piece(k)); err != nil {
			t.Fatalf("piece %x = %x was taken, its own encoding %x not: %v", key, value, first.piece(k), err)
		}
		if got, want := fmt.Sprint(again.piece(k)), fmt.Sprint(first.piece(k)); got != want {
			t.Fatalf("piece %x = %x: written %s, then %s", key, value, want, got)
		}
	})
}

// BenchmarkVerdicts measures verdicts of 10,000 terminals through decoding,
// ladder, guard, commands, audit and a cut per 1,000.
func BenchmarkVerdicts(b *testing.B) {
	const terminals, perBatch = 10_000, 1000
	bb := newBench(b, 1, generous())
	bb.give(stream.Verdicts, 0, clock(0, 1_000_000))
	at := stream.Partition{Topic: stream.Verdicts, ID: 0}
	batch := stream.Batch{Partition: at}
	for i := range b.N {
		v := flood(byte(i), int64(i/terminals)+1, record.Micros(i)*10*record.Millisecond)
		v.Terminal = record.Pseudonym{byte(i % terminals), byte(i % terminals >> 8)}
		if i/terminals%3 == 2 {
			v.Status = record.StatusCleared
		}
		batch.Records = append(batch.Records, stream.Record{Offset: int64(i) + 1, Value: encode(b, v)})
	}
	b.ResetTimer()
	all := batch.Records
	for len(all) > 0 {
		n := min(perBatch, len(all))
		batch.Records, all = all[:n], all[n:]
		bb.owner.Take(batch, stream.Now{})
		if _, err := bb.owner.Cut().Pieces(); err != nil {
			b.Fatal(err)
		}
		bb.owner.Settle(true)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "verdicts/s")
	b.ReportMetric(float64(bb.task().counters.AuditEvents)/float64(b.N), "acts/verdict")
}

func ExampleTask() {
	stage, _ := Stage(DefaultSettings())
	counts := map[stream.Topic]int32{stream.Verdicts: 1, stream.IsolationRehearsal: 1}
	inputs := []stream.Partition{{Topic: stream.Verdicts}}
	owner := stream.NewOwner(stage, 0, inputs)
	if err := owner.Begin(stream.Start{Partitions: counts}); err != nil {
		fmt.Println(err)
		return
	}
	var batch stream.Batch
	batch.Partition = inputs[0]
	for i, rec := range []any{clock(0, 80), flood(7, 1, 20*second)} {
		value, _ := record.Append(nil, rec)
		batch.Records = append(batch.Records, stream.Record{Offset: int64(i), Value: value})
	}
	owner.Take(batch, stream.Now{})
	for _, s := range owner.Effects().Sends() {
		if rec, _ := record.Decode(s.Value); s.Topic == stream.IsolationRehearsal {
			c := rec.(*record.IsolationCommand)
			fmt.Println(c.Action, c.Target.Destinations[0].Address, "for", c.ValidForSeconds, "s:", c.Mode)
		}
	}
	// Output: BLOCK_DESTINATION 203.0.113.7 for 600 s: DRY_RUN
}
