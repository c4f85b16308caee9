package detect

import (
	"fmt"
	"math/bits"

	"cordon/internal/record"
	"cordon/internal/record/wire"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// StuckRules are those of the second half of D16: a terminal that says the same to a
// known destination again and again, far more often than it ever did. It is broken,
// not hostile.
type StuckRules struct {
	Enabled bool
	// Weight in per cent of the nats (100).
	Weight int64
	// Ratio of the exchanges of the terminal's busiest hour up to which it may repeat
	// itself (3; ours: the busiest hour of a shop is twice its mean).
	Ratio uint32
	// Repeats beyond that are as many nats as make a case (360; ours: one in ten
	// seconds for an hour).
	Repeats uint32
}

// Limits of D16 on repetition. All of them are ours.
const (
	stuckPer   = int64(panesPerHour) // parts of an exchange in which repetitions are counted: what may come in an hour is taken off by the pane in whole numbers
	stuckPane  = 2                   // exchanges alike in one pane begin it
	stuckFloor = 60                  // an hour are no repetition of anything, whatever is usual
	stuckMost  = 100                 // of a pane count
	stuckQuiet = pane.Number(10 * record.Minute / pane.Length)
	// stuckAlike is the part by which exchanges that are alike may differ in size, for
	// acknowledgements come and go.
	stuckAlike = 16
	// stuckOther: of exchanges that are not alike so many take one away. By chance one
	// pane in five has the size of those before, whatever is said.
	stuckOther = 2
	// stuckTaught, in exchanges: with less, the destination teaches how busy the terminal is.
	stuckTaught = 30
	// stuckAge is how long a terminal must have been seen: before that nobody knows what it usually does.
	stuckAge = pane.Number(record.Hour / pane.Length)
)

// repetition is what is kept of a destination that gets the same again and again.
type repetition struct {
	hash    uint32 // of the destination, low bits
	size    uint32 // bytes up of an exchange
	excess  int32  // beyond what is usual, in parts of an exchange
	nats    Nats   // as of last
	busiest uint16 // exchanges in the terminal's busiest hour, as of last
	pane    uint16 // exchanges in pane last
	last    pane.Number
}

// exchanged reports whether all that a pane says of a destination are exchanges that
// the terminal began and that were answered, with one that answered before.
func exchanged(s *feature.Seen) bool {
	return s.Before && !s.Service && s.Remote() && s.Began > 0 && s.Began == s.Flows && s.Answered == s.Flows
}

// loops reports whether they may be those of a loop. It takes a destination that is
// not new: whoever asks a server a thousand times in its first hour floods it.
func (d *Destinations) loops(s *feature.Seen) bool {
	if !exchanged(s) {
		return false
	}
	at := d.find(s.Key)
	return s.Known || at == nil || at.proven
}

// sizeOf returns the bytes up of an exchange in the mean.
func sizeOf(s *feature.Seen) uint32 { return uint32(min(s.UL/uint64(s.Flows), 1<<31-1)) }

// wants reports whether a destination got more than one exchange in the pane.
func (r *StuckRules) wants(s *feature.Seen, ref *Reference) bool {
	return r.Enabled && s.Began >= stuckPane && ref.Age >= stuckAge && exchanged(s)
}

// weighRepetition takes the exchanges of a pane.
func (d *Destinations) weighRepetition(v *feature.Vector, ref *Reference, r *StuckRules) {
	p := &d.repetition
	if !r.Enabled || ref.Age < stuckAge {
		*p = repetition{}
		return
	}
	allowed := int64(max(r.Ratio*uint32(ref.Busiest), stuckFloor))
	left := int64(0)
	if idle := v.Pane - p.last; p.last != 0 && idle < stuckQuiet {
		left = max(int64(p.excess)-allowed*int64(idle), 0)
	}
	s := d.pick(v, left == 0)
	if s == nil {
		return // what may come meanwhile is taken off when something comes
	}
	flows := int64(min(s.Flows, stuckMost))
	weight := flows * stuckPer
	switch {
	case left == 0:
		*p = repetition{hash: uint32(s.Hash), size: sizeOf(s)}
	case !p.like(s): // something else was said as well
		weight = -weight / stuckOther
	}
	p.excess = int32(min(max(left+weight, 0), int64(r.Repeats)*stuckPer*5/4))
	p.nats = min(Nats(int64(FaultCap)*int64(p.excess)/(int64(r.Repeats)*stuckPer)*r.Weight/100), FaultCap)
	if p.busiest, p.pane, p.last = ref.Busiest, uint16(flows), v.Pane; p.excess == 0 {
		*p = repetition{}
	}
}

// pick returns the destination of a pane that the repetition is of, or, where there is
// none, the one with the most exchanges, of equals the first.
func (d *Destinations) pick(v *feature.Vector, fresh bool) *feature.Seen {
	p := &d.repetition
	var most *feature.Seen
	for i := range v.Seen {
		s := &v.Seen[i]
		switch {
		case !d.loops(s):
		case !fresh && uint32(s.Hash) == p.hash:
			return s
		case fresh && s.Began >= stuckPane && (most == nil || s.Began > most.Began):
			most = s
		}
	}
	return most
}

// like reports whether the exchanges of a pane have the size of those before. The mean
// of many that differ varies less, so that more have to be closer.
func (p *repetition) like(s *feature.Seen) bool {
	size := sizeOf(s)
	return max(size, p.size)-min(size, p.size) <= p.size/stuckAlike>>((bits.Len32(s.Flows)-1)/2)
}

// at returns the evidence when pane n has passed: all of it until it is over.
func (p *repetition) at(n pane.Number) Nats {
	if p.over(n) {
		return 0
	}
	return p.nats
}

// over reports whether nothing is left at pane n: nothing came for ten minutes, or
// less than what may always come meanwhile.
func (p *repetition) over(n pane.Number) bool {
	idle := n - p.last
	return p.last == 0 || idle >= stuckQuiet || int64(p.excess) <= stuckFloor*int64(idle)
}

// repeated returns how many exchanges of a pane must not teach how busy the terminal
// is: those with a destination that gets the same again and again.
func (d *Destinations) repeated(n pane.Number) uint32 {
	if p := &d.repetition; p.last == n && int64(p.excess) >= stuckTaught*stuckPer {
		return uint32(p.pane)
	}
	return 0
}

// Accept lets what a terminal repeats count as usual: an operator says it is benign.
func (h *Habit) Accept(d *Destinations) {
	if p := &d.repetition; p.last != 0 {
		h.busiest = max(h.busiest, uint16(min(uint32(p.pane)*uint32(panesPerHour), 1<<16-1)))
	}
}

// FindStuck explains the repetition.
func (d *Destinations) FindStuck(pane.Number) Finding {
	p := &d.repetition
	return Finding{
		Feature: "repeatedExchanges", Unit: "exchanges", Value: int64(p.excess) / stuckPer, Expected: 0,
		Reference: record.ReferenceOwn, Exception: record.TooFrequentServiceAccess,
		Samples: []string{
			fmt.Sprintf("%d bytes up each, %d in the last such pane", p.size, p.pane),
			fmt.Sprintf("%d an hour in the busiest one", p.busiest),
		},
	}
}

func (p *repetition) append(b []byte, last pane.Number) []byte {
	b = pane.AppendNumber(b, p.last, last)
	if p.last == 0 {
		return b
	}
	for _, n := range [...]int32{int32(p.hash), int32(p.size), p.excess, int32(p.nats), int32(p.busiest), int32(p.pane)} {
		b = wire.AppendInt(b, n)
	}
	return b
}

func (p *repetition) read(r *wire.Reader, last pane.Number) {
	*p = repetition{last: pane.ReadNumber(r, last)}
	if p.last == 0 {
		return
	}
	p.hash, p.size, p.excess = uint32(r.Int()), uint32(r.Int()), r.Int()
	p.nats, p.busiest, p.pane = min(max(Nats(r.Int()), 0), FaultCap), uint16(r.Int()), uint16(r.Int())
}
