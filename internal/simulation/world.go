package simulation

import (
	"fmt"

	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/internal/stream/memory"
)

// Times of the deployment, as the programs ship with them.
const (
	sessionTimeout     = 6 * record.Second
	transactionTimeout = 15 * record.Second
	finishWithin       = 5 * record.Second
	// tickEvery is how often a task is told the time: 20 times as rarely as live,
	// within the second the contract of stream.Task asks for.
	tickEvery = record.Second
	// pollWait is how long a fetch at the end of a partition is held back.
	pollWait = 800 * record.Millisecond
)

// world is a deployment in one run. It belongs to one goroutine.
type world struct {
	trial
	result Result
	stages [3]*stream.Stage
	log    *memory.Log
	now    record.Micros
	queue  queue
	made   uint64
	flying int // requests on their way
	era    int // rises when everything is stopped
	groups [3]*group

	transactions map[string]*transaction // by transactional id
	armed        []Fault
	refusing     [3]record.Micros           // until when requests fail
	unreadable   [3]map[int32]record.Micros // until when fetches of a task fail
	abort        [3]bool                    // the next checkpoint cannot be written
	reread       [3]bool                    // the next fetch begins before its position
	lateMarkers  record.Micros              // until when
	slowTalk     record.Micros              // until when progress is read late

	lives   [3][]int // of each task: restores begun
	rewrote [3][]int // of each task: writes tried again
	failed  error    // what must never happen has

	steps int              // things that have happened
	most  map[string]int64 // the most that was held at any time, by figure
	tally map[string]int   // how often things happened, by what they are
	story []string         // what happened
}

// newLog makes the topics of a deployment.
func newLog(partitions int32) *memory.Log {
	log := memory.NewLog()
	for _, t := range stream.Topics(partitions) {
		log.Create(t.Topic, t.Partitions)
	}
	return log
}

// newWorld returns the deployment of a plan before anything has happened.
func newWorld(t trial) (w *world, err error) {
	w = &world{trial: t, log: newLog(t.in.Partitions), transactions: map[string]*transaction{}, most: map[string]int64{}, tally: map[string]int{}}
	if w.stages, err = t.hooks.stages(t.want.room); err != nil {
		return w, err
	}
	w.log.HoldMarkers(true)
	for i := range w.stages {
		n := t.in.Partitions
		if w.stages[i].Single {
			n = 1
		}
		w.unreadable[i] = map[int32]record.Micros{}
		w.lives[i], w.rewrote[i] = make([]int, n), make([]int, n)
		w.groups[i] = newGroup(w, i, n)
	}
	return w, nil
}

// Names of actors that are no routine.
const (
	actorSources uint64 = iota + 1
	actorFaults
	actorBroker
	actorGroup
)

// run lets the deployment live: the fleet's day with its faults, an orderly end,
// then, days later, a start of all programs that work off the sources' last
// words. The error says what must never happen.
func (w *world) run() error {
	first := min(w.in.Start, w.in.Appends[0].At)
	w.now = first - record.Second
	w.log.SetTime(w.now)
	for _, a := range w.in.Appends {
		w.after(a.At-w.now, actorSources, func() { w.write(a) })
	}
	w.after(w.in.Start-w.now, actorGroup, func() {
		for stage, n := range w.plan.Instances {
			for range n {
				w.groups[stage].launch()
			}
		}
	})
	for _, f := range w.plan.Faults {
		w.after(f.At-w.now, actorFaults, func() { w.befall(f) })
	}
	w.runUntil(w.in.last() + w.plan.After)
	if w.failed != nil {
		return w.failed
	}
	return w.end()
}

func (w *world) runUntil(limit record.Micros) {
	for w.failed == nil && w.step(limit) {
	}
}

// patience is how long all that was written may take to be worked off once
// nothing goes wrong any more: far above what any wait in the programs adds up
// to.
const patience = 10 * record.Minute

// settle runs until nothing is left to do.
func (w *world) settle(when string) error {
	for limit := w.now + patience; w.now < limit; {
		w.runUntil(w.now + record.Second)
		if w.failed != nil {
			return w.failed
		}
		if w.quiet() == "" {
			w.note("settle_seconds", int64((w.now-limit+patience)/record.Second))
			return nil
		}
	}
	return fmt.Errorf("%s, %.0f s later, there is still work: %s", when, seconds(patience), w.quiet())
}

// end stops everything in good order, lets the time of the last words come, and
// starts the programs again.
func (w *world) end() error {
	w.tell("everything is stopped in good order")
	w.era++
	for _, g := range w.groups {
		for _, i := range g.running() {
			i.wake()
			i.leave(never)
		}
	}
	w.runUntil(w.now + finishWithin + record.Second)
	w.kill()
	w.armed = nil
	w.runUntil(w.now + time15)
	for _, a := range w.in.Tail {
		w.setTime(a.At)
		w.write(a)
	}
	w.tell("days later everything is started again")
	for stage, n := range w.plan.Instances {
		for range n {
			w.groups[stage].launch()
		}
	}
	return w.settle("after the last start")
}

// time15 is past every transaction that may have been left open.
const time15 = transactionTimeout + record.Second

// kill drops what is left of all processes, so that no coroutine outlives a run.
func (w *world) kill() {
	for _, g := range w.groups {
		for _, i := range g.running() {
			i.kill()
		}
		g.members = nil
	}
}

// write appends what a source writes.
func (w *world) write(a Append) {
	if err := w.log.Append(a.Sends); err != nil {
		w.fail(err)
	}
}

func (w *world) fail(err error) {
	if w.failed == nil {
		w.failed = err
	}
}

// tell adds a line to the story.
func (w *world) tell(format string, args ...any) {
	if w.telling {
		w.story = append(w.story, fmt.Sprintf("at %s ", clockText(w.now))+fmt.Sprintf(format, args...))
	}
}

// note keeps the most of a figure.
func (w *world) note(figure string, value int64) {
	if value > w.most[figure] {
		w.most[figure] = value
	}
}
