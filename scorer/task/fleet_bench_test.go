package task

import (
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"cordon/collector/pseudonym"
	collector "cordon/collector/task"
	"cordon/internal/backtest"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/simulate"
	"cordon/internal/stream"
	"cordon/scorer/pane"
)

// BenchmarkFleet measures a simulated fleet in one partition, from when it attaches
// until every habit showed once: what a record costs, what a terminal takes in
// memory, and what restoring the fleet takes until it has scored its first record.
func BenchmarkFleet(b *testing.B) {
	for _, terminals := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprint(terminals), func(b *testing.B) {
			for b.Loop() {
				before := heap()
				c := &crowd{task: start(b, nil)}
				c.follow(b, terminals)
				b.ReportMetric(float64(c.busy)/float64(c.records), "cpu-ns/record")
				b.ReportMetric(float64(c.records)/float64(terminals), "records/terminal")
				c.batch, c.out = stream.Batch{}, stream.Effects{}
				b.ReportMetric(float64(heap()-before)/float64(terminals), "B/terminal")
				b.ReportMetric(c.restore(b).Seconds(), "cpu-s/restore")
			}
		})
	}
}

// follow takes what the collector makes of a simulated fleet.
func (c *crowd) follow(b *testing.B, terminals int) {
	fleet, err := simulate.New(simulate.Settings{Terminals: terminals, Start: epoch, Duration: 20 * record.Minute, Seed: 1, Lifelike: true})
	if err != nil {
		b.Fatal(err)
	}
	stage, err := collector.Stage(collector.DefaultSettings(), pseudonym.TestKey())
	if err != nil {
		b.Fatal(err)
	}
	run, err := backtest.New(backtest.Settings{Stages: []*stream.Stage{stage}, Partitions: 1, Sink: func(o backtest.Output) error {
		if o.Topic == stream.Telemetry {
			c.take(o)
		}
		return nil
	}})
	if err != nil {
		b.Fatal(err)
	}
	var t raw.Telemetry
	for err = fleet.Next(&t); err == nil; err = fleet.Next(&t) {
		if err := run.Add(&t); err != nil {
			b.Fatal(err)
		}
	}
	if err != io.EOF {
		b.Fatal(err)
	}
	c.flush()
}

// take takes a record of a topic.
func (c *crowd) take(o backtest.Output) {
	from := len(c.values)
	c.values = append(append(c.values, o.Key...), o.Value...)
	key := from + len(o.Key)
	c.batch.Records = append(c.batch.Records, stream.Record{Key: c.values[from:key:key], Value: c.values[key:len(c.values):len(c.values)], Offset: o.Offset})
	c.records++
	if len(c.values) > 1<<20 {
		c.flush()
	}
}

// restore returns the processor time from the first piece of a cut to the first record
// that is scored.
func (c *crowd) restore(b *testing.B) time.Duration {
	var cut stream.Cut
	c.task.Cut(&cut)
	cut.Encode()
	header := stream.Header{StateVersion: StateVersion, StateGeneration: 1, ConfigDigest: cut.ConfigDigest}
	c.task = nil
	runtime.GC()
	busy := processorTime()
	c.task = New(DefaultSettings(), 0)
	for _, p := range cut.Pieces() {
		if err := c.task.Restore(p.Key, p.Value); err != nil {
			b.Fatal(err)
		}
	}
	if err := c.task.Start(stream.Start{Restored: true, Header: header, Partitions: testCounts()}); err != nil {
		b.Fatal(err)
	}
	c.template = *flow{1, c.task.clock.watermark, "203.0.113.1:443", pane.TCP, 10, 10}.record()
	c.add(&c.template)
	c.flush()
	return processorTime() - busy
}
