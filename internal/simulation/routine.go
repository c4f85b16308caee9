package simulation

import (
	"errors"
	"iter"

	"cordon/internal/record"
)

// Errors of requests.
var (
	// errDropped ends what a routine does after its process died.
	errDropped = errors.New("the process is dead")
	// errBroken is a request of which nobody knows whether it was done.
	errBroken = errors.New("the connection is broken")
)

// routine is one thread of a process: ordinary code that comes back to the
// scheduler at every request to the brokers. It runs only within resume.
type routine struct {
	w     *world
	of    *instance
	actor uint64
	dice  dice

	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
	turn  int // times it was resumed: a wake-up for another turn is void
	ended bool
	dead  bool
	reply error
}

// newRoutine returns a routine of a process that does nothing yet.
func newRoutine(of *instance, actor uint64) routine {
	return routine{w: of.w, of: of, actor: actor, dice: newDice(of.w.plan.Seed, actor)}
}

// start gives it what to do, from the first time it is resumed on.
func (r *routine) start(body func()) {
	r.next, r.stop = iter.Pull(func(yield func(struct{}) bool) {
		r.yield = yield
		body()
	})
}

// resume runs it to its next wait.
func (r *routine) resume() {
	if r.dead || r.ended {
		return
	}
	r.turn++
	_, more := r.next()
	r.ended = !more
}

// drop ends it where it stands: nothing it does from here on reaches anybody.
// Not to be called from within.
func (r *routine) drop() {
	if !r.dead && !r.ended {
		r.dead = true
		r.stop()
	}
}

// wait gives the turn away until somebody resumes it.
func (r *routine) wait() bool {
	if !r.dead && !r.yield(struct{}{}) {
		r.dead = true
	}
	return !r.dead
}

// resumeIn resumes it later, unless something else does so first.
func (r *routine) resumeIn(wait record.Micros) {
	turn := r.turn
	r.after(wait, func() {
		if r.turn == turn {
			r.resume()
		}
	})
}

// sleep lets time pass, and reports whether the process is still there.
func (r *routine) sleep(d record.Micros) bool {
	if r.dead {
		return false
	}
	r.resumeIn(d)
	return r.wait()
}

// request has the brokers do something. It travels there, is done, and its
// answer travels back; the process may die or stand still on any of the ways. A
// request that is on its way is done in any case.
func (r *routine) request(p Point, do func() error) error {
	if r.dead {
		return errDropped
	}
	if r.w.strikes(r, p, unsent) && !r.sleep(0) {
		return errDropped
	}
	fate, turn := r.w.fate(r, p), r.turn
	r.w.flying++
	r.w.after(r.dice.latency(), r.actor, func() {
		r.w.flying--
		err := r.arrive(fate, do)
		r.w.strikes(r, p, done)
		r.after(r.dice.latency(), func() {
			if r.turn == turn {
				r.reply = err
				r.resume()
			}
		})
	})
	r.w.strikes(r, p, sent)
	if !r.wait() {
		return errDropped
	}
	return r.reply
}

// arrive does a request at the brokers, as its fate will have it.
func (r *routine) arrive(f fate, do func() error) error {
	switch f {
	case fine:
		return do()
	case unanswered:
		_ = do()
	case overdue:
		r.w.overdue(r.dice.between(0, 5*record.Second), do)
	}
	return errBroken
}

// fate is what becomes of a request.
type fate uint8

const (
	fine       fate = iota
	lost            // it never arrives
	unanswered      // it is done, and the answer is lost
	overdue         // it is done after whoever sent it has given up
)

// fate decides about a request of a program whose requests fail now. Only ends
// of transactions are ever done so late: what they name cannot have changed.
func (w *world) fate(r *routine, p Point) fate {
	if w.now >= w.refusing[r.of.stage] {
		return fine
	}
	f := fate(r.dice.IntN(4))
	if f == overdue && p != committing && p != aborting {
		f = lost
	}
	if f != fine {
		w.struck(Refuse)
	}
	return f
}

// overdue does a request nobody waits for any more.
func (w *world) overdue(wait record.Micros, do func() error) {
	w.flying++
	w.after(wait, actorBroker, func() {
		w.flying--
		_ = do()
	})
}
