package task

import (
	"fmt"

	"cordon/enforcer/guard"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// Start takes the restored state into use.
func (t *Task) Start(s stream.Start) error {
	n := s.Partitions[stream.Verdicts]
	if err := t.check(s, n); err != nil {
		return err
	}
	t.counts = s.Partitions
	t.fence = s.Header.Fence + 1
	if !s.Restored {
		t.resume(s.Tail)
	}
	t.reshape(n)
	for _, x := range t.restored {
		if t.terminals[x.Terminal] != x {
			continue // removed by a later piece
		}
		if x.partition >= int32(len(t.parts)) {
			return fmt.Errorf("%w: %s names partition %d of %s, which has %d; set the count back, or delete the state topic to start over",
				stream.ErrState, stream.EnforcerState, x.partition, stream.Verdicts, n)
		}
		t.adopt(x)
	}
	t.restored = nil
	return nil
}

func (t *Task) check(s stream.Start, verdicts int32) error {
	if verdicts < 1 {
		return fmt.Errorf("%w: topic %s has no partitions", stream.ErrState, stream.Verdicts)
	}
	if s.Restored && s.Header.StateVersion != stateVersion {
		return fmt.Errorf("%w: %s has state version %d, this program knows %d; run the version that wrote it, or delete the state topic to start over",
			stream.ErrState, stream.EnforcerState, s.Header.StateVersion, stateVersion)
	}
	for _, topic := range []stream.Topic{stream.IsolationCommands, stream.IsolationRehearsal} {
		if n, known := s.Partitions[topic]; known && n < verdicts {
			return fmt.Errorf("topic %s has %d partitions, %s has %d: a command keeps the partition of its verdict; give both the same count",
				topic, n, stream.Verdicts, verdicts)
		}
	}
	return nil
}

// resume continues the chain and the fence of an enforcer whose state is gone:
// policy systems refuse a fence lower than one they saw.
func (t *Task) resume(tail []stream.Record) {
	for _, r := range tail {
		rec, err := t.decoder.Decode(r.Value)
		e, ok := rec.(*record.AuditEvent)
		if err != nil || !ok || e.WriterID != Writer {
			continue
		}
		t.chain.Head = e.Hash
		t.fence = max(t.fence, fenceOf(e.Actor)+1)
		t.dirty.add(pieceKey{kind: pieceChain})
	}
}

// reshape makes room for the partitions and tells the guard what they see.
func (t *Task) reshape(n int32) {
	for int32(len(t.parts)) < n {
		t.parts = append(t.parts, partition{seen: -1})
	}
	issues, floor := t.guard.Windows()
	t.guard = guard.New(t.settings.limits(), int32(len(t.parts)))
	t.guard.SetWindows(issues, floor)
	for i := range t.parts {
		t.guard.Seen(int32(i), t.parts[i].seen)
	}
}

// adopt puts a restored terminal into the agendas and the guard's count.
func (t *Task) adopt(x *terminal) {
	t.schedule(x)
	if !x.State.InForce() {
		return
	}
	t.guard.Restored()
	if x.Force.Mode != t.rules.Mode {
		t.otherMode = true
	}
}
