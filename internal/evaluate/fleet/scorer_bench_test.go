package fleet

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"syscall"
	"testing"
	"time"

	"cordon/collector/pseudonym"
	collector "cordon/collector/task"
	"cordon/internal/backtest"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/simulate"
	"cordon/internal/stream"
	scorer "cordon/scorer/task"
)

// BenchmarkScorer measures what the scorer of one partition does with a simulated
// fleet, from when it attaches until every habit showed once: the processor time of
// a record, the memory of a terminal, and the processor time of restoring all of
// them. What it says of a million terminals needs 8 GB and some minutes.
func BenchmarkScorer(b *testing.B) {
	for _, terminals := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprint(terminals), func(b *testing.B) {
			for b.Loop() {
				before := heap()
				m := &measured{task: started(b, nil)}
				m.follow(b, simulate.Settings{Terminals: terminals, Start: Start, Duration: 20 * record.Minute, Seed: 1, Lifelike: true})
				b.ReportMetric(float64(m.busy)/float64(m.records), "cpu-ns/record")
				b.ReportMetric(float64(m.records)/float64(terminals), "records/terminal")
				m.batch, m.values, m.out = stream.Batch{}, nil, stream.Effects{}
				b.ReportMetric(float64(heap()-before)/float64(terminals), "B/terminal")
				b.ReportMetric(m.restore(b).Seconds(), "restore-cpu-s")
			}
		})
	}
}

// measured is a scorer that is fed with batches.
type measured struct {
	task    stream.Task
	out     stream.Effects
	batch   stream.Batch
	values  []byte // of the batch
	records int64
	busy    time.Duration // processor time inside of Process
}

// partitions of the topics that a scorer writes to.
var partitions = map[stream.Topic]int32{stream.Telemetry: 1, stream.Verdicts: 1, stream.VerdictsEarly: 1, stream.DeadLetters: 1, stream.ScorerState: 1}

// started returns a scorer that goes on from a cut; nil: from nothing.
func started(b *testing.B, from *stream.Cut) stream.Task {
	task, start := scorer.New(scorer.DefaultSettings(), 0), stream.Start{Partitions: partitions}
	if from != nil {
		start.Restored = true
		start.Header = stream.Header{StateVersion: from.StateVersion, StateGeneration: from.StateGeneration, ConfigDigest: from.ConfigDigest}
		for _, p := range from.Pieces() {
			if err := task.Restore(p.Key, p.Value); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := task.Start(start); err != nil {
		b.Fatal(err)
	}
	return task
}

// follow takes what the collector makes of a simulated fleet.
func (m *measured) follow(b *testing.B, s simulate.Settings) {
	made, err1 := simulate.New(s)
	stage, err2 := collector.Stage(collector.DefaultSettings(), pseudonym.TestKey())
	if err := errors.Join(err1, err2); err != nil {
		b.Fatal(err)
	}
	run, err := backtest.New(backtest.Settings{Stages: []*stream.Stage{stage}, Partitions: 1, Sink: m.take})
	if err != nil {
		b.Fatal(err)
	}
	var t raw.Telemetry
	for err = made.Next(&t); err == nil; err = made.Next(&t) {
		if err := run.Add(&t); err != nil {
			b.Fatal(err)
		}
	}
	if err != io.EOF {
		b.Fatal(err)
	}
	m.flush()
}

// take is the sink of the collector.
func (m *measured) take(o backtest.Output) error {
	if o.Topic != stream.Telemetry {
		return nil
	}
	from, key := len(m.values), len(m.values)+len(o.Key)
	m.values = append(append(m.values, o.Key...), o.Value...)
	end := len(m.values)
	m.batch.Records = append(m.batch.Records, stream.Record{Key: m.values[from:key:key], Value: m.values[key:end:end], Offset: o.Offset})
	if m.records++; end > 1<<20 {
		m.flush()
	}
	return nil
}

// flush lets the scorer take the batch.
func (m *measured) flush() {
	before := processorTime()
	m.task.Process(m.batch, stream.Now{}, &m.out)
	m.busy += processorTime() - before
	m.batch.Records, m.values = m.batch.Records[:0], nil
	m.out.Reset()
}

// restore returns the processor time from the first piece of the state to the start.
func (m *measured) restore(b *testing.B) time.Duration {
	var cut stream.Cut
	m.task.Cut(&cut)
	cut.Encode()
	m.task = nil
	runtime.GC()
	before := processorTime()
	m.task = started(b, &cut)
	return processorTime() - before
}

// processorTime is what the process has used of the processors: on a machine that
// others use too it says more than the clock.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// heap returns the bytes in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
