package clock_test

import (
	"fmt"
	"math"
	"reflect"
	"testing"

	"cordon/collector/clock"
	"cordon/internal/record"
	"cordon/internal/record/wire"
	"pgregory.net/rapid"
)

var settings = clock.Settings{
	Lateness: 20 * record.Second, Patience: 20 * record.Second, IdleAfter: 15 * record.Second, Every: 5 * record.Second,
	ClockPause: 5 * record.Minute, StalledAfter: 2 * record.Minute,
}

const start = record.Micros(1_700_000_000_000_000)

// step is one record of a source.
type step struct {
	source  string
	at      record.Micros
	isClock bool
}

func steps(t *rapid.T) []step {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		return step{
			source:  rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "source"),
			at:      start + record.Micros(rapid.IntRange(0, 90).Draw(t, "seconds"))*record.Second,
			isClock: rapid.IntRange(0, 4).Draw(t, "clock") == 0,
		}
	}), 1, 40).Draw(t, "steps")
}

// slowR is the rule of architecture section 4 word by word, from the whole
// history: R_r is the oldest of the sources' newest event times, a source more
// than the patience behind the newest is not waited for, of a source that
// writes Clocks only those count, and R never goes back.
func slowR(history []step) record.Micros {
	best := record.Micros(-1)
	for n := range history {
		times, clocked := map[string]record.Micros{}, map[string]bool{}
		for _, s := range history[:n+1] {
			if s.isClock && !clocked[s.source] {
				clocked[s.source] = true
				times[s.source] = s.at
			} else if s.isClock == clocked[s.source] {
				times[s.source] = max(times[s.source], s.at)
			}
		}
		newest, low := record.Micros(0), far
		for _, at := range times {
			newest = max(newest, at)
		}
		for _, at := range times {
			if newest-at <= settings.Patience {
				low = min(low, at)
			}
		}
		best = max(best, low)
	}
	return best
}

const far = record.Micros(1<<63 - 1)

func take(c *clock.Clock, s step) {
	source := c.Source(s.source)
	c.Take(source, s.at, s.at, s.isClock)
	if !s.isClock {
		c.Count(source, s.at, clock.Received, 1)
	}
}

func TestPassedIsTheRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		history := steps(t)
		c := clock.New(settings)
		for n, s := range history {
			take(c, s)
			if got, want := c.Passed(), slowR(history[:n+1]); got != want {
				t.Fatalf("after %v: R is %v, want %v", history[:n+1], got, want)
			}
		}
	})
}

// restored returns a clock rebuilt from its pieces.
func restored(t interface{ Fatalf(string, ...any) }, c *clock.Clock) *clock.Clock {
	back := clock.New(settings)
	r := wire.NewReader(c.AppendPartition(nil))
	if err := back.RestorePartition(&r); err != nil {
		t.Fatalf("restore: %v", err)
	}
	for _, id := range []string{"d", "c", "b", "a"} {
		if s := c.ByID(id); s != nil {
			r := wire.NewReader(s.Append(nil))
			if err := back.RestoreSource(&r); err != nil {
				t.Fatalf("restore %s: %v", id, err)
			}
		}
	}
	return back
}

// A clock that is stored and restored anywhere goes on as if nothing had been,
// and every record is reported once.
func TestRestoreChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		history := steps(t)
		plain, rough := clock.New(settings), clock.New(settings)
		var want, got []string
		total, reported := map[string]int64{}, map[string]int64{}
		state := func(c *clock.Clock, out *[]string, sum map[string]int64) {
			if !c.Due(c.Passed()) {
				return
			}
			st := c.State(c.Passed(), 0)
			*out = append(*out, fmt.Sprintf("%+v", *st))
			for _, s := range st.Sources {
				sum[s.SourceID] += s.Received
			}
		}
		for _, s := range history {
			if !s.isClock {
				total[s.source]++
			}
			take(plain, s)
			state(plain, &want, map[string]int64{})
			take(rough, s)
			state(rough, &got, reported)
			if rapid.Bool().Draw(t, "restart") {
				rough = restored(t, rough)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("stated %v, want %v", got, want)
		}
		for _, s := range rough.State(start+record.Day, 0).Sources {
			reported[s.SourceID] += s.Received
		}
		for id, n := range total {
			if reported[id] != n {
				t.Fatalf("source %s: %d records reported of %d", id, reported[id], n)
			}
		}
	})
}

func TestNumbers(t *testing.T) {
	cases := []struct {
		name    string
		numbers []int64
		want    string // per number: r repeated, or the missing before it
	}{
		{"in order", []int64{5, 6, 7}, "0 0 0"},
		{"gap", []int64{5, 8}, "0 2"},
		{"repeat", []int64{5, 6, 5, 6, 7}, "0 0 r r 0"},
		{"gap filled late", []int64{5, 8, 7, 7, 6}, "0 2 -1 r -1"},
		{"last of the window", []int64{0, 1023, 0}, "0 1022 r"},
		{"one more than the window: a new numbering", []int64{0, 1024, 0}, "0 1023 0"},
		{"restart", []int64{100000, 0, 1}, "0 0 0"},
		{"far ahead", []int64{0, 1 << 40}, "0 0"},
		{"far, still loss", []int64{0, 1 << 20}, "0 1048575"},
		{"jump clears the window", []int64{0, 1, 3000, 1977, 2999}, "0 0 2998 -1 -1"},
		{"an old record in between", []int64{5000, 5001, 3000, 5001, 5002, 3000, 5003}, "0 0 0 r 0 r 0"},
		{"old records in between", []int64{5000, 3000, 3001, 5001, 3003, 5003, 3002}, "0 0 0 0 1 1 -1"},
		{"repeats of before a restart", []int64{100000, 0, 100000, 1, 100001}, "0 0 r 0 0"},
		{"the greatest number", []int64{math.MaxInt64, math.MaxInt64 - 1, math.MaxInt64, 0, math.MaxInt64}, "0 -1 r 0 r"},
	}
	for _, c := range cases {
		s := clock.New(settings).Source("a")
		got := ""
		for i, n := range c.numbers {
			if i > 0 {
				got += " "
			}
			if repeated, missing := s.Repeated(record.Some(n)); repeated {
				got += "r"
			} else {
				got += fmt.Sprint(missing)
			}
		}
		if got != c.want {
			t.Errorf("%s: %v: got %s, want %s", c.name, c.numbers, got, c.want)
		}
	}
}

// Contracts section 1: a duplicate is "a number seen among the last 1,024". Those
// of before a restart are forgotten when the new numbering has gone on that far.
func TestRestartReachesFormerNumbers(t *testing.T) {
	for _, former := range []int64{1100, 2000, 5000} {
		s := clock.New(settings).Source("a")
		for n := range former {
			s.Repeated(record.Some(n))
		}
		for n := range former + 100 {
			if repeated, missing := s.Repeated(record.Some(n)); repeated || missing != 0 {
				t.Fatalf("restarted after %d: number %d: repeated %v, %d missing", former, n, repeated, missing)
			}
		}
	}
}

// Within the window a number is a repeat exactly when it was seen, also while
// old records, or those of another instance of the source, come in between.
func TestRepeatsAgainstASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, seen := clock.New(settings).Source("a"), map[int64]bool{}
		for _, n := range rapid.SliceOf(rapid.OneOf(rapid.Int64Range(1, 1000), rapid.Int64Range(1_000_000, 1_001_000))).Draw(t, "numbers") {
			if got, _ := s.Repeated(record.Some(n)); got != seen[n] {
				t.Fatalf("%d: repeated %v, want %v", n, got, seen[n])
			}
			seen[n] = true
		}
	})
}

func TestStates(t *testing.T) {
	c := clock.New(settings)
	wall := start
	tick := func(seconds int, atEnd bool) record.ClockState {
		for range seconds {
			wall += record.Second
			c.Tick(wall, atEnd, false)
		}
		if !c.DueByWall(wall) {
			return record.ClockUnknown
		}
		return c.State(c.Passed(), wall).State
	}
	if got := tick(10, false); got != record.ClockUnknown || !c.Counts() {
		t.Errorf("not read to its end: got %v, counts %v, want nothing stated and siblings that wait", got, c.Counts())
	}
	if got := tick(1, true); got != record.ClockEmpty || c.Counts() {
		t.Errorf("read to its end without a source: got %v, counts %v", got, c.Counts())
	}
	c.Touch(wall, false)
	take(c, step{"a", start, false})
	if got := tick(14, true); got != record.ClockActive || c.Passed() != start {
		t.Errorf("silent for 14 s: got %v at %v, want ACTIVE at %v", got, c.Passed(), start)
	}
	// The last record was appended when it happened, so T is the wall clock
	// less the silence that was waited out.
	if got := tick(6, true); got != record.ClockIdle || c.Passed() != wall-settings.IdleAfter {
		t.Errorf("silent for 20 s: got %v at %v, want IDLE at %v", got, c.Passed(), wall-settings.IdleAfter)
	}
	before := c.Passed()
	if tick(1, false); c.Passed() != before {
		t.Errorf("after a fetch error: R moved from %v to %v", before, c.Passed())
	}
	if got := tick(14, true); got != record.ClockActive || c.Passed() != before {
		t.Errorf("the wait begins anew: got %v at %v, want ACTIVE at %v", got, c.Passed(), before)
	}
	wall += record.Minute // the process stood still
	if got := tick(10, true); got != record.ClockActive || c.Passed() != before {
		t.Errorf("after a pause: got %v at %v, want ACTIVE at %v", got, c.Passed(), before)
	}
	if got := tick(120, false); got != record.ClockStalled || c.Counts() {
		t.Errorf("unreadable for 2 min: got %v, counts %v, want STALLED", got, c.Counts())
	}
	c.Touch(wall, true)
	take(c, step{"a", wall, true})
	if got := tick(299, true); got != record.ClockActive || c.Passed() != wall-299*record.Second {
		t.Errorf("a source that writes Clocks is never IDLE: got %v at %v", got, c.Passed())
	}
	if got := tick(6, true); got != record.ClockStalled {
		t.Errorf("5 min without a Clock: got %v, want STALLED", got)
	}
	c.Touch(wall, true)
	take(c, step{"a", wall, true})
	if got := tick(6, true); got != record.ClockActive || !c.Counts() {
		t.Errorf("with a Clock again: got %v, counts %v", got, c.Counts())
	}
	c.Lost()
	if got := tick(6, true); got != record.ClockDataLoss {
		t.Errorf("records lost: got %v, want DATA_LOSS", got)
	}
	if got := tick(6, true); got != record.ClockActive {
		t.Errorf("after the loss was told: got %v, want ACTIVE", got)
	}
}

// A source that wrote Clocks and is left behind, as by a replay that ended, stalls
// its partition no longer than until another one is ahead.
func TestClocksOfAnEndedReplay(t *testing.T) {
	c := clock.New(settings)
	take(c, step{"replay", start, true})
	wall := start
	for range 400 {
		wall += record.Second
		c.Tick(wall, true, false)
	}
	if c.Counts() {
		t.Error("alone and silent for more than 5 min: it counts, want STALLED")
	}
	c.Touch(wall, false)
	take(c, step{"upf-1", wall, false})
	for range 14 {
		wall += record.Second
		c.Tick(wall, true, false)
	}
	if s := c.Standing(); s.State != record.ClockActive || s.Skewed != 1 {
		t.Errorf("with a live source: %+v, want ACTIVE and one skewed", s)
	}
	for range 400 {
		wall += record.Second
		c.Tick(wall, true, false)
	}
	if s := c.Standing(); s.State != record.ClockIdle {
		t.Errorf("when that is silent: %+v, want IDLE", s)
	}
}

// The owner of a partition that could never be read says so, or all scorers would
// wait for its first word.
func TestUnreadablePartitionIsStalled(t *testing.T) {
	c := clock.New(settings)
	for wall := start; wall < start+2*record.Minute; wall += record.Second {
		if c.Tick(wall, false, false); c.DueByWall(wall) {
			t.Fatalf("unread for %v: something to state, want nothing yet", (wall - start).Duration())
		}
	}
	wall := start + 2*record.Minute
	if c.Tick(wall, false, false); !c.DueByWall(wall) || c.State(-1, wall).State != record.ClockStalled || c.Counts() {
		t.Errorf("unread for 2 min: due %v, counts %v, want STALLED stated", c.DueByWall(wall), c.Counts())
	}
}

// After a restart the wait begins anew and at the end of the partition only:
// time must not jump over records that came meanwhile and are not read yet.
func TestRestartIsNotSilence(t *testing.T) {
	before := clock.New(settings)
	take(before, step{"a", start, false})
	c := restored(t, before)
	wall := start + record.Hour
	tick := func(seconds int, atEnd bool) record.Micros {
		for range seconds {
			c.Tick(wall, atEnd, false)
			wall += record.Second
		}
		return c.Passed()
	}
	if got := tick(60, false); got != start {
		t.Errorf("while it reads on: R moved to %v, want %v", got, start)
	}
	if got := tick(15, true); got != start {
		t.Errorf("14 s after the end: R moved to %v, want %v", got, start)
	}
	if got, want := tick(1, true), wall-record.Second-settings.IdleAfter; got != want {
		t.Errorf("15 s after the end: R %v, want %v", got, want)
	}
}

// A wall clock that is set back lets every wait begin anew: nothing stands still
// until it is back where it was.
func TestClockSetBackIsNotForEver(t *testing.T) {
	c := clock.New(settings)
	take(c, step{"a", start, false})
	for wall := start + record.Hour; wall < start+record.Hour+10*record.Second; wall += record.Second {
		c.Tick(wall, true, false)
		c.State(c.Passed(), wall)
	}
	for after := range record.Micros(17) {
		wall := start + after*record.Second
		c.Tick(wall, true, false)
		if after == 0 && !c.DueByWall(wall) {
			t.Error("set back: no SourceClock is due")
		}
		c.State(c.Passed(), wall)
	}
	if got := c.Standing().State; got != record.ClockIdle {
		t.Errorf("16 s at the end after it was set back: got %v, want IDLE", got)
	}
}

// What is known of a loss outlives the process that found it.
func TestLossIsStored(t *testing.T) {
	c := clock.New(settings)
	take(c, step{"a", start, false})
	c.Lost()
	c = restored(t, c)
	if got := c.State(start, start).State; got != record.ClockDataLoss {
		t.Errorf("restored: got %v, want DATA_LOSS", got)
	}
	if got := restored(t, c).State(start, start).State; got != record.ClockActive {
		t.Errorf("restored after it was told: got %v, want ACTIVE", got)
	}
}

// When every source was forgotten but one that shares the entry of the others,
// the partition is not EMPTY.
func TestSharedSourceIsASource(t *testing.T) {
	c := clock.New(settings)
	for i := range clock.MaxSources {
		take(c, step{fmt.Sprint("s", i), start, false})
	}
	take(c, step{"one more", start + 2*record.Day, false})
	c.Tick(start, true, false)
	if s := c.Standing(); s.Sources != 0 || s.State == record.ClockEmpty || !c.Counts() {
		t.Errorf("got %+v, counts %v, want no entry and not EMPTY", s, c.Counts())
	}
}

func TestWaitingIsNotSilence(t *testing.T) {
	c := clock.New(settings)
	take(c, step{"a", start, false})
	for wall := start; wall < start+record.Hour; wall += record.Second {
		c.Tick(wall, true, true)
	}
	if c.Passed() != start || !c.Counts() {
		t.Errorf("held back by siblings: R %v, counts %v, want %v and true", c.Passed(), c.Counts(), start)
	}
}

func TestSourcesAreBounded(t *testing.T) {
	c := clock.New(settings)
	for i := range clock.MaxSources + 10 {
		take(c, step{fmt.Sprint("s", i), start, false})
	}
	st := c.State(start+record.Minute, 0)
	if n := len(st.Sources); n != clock.MaxSources+1 || st.Sources[n-1].SourceID != "" || st.Sources[n-1].Received != 10 {
		t.Errorf("%d sources, the last %+v; want %d own entries and 10 records of the others", n, st.Sources[n-1], clock.MaxSources)
	}
	// A day later the table has room again, and nothing counted is lost.
	take(c, step{"s0", start + record.Day + 2*record.Hour, false})
	st = c.State(start+2*record.Day, 0)
	if len(st.Sources) != 1 || st.Sources[0].SourceID != "s0" {
		t.Errorf("a day later: %d sources", len(st.Sources))
	}
}

// What a source sent in panes that T less the
// lateness has passed.
func TestCountsOfPassedPanes(t *testing.T) {
	c := clock.New(settings)
	a := c.Source("a")
	at := start.Floor(clock.Pane)
	for i := range record.Micros(6) {
		take(c, step{"a", at + i*clock.Pane, false})
	}
	c.Count(a, at, clock.Missing, 3)
	c.Count(a, at, clock.Missing, -1)
	c.Count(a, c.Sane(at+record.Day), clock.Rejected, 1) // a bad time that runs ahead counts with the newest pane
	for _, want := range []struct {
		t                           record.Micros
		received, missing, rejected int64
	}{
		{at + 29*record.Second, 0, 0, 0},
		{at + 30*record.Second, 1, 2, 0},
		{at + 55*record.Second, 2, 0, 0},
		{at + 80*record.Second, 3, 0, 1},
	} {
		got := c.State(want.t, 0).Sources[0]
		if got.Received != want.received || got.Missing != want.missing || got.Rejected != want.rejected {
			t.Errorf("T = %v: got %+v, want %+v", want.t, got, want)
		}
	}
	// A good record may lie ahead of the last Clock of its source: it belongs to its own
	// pane, however often the source gives Clocks.
	take(c, step{"a", at + 60*record.Second, true})
	c.Count(a, at+79*record.Second, clock.Received, 1)
	if got := c.State(at+95*record.Second, 0).Sources[0]; got.Received != 0 {
		t.Errorf("a record ahead of the Clock: got %+v with the pane before its own", got)
	}
	if got := c.State(at+100*record.Second, 0).Sources[0]; got.Received != 1 {
		t.Errorf("a record ahead of the Clock: got %+v, want 1 received with its own pane", got)
	}
	// What comes late is reported with the first open pane.
	c.Count(a, at, clock.Received, 1)
	if got := c.State(at+115*record.Second, 0).Sources[0]; got.Received != 1 {
		t.Errorf("a late record: got %+v, want 1 received", got)
	}
}

func FuzzRestore(f *testing.F) {
	c := clock.New(settings)
	take(c, step{"a", start, false})
	f.Add(c.AppendPartition(nil))
	f.Add(c.Source("a").Append(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := clock.New(settings)
		r := wire.NewReader(data)
		_ = c.RestorePartition(&r)
		r = wire.NewReader(data)
		if c.RestoreSource(&r) == nil {
			take(c, step{"z", start, false})
		}
	})
}

func ExampleClock() {
	c := clock.New(settings)
	for _, s := range []step{{"upf-1", start, false}, {"upf-2", start - 3*record.Second, false}, {"upf-1", start + 9*record.Second, false}} {
		c.Take(c.Source(s.source), s.at, s.at, s.isClock)
	}
	fmt.Println(c.Passed() - start)
	// Output: 1970-01-01T00:00:00.000000Z
}
