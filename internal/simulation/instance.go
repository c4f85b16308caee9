package simulation

import (
	"fmt"
	"slices"

	"cordon/internal/record"
	"cordon/internal/stream"
)

// never is how long an instance stays away that does not come back.
const never = record.Micros(-1)

// instance is one process of a program.
type instance struct {
	w       *world
	stage   int
	number  int // of the process, counted from the start of the run
	actor   uint64
	dice    dice
	board   *stream.Board
	workers []*worker     // in order of partition
	ending  []*worker     // taken away, and not finished
	started int           // workers
	heard   int64         // position in progress
	late    bool          // it is read late
	skew    record.Micros // of its clock against the brokers'

	generation int // of the group that its assignment is from
	frozen     bool
	dead       bool
	leaving    bool
	back       record.Micros // after how long it is started again
	parked     []event
}

// String names it in a story.
func (i *instance) String() string { return fmt.Sprintf("%s %d", stageNames[i.stage], i.number+1) }

func newInstance(w *world, stage, number int) *instance {
	i := &instance{w: w, stage: stage, number: number, actor: name(uint64(stage)+100, uint64(number))}
	i.dice = newDice(w.plan.Seed, i.actor)
	i.skew = i.dice.between(-2*record.Second, 2*record.Second)
	if w.stages[stage].Aligned {
		i.board = stream.NewBoard(int32(len(w.lives[stage])), i.wall())
		i.listen()
	}
	return i
}

// wall is the clock of the instance's machine.
func (i *instance) wall() record.Micros { return i.w.now + i.skew }

// listen hears what collectors elsewhere say of their partitions.
func (i *instance) listen() {
	for {
		b, next, more := i.w.log.Fetch(stream.Partition{Topic: stream.Progress}, i.heard)
		i.heard = next
		if !more {
			break
		}
		if i.late {
			i.w.struck(SlowProgress)
		}
		for _, r := range b.Records {
			i.board.HeardRecord(r, i.wall())
		}
	}
	wait := i.dice.between(50*record.Millisecond, 500*record.Millisecond)
	if i.late = i.w.now < i.w.slowTalk; i.late {
		wait = i.dice.between(2*record.Second, 15*record.Second)
	}
	i.after(wait, i.listen)
}

// assign makes the instance's workers those of a generation: the ones that stay
// are left alone.
func (i *instance) assign(generation int, ids []int32) {
	if generation < i.generation || i.leaving {
		return
	}
	i.generation = generation
	for _, w := range slices.Clone(i.workers) {
		if !slices.Contains(ids, w.id) {
			i.workers = slices.DeleteFunc(i.workers, func(x *worker) bool { return x == w })
			i.ending = append(i.ending, w)
			w.halt()
		}
	}
	for _, id := range ids {
		if !slices.ContainsFunc(i.workers, func(w *worker) bool { return w.id == id }) {
			i.workers = append(i.workers, newWorker(i, id))
		}
	}
	slices.SortFunc(i.workers, func(a, b *worker) int { return int(a.id - b.id) })
}

// member reports whether the group takes it for a member of the generation that
// gave it its partitions.
func (i *instance) member() bool {
	g := i.w.groups[i.stage]
	return i.generation == g.generation && slices.Contains(g.members, i)
}

// finished notes that a worker has ended in good order.
func (i *instance) finished(w *worker) {
	i.ending = slices.DeleteFunc(i.ending, func(x *worker) bool { return x == w })
	if i.leaving && len(i.ending) == 0 {
		i.after(0, i.exit)
	}
}

// leave stops the instance in good order.
func (i *instance) leave(back record.Micros) {
	if i.leaving || i.dead {
		return
	}
	i.leaving, i.back = true, back
	i.ending = append(i.ending, i.workers...)
	i.workers = nil
	for _, w := range i.ending {
		w.halt()
	}
	if len(i.ending) == 0 {
		i.after(0, i.exit)
	}
	i.after(finishWithin, i.exit)
}

// exit ends the process after its workers.
func (i *instance) exit() {
	if !i.dead {
		i.kill()
		i.w.groups[i.stage].remove(i)
		i.restart(i.back)
	}
}

// kill ends the process where it stands.
func (i *instance) kill() {
	for _, w := range append(slices.Clone(i.workers), i.ending...) {
		w.vanish()
	}
	i.dead, i.parked, i.workers, i.ending = true, nil, nil, nil
}

// restart starts another process in its place.
func (i *instance) restart(wait record.Micros) {
	if wait == never {
		return
	}
	g, era := i.w.groups[i.stage], i.w.era
	i.w.after(wait, actorGroup, func() {
		if i.w.era == era {
			g.launch()
		}
	})
}

// crash is kill -9. The group hears of it at once when the connection breaks in
// time, else when the session has timed out.
func (i *instance) crash(back record.Micros) {
	i.w.tell("%s is killed (kill -9)%s", i, i.doing())
	i.kill()
	g := i.w.groups[i.stage]
	wait := sessionTimeout
	if i.dice.one(2) {
		wait = i.dice.between(0, record.Second)
	}
	i.w.after(wait, actorGroup, func() { g.remove(i) })
	i.restart(back)
}

// freeze is SIGSTOP, then SIGCONT.
func (i *instance) freeze(length record.Micros) {
	if i.frozen || i.dead {
		return
	}
	i.w.tell("%s stands still (SIGSTOP)%s", i, i.doing())
	i.frozen = true
	if length >= sessionTimeout {
		g := i.w.groups[i.stage]
		i.w.after(sessionTimeout, actorGroup, func() { g.remove(i) })
	}
	i.w.after(length, actorFaults, i.wake)
}

// wake lets a process go on where it stood. If the group has given it up it
// joins anew, and works on meanwhile.
func (i *instance) wake() {
	if i.dead || !i.frozen {
		return
	}
	i.frozen = false
	if g := i.w.groups[i.stage]; !slices.Contains(g.members, i) && len(i.workers) > 0 {
		i.w.tally["an owner wakes that the group has given up"]++
	}
	i.w.tell("%s wakes%s", i, i.doing())
	for _, e := range i.parked {
		i.w.put(i.dice.between(0, 5*record.Millisecond), e)
	}
	i.parked = nil
	i.after(i.dice.between(0, 2*record.Second), func() { i.w.groups[i.stage].join(i) })
}

// doing says in which partitions it is in the middle of a checkpoint.
func (i *instance) doing() string {
	if !i.w.telling {
		return ""
	}
	text := fmt.Sprintf(" with %d partitions", len(i.workers))
	for _, w := range i.workers {
		if w.writing != nil {
			text += fmt.Sprintf(", %d in the middle of a checkpoint (%s)", w.id, pointNames[w.writing.at])
		}
	}
	return text
}
