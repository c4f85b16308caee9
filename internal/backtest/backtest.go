// Package backtest runs the stages of the whole pipeline over telemetry in one
// process: the very tasks of the programs, on a log in memory, with a clock
// that moves with the input.
//
// What it promises: the same stages, partition count and input give the same
// outputs, byte for byte and in the same order; no wall clock, goroutine or
// broker takes part. After Finish nothing is pending: the clock has passed
// every timer.
//
// What it does not: it reads no files and writes none, and it keeps nothing it
// has handed to the sink, so that an input may be larger than memory.
package backtest

import (
	"fmt"

	"cordon/internal/feed"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/internal/stream/memory"
)

const (
	// chunk is how many records are appended before the stages run: large
	// enough that steps do not dominate, small enough to stay in cache.
	chunk = 2000
	// commitBytes is how much a transactional task gathers before it commits.
	commitBytes = 1 << 20
)

// Output is one record a stage wrote.
type Output struct {
	Topic     stream.Topic
	Partition int32
	Offset    int64
	Key       []byte
	Value     []byte // single-object encoding
}

// Settings say what is run.
type Settings struct {
	// Stages in flow order.
	Stages []*stream.Stage
	// Partitions is the count of telemetry.raw and of every topic keyed by
	// terminal.
	Partitions int32
	// Sink is handed every record of every topic behind the collector but the
	// internal ones, topic by topic in the order of the flow. The record is
	// valid during the call.
	Sink func(Output) error
	// Keep holds all records back from deletion, so that stages can be
	// restarted and topics read at the end (tests).
	Keep bool
}

// Run is one pass through the pipeline. It belongs to one goroutine.
type Run struct {
	settings Settings
	log      *memory.Log
	runners  []*memory.Runner
	feed     *feed.Feed
	read     map[stream.Partition]int64 // where the sink stands
	pending  int                        // records appended since the stages ran
	begun    bool                       // there was an observation
	stopped  map[place]bool
	failing  map[place]bool
}

// place is where a task runs.
type place struct {
	stage     int
	partition int32
}

// outputs are the topics a sink sees, in flow order.
var outputs = []stream.Topic{
	stream.DeadLetters, stream.Telemetry, stream.VerdictsEarly, stream.Verdicts, stream.VerdictsNetwork,
	stream.IsolationCommands, stream.IsolationRehearsal, stream.Audit,
}

// New makes the topics and starts every stage.
func New(s Settings) (*Run, error) {
	r := &Run{settings: s, log: memory.NewLog(), feed: feed.New(s.Partitions), read: map[stream.Partition]int64{}, stopped: map[place]bool{}, failing: map[place]bool{}}
	for _, t := range stream.Topics(s.Partitions) {
		r.log.Create(t.Topic, t.Partitions)
	}
	r.runners = make([]*memory.Runner, len(s.Stages))
	for i := range s.Stages {
		if err := r.Restart(i); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Restart kills stage i and starts it again from its committed state.
func (r *Run) Restart(i int) error {
	runner, err := memory.NewRunner(r.log, r.settings.Stages[i])
	if err != nil {
		return err
	}
	runner.CutBytes = commitBytes
	r.runners[i] = runner
	for at := range r.stopped {
		if at.stage == i {
			runner.Pause(at.partition, true)
		}
	}
	for at, on := range r.failing {
		if at.stage == i {
			runner.Fail(at.partition, on)
		}
	}
	return nil
}

// Stop kills the task of one partition of stage i, as when its instance has died
// and nobody takes over. It stays away until StartAgain.
func (r *Run) Stop(i int, partition int32) {
	r.stopped[place{i, partition}] = true
	r.runners[i].Pause(partition, true)
}

// StartAgain starts a stopped task, and its stage with it, from committed state.
func (r *Run) StartAgain(i int, partition int32) error {
	delete(r.stopped, place{i, partition})
	return r.Restart(i)
}

// Fail lets the reads of one task of stage i fail until it is called with false.
func (r *Run) Fail(i int, partition int32, on bool) {
	r.failing[place{i, partition}] = on
	r.runners[i].Fail(partition, on)
}

// Cut commits a checkpoint of every task of stage i, as its interval does live.
func (r *Run) Cut(i int) error {
	for id := range r.runners[i].Tasks() {
		if err := r.runners[i].Cut(int32(id)); err != nil {
			return err
		}
	}
	return nil
}

// Log is the log underneath, for tests that look at topics.
func (r *Run) Log() *memory.Log { return r.log }

// Add takes the next observation.
func (r *Run) Add(t *raw.Telemetry) error {
	if err := r.append(r.feed.Add(t), r.feed.Newest()); err != nil || r.begun {
		return err
	}
	r.begun = true
	// A partition that was read to its end before it had a source is not waited
	// for: each has to see its first Clocks before another one runs ahead.
	return r.Drain()
}

// Append takes a record of any other input topic, such as an operator's
// decision or an acknowledgement.
func (r *Run) Append(s stream.Send) error {
	if err := r.Drain(); err != nil {
		return err
	}
	return r.append([]stream.Send{s}, r.feed.Newest())
}

// Tick lets event time pass without a record.
func (r *Run) Tick(now record.Micros) error {
	if err := r.append(r.feed.Tick(now), now); err != nil {
		return err
	}
	return r.Drain()
}

func (r *Run) append(sends []stream.Send, now record.Micros) error {
	r.log.SetTime(now)
	if err := r.log.Append(sends); err != nil {
		return err
	}
	if r.pending += len(sends); r.pending < chunk {
		return nil
	}
	return r.Drain()
}

// Finish lets the clock run past every timer and drains the stages.
func (r *Run) Finish() error {
	if err := r.Drain(); err != nil {
		return err
	}
	for _, at := range r.feed.End(stream.Far) {
		if err := r.append(r.feed.ClockAt(at), at); err != nil {
			return err
		}
		if err := r.Drain(); err != nil {
			return err
		}
	}
	return nil
}

// Drain runs the stages until nothing moves, then hands out what they wrote.
func (r *Run) Drain() error {
	r.pending = 0
	for moved := true; moved; {
		moved = false
		for _, runner := range r.runners {
			did, err := runner.Step()
			if err != nil {
				return err
			}
			moved = moved || did
		}
	}
	for _, topic := range outputs {
		for p := int32(0); p < r.log.Partitions(topic); p++ {
			if err := r.emit(stream.Partition{Topic: topic, ID: p}); err != nil {
				return err
			}
		}
	}
	if !r.settings.Keep {
		r.trim()
	}
	return nil
}

// trim forgets what every stage has taken, what the sink was shown, and what
// neither reads.
func (r *Run) trim() {
	for _, runner := range r.runners {
		runner.Trim()
	}
	for _, t := range stream.Topics(r.settings.Partitions) {
		if r.input(t.Topic) {
			continue // the runner of that stage has done it
		}
		for p := range t.Partitions {
			at := stream.Partition{Topic: t.Topic, ID: p}
			r.log.Trim(at, r.log.End(at))
		}
	}
}

// emit hands the new records of one partition to the sink.
func (r *Run) emit(p stream.Partition) error {
	for {
		b, next, more := r.log.Fetch(p, r.read[p])
		r.read[p] = next
		if !more {
			return nil
		}
		for _, rec := range b.Records {
			out := Output{Topic: p.Topic, Partition: p.ID, Offset: rec.Offset, Key: rec.Key, Value: rec.Value}
			if err := r.settings.Sink(out); err != nil {
				return fmt.Errorf("%s[%d] at %d: %w", p.Topic, p.ID, rec.Offset, err)
			}
		}
	}
}

// input reports whether a stage reads the topic, which then trims it.
func (r *Run) input(t stream.Topic) bool {
	for _, s := range r.settings.Stages {
		for _, in := range s.Inputs {
			if in == t {
				return true
			}
		}
	}
	return false
}
