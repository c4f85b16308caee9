package task

import (
	"cordon/internal/record"
	"cordon/scorer/detect"
	"cordon/scorer/feature"
	"cordon/scorer/judge"
	"cordon/scorer/page"
	"cordon/scorer/pane"
	"cordon/scorer/peer"
)

// terminal is all that is kept of one terminal: free of pointers, so that a
// million of them cost the garbage collector nothing. Its case, if it has one,
// lies apart: most terminals have none.
type terminal struct {
	id       record.Pseudonym
	open     pane.Refs      // its open panes
	memory   feature.Memory // of its destinations
	ports    detect.Ports   // that it uses with success
	habit    detect.Habit   // how much is normal for it
	member   peer.Member    // what its day is like, for its group
	evidence detect.State
	context  pane.Context     // where it is attached, as last heard
	sequence int64            // of its last verdict
	warned   [2]record.Micros // event time of the last early warning, by warning
	first    pane.Number      // first pane it was seen in
	last     pane.Number      // last pane it was seen in
	told     pane.Number      // pane of its last verdict
	parts    parts
	place    int32 // index + 1 in the agenda of open cases, 0: none
	vigil    int32 // likewise in that of the terminals that would be missed
	flags    uint8
}

// parts says where that of a terminal lies which not every terminal has: index + 1
// in its pool, 0: none.
type parts struct{ file, destinations, control, device int32 }

// Flags of a terminal.
const (
	flagLive      = 1 << iota // the slot is in use
	flagEmergency             // it has an emergency session
	flagFormer                // restored from a piece of layout 3, which the next cut replaces
	flagLeft                  // it deregistered, or an operator says that its silence is benign
)

// keptSpan is how long a silent terminal is remembered, counted from its last
// record or verdict: as long as its verdicts are retained, so that their
// sequence never starts over while a reader can see an older one.
const keptSpan = pane.Number(30 * record.Day / pane.Length)

// set sets or clears a flag.
func (t *terminal) set(flag uint8, on bool) {
	t.flags &^= flag
	if on {
		t.flags |= flag
	}
}

// is reports whether a flag is set.
func (t *terminal) is(flag uint8) bool { return t.flags&flag != 0 }

// expired reports whether all that is kept of the terminal is too old at pane n.
func (t *terminal) expired(n pane.Number) bool { return n-max(t.last, t.told) >= keptSpan }

// roster holds the terminals of a partition and their cases, in pages: growing
// copies nothing, and a cut shares them.
type roster struct {
	terminals page.List[terminal]
	free      []int32
	index     index
	pools
}

// pools hold what not every terminal has.
type pools struct {
	cases        pool[judge.Case]
	destinations pool[detect.Destinations]
	control      pool[detect.Control]
	device       pool[detect.Device]
}

// standing returns all that stands against a terminal; Lower must not be called
// on it.
func (p *pools) standing(t *terminal) detect.Standing {
	return detect.Standing{
		State: &t.evidence, Destinations: p.destinations.look(t.parts.destinations),
		Control: p.control.look(t.parts.control), Device: p.device.look(t.parts.device),
	}
}

// dropParts forgets all that the terminal has in pools.
func (p *pools) dropParts(t *terminal) {
	p.cases.drop(&t.parts.file)
	p.destinations.drop(&t.parts.destinations)
	p.control.drop(&t.parts.control)
	p.device.drop(&t.parts.device)
}

// at returns a terminal by its number.
func (r *roster) at(number int32) *terminal { return r.terminals.Edit(number) }

// look returns a terminal that is only read: cheaper than at after a cut.
func (r *roster) look(number int32) *terminal { return r.terminals.At(number) }

// number returns the number of a terminal, which is made where it is new.
func (r *roster) number(id record.Pseudonym) int32 {
	if number, known := r.find(&id); known {
		return number
	}
	number := int32(0)
	if last := len(r.free) - 1; last >= 0 {
		number, r.free = r.free[last], r.free[:last]
	} else {
		number = r.terminals.Add(nil)
	}
	*r.at(number) = terminal{id: id, flags: flagLive}
	r.index.add(number, &r.terminals)
	return number
}

// find returns the number of a terminal, if there is one.
func (r *roster) find(id *record.Pseudonym) (int32, bool) {
	at := r.index.find(id, &r.terminals)
	if at < 0 {
		return 0, false
	}
	return r.index.places[at].number - 1, true
}

// remove forgets a terminal.
func (r *roster) remove(number int32) {
	t := r.at(number)
	r.dropParts(t)
	r.index.remove(r.index.find(&t.id, &r.terminals))
	*t = terminal{}
	r.free = append(r.free, number)
}

// caseOf returns the case of a terminal, or nil.
func (p *pools) caseOf(t *terminal) *judge.Case { return p.cases.edit(t.parts.file) }
