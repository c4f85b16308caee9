package profile

import (
	"cmp"
	"slices"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// MaxBytes bounds the changes that a partition keeps, as they lay in the log and
// with what is made of them: some 200,000 profiles of terminals, or 600,000 lines of
// lists. It is ours: a partition is planned for 250,000 terminals, and classes are
// provisioned by type.
const MaxBytes = 128 << 20

// What a change costs beside its value, bytes; measured (TestSizeIsWhatItCosts).
const (
	overhead     = 400
	lineBytes    = 200 // of a list
	ruleBytes    = 80  // of a profile
	excusedBytes = 32
)

// size is what an entry costs, but for the profile that it shares.
func (e *entry) size() int {
	size := len(e.value) + overhead + len(e.excused)*excusedBytes
	if e.list != nil {
		size += e.list.lines * lineBytes
	}
	return size
}

// size is what a profile costs, however many have it.
func (s *shared) size() int { return overhead + len(s.key) + len(s.allowed)*ruleBytes }

// excusedLimit is how many destinations a BENIGN excuses: those of the case it is
// about, 8 at most, and some more where it is about a group.
const excusedLimit = 64

// Kind says what a change is.
type Kind uint8

// Kinds of changes.
const (
	Provisioned Kind = iota // a profile
	Exempt                  // the terminal is never isolated by a machine
	Benign                  // a case was looked at and is harmless
	Allow                   // a destination is harmless
	Setting                 // a destination list
	kinds
)

// name is what a newer change replaces an older one under.
type name struct {
	kind    Kind
	subject Subject
	about   string // the destination, or the name of the setting
}

// entry is one change.
type entry struct {
	number      uint64 // in order of arrival; names its piece of state
	name        name
	from, until record.Micros
	holds       bool // it has taken effect
	ends        bool // it takes away what holds under its name
	value       []byte
	expected    *shared
	destination Destination
	excused     []pane.Key
	list        *list
}

// Table holds the changes of a partition. It belongs to one goroutine; the zero
// Table is empty.
type Table struct {
	entries []*entry // by number
	next    uint64   // number of the next one
	bytes   int
	due     pane.Number // first pane in which one begins or ends; 0: none
	holding map[name]*entry
	about   map[Subject][]*entry // ALLOW and BENIGN in force, by number
	count   [kinds][4]int32      // in force, by the level of their subject
	lists   []*list
	shared  map[string]*shared // profiles by content
	changed []uint64           // since the last committed cut
	leaving []uint64           // the same, in the cut that is not settled
}

// shared is a profile that many terminals have.
type shared struct {
	Expected
	key   string
	users int
}

// Taken is what became of a change.
type Taken uint8

// Outcomes of Add.
const (
	Kept    Taken = iota // it waits for its time
	Invalid              // it names no subject or no setting that there is, or what it says cannot be read
	Full                 // there is no room (MaxBytes)
)

// Add takes a change in, with its encoding.
func (t *Table) Add(change any, value []byte) Taken {
	e, valid := t.entryOf(change)
	if !valid {
		return Invalid
	}
	e.number, e.value = t.next, slices.Clone(value)
	if t.bytes+e.size() > MaxBytes {
		t.forget(e)
		return Full
	}
	t.next++
	t.bytes += e.size()
	t.entries = append(t.entries, e)
	t.changed = append(t.changed, e.number)
	t.plan(pane.Of(e.from))
	return Kept
}

// plan notes that something is due at a pane.
func (t *Table) plan(n pane.Number) {
	if t.due == 0 || n < t.due {
		t.due = max(n, 1)
	}
}

// First returns the first pane in which something begins or ends, if there is one:
// panes before it need no Apply.
func (t *Table) First() (pane.Number, bool) { return t.due, t.due != 0 }

// Change is a change that took effect, or ended.
type Change struct {
	Kind    Kind
	Subject Subject
	Ended   bool
	number  uint64
}

// Apply lets everything begin and end that is due by pane n, and returns it in the
// order of its time. Calling it for every pane or only for those that First names
// is the same.
func (t *Table) Apply(n pane.Number) []Change {
	if t.due == 0 || n < t.due {
		return nil
	}
	var begin, end []*entry
	for _, e := range t.entries {
		if !e.holds && pane.Of(e.from) <= n {
			begin = append(begin, e)
		}
	}
	slices.SortStableFunc(begin, func(a, b *entry) int { return cmp.Compare(a.from, b.from) })
	var changes []Change
	for _, e := range begin {
		changes = append(changes, t.begin(e)...)
	}
	for _, e := range t.entries {
		if e.holds && e.until != over && pane.Of(e.until) <= n {
			end = append(end, e)
		}
	}
	slices.SortStableFunc(end, func(a, b *entry) int { return cmp.Compare(a.until, b.until) })
	for _, e := range end {
		changes = append(changes, t.end(e))
	}
	t.sweep()
	return changes
}

// begin puts an entry in force, in place of what held under its name.
func (t *Table) begin(e *entry) (changes []Change) {
	if before := t.holding[e.name]; before != nil {
		changes = append(changes, t.end(before))
	}
	e.holds = true
	t.changed = append(t.changed, e.number)
	if e.ends {
		e.until = over
		return changes
	}
	t.enter(e)
	return append(changes, Change{Kind: e.name.kind, Subject: e.name.subject, number: e.number})
}

// over is the end of what is no longer in force, until sweep.
const over = record.Micros(0)

// enter puts an entry where it is looked up.
func (t *Table) enter(e *entry) {
	if t.holding == nil {
		t.holding, t.about = map[name]*entry{}, map[Subject][]*entry{}
	}
	t.holding[e.name] = e
	t.count[e.name.kind][e.name.subject.level()]++
	switch e.name.kind {
	case Allow, Benign:
		t.about[e.name.subject] = append(t.about[e.name.subject], e)
	case Setting:
		if e.list != nil {
			t.lists = append(t.lists, e.list)
		}
	}
}

// end takes an entry out of force. Sweep forgets it.
func (t *Table) end(e *entry) Change {
	e.until = over
	change := Change{Kind: e.name.kind, Subject: e.name.subject, Ended: true}
	if t.holding[e.name] != e {
		return change
	}
	delete(t.holding, e.name)
	t.count[e.name.kind][e.name.subject.level()]--
	switch e.name.kind {
	case Allow, Benign:
		left := slices.DeleteFunc(t.about[e.name.subject], func(o *entry) bool { return o == e })
		if t.about[e.name.subject] = left; len(left) == 0 {
			delete(t.about, e.name.subject)
		}
	case Setting:
		t.lists = slices.DeleteFunc(t.lists, func(l *list) bool { return l == e.list })
	}
	return change
}

// sweep forgets the entries that are over, and plans what is due next.
func (t *Table) sweep() {
	t.due = 0
	t.entries = slices.DeleteFunc(t.entries, func(e *entry) bool {
		if e.holds && e.until == over {
			t.changed = append(t.changed, e.number)
			t.bytes -= e.size()
			t.forget(e)
			return true
		}
		if !e.holds {
			t.plan(pane.Of(e.from))
		} else if e.until < pane.MaxTime {
			t.plan(pane.Of(e.until))
		}
		return false
	})
}

// forget lets go of what an entry shares.
func (t *Table) forget(e *entry) {
	if e.expected == nil {
		return
	}
	if e.expected.users--; e.expected.users == 0 {
		delete(t.shared, e.expected.key)
		t.bytes -= e.expected.size()
	}
}

// Excuse notes what the cases were about that a BENIGN put an end to: while it holds
// that is harmless.
func (t *Table) Excuse(c Change, keys []pane.Key) {
	e := t.find(c.number)
	if e == nil || c.Kind != Benign || c.Ended {
		return
	}
	for _, k := range keys {
		if len(e.excused) < excusedLimit && !slices.Contains(e.excused, k) {
			e.excused = append(e.excused, k)
			t.bytes += excusedBytes
		}
	}
	t.changed = append(t.changed, e.number)
}

// Len returns how many changes are kept, in force or waiting.
func (t *Table) Len() int { return len(t.entries) }
