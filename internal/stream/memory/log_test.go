package memory_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/stream"
	"cordon/internal/stream/memory"
)

// twin is one partition as the rules say it, without any structure: entries in
// the order in which they came, and what became of their transactions.
type twin struct {
	entries []entry
	start   int64
}

type entry struct {
	value  string // empty: a marker
	batch  int
	offset int64
	txn    *fate // nil: outside any transaction
}

// fate is what became of a transaction.
type fate struct{ decided, committed bool }

func (w *twin) append(batch int, txn *fate, values ...string) {
	for _, v := range values {
		w.entries = append(w.entries, entry{value: v, batch: batch, offset: w.end(), txn: txn})
	}
}

func (w *twin) end() int64 { return int64(len(w.entries)) }

// visible returns what a reader from the log's start sees: committed records up
// to the first that is undecided.
func (w *twin) visible() []string {
	var all []string
	for _, e := range w.entries {
		if e.txn != nil && !e.txn.decided {
			break
		}
		if e.offset >= w.start && e.value != "" && (e.txn == nil || e.txn.committed) {
			all = append(all, fmt.Sprintf("%d %s", e.offset, e.value))
		}
	}
	return all
}

// stable returns the offset of the first undecided record: nobody has read it,
// so no retention reaches it here.
func (w *twin) stable() int64 {
	for _, e := range w.entries {
		if e.txn != nil && !e.txn.decided {
			return e.offset
		}
	}
	return w.end()
}

// trim lets go of whole batches that end at or before offset.
func (w *twin) trim(offset int64) {
	for i, e := range w.entries {
		last := i+1 == len(w.entries) || w.entries[i+1].batch != e.batch
		if last && e.offset < offset {
			w.start = max(w.start, e.offset+1)
		}
	}
}

// read returns what a reader sees from the start, batch after batch.
func readAll(log *memory.Log, p stream.Partition) []string {
	var all []string
	for offset := int64(0); ; {
		b, next, more := log.Fetch(p, offset)
		if !more {
			return all
		}
		for _, r := range b.Records {
			all = append(all, fmt.Sprintf("%d %s", r.Offset, r.Value))
		}
		offset = next
	}
}

// Whatever producers do, readers see what Kafka would show them.
func TestLogFollowsItsRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log, p := memory.NewLog(), stream.Partition{Topic: numbers}
		log.Create(numbers, 1)
		w := &twin{}
		producers := map[string]*memory.Producer{}
		open := map[string]*fate{}
		finish := func(id string, committed bool) {
			if f := open[id]; f != nil {
				f.decided, f.committed = true, committed
				w.append(-1-len(w.entries), nil, "") // the marker, a batch of its own
				delete(open, id)
			}
		}
		for batch := range rapid.IntRange(1, 30).Draw(t, "steps") {
			value := fmt.Sprint("v", batch)
			sends := []stream.Send{{Topic: numbers, Value: []byte(value)}, {Topic: numbers, Value: []byte(value + "+")}}
			id := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "producer")
			var err error
			switch what := rapid.SampledFrom([]string{"append", "take over", "send", "send", "commit", "abort", "trim"}).Draw(t, "what"); {
			case what == "append":
				w.append(batch, nil, value, value+"+")
				err = log.Append(sends)
			case what == "trim":
				at := rapid.Int64Range(0, w.stable()).Draw(t, "trim at")
				w.trim(at)
				log.Trim(p, at)
			case what == "take over" || producers[id] == nil:
				finish(id, false)
				producers[id] = log.Producer(id)
			case what == "send":
				if open[id] == nil {
					open[id] = &fate{}
				}
				w.append(batch, open[id], value, value+"+")
				err = producers[id].Send(sends)
			case what == "commit":
				finish(id, true)
				err = producers[id].Commit()
			case what == "abort":
				finish(id, false)
				err = producers[id].Abort()
			}
			if err != nil {
				t.Fatalf("step %d: %v", batch, err)
			}
			if got, want := readAll(log, p), w.visible(); !slices.Equal(got, want) {
				t.Fatalf("step %d: readers see %v, want %v", batch, got, want)
			}
			if log.Start(p) != w.start || log.End(p) != w.end() {
				t.Fatalf("step %d: offsets %d to %d, want %d to %d", batch, log.Start(p), log.End(p), w.start, w.end())
			}
		}
	})
}

func TestWhatWasNotCreatedIsRefused(t *testing.T) {
	log := newLog()
	for _, s := range []stream.Send{{Topic: "other"}, {Topic: numbers, Partition: 2}, {Topic: numbers, Partition: -1}} {
		if err := log.Append([]stream.Send{s}); !errors.Is(err, memory.ErrNoTopic) {
			t.Errorf("append to %s[%d]: got %v, want %v", s.Topic, s.Partition, err, memory.ErrNoTopic)
		}
		at := stream.Partition{Topic: s.Topic, ID: s.Partition}
		if _, next, more := log.Fetch(at, 7); more || next != 7 || log.End(at) != 0 || log.Start(at) != 0 {
			t.Errorf("fetch from %s[%d]: got more %v, next %d", s.Topic, s.Partition, more, next)
		}
	}
}

// The same records give the same fingerprint, by which a restart knows its log.
func TestFingerprints(t *testing.T) {
	print := func(values ...uint64) uint32 {
		log := newLog()
		var sends []stream.Send
		for _, v := range values {
			sends = append(sends, number(0, v))
		}
		if err := log.Append(sends); err != nil {
			t.Fatal(err)
		}
		b, _, _ := log.Fetch(stream.Partition{Topic: numbers}, 0)
		return b.CRC
	}
	first, same, turned := print(1, 2), print(1, 2), print(2, 1)
	if first != same || first == turned {
		t.Errorf("fingerprints of 1 2, 1 2, 2 1: %d, %d, %d; want the first two equal, the third not", first, same, turned)
	}
}

// What a caller does with its bytes afterwards is its own business.
func TestAppendCopies(t *testing.T) {
	log := newLog()
	value := []byte("before")
	if err := log.Append([]stream.Send{{Topic: numbers, Value: value}}); err != nil {
		t.Fatal(err)
	}
	copy(value, "after!")
	if b, _, _ := log.Fetch(stream.Partition{Topic: numbers}, 0); string(b.Records[0].Value) != "before" {
		t.Errorf("got %q, want what was appended", b.Records[0].Value)
	}
}

func ExampleLog() {
	log := memory.NewLog()
	log.Create(stream.Verdicts, 1)
	p := stream.Partition{Topic: stream.Verdicts}

	writer := log.Producer("scorer-0")
	fmt.Println(writer.Send([]stream.Send{{Topic: stream.Verdicts, Value: []byte("one")}}))
	_, _, more := log.Fetch(p, 0)
	fmt.Println("before the commit:", more)

	fmt.Println(writer.Commit())
	b, next, more := log.Fetch(p, 0)
	fmt.Println("after it:", more, string(b.Records[0].Value), next)

	log.Producer("scorer-0") // somebody takes over
	fmt.Println(writer.Send(nil))
	// Output:
	// <nil>
	// before the commit: false
	// <nil>
	// after it: true one 1
	// transactional id scorer-0: producer is fenced
}
