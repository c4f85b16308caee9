package pane

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
	"cordon/internal/record/wire"
)

// events draws events of which many are alike.
func events(t *rapid.T) []Event {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Event {
		return Event{
			At: uint16(rapid.IntRange(0, 20).Draw(t, "at")), Kind: record.KindSession, What: uint8(rapid.IntRange(1, 3).Draw(t, "what")),
			Session: uint16(rapid.IntRange(0, 2).Draw(t, "session")), Slice: uint32(rapid.IntRange(0, 2).Draw(t, "slice")),
			Count: int32(rapid.IntRange(0, 2).Draw(t, "count")), Paged: rapid.Bool().Draw(t, "paged"),
		}
	}), 0, 80).Draw(t, "events")
}

// A pane keeps the earliest events, whatever the order in which they came, and
// counts all.
func TestEventsEqualTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := events(t)
		want := slices.Clone(list)
		slices.SortStableFunc(want, func(a, b Event) int { return a.compare(&b) })
		want = want[:min(len(want), EventSample)]
		var table Table
		var slot Slot
		for _, e := range rapid.Permutation(list).Draw(t, "order") {
			table.AddEvent(&slot, e)
		}
		if got := contentsOf(&table, &slot); !slices.Equal(got, want) || slot.Happened != uint64(len(list)) {
			t.Errorf("got %d of %d events\n%+v\nwant %d of %d\n%+v", len(got), slot.Happened, got, len(want), len(list), want)
		}
		r := wire.NewReader(table.AppendSlot(nil, &slot, Known{Context: new(Context)}))
		var again Table
		var read Slot
		if !again.ReadSlot(&r, &read, Known{Context: new(Context)}) || !slices.Equal(contentsOf(&again, &read), want) {
			t.Errorf("read again: %+v, want %+v", contentsOf(&again, &read), want)
		}
	})
}

// contentsOf returns the events without what tells where they lie.
func contentsOf(table *Table, slot *Slot) []Event {
	list := table.Events(slot, nil)
	for i := range list {
		list[i].next = 0
	}
	return list
}

func TestEventsOf(t *testing.T) {
	r := record.PseudonymisedTelemetry{OccurredAt: 10*record.Second + 1500*record.Millisecond, SNSSAI: "1", PDUSessionID: record.Some[int32](5)}
	for _, c := range []struct {
		name string
		kind record.Kind
		fill func()
		want []Event
	}{
		{"released", record.KindSession, func() { r.Session = record.Session{Event: record.SessionReleased, CauseClass: record.CauseNone} },
			[]Event{{What: uint8(record.SessionReleased), Cause: uint8(record.CauseNone)}}},
		{"paged", record.KindRegistration, func() {
			r.Registration = record.Registration{Event: record.ServiceRequest, Outcome: record.OutcomeSuccess, Count: 3, NetworkInitiated: true}
		}, []Event{{What: uint8(record.ServiceRequest), Outcome: uint8(record.OutcomeSuccess), Paged: true, Count: 3}}},
		{"count of nobody", record.KindRegistration, func() { r.Registration = record.Registration{Event: record.CMIdle, Count: -1} },
			[]Event{{What: uint8(record.CMIdle), Count: 1}}},
		{"status", record.KindDeviceStatus, func() {
			r.DeviceStatus = record.DeviceStatus{CPULoad: record.Some[int32](97), Tamper: record.Some(true), Roaming: record.Some(true)}
		}, []Event{{What: uint8(StatusCPU), Count: 97}, {What: uint8(StatusRoaming), Count: 1}}},
		{"firewall", record.KindExternalException, func() {
			r.ExternalException = record.ExternalException{ExceptionID: "SUSPICION_OF_DDOS_ATTACK", Level: 400, Protocol: record.Some[int32](17), RemotePort: record.Some[int32](53)}
		}, []Event{{What: uint8(record.SuspicionOfDDoSAttack), Count: 100, Cause: 17, Session: 53}}},
		{"flow", record.KindFlow, func() {}, nil},
	} {
		r.Kind = c.kind
		c.fill()
		for i := range c.want {
			c.want[i].At, c.want[i].Kind, c.want[i].Slice = 1500, c.kind, Label("1")
			if c.kind != record.KindExternalException {
				c.want[i].Session = 6
			}
		}
		if got := EventsOf(&r, nil); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}
