package profile

import (
	"strings"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// listPrefix begins the name of a setting that is a destination list.
const listPrefix = "destinations"

// entryOf makes an entry of a record, and reports whether it can be used.
func (t *Table) entryOf(change any) (*entry, bool) {
	switch r := change.(type) {
	case *record.ProfileChange:
		return t.profile(r)
	case *record.DecisionChange:
		return decision(r)
	case *record.SettingChange:
		return setting(r)
	}
	return nil, false
}

// inTime reports whether a time has a pane.
func inTime(at record.Micros) bool { return at >= 0 && at < pane.MaxTime }

// profile makes an entry of a provisioned profile or its removal.
func (t *Table) profile(r *record.ProfileChange) (*entry, bool) {
	e := &entry{
		name: name{kind: Provisioned, subject: Subject{r.Terminal, r.InternalGroupID, r.TypeAllocationCode}},
		from: r.EffectiveFrom, until: until(r.Profile.ValidUntil), ends: r.Removed,
	}
	if e.name.subject.fields() != 1 || !inTime(e.from) {
		return nil, false
	}
	if !r.Removed {
		e.expected = t.share(&r.Profile)
	}
	return e, true
}

// until returns the end of validity; pane.MaxTime where there is none. Nothing ends
// before the first pane there is.
func until(end record.Opt[record.Micros]) record.Micros {
	return min(max(end.Or(pane.MaxTime), 1), pane.MaxTime)
}

// share returns a profile, the same for all terminals that have the same.
func (t *Table) share(p *record.Profile) *shared {
	key := profileKey(p)
	s := t.shared[key]
	if s == nil {
		if t.shared == nil {
			t.shared = map[string]*shared{}
		}
		s = &shared{Expected: *New(p), key: key}
		t.shared[key] = s
		t.bytes += s.size()
	}
	s.users++
	return s
}

// profileKey is what equal profiles have in common: their encoding.
func profileKey(p *record.Profile) string {
	b, err := record.Append(nil, &record.ProfileChange{Profile: *p})
	if err != nil {
		return ""
	}
	return string(b)
}

// decisions are the kinds that the scorer acts on.
var decisions = map[record.DecisionKind]struct {
	kind Kind
	ends bool
}{
	record.DecisionExempt: {Exempt, false}, record.DecisionEndExempt: {Exempt, true},
	record.DecisionBenign: {Benign, false}, record.DecisionEndBenign: {Benign, true},
	record.DecisionAllow: {Allow, false}, record.DecisionEndAllow: {Allow, true},
}

// decision makes an entry of an operator's decision or its end. An ALLOW needs a
// destination; the others are about terminals.
func decision(r *record.DecisionChange) (*entry, bool) {
	k, known := decisions[r.Kind]
	e := &entry{
		name: name{k.kind, Subject{r.Terminal, r.InternalGroupID, r.TypeAllocationCode}, r.Destination},
		from: r.EffectiveFrom, until: until(r.Until), ends: k.ends,
	}
	fields := e.name.subject.fields()
	if !known || fields > 1 || !inTime(e.from) {
		return nil, false
	}
	if k.kind != Allow {
		return e, fields == 1 && r.Destination == ""
	}
	var err error
	e.destination, err = ParseDestination(r.Destination)
	return e, err == nil
}

// setting makes an entry of a setting. Another version of the same name replaces
// it; an empty content ends it. One that does nothing is refused, so that whoever
// wrote it finds out.
func setting(r *record.SettingChange) (*entry, bool) {
	e := &entry{name: name{kind: Setting, about: r.Name}, from: r.EffectiveFrom, until: pane.MaxTime, ends: len(r.Content) == 0}
	if !strings.HasPrefix(r.Name, listPrefix) || !inTime(e.from) {
		return nil, false
	}
	if !e.ends {
		var readable bool
		if e.list, readable = parseList(r.Content); !readable {
			return nil, false
		}
	}
	return e, true
}
