package audit

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
)

func chain(n int) []record.AuditEvent {
	c := Chain{WriterID: "enforcer"}
	events := make([]record.AuditEvent, 0, n)
	for i := range n {
		events = append(events, c.Link(record.AuditEvent{
			Kind: "ISOLATE", Actor: "enforcer/1", ReasonCode: "RATE_LIMIT", Ticket: "T-1",
			Terminal: record.Pseudonym{byte(i)}, At: record.Micros(i),
			Inputs: []record.InputPosition{{Topic: "verdicts", Partition: 3, Offset: int64(i)}},
		}))
	}
	return events
}

func TestVerifyFindsEveryChange(t *testing.T) {
	changes := map[string]func(e *record.AuditEvent){
		"kind":     func(e *record.AuditEvent) { e.Kind = "RELEASE" },
		"terminal": func(e *record.AuditEvent) { e.Terminal[15]++ },
		"actor":    func(e *record.AuditEvent) { e.Actor += "x" },
		"reason":   func(e *record.AuditEvent) { e.ReasonCode, e.Ticket = e.ReasonCode+e.Ticket, "" },
		"ticket":   func(e *record.AuditEvent) { e.Ticket = "" },
		"at":       func(e *record.AuditEvent) { e.At++ },
		"offset": func(e *record.AuditEvent) {
			e.Inputs = []record.InputPosition{{Topic: "verdicts", Partition: 3, Offset: 99}}
		},
		"inputs":   func(e *record.AuditEvent) { e.Inputs = nil },
		"previous": func(e *record.AuditEvent) { e.PreviousHash[0]++ },
		"hash":     func(e *record.AuditEvent) { e.Hash[0]++ },
		"rehashed": func(e *record.AuditEvent) { e.Kind = "RELEASE"; e.Hash = Hash(e) },
	}
	for name, change := range changes {
		events := chain(4)
		change(&events[1])
		if err := Verify(events); !errors.Is(err, ErrBroken) {
			t.Errorf("%s of event 1 changed: got %v, want %v", name, err, ErrBroken)
		}
	}
}

func TestVerifyFindsRemovedAddedMoved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := chain(rapid.IntRange(3, 8).Draw(t, "length"))
		if err := Verify(events); err != nil {
			t.Fatalf("whole chain: %v", err)
		}
		if err := Verify(events[1:]); err != nil {
			t.Fatalf("chain whose oldest event is past its retention: %v", err)
		}
		i := rapid.IntRange(1, len(events)-2).Draw(t, "where")
		for name, broken := range map[string][]record.AuditEvent{
			"removed": slices.Delete(slices.Clone(events), i, i+1),
			"doubled": slices.Insert(slices.Clone(events), i, events[i]),
		} {
			if err := Verify(broken); !errors.Is(err, ErrBroken) {
				t.Fatalf("event %d %s: got %v, want %v", i, name, err, ErrBroken)
			}
		}
		events[i], events[i+1] = events[i+1], events[i]
		if err := Verify(events); !errors.Is(err, ErrBroken) {
			t.Fatalf("events %d and %d swapped: got %v, want %v", i, i+1, err, ErrBroken)
		}
	})
}

func TestWritersHaveChainsOfTheirOwn(t *testing.T) {
	a, b := Chain{WriterID: "enforcer"}, Chain{WriterID: "reveal"}
	events := []record.AuditEvent{
		a.Link(record.AuditEvent{Kind: "1"}), b.Link(record.AuditEvent{Kind: "2"}), a.Link(record.AuditEvent{Kind: "3"}),
	}
	if err := Verify(events); err != nil {
		t.Fatalf("two interleaved chains: %v", err)
	}
}

func ExampleVerify() {
	c := Chain{WriterID: "enforcer"}
	events := []record.AuditEvent{c.Link(record.AuditEvent{Kind: "ISOLATE"}), c.Link(record.AuditEvent{Kind: "RELEASE"})}
	fmt.Println(Verify(events))
	events[0].Kind = "RENEW"
	fmt.Println(errors.Is(Verify(events), ErrBroken))
	// Output:
	// <nil>
	// true
}
