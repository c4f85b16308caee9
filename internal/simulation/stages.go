package simulation

import (
	"cordon/collector/pseudonym"
	collector "cordon/collector/task"
	enforcer "cordon/enforcer/task"
	"cordon/internal/stream"
	scorer "cordon/scorer/task"
)

// hooks put known bugs back, in tests only.
type hooks struct {
	stage   func(stream.Stage) *stream.Stage
	log     func(*worker) stream.Log
	settled func(error) error // what a worker is told of its checkpoint
	// commitAborted has readers see what was aborted; steal lets a fenced owner
	// take its transactional id again and go on.
	commitAborted, steal bool
}

// stages makes the programs, with the bug in them.
func (h hooks) stages(r room) ([3]*stream.Stage, error) {
	stages, err := newStages(r)
	for i := range stages {
		if h.stage != nil && err == nil {
			stages[i] = h.stage(*stages[i])
		}
	}
	return stages, err
}

// room is how much the tasks may hold: so little that runs come near it. The
// figures of a task have the same names.
type room struct {
	held     int64 // bytes of records that wait in a collector for their session
	bindings int64 // addresses a collector remembers
	ahead    int64 // bytes of records that wait in a scorer for their pane
}

// room is what the quiet run of an input may hold. A Loose input fills it up. Any
// other has no more than 13 addresses (generator.populate, generator.crowd), and
// what waits for its session is measured. What waits for its pane depends on the
// run: of 300 with a backlog all but one needed less than 8 kB, that one 44 kB (a
// gap, see checkBounds). A scorer without room does not wait for the slowest
// partition any more: with 1 kB records came late.
func (in *Input) room() room {
	switch in.Kind {
	case Loose:
		return room{held: 2 << 10, bindings: 3, ahead: 2 << 10}
	case Fleet:
		return room{held: 64 << 20, bindings: 13, ahead: 256 << 10}
	}
	return room{held: 64 << 20, bindings: 13, ahead: 16 << 10}
}

// roomToSpare is what a collector of an Exact input may hold beyond the most that
// the quiet run held after any batch: a batch has what one source writes to one
// partition within gatherFor, fewer than ten records of less than 400 bytes.
const roomToSpare = 4 << 10

// newStages makes the programs as they ship, but for the room, so that a run is
// small and comes near its bounds, and for the limit on how many terminals may be
// isolated: what that holds back depends on how far each partition has come and
// is no part of the promise.
func newStages(r room) ([3]*stream.Stage, error) {
	var stages [3]*stream.Stage
	cs := collector.DefaultSettings()
	cs.Keys.Cache = 64
	cs.HeldBytes, cs.Bindings = r.held, r.bindings
	c, err := collector.Stage(cs, pseudonym.TestKey())
	if err != nil {
		return stages, err
	}
	ss := scorer.DefaultSettings()
	ss.HeldBytes = r.ahead
	s, err := scorer.Stage(ss)
	if err != nil {
		return stages, err
	}
	es := enforcer.DefaultSettings()
	es.SharePermille = 1000
	e, err := enforcer.Stage(es)
	return [3]*stream.Stage{c, s, e}, err
}
