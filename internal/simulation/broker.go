package simulation

import (
	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/internal/stream/memory"
)

// The coordinator of transactions: it tells readers of a decided transaction a
// little later, and aborts what was left open.

// decided has the markers of a transaction written some time after it was
// decided.
func (w *world) decided(id string, d dice) {
	w.open[id]++ // whatever was open is not any more
	wait := d.between(100, 3*record.Millisecond)
	if w.now < w.lateMarkers {
		wait = d.between(10*record.Millisecond, 4*record.Second)
	}
	w.flying++
	w.after(wait, actorBroker, nil, func() {
		w.flying--
		w.log.DeliverMarkers(id)
	})
}

// begun times a transaction out.
func (w *world) begun(id string) {
	w.open[id]++
	n := w.open[id]
	w.after(transactionTimeout, actorBroker, nil, func() {
		if w.open[id] == n {
			w.open[id]++
			w.tell("the brokers abort the transaction of %s, open for %.0f s", id, seconds(transactionTimeout))
			w.takeOver(id)
		}
	})
}

// takeOver fences whoever has a transactional id, and aborts what it left open.
func (w *world) takeOver(id string) *memory.Producer {
	if last := w.producers[id]; last != nil && w.hooks.commitAborted {
		_ = last.Commit() // refused where nothing is open
	}
	w.producers[id] = w.log.Producer(id)
	return w.producers[id]
}

// transactional is one worker's hold on its transactional id.
type transactional struct {
	w        *world
	id       string
	producer *memory.Producer // nil: to be taken from whoever has it
	opened   bool             // records were sent in the present transaction
}

// acquire takes the id over: from anybody, or with the epoch it has, which is
// refused when somebody else has taken it meanwhile.
func (t *transactional) acquire() error {
	if t.producer != nil && !t.w.hooks.steal {
		if err := t.abort(); err != nil && !pending(err) {
			return err
		}
	}
	t.w.open[t.id]++
	t.producer, t.opened = t.w.takeOver(t.id), false
	return nil
}

func (t *transactional) abort() error {
	if t.w.hooks.commitAborted {
		return t.producer.Commit()
	}
	return t.producer.Abort()
}

func (t *transactional) send(sends []stream.Send) error {
	err := t.producer.Send(sends)
	if fenced(err) && t.w.hooks.steal {
		t.producer = t.w.takeOver(t.id)
		err = t.producer.Send(sends)
	}
	if err != nil {
		return err
	}
	if !t.opened {
		t.opened = true
		t.w.begun(t.id)
	}
	return nil
}

// end decides the transaction.
func (t *transactional) end(commit bool, d dice) error {
	if t.producer == nil {
		return nil
	}
	finish := t.abort
	if commit {
		finish = t.producer.Commit
	}
	if err := finish(); err != nil && !(pending(err) && !t.opened) {
		return err
	}
	if t.opened {
		t.opened = false
		t.w.decided(t.id, d)
	}
	return nil
}
