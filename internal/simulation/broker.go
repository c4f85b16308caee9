package simulation

import (
	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/internal/stream/memory"
)

// transaction is what the coordinator knows of a transactional id beside the
// log.
type transaction struct {
	last *memory.Producer
	open bool // records were sent, nothing is decided
	n    int  // which transaction this is: to time it out
}

// transaction finds the entry of an id.
func (w *world) transaction(id string) *transaction {
	t := w.transactions[id]
	if t == nil {
		t = &transaction{}
		w.transactions[id] = t
	}
	return t
}

// takeOver fences whoever has a transactional id, and aborts what it left open.
func (w *world) takeOver(id string) *memory.Producer {
	t := w.transaction(id)
	if t.open && w.hooks.commitAborted {
		_ = t.last.Commit()
	}
	t.open = false
	t.last = w.log.Producer(id)
	return t.last
}

// begun notes that a transaction is open, and times it out.
func (w *world) begun(id string) {
	t := w.transaction(id)
	if t.open {
		return
	}
	t.open = true
	t.n++
	n := t.n
	w.after(transactionTimeout, actorBroker, func() {
		if t.open && t.n == n {
			w.tally["a transaction times out"]++
			w.tell("the brokers abort the transaction of %s, open for %.0f s", id, seconds(transactionTimeout))
			w.takeOver(id)
		}
	})
}

// decided has the markers of a transaction written some time later.
func (w *world) decided(id string, d dice) {
	t := w.transaction(id)
	if !t.open {
		return
	}
	t.open = false
	wait := d.between(100, 3*record.Millisecond)
	if w.now < w.lateMarkers {
		wait = d.between(10*record.Millisecond, 4*record.Second)
		w.struck(LateMarkers)
	}
	w.flying++
	w.after(wait, actorBroker, func() {
		w.flying--
		w.log.DeliverMarkers(id)
	})
}

// transactional is one worker's hold on its transactional id.
type transactional struct {
	w        *world
	id       string
	producer *memory.Producer // nil: to be taken from whoever has it
}

// acquire takes the id over: from anybody, or with the epoch it has, which is
// refused when somebody else has taken it meanwhile.
func (t *transactional) acquire() error {
	if t.producer != nil && !t.w.hooks.steal {
		if err := t.producer.Abort(); err != nil && !pending(err) {
			return err
		}
	}
	t.producer = t.w.takeOver(t.id)
	return nil
}

func (t *transactional) send(sends []stream.Send) error {
	err := t.producer.Send(sends)
	if fenced(err) && t.w.hooks.steal {
		t.producer = t.w.takeOver(t.id)
		err = t.producer.Send(sends)
	}
	if err == nil {
		t.w.begun(t.id)
	}
	return err
}

// ending returns the request that decides the transaction. It belongs to the
// epoch of now, whenever it is done.
func (t *transactional) ending(commit bool, d dice) func() error {
	p := t.producer
	if p == nil {
		return func() error { return nil }
	}
	finish := p.Abort
	if commit || t.w.hooks.commitAborted {
		finish = p.Commit
	}
	return func() error {
		err := finish()
		if pending(err) {
			return nil // of the transaction before: nothing is open
		}
		if err == nil {
			t.w.decided(t.id, d)
		}
		return err
	}
}
