package profile

import (
	"slices"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// Expected returns what is provisioned for a terminal, nil where nothing is.
func (t *Table) Expected(who Subject) *Expected {
	for i, s := range who.levels() {
		if t.count[Provisioned][i] > 0 && s.level() == i {
			if e := t.holding[name{kind: Provisioned, subject: s}]; e != nil {
				return &e.expected.Expected
			}
		}
	}
	return nil
}

// Criticality returns whether a machine may isolate a terminal.
func (t *Table) Criticality(who Subject) record.Criticality {
	found := record.CriticalityNormal
	for i, s := range who.levels() {
		if s.level() != i {
			continue
		}
		if t.count[Exempt][i] > 0 && t.holding[name{kind: Exempt, subject: s}] != nil {
			return record.CriticalityExempt
		}
		if t.count[Provisioned][i] > 0 {
			if e := t.holding[name{kind: Provisioned, subject: s}]; e != nil && e.expected.Criticality == record.CriticalityProtected {
				found = record.CriticalityProtected
			}
		}
	}
	return found
}

// Allows reports whether any destination is harmless, by ALLOW or BENIGN.
func (t *Table) Allows() bool { return len(t.about) > 0 }

// Allowed reports whether a destination is harmless when a terminal uses it.
func (t *Table) Allowed(who Subject, k pane.Key) bool {
	for i, s := range who.levels() {
		if s.level() != i || t.count[Allow][i]+t.count[Benign][i] == 0 {
			continue
		}
		for _, e := range t.about[s] {
			if e.name.kind == Allow && e.destination.Matches(k) || slices.Contains(e.excused, k) || slices.Contains(e.excused, k.AnyPort()) {
				return true
			}
		}
	}
	return false
}

// Listed returns with what confidence, per cent, a destination is said to be bad; 0
// where no list has it.
func (t *Table) Listed(k pane.Key) int32 {
	most := int32(0)
	for _, l := range t.lists {
		most = max(most, l.confidence(k))
	}
	return most
}

// Lists reports whether there is a destination list.
func (t *Table) Lists() bool { return len(t.lists) > 0 }

// level returns the place of a subject among the levels.
func (s Subject) level() int {
	switch {
	case !s.Terminal.IsZero():
		return 0
	case s.InternalGroupID != "":
		return 1
	case s.TypeAllocationCode != "":
		return 2
	}
	return 3
}
