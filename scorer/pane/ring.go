package pane

// Ring holds the open panes of a partition. The zero Ring has pane 0 as its
// first.
type Ring struct {
	first  Number
	tables [Width]Table
	spare  spare
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
		t.spare = &r.spare
		*ref = t.slots.Add(&r.spare.slots) + 1
		t.slots.Edit(*ref - 1).Owner = owner
	}
	return t.slots.Edit(*ref - 1)
}

// Find returns the slot of a terminal in an open pane to be read, or nil.
func (r *Ring) Find(n Number, refs *Refs) *Slot {
	ref := refs[n%Width]
	if ref == 0 {
		return nil
	}
	return r.Table(n).slots.At(ref - 1)
}

// Touch reads the slot of a terminal in an open pane, if it has one: see
// page.List.Touch.
func (r *Ring) Touch(n Number, refs *Refs) byte {
	ref := refs[n%Width]
	if ref == 0 {
		return 0
	}
	return r.Table(n).slots.Touch(ref - 1)
}

// TouchDestination is Touch for the first destination of the slot.
func (r *Ring) TouchDestination(n Number, refs *Refs) byte {
	slot := r.Find(n, refs)
	if slot == nil || slot.head == 0 {
		return 0
	}
	return r.Table(n).destinations.Touch(slot.head - 1)
}

// Close empties the first pane and makes the next one the first. The caller
// has taken the slot out of every owner's Refs.
func (r *Ring) Close() {
	t := r.Table(r.first)
	t.slots.Reset(&r.spare.slots)
	t.destinations.Reset(&r.spare.destinations)
	t.events.Reset(&r.spare.events)
	r.trim()
	r.first++
}

// trim lets go of the memory of closed panes beyond what the open ones have: after
// a minute in which everybody spoke there is no use for it.
func (r *Ring) trim() {
	var slots, destinations, events int32
	for i := range r.tables {
		slots += r.tables[i].slots.Len()
		destinations += r.tables[i].destinations.Len()
		events += r.tables[i].events.Len()
	}
	r.spare.slots.Keep(slots)
	r.spare.destinations.Keep(destinations)
	r.spare.events.Keep(events)
}

// Jump makes n the first pane. All panes must be empty.
func (r *Ring) Jump(n Number) { r.first = n }

// Empty reports whether no terminal has an open pane.
func (r *Ring) Empty() bool {
	for i := range r.tables {
		if r.tables[i].Len() > 0 {
			return false
		}
	}
	return true
}

// Share makes to a copy of the ring that must only be read, and shares its
// memory until Unshare (see package page).
func (r *Ring) Share(to *Ring) {
	to.first = r.first
	for i := range r.tables {
		r.tables[i].share(&to.tables[i])
	}
}

// Unshare says that nobody reads the copy any more.
func (r *Ring) Unshare(from *Ring) {
	for i := range r.tables {
		r.tables[i].unshare(&from.tables[i])
	}
}
