package simulation

import (
	"errors"
	"fmt"

	"cordon/internal/record"
	"cordon/internal/stream"
)

// checkpoint writes one checkpoint beside its worker, as a goroutine does live
// (stream/kafka: access.go, commit and send).
type checkpoint struct {
	routine
	worker *worker
	c      *stream.Checkpoint
	at     Point // of the last request
}

// begin starts it.
func (w *worker) begin(c *stream.Checkpoint) {
	w.cuts++
	m := &checkpoint{routine: newRoutine(w.inst, name(w.actor, uint64(w.cuts))), worker: w, c: c}
	m.start(func() {
		err := m.commit()
		if !m.dead {
			w.end(err)
		}
	})
	w.writing = m
	m.resumeIn(m.dice.between(10, record.Millisecond))
}

// end hands the outcome to the worker.
func (w *worker) end(err error) {
	if w.w.hooks.settled != nil {
		err = w.w.hooks.settled(err)
	}
	w.writing, w.settled, w.outcome = nil, true, err
	w.poke()
}

// commit is one transaction. Where it fails before the commit was asked for, it
// is aborted and the id taken anew with the epoch it has; after that, only the
// log knows.
func (m *checkpoint) commit() error {
	err := m.send()
	if err == nil {
		m.at = committing
		return m.request(committing, m.worker.txn.ending(true, m.dice))
	}
	if !errors.Is(err, errBroken) || m.worker.stopping {
		return err
	}
	m.w.tally["a checkpoint is aborted and made again"]++
	m.w.tell("%s: a checkpoint cannot be written; it is aborted and is tried again", m.worker)
	if err := m.request(aborting, m.worker.txn.ending(false, m.dice)); err != nil {
		return err
	}
	if err := m.request(acquiring, m.worker.txn.acquire); err != nil {
		return err
	}
	return fmt.Errorf("%w: %w", stream.ErrAborted, err)
}

// send writes outputs, then pieces, then the header, each partition by itself.
func (m *checkpoint) send() error {
	for _, part := range byPartition(m.c.Outputs) {
		if err := m.produce(outputting, part); err != nil {
			return err
		}
	}
	pieces, err := m.c.Pieces()
	if err != nil {
		return err
	}
	if n := len(pieces) / 2; n > 0 {
		if err := m.produce(piecing, pieces[:n]); err != nil {
			return err
		}
		pieces = pieces[n:]
	}
	return m.produce(heading, pieces)
}

// produce writes one batch of the transaction. While the markers of the one
// before are not written it tries again.
func (m *checkpoint) produce(p Point, sends []stream.Send) error {
	if p != outputting && m.w.abort[m.worker.stage] {
		m.w.abort[m.worker.stage] = false
		m.w.struck(Abort)
		m.w.tell("%s: the brokers refuse %s", m.worker, pointNames[p])
		return errBroken
	}
	m.at = p
	for {
		err := m.request(p, func() error { return m.worker.txn.send(sends) })
		if !pending(err) {
			return err
		}
		if !m.sleep(m.dice.between(record.Millisecond, 20*record.Millisecond)) {
			return errDropped
		}
	}
}
