package task

import (
	"encoding/binary"
	"net/netip"

	"cordon/enforcer/ladder"
	"cordon/internal/record"
)

// wire writes the pieces of the state, or reads them: each method does both, so
// that one description of a piece serves both ways and cannot fall apart.
// Integers are zigzag varints, texts and lists follow their length. A read past
// the end, or of a value outside its type, sets failed and leaves zeros.
type wire struct {
	b       []byte // written so far, or still to be read
	reading bool
	failed  bool
}

type integers interface {
	~int64 | ~int32 | ~uint8
}

func integer[T integers](w *wire, v *T) {
	if !w.reading {
		w.b = binary.AppendVarint(w.b, int64(*v))
		return
	}
	x, n := binary.Varint(w.b)
	if n <= 0 || int64(T(x)) != x {
		w.fail()
		return
	}
	w.b, *v = w.b[n:], T(x)
}

// fail ends the reading: nothing after a fault is believed.
func (w *wire) fail() { w.b, w.failed = nil, true }

func (w *wire) flag(v *bool) {
	n := uint8(0)
	if *v {
		n = 1
	}
	integer(w, &n)
	*v = n == 1
	if n > 1 {
		w.fail()
	}
}

// fixed holds bytes of a length that the layout knows.
func (w *wire) fixed(v []byte) {
	if !w.reading {
		w.b = append(w.b, v...)
		return
	}
	if len(w.b) < len(v) {
		w.fail()
		return
	}
	w.b = w.b[copy(v, w.b):]
}

// length is that of a list whose elements take at least one byte each.
func (w *wire) length(have int) int {
	n := int64(have)
	integer(w, &n)
	if w.reading && (n < 0 || n > int64(len(w.b))) {
		w.fail()
		return 0
	}
	return int(n)
}

func (w *wire) text(v *string) {
	n := w.length(len(*v))
	if !w.reading {
		w.b = append(w.b, *v...)
		return
	}
	*v, w.b = string(w.b[:n]), w.b[n:]
}

func optional[T integers](w *wire, v *record.Opt[T]) {
	w.flag(&v.Set)
	if v.Set {
		integer(w, &v.Value)
	}
}

func (w *wire) address(v *netip.Addr) {
	text := string(v.AsSlice())
	w.text(&text)
	if !w.reading {
		return
	}
	a, ok := netip.AddrFromSlice([]byte(text))
	if !ok && text != "" {
		w.fail()
	}
	*v = a
}

func (w *wire) measure(m *ladder.Measure) {
	integer(w, &m.Action)
	integer(w, &m.Exception.ExceptionID)
	integer(w, &m.Exception.Level)
	integer(w, &m.Exception.Trend)
	t := &m.Target
	w.text(&t.DNN)
	w.text(&t.SNSSAI)
	w.text(&t.QuarantineDNN)
	optional(w, &t.PDUSessionID)
	optional(w, &t.UplinkBitsPerSecond)
	optional(w, &t.DownlinkBitsPerSecond)
	optional(w, &t.BackoffSeconds)
	n := w.length(len(t.Destinations))
	if w.reading && n > 0 {
		t.Destinations = make([]record.TargetDestination, n)
	}
	for i := range t.Destinations {
		d := &t.Destinations[i]
		integer(w, &d.Protocol)
		w.address(&d.Address)
		integer(w, &d.Port)
	}
}

func (w *wire) belief(b *ladder.Belief) {
	integer(w, &b.Generation)
	integer(w, &b.Sequence)
	w.fixed(b.VerdictID[:])
	integer(w, &b.Offset)
	integer(w, &b.DecidedAt)
	integer(w, &b.KeyEpoch)
	w.fixed(b.Previous[:])
	integer(w, &b.Class)
	w.flag(&b.Open)
	w.flag(&b.Protected)
	w.text(&b.Text)
	w.measure(&b.Want)
}

func (w *wire) order(o *ladder.Order) {
	w.fixed(o.CommandID[:])
	w.measure(&o.Measure)
	integer(w, &o.Mode)
	integer(w, &o.IssuedAt)
	integer(w, &o.ExpiresAt)
}

// terminal is a piece without the pseudonym, which is in its key.
func (w *wire) terminal(x *terminal) {
	integer(w, &x.partition)
	integer(w, &x.State)
	w.belief(&x.Belief)
	w.order(&x.Force)
	integer(w, &x.Sequence)
	integer(w, &x.Offences)
	integer(w, &x.WaitsSince)
	w.flag(&x.DeferralTold)
	integer(w, &x.ProbationEnds)
	integer(w, &x.AppliedAt)
	integer(w, &x.EndedAt)
	w.flag(&x.Waived)
	w.flag(&x.Exempt)
	integer(w, &x.ExemptUntil)
	integer(w, &x.Touched)
	if w.reading && (int(x.State) >= ladder.States || x.partition < unknownPartition) {
		w.fail()
	}
}

func (w *wire) partition(p *partition) {
	integer(w, &p.clock)
	integer(w, &p.seen)
	integer(w, &p.generation)
}

func (w *wire) pause(p *pause) {
	w.flag(&p.on)
	integer(w, &p.until)
}

func (w *wire) windows(issues *[]record.Micros, floor *record.Micros) {
	n := w.length(len(*issues))
	if w.reading {
		*issues = make([]record.Micros, n)
	}
	last := record.Micros(0)
	for i := range *issues {
		// Differences are short; the times are sorted.
		step := (*issues)[i] - last
		integer(w, &step)
		last += step
		if w.reading {
			(*issues)[i] = last
		}
	}
	integer(w, floor)
}
