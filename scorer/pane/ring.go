package pane

// Ring holds the open panes of a partition. The zero Ring has pane 0 as its
// first.
type Ring struct {
	first  Number
	tables [Width]Table
}

// Refs says where a terminal's open panes lie in a ring: the index + 1 of its
// slot in each table, 0 where it has none.
type Refs [Width]int32

// First returns the oldest open pane.
func (r *Ring) First() Number { return r.first }

// Covers reports whether pane n is open.
func (r *Ring) Covers(n Number) bool { return n >= r.first && n < r.first+Width }

// Table returns the table of an open pane.
func (r *Ring) Table(n Number) *Table { return &r.tables[n%Width] }

// Open returns the slot of a terminal in an open pane, making it where it is
// missing.
func (r *Ring) Open(n Number, refs *Refs, owner int32) *Slot {
	t := r.Table(n)
	ref := &refs[n%Width]
	if *ref == 0 {
		t.slots = append(t.slots, Slot{Owner: owner})
		*ref = int32(len(t.slots))
	}
	return &t.slots[*ref-1]
}

// Find returns the slot of a terminal in an open pane, or nil.
func (r *Ring) Find(n Number, refs *Refs) *Slot {
	ref := refs[n%Width]
	if ref == 0 {
		return nil
	}
	return &r.Table(n).slots[ref-1]
}

// Close empties the first pane and makes the next one the first. The caller
// has taken the slot out of every owner's Refs.
func (r *Ring) Close() {
	r.Table(r.first).reset()
	r.first++
}

// Jump makes n the first pane. All panes must be empty.
func (r *Ring) Jump(n Number) { r.first = n }

// Empty reports whether no terminal has an open pane.
func (r *Ring) Empty() bool {
	for i := range r.tables {
		if len(r.tables[i].slots) > 0 {
			return false
		}
	}
	return true
}
