package e2e

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/replay"
	"cordon/internal/simulate"
	"cordon/internal/stream"
)

const (
	// liveTerminals are as many as leave the machine of a test idle most of the
	// time: what is measured is the failover, not the load.
	liveTerminals = 2000
	// normalLag is the watermark's lag behind the wall clock that is promised with
	// live sources: pane 10 s, lateness 20 s, clocks 5 s.
	normalLag = 35 * time.Second
	// ownedWithin is promised to be the session timeout (6 s) and the restore;
	// the rest is for a busy machine.
	ownedWithin = 20 * time.Second
	// normalWithin bounds how long after a kill the watermark is where it was before:
	// the session timeout, 30 s, and 9 s for a busy machine.
	normalWithin = 45 * time.Second
	// followed is how far past a kill the watermark must have come before the next
	// thing happens. It lags 20 s or more, so that each failover is looked at for
	// normalWithin at least.
	followed = 25 * record.Second
	// usualBefore is how long before a kill the lag is taken for the usual one.
	usualBefore = 30 * time.Second
	// settledBefore is how far before its last Clocks a live fleet is decided:
	// lateness, pane and clocks, and a pane for what is decided at its end.
	settledBefore = 45 * record.Second
)

// live is a fleet at the pace of the wall clock that goes on until it is ended.
type live struct {
	replay.Source
	end chan struct{}
}

// Next gives the next record.
func (l live) Next(t *raw.Telemetry) error {
	select {
	case <-l.end:
		return io.EOF
	default:
		return l.Source.Next(t)
	}
}

// One of two scorers, then one of two collectors is killed while a fleet is
// watched live: the other one takes its partitions after the session timeout, and
// the watermark catches up. The figures are measured by the append times of the
// log and the log of the survivor.
func TestFailover(t *testing.T) {
	t.Parallel()
	d := deploy(t, scaled)
	d.startAll()
	for _, of := range []string{"scorer", "collector"} {
		d.launch(of + "-2")
		d.awaitShared(of, of, of+"-2")
	}
	start := record.MicrosOf(time.Now())
	open := func() replay.Source {
		fleet, err := simulate.New(simulate.Settings{Terminals: liveTerminals, Start: start, Duration: record.Hour, Seed: 3, Lifelike: true,
			Attacks: []simulate.Attack{{Kind: "scan", Count: 5, Offset: 5 * record.Second}}})
		if err != nil {
			t.Fatal(err)
		}
		return fleet
	}
	source, ended := live{open(), make(chan struct{})}, make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	mark, err := replay.MarkOutputs(ctx, d.client, stream.Verdicts)
	if err != nil {
		t.Fatal(err)
	}
	var result replay.Result
	go func() {
		var err error
		result, err = replay.Run(ctx, replay.Settings{Client: d.client, Source: source, Speed: 1})
		ended <- err
	}()
	var failovers []failover
	d.awaitNormal(start + 20*record.Second)
	for _, of := range []string{"scorer", "collector"} {
		f := d.fail(of)
		d.awaitNormal(record.MicrosOf(f.killed) + followed)
		f.watched = time.Since(f.killed)
		failovers = append(failovers, f)
	}
	close(source.end)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	until := result.Clock - settledBefore
	if err := replay.Await(ctx, d.client, mark, until, nil); err != nil {
		t.Fatal(err)
	}
	for _, f := range failovers {
		d.measureFailover(f)
	}
	want := d.quietUntil(&capped{Source: open(), left: int(result.Records)}, until)
	same(t, want, d.outputsUntil(until))
}

// failover is the kill of one of two instances.
type failover struct {
	of      string // program
	killed  time.Time
	moved   []string      // partitions of the one that was killed
	owned   time.Duration // from the kill until the other one had restored them all
	watched time.Duration // from the kill until the next thing happened
}

// fail kills the second instance of a program and waits until the first has
// taken over.
func (d *deployment) fail(of string) failover {
	d.t.Helper()
	f := failover{of: of, moved: d.owned(of + "-2")}
	survivor := d.programs[of]
	before := survivor.position()
	d.kill(of + "-2")
	f.killed = time.Now()
	restored := func() (all []line) {
		for _, l := range survivor.lines(before) {
			if strings.HasPrefix(l.Message, "restored in") {
				all = append(all, l)
			}
		}
		return all
	}
	d.await(of+" has restored the partitions of the other one", ownedWithin, func() bool { return len(restored()) == len(f.moved) })
	f.owned = restored()[len(f.moved)-1].Time.Sub(f.killed)
	return f
}

// awaitNormal waits until the watermark of every partition has reached an event
// time, and lags no more than with live sources.
func (d *deployment) awaitNormal(at record.Micros) {
	d.t.Helper()
	d.await("the watermarks are where they should be", 2*time.Minute, func() bool {
		var clocks []float64
		for _, name := range []string{"scorer", "scorer-2"} {
			if !d.programs[name].ended() {
				clocks = append(clocks, d.metrics(name).values("cordon_scorer_clock_seconds")...)
			}
		}
		if len(clocks) != scaled {
			return false
		}
		watermark := record.Micros(slices.Min(clocks)) * record.Second
		return watermark >= at && record.MicrosOf(time.Now())-watermark <= record.MicrosIn(normalLag)
	})
}

// progressed is a Progress that took a partition further, at a time after the
// kill.
type progressed struct{ at, lag time.Duration }

// steps returns them by partition. What a scorer repeats after a crash is none.
func (d *deployment) steps(since time.Time) map[int32][]progressed {
	all, reached := map[int32][]progressed{}, map[int32]record.Micros{}
	d.batches(stream.Verdicts, func(b stream.Batch) {
		id := b.Partition.ID
		for _, r := range b.Records {
			var p record.Progress
			if record.NameOf(r.Value) != "Progress" || record.DecodeInto(r.Value, &p) != nil || p.Time <= reached[id] {
				continue
			}
			reached[id] = p.Time
			at := b.AppendTime - record.MicrosOf(since)
			all[id] = append(all[id], progressed{at.Duration(), (b.AppendTime - p.Time).Duration()})
		}
	})
	return all
}

// measureFailover tells what a failover cost: all partitions had to wait when a
// collector was killed, for each waits for every raw partition, and those that
// moved when it was a scorer.
func (d *deployment) measureFailover(f failover) {
	d.t.Helper()
	steps := d.steps(f.killed)
	var before, worst, silent, normal time.Duration
	for _, all := range steps {
		for _, s := range all {
			if s.at > -usualBefore && s.at <= 0 {
				before = max(before, s.lag)
			}
		}
	}
	for id, all := range steps {
		c := courseOf(all, before+time.Second, f.watched)
		worst, silent, normal = max(worst, c.worst), max(silent, c.silent), max(normal, c.normal)
		if !c.ended || c.normal > normalWithin {
			d.t.Errorf("%s: in %s the watermark of partition %d was not where it was before, %s behind, want within %s: %+v", f.of, f.watched, id, before, normalWithin, c)
		}
	}
	d.t.Logf("kill -9 of one of two %ss: its partitions %v were restored by the other one after %.1f s; a partition stood still for %.1f s at most (a pane is 10 s); watermark %.1f s behind at most before the kill and %.1f s after it, normal again after %.1f s",
		f.of, f.moved, f.owned.Seconds(), silent.Seconds(), before.Seconds(), worst.Seconds(), normal.Seconds())
	if before == 0 || worst == 0 {
		d.t.Errorf("%s: no step before the kill or none after it: nothing is shown", f.of)
	}
}

// course is how a partition came through a failover.
type course struct {
	worst  time.Duration // lag after the kill
	silent time.Duration // between two steps
	// normal is from the kill to the end of the first stretch of steps that lag more
	// than usual; 0: there was none.
	normal time.Duration
	// ended reports that the stretch, if any, has ended while it was watched.
	ended bool
}

// courseOf looks at the steps of one partition that were made while it was watched.
func courseOf(steps []progressed, usual, watched time.Duration) course {
	c, last := course{ended: true}, -usualBefore
	for _, s := range steps {
		if s.at > watched {
			break
		}
		if s.at > 0 {
			c.worst, c.silent = max(c.worst, s.lag), max(c.silent, s.at-last)
			switch {
			case s.lag > usual && c.normal == 0:
				c.ended = false
			case !c.ended:
				c.normal, c.ended = s.at, true
			}
		}
		last = s.at
	}
	return c
}

// That TestFailover would see a watermark that stays behind.
func TestCourseOfAFailover(t *testing.T) {
	const usual, watched = 27 * time.Second, 50 * time.Second
	for name, c := range map[string]struct {
		lags []int // s, of steps at -5 s, 5 s, 15 s and so on
		want course
	}{
		"as before":      {[]int{26, 26, 26, 27}, course{worst: 27 * time.Second, ended: true}},
		"a pane late":    {[]int{26, 26, 30, 26}, course{worst: 30 * time.Second, normal: 25 * time.Second, ended: true}},
		"stays behind":   {[]int{26, 30, 30, 30, 30, 30}, course{worst: 30 * time.Second}},
		"late once more": {[]int{26, 30, 26, 30, 26}, course{worst: 30 * time.Second, normal: 15 * time.Second, ended: true}},
		"too late":       {[]int{26, 30, 30, 30, 30, 30, 26}, course{worst: 30 * time.Second}},
	} {
		var steps []progressed
		for i, lag := range c.lags {
			steps = append(steps, progressed{time.Duration(10*i-5) * time.Second, time.Duration(lag) * time.Second})
		}
		c.want.silent = 10 * time.Second
		if got := courseOf(steps, usual, watched); got != c.want {
			t.Errorf("%s: lags %v s: got %+v, want %+v", name, c.lags, got, c.want)
		}
	}
}
