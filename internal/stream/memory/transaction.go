package memory

import (
	"errors"
	"fmt"

	"cordon/internal/stream"
)

// outcome is the state of a transaction as readers see it.
type outcome uint8

const (
	open      outcome = iota // readers stop in front of it
	committed                // its marker is written
	aborted                  // its records are skipped
)

// ErrMarkersPending reports that the former transaction of this id was decided
// but its markers are not written yet (Kafka's CONCURRENT_TRANSACTIONS, 51).
var ErrMarkersPending = errors.New("markers of the former transaction are not written yet")

type transaction struct {
	state   outcome
	decided outcome // what the held-back markers will say; open: nothing decided
	parts   []*partition
}

func (t *transaction) add(p *partition) {
	for _, known := range t.parts {
		if known == p {
			return
		}
	}
	t.parts = append(t.parts, p)
}

// producerState is what the log knows of one transactional id.
type producerState struct {
	epoch int
	txn   *transaction
}

// Producer writes transactions under one transactional id.
type Producer struct {
	log   *Log
	id    string
	epoch int
}

// Producer takes over a transactional id: the former holder is fenced, and its
// open transaction is aborted before this returns.
func (l *Log) Producer(id string) *Producer {
	state := l.producers[id]
	if state == nil {
		state = &producerState{}
		l.producers[id] = state
	}
	if state.txn != nil {
		how := state.txn.decided
		if how == open {
			how = aborted
		}
		l.end(state, how)
	}
	state.epoch++
	return &Producer{log: l, id: id, epoch: state.epoch}
}

func (p *Producer) state() (*producerState, error) {
	state := p.log.producers[p.id]
	if state.epoch != p.epoch {
		return nil, fmt.Errorf("transactional id %s: %w", p.id, ErrFenced)
	}
	return state, nil
}

// Send adds records to the open transaction, and opens one if there is none.
func (p *Producer) Send(sends []stream.Send) error {
	state, err := p.state()
	if err != nil {
		return err
	}
	if state.txn == nil {
		state.txn = &transaction{}
	}
	if state.txn.decided != open {
		return fmt.Errorf("transactional id %s: %w", p.id, ErrMarkersPending)
	}
	return p.log.append(sends, state.txn)
}

// Commit makes the open transaction visible. Without one it does nothing.
func (p *Producer) Commit() error { return p.finish(committed) }

// Abort drops the open transaction. Without one it does nothing.
func (p *Producer) Abort() error { return p.finish(aborted) }

func (p *Producer) finish(how outcome) error {
	state, err := p.state()
	if err != nil {
		return err
	}
	switch {
	case state.txn == nil:
	case state.txn.decided != open:
		return fmt.Errorf("transactional id %s: %w", p.id, ErrMarkersPending)
	case p.log.holdMarkers:
		state.txn.decided = how
	default:
		p.log.end(state, how)
	}
	return nil
}

// HoldMarkers makes commits and aborts decide without telling readers, as a
// slow coordinator does, until DeliverMarkers.
func (l *Log) HoldMarkers(hold bool) { l.holdMarkers = hold }

// DeliverMarkers writes the markers of the decided transaction of one
// transactional id, and reports whether there was one.
func (l *Log) DeliverMarkers(id string) bool {
	state := l.producers[id]
	if state == nil || state.txn == nil || state.txn.decided == open {
		return false
	}
	l.end(state, state.txn.decided)
	return true
}

// end writes the markers of a transaction into every partition it touched.
func (l *Log) end(state *producerState, how outcome) {
	state.txn.state = how
	for _, part := range state.txn.parts {
		part.mark(l.now)
	}
	state.txn = nil
}
