// Package resolve finds the subscriber behind a terminal's address at a point
// in event time.
//
// What it promises: who held an address is decided from session events by their
// event times, not by when they arrived, so a late flow goes to the former
// holder; a record that names only an address is decided once R has passed it,
// or when a session event that covers it arrives while it waits, and never by
// guess; records that are decided together come in the order of their event
// times and offsets. Memory is bounded by the settings.
//
// What it does not: it decodes nothing and knows no payload. It joins within
// one raw partition; sessions and flows of an address have to be keyed alike.
// A Table is used by one goroutine.
package resolve

import (
	"container/heap"
	"net/netip"
	"slices"
	"strings"
	"unique"

	"cordon/collector/piece"
	"cordon/internal/identity"
	"cordon/internal/record"
)

// Settings bound the table of one raw partition.
type Settings struct {
	Wait      record.Micros // how long after R passed it a record waits for a session event
	Keep      record.Micros // how long a released address is remembered, for late flows
	HeldBytes int           // room for records that wait, in bytes
	Bindings  int           // addresses that are remembered
}

// Key is an address in a data network. Addresses of different networks or
// slices may be equal.
type Key struct {
	address netip.Addr
	network unique.Handle[network]
}

// network is a DNN with a slice.
type network struct{ dnn, snssai string }

// event is a change of who holds an address.
type event struct {
	at    record.Micros
	supi  identity.SUPI
	bound bool // false: released
}

// binding is the history of one address, by event time.
type binding struct {
	events  []event
	watched bool // it stands among those to be forgotten, which it does once
}

// Table holds the bindings and the records that wait.
type Table struct {
	settings Settings
	bindings map[Key]*binding
	released expiries
	changed  piece.Set[Key]

	fresh   queue // R has not passed them
	waiting queue // R has passed them, no session event covers them
	byKey   map[Key][]*Held
	slots   slots
	bytes   int
	pool    []*Held

	refused int64
}

// New returns an empty table.
func New(settings Settings) *Table {
	return &Table{settings: settings, bindings: map[Key]*binding{}, byKey: map[Key][]*Held{}}
}

// KeyOf returns the key of an address. IPv6 addresses stand for their /64
// prefix: a session has one, and the terminal chooses the rest (TS 23.501 clause
// 5.8.2.2). Names of networks compare without regard to case.
func KeyOf(address netip.Addr, dnn, snssai string) Key {
	address = address.Unmap().WithZone("")
	if address.Is6() {
		if prefix, err := address.Prefix(64); err == nil {
			address = prefix.Addr()
		}
	}
	return Key{address, unique.Make(network{lower(dnn), lower(snssai)})}
}

// lower is strings.ToLower for what is lower-case mostly.
func lower(text string) string {
	for i := range len(text) {
		if c := text[i]; c >= 'A' && c <= 'Z' {
			return strings.ToLower(text)
		}
	}
	return text
}

// Bind notes that a subscriber held the address from at on; the zero SUPI says
// that nobody known did. It reports whether there was room.
func (t *Table) Bind(k Key, at record.Micros, supi identity.SUPI) bool {
	return t.note(k, event{at, supi.Clone(), true})
}

// Release notes that a subscriber gave the address up at at. It may come before
// the Bind it belongs to.
func (t *Table) Release(k Key, at record.Micros, supi identity.SUPI) bool {
	return t.note(k, event{at, supi.Clone(), false})
}

// maxEvents bounds the history of one address: sessions that flap faster than
// this within Keep, or a source that repeats one event, lose the oldest part. A
// history is one piece of state, which has to fit into a record.
const maxEvents = 64

// note inserts an event behind all of its time.
func (t *Table) note(k Key, e event) bool {
	b := t.bindings[k]
	if b == nil {
		if len(t.bindings) >= t.settings.Bindings {
			t.refused++
			return false
		}
		b = &binding{}
		t.bindings[k] = b
	}
	at := len(b.events)
	for at > 0 && b.events[at-1].at > e.at {
		at--
	}
	b.events = slices.Insert(b.events, at, e)
	b.trim(b.last() - t.settings.Keep)
	if n := len(b.events); n > maxEvents {
		b.fold(n - maxEvents/2)
	}
	t.changed.Mark(k)
	t.watch(k, b)
	return true
}

// watch sees to it that an address nobody holds is forgotten in time.
func (t *Table) watch(k Key, b *binding) {
	if !b.watched && b.at(forever).IsZero() {
		b.watched = true
		heap.Push(&t.released, expiry{b.last() + t.settings.Keep, k})
	}
}

// last returns the time of the newest event.
func (b *binding) last() record.Micros { return b.events[len(b.events)-1].at }

// forever is after every event.
const forever = record.Micros(1<<63 - 1)

// trim drops what happened before horizon but the state it led to.
func (b *binding) trim(horizon record.Micros) {
	n := 0
	for n < len(b.events) && b.events[n].at < horizon {
		n++
	}
	b.fold(n)
}

// fold puts the state that the first n events led to in their place.
func (b *binding) fold(n int) {
	if n < 2 {
		return
	}
	holder, since := identity.SUPI{}, record.Micros(0)
	for _, e := range b.events[:n] {
		if before := holder; e.apply(&holder) && holder != before {
			since = e.at
		}
	}
	rest := b.events[n:]
	if holder.IsZero() {
		b.events = slices.Clone(rest)
		return
	}
	b.events = append([]event{{since, holder, true}}, rest...)
}

// apply changes the holder and reports whether it did. A release by somebody
// who is not the holder came late and changes nothing.
func (e event) apply(holder *identity.SUPI) bool {
	switch {
	case e.bound:
		*holder = e.supi
	case *holder == e.supi:
		*holder = identity.SUPI{}
	default:
		return false
	}
	return true
}

// at returns who held the address just before at, for a report covers the time
// before it; or who took it over at that very time.
func (b *binding) at(at record.Micros) identity.SUPI {
	var holder identity.SUPI
	for _, e := range b.events {
		if e.at > at || e.at == at && !holder.IsZero() {
			break
		}
		e.apply(&holder)
	}
	return holder
}

// Holder returns who held the address at a time, the zero SUPI if nobody is
// known to.
func (t *Table) Holder(k Key, at record.Micros) identity.SUPI {
	if b := t.bindings[k]; b != nil {
		return b.at(at)
	}
	return identity.SUPI{}
}

// Expire forgets addresses that were released long before R.
func (t *Table) Expire(passed record.Micros) {
	for len(t.released) > 0 && t.released[0].due <= passed {
		e := heap.Pop(&t.released).(expiry)
		b := t.bindings[e.key]
		b.watched = false
		if !b.at(forever).IsZero() {
			continue // bound again since: its next release is watched anew
		}
		if b.last()+t.settings.Keep > passed {
			t.watch(e.key, b) // released again since
			continue
		}
		delete(t.bindings, e.key)
		t.changed.Mark(e.key)
	}
}

// Size returns how many addresses are remembered, how many bytes wait, and how
// many addresses found no room.
func (t *Table) Size() (bindings, heldBytes int, refused int64) {
	return len(t.bindings), t.bytes, t.refused
}

// expiry is a released address and when it may be forgotten.
type expiry struct {
	due record.Micros
	key Key
}

// expiries is a heap by due time.
type expiries []expiry

func (e expiries) Len() int           { return len(e) }
func (e expiries) Less(i, j int) bool { return e[i].due < e[j].due }
func (e expiries) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *expiries) Push(x any)        { *e = append(*e, x.(expiry)) }
func (e *expiries) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}
