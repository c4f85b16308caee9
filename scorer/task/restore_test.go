package task

import (
	"errors"
	"testing"

	"cordon/internal/record"
	"cordon/internal/stream"
)

// pieces returns the state of a task that has terminals, a case, open panes and
// records that wait.
func pieces(t testing.TB) []stream.Piece {
	task := start(t, nil)
	var s script
	s.clock(epoch)
	for _, f := range scan(1, epoch, 40, record.Second) {
		s.add(f.record())
	}
	s.clock(epoch + 45*record.Second)
	for _, f := range scan(2, epoch+record.Hour, 3, record.Second) {
		s.add(f.record())
	}
	run(t, task, s.values)
	var cut stream.Cut
	task.Cut(&cut)
	cut.Encode()
	return cut.Pieces()
}

// State that is cut short or of an unknown kind is refused with stream.ErrState,
// never taken for something else.
func TestBadStateIsRefused(t *testing.T) {
	refused := func(key, value []byte) bool {
		task := New(DefaultSettings(), 0)
		for _, p := range pieces(t) {
			if string(p.Key) == string(key) {
				p.Value = value
			}
			if err := task.Restore(p.Key, p.Value); err != nil {
				return errors.Is(err, stream.ErrState)
			}
		}
		return task.Start(stream.Start{Restored: true, Header: stream.Header{StateVersion: StateVersion}, Partitions: testCounts()}) != nil
	}
	for _, p := range pieces(t) {
		if refused(p.Key, p.Value) {
			t.Fatalf("good state refused at piece %q", p.Key)
		}
		short := p.Value[:max(len(p.Value)-1, 0)]
		if p.Key[0] == kindName { // any string is good; terminals that have it are not without it
			short = nil
		}
		if p.Value != nil && !refused(p.Key, short) {
			t.Errorf("piece %q cut to %q was taken", p.Key, short)
		}
	}
	for _, key := range []string{"", "x", "t", "header"} {
		if err := New(DefaultSettings(), 0).Restore([]byte(key), []byte("x")); !errors.Is(err, stream.ErrState) {
			t.Errorf("key %q: %v, want %v", key, err, stream.ErrState)
		}
	}
}

// A later piece replaces an earlier one of its key; a removal removes it.
func TestRestoreTakesTheNewestPiece(t *testing.T) {
	task := New(DefaultSettings(), 0)
	for range 2 {
		for _, p := range pieces(t) {
			if err := task.Restore(p.Key, p.Value); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := task.Restore(terminalBytes(record.Pseudonym{1, 1}), nil); err != nil {
		t.Fatal(err)
	}
	if err := task.Start(stream.Start{Restored: true, Header: stream.Header{StateVersion: StateVersion}, Partitions: testCounts()}); err != nil {
		t.Fatal(err)
	}
	if _, known := task.roster.find(&record.Pseudonym{1, 1}); known || len(task.waiting.records) != 3 {
		t.Errorf("terminal removed: %v, %d records wait, want true, 3", !known, len(task.waiting.records))
	}
}

func FuzzRestore(f *testing.F) {
	for _, p := range pieces(f) {
		f.Add(p.Key, p.Value)
	}
	f.Fuzz(func(t *testing.T, key, value []byte) {
		task := New(DefaultSettings(), 0)
		if task.Restore(key, value) == nil {
			_ = task.Start(stream.Start{Partitions: testCounts()})
		}
	})
}

// In a new generation the open cases are told again.
func TestNewGenerationTellsOpenCasesAgain(t *testing.T) {
	var s script
	s.clock(epoch)
	for _, f := range scan(1, epoch, 40, 100*record.Millisecond) {
		s.add(f.record())
	}
	s.clock(epoch + record.Minute)
	task := start(t, nil)
	run(t, task, s.values)
	kept := checkpoint{pieces: map[string][]byte{}, next: 1}
	var cut stream.Cut
	task.Cut(&cut)
	kept.take(&cut)
	var later script
	later.clock(epoch + 90*record.Second)
	if got := verdicts(run(t, kept.restore(t, DefaultSettings()), later.values)); len(got) != 0 {
		t.Errorf("after a restart %+v was told, want nothing", got[0])
	}
	changed := DefaultSettings()
	changed.Decision.Watch = 13_000
	got := verdicts(run(t, kept.restore(t, changed), later.values))
	if len(got) != 1 || got[0].Status != record.StatusUpdated || got[0].StateGeneration != task.generation+1 || got[0].Sequence != 2 {
		t.Errorf("under another configuration %+v, want the case told once, in the next generation", got)
	}
}

// terminalBytes is the key of a terminal.
func terminalBytes(id record.Pseudonym) []byte {
	key := terminalKey(kindTerminal, id)
	return key[:]
}
