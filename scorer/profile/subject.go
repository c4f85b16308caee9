package profile

import "cordon/internal/record"

// Subject names whom a change is about: one field at most is set; none means every
// terminal.
type Subject struct {
	Terminal           record.Pseudonym
	InternalGroupID    string
	TypeAllocationCode string
}

// fields returns how many fields are set.
func (s Subject) fields() int {
	count := 0
	for _, set := range [...]bool{!s.Terminal.IsZero(), s.InternalGroupID != "", s.TypeAllocationCode != ""} {
		if set {
			count++
		}
	}
	return count
}

// Covers reports whether a terminal is meant, which is known by all three names
// where it has them.
func (s Subject) Covers(who Subject) bool {
	switch {
	case !s.Terminal.IsZero():
		return s.Terminal == who.Terminal
	case s.InternalGroupID != "":
		return s.InternalGroupID == who.InternalGroupID
	case s.TypeAllocationCode != "":
		return s.TypeAllocationCode == who.TypeAllocationCode
	}
	return true
}

// levels lists the subjects that cover a terminal, the narrowest first.
func (s Subject) levels() [4]Subject {
	return [4]Subject{{Terminal: s.Terminal}, {InternalGroupID: s.InternalGroupID}, {TypeAllocationCode: s.TypeAllocationCode}, {}}
}
