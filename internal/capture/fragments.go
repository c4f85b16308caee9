package capture

import "cordon/internal/record"

const (
	// maxFragments bounds the packets in parts that are remembered; the oldest
	// is forgotten first.
	maxFragments = 4096
	// fragmentLife is how long the parts of a packet may be apart: the largest
	// reassembly time of common systems (RFC 8200 4.5 says 60 s, Linux 30 s).
	fragmentLife = 60 * record.Second
)

// fragments remembers to which flow the later parts of a packet belong.
type fragments struct {
	known map[fragment]fragmentOf
	ring  []fragment // in order of arrival
	next  int        // oldest entry of a full ring
}

type fragmentOf struct {
	flow *flow // nil: of a tunnel packet that was counted in full
	at   record.Micros
}

func newFragments() fragments { return fragments{known: map[fragment]fragmentOf{}} }

func (f *fragments) put(id fragment, of *flow, now record.Micros) {
	_, again := f.known[id]
	f.known[id] = fragmentOf{flow: of, at: now}
	if again {
		return
	}
	if len(f.ring) < maxFragments {
		f.ring = append(f.ring, id)
		return
	}
	delete(f.known, f.ring[f.next])
	f.ring[f.next] = id
	f.next = (f.next + 1) % maxFragments
}

// get returns the flow of a later part, and whether its first part is known.
func (f *fragments) get(id fragment, now record.Micros) (*flow, bool) {
	of, known := f.known[id]
	if !known || now > of.at+fragmentLife {
		return nil, false
	}
	return of.flow, true
}
