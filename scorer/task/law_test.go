package task

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/scorer/pane"
)

// episode draws what one terminal does for a while.
func episode(t *rapid.T) []flow {
	terminal := byte(rapid.IntRange(1, 3).Draw(t, "terminal"))
	at := epoch + record.Minute + record.Micros(rapid.Int64Range(0, int64(3*record.Hour/record.Millisecond)).Draw(t, "start"))*record.Millisecond
	n := rapid.IntRange(1, 40).Draw(t, "flows")
	step := rapid.SampledFrom([]record.Micros{100 * record.Millisecond, record.Second, 17 * record.Second, 3 * record.Minute}).Draw(t, "step")
	switch rapid.SampledFrom([]string{"scan", "flood", "benign", "upload"}).Draw(t, "kind") {
	case "scan":
		return scan(terminal, at, n, step)
	case "flood":
		return repeat(flow{terminal, at, "203.0.113.99:80", pane.TCP, 400, 0}, n, step)
	case "upload":
		return repeat(flow{terminal, at, "203.0.113.80:443", pane.TCP, 9000, 9}, n, step)
	}
	return repeat(flow{terminal, at, "203.0.113.7:8883", pane.TCP, 10, 10}, n, step)
}

// repeat returns a flow n times.
func repeat(f flow, n int, step record.Micros) []flow {
	var list []flow
	for i := range n {
		g := f
		g.at += record.Micros(i) * step
		list = append(list, g)
	}
	return list
}

// delivery is one value on its way, in order of arrival.
type delivery struct {
	arrives record.Micros
	value   []byte
}

// deliver puts flows in the order they arrive, each up to 20 s late, between
// clocks that speak at the given interval.
func deliver(t *rapid.T, flows []flow, jitter, every record.Micros) [][]byte {
	var list []delivery
	end := epoch
	for _, f := range flows {
		end = max(end, f.at)
		late := record.Micros(rapid.Int64Range(0, int64(jitter)).Draw(t, "late"))
		list = append(list, delivery{f.at + late, encode(f.record())})
	}
	for at := epoch; at < end+record.Minute; at += every {
		list = append(list, delivery{at, encode(&record.SourceClock{RawPartitions: 1, Time: at, State: record.ClockActive})})
	}
	last := end + 2*record.Day
	list = append(list, delivery{last, encode(&record.SourceClock{RawPartitions: 1, Time: last, State: record.ClockActive})})
	slices.SortStableFunc(list, func(a, b delivery) int { return cmp.Compare(a.arrives, b.arrives) })
	var values [][]byte
	for _, d := range list {
		values = append(values, d.value)
	}
	return values
}

// encode encodes a record.
func encode(rec any) []byte {
	var s script
	s.add(rec)
	return s.values[0]
}

// checkpoint is what a log keeps of a committed cut.
type checkpoint struct {
	pieces map[string][]byte
	order  []string
	header stream.Header
	next   int // value to go on with
	told   int // verdicts told before
}

// take puts a cut into the checkpoint.
func (c *checkpoint) take(cut *stream.Cut) {
	cut.Encode()
	for _, p := range cut.Pieces() {
		if _, known := c.pieces[string(p.Key)]; !known {
			c.order = append(c.order, string(p.Key))
		}
		c.pieces[string(p.Key)] = bytes.Clone(p.Value)
	}
	c.header = stream.Header{
		Watermark: cut.Watermark, StateVersion: cut.StateVersion, StateGeneration: cut.StateGeneration, ConfigDigest: cut.ConfigDigest,
	}
}

// restore returns a task that goes on from the checkpoint.
func (c *checkpoint) restore(t testing.TB, s Settings) *Task {
	task := New(s, 0)
	for _, key := range c.order {
		if err := task.Restore([]byte(key), c.pieces[key]); err != nil {
			t.Fatal(err)
		}
	}
	if err := task.Start(stream.Start{Restored: c.next > 0, Header: c.header, Partitions: testCounts()}); err != nil {
		t.Fatal(err)
	}
	return task
}

// plain runs values in one batch and returns the verdicts' bytes.
func plain(t testing.TB, s Settings, values [][]byte) [][]byte {
	task := (&checkpoint{}).restore(t, s)
	var list [][]byte
	for _, r := range run(t, task, values) {
		if _, is := r.rec.(*record.Verdict); is {
			list = append(list, r.value)
		}
	}
	return list
}

// troubled runs values in random batches with cuts, some of them aborted, and
// crashes that go back to the last committed one.
func troubled(t *rapid.T, tb testing.TB, s Settings, values [][]byte) [][]byte {
	kept := checkpoint{pieces: map[string][]byte{}}
	task := kept.restore(tb, s)
	var told [][]byte
	next := 0
	batch := func() {
		to := min(len(values), next+rapid.IntRange(1, 120).Draw(t, "batch"))
		for _, r := range run(tb, task, values[next:to]) {
			if _, is := r.rec.(*record.Verdict); is {
				told = append(told, r.value)
			}
		}
		next = to
	}
	crash := func() {
		task = kept.restore(tb, s)
		next, told = kept.next, told[:kept.told]
	}
	for next < len(values) {
		batch()
		then := rapid.SampledFrom([]string{"", "", "commit", "abort", "crash"}).Draw(t, "then")
		if then == "crash" {
			crash()
		}
		if then != "commit" && then != "abort" {
			continue
		}
		var cut stream.Cut
		task.Cut(&cut)
		atNext, atTold := next, len(told)
		for range rapid.IntRange(0, 2).Draw(t, "batches before it is encoded") {
			batch()
		}
		cut.Encode()
		for range rapid.IntRange(0, 2).Draw(t, "batches before it is settled") {
			batch()
		}
		if then == "commit" {
			kept.take(&cut)
			kept.next, kept.told = atNext, atTold
		}
		if rapid.IntRange(0, 3).Draw(t, "crash before it is settled") == 0 {
			crash()
		} else {
			task.Settle(then == "commit")
		}
	}
	return told
}

// same fails where two runs told different verdicts.
func same(t *rapid.T, name string, got, want [][]byte) {
	for i := range max(len(got), len(want)) {
		var a, b any
		if i < len(got) {
			a, _ = record.Decode(got[i])
		}
		if i < len(want) {
			b, _ = record.Decode(want[i])
		}
		if i >= len(got) || i >= len(want) || !bytes.Equal(got[i], want[i]) {
			t.Fatalf("%s: verdict %d of %d and %d\n got %+v\nwant %+v", name, i, len(got), len(want), a, b)
		}
	}
}

// The same records give the same bytes, however they are batched, shuffled
// within the lateness, how often the clocks speak, and wherever the task is
// stopped and goes on from its state.
func TestVerdictsAreDecidedByTheLogAlone(t *testing.T) {
	told := 0
	rapid.Check(t, func(rt *rapid.T) {
		var flows []flow
		for range rapid.IntRange(1, 8).Draw(rt, "episodes") {
			flows = append(flows, episode(rt)...)
		}
		settings := DefaultSettings()
		want := plain(t, settings, deliver(rt, flows, 0, 5*record.Second))
		told += len(want)
		every := rapid.SampledFrom([]record.Micros{record.Second, 5 * record.Second, 7300 * record.Millisecond}).Draw(rt, "clock")
		shuffled := deliver(rt, flows, 20*record.Second-1, every)
		same(rt, "shuffled", plain(t, settings, shuffled), want)
		same(rt, "troubled", troubled(rt, t, settings, shuffled), want)
	})
	if told == 0 {
		t.Error("no verdict in any run: the law was tried on nothing")
	}
}

// Records far ahead of the watermark wait, and count as if they had come on
// time; also over a restart.
func TestRecordsAheadWait(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		flows := scan(1, epoch+10*record.Minute, 20, record.Second)
		flows = append(flows, scan(2, epoch+2*record.Minute, 20, 3*record.Second)...)
		settings := DefaultSettings()
		inOrder := deliver(rt, flows, 0, 5*record.Second)
		want := plain(t, settings, inOrder)
		var ahead, clocks [][]byte
		for _, v := range inOrder {
			if record.NameOf(v) == "SourceClock" {
				clocks = append(clocks, v)
			} else {
				ahead = append(ahead, v)
			}
		}
		values := append(append([][]byte{clocks[0]}, ahead...), clocks[1:]...)
		same(rt, "ahead", plain(t, settings, values), want)
		same(rt, "ahead and troubled", troubled(rt, t, settings, values), want)
		if len(want) == 0 {
			rt.Fatal("no verdicts")
		}
	})
}

// A terminal's verdicts do not depend on who shares its partition.
func TestTerminalsDoNotDisturbOneAnother(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var flows []flow
		for range rapid.IntRange(1, 6).Draw(rt, "episodes") {
			flows = append(flows, episode(rt)...)
		}
		settings := DefaultSettings()
		together := plain(t, settings, deliver(rt, flows, 0, 5*record.Second))
		for terminal := byte(1); terminal <= 3; terminal++ {
			alone := slices.DeleteFunc(slices.Clone(flows), func(f flow) bool { return f.terminal != terminal })
			var mine [][]byte
			for _, v := range together {
				if decoded, _ := record.Decode(v); decoded.(*record.Verdict).Terminal[0] == terminal {
					mine = append(mine, v)
				}
			}
			same(rt, fmt.Sprintf("terminal %d alone", terminal), plain(t, settings, deliver(rt, alone, 0, 5*record.Second)), mine)
		}
	})
}

// One clock after days of silence tells what a clock every pane tells.
func TestJumpIsManySteps(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var flows []flow
		for range rapid.IntRange(1, 3).Draw(rt, "episodes") {
			flows = append(flows, episode(rt)...)
		}
		end := epoch + record.Hour
		for _, f := range flows {
			end = max(end, f.at)
		}
		end += 5 * record.Minute
		settings := DefaultSettings()
		at := func(times ...record.Micros) [][]byte {
			values := deliver(rt, flows, 0, 5*record.Second)
			values = values[:len(values)-1] // without the jump at its end
			for _, time := range times {
				values = append(values, encode(&record.SourceClock{RawPartitions: 1, Time: time, State: record.ClockActive}))
			}
			return values
		}
		var many []record.Micros
		for time := end; time <= end+4*record.Hour; time += pane.Length {
			many = append(many, time)
		}
		same(rt, "a step per pane", plain(t, settings, at(many...)), plain(t, settings, at(many[len(many)-1])))
	})
}
