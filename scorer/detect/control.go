package detect

import (
	"cordon/internal/record"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// Control is what is kept of a terminal's control plane: its open sessions (D17),
// its requests of the last hour (D9), its radio link (D11) and its last two cells
// (D12). A terminal without records of the control plane has none.
type Control struct {
	sessions [sessionLimit]session
	churn    Sum // D17
	closed   int32
	short    int32         // of closed, those that were too short
	left     Nats          // evidence of before, when closed and short began to count
	than     record.Micros // what the last short one was held against
	excused  int64         // end of the time in which sessions are not counted, ms
	hour     [hourParts]requests
	part     pane.Number // ten minutes that hour[0] stands for, since 1970
	cells    [2]cell     // the present one first
	seen     pane.Number // last pane with an event

	lastChurn                       pane.Number
	lastAccess, lastRadio, lastPing pane.Number
	worst                           limit // the limit that was broken last
	count, allowed                  int32 // how often within the hour, and how often it may be
	radio, pings                    int32 // when they were of weight last
	access, radioOf, pingsOf        Nats  // what each weighed
}

// hourParts are the ten minutes of an hour and the ones before: five of them lie
// wholly in any hour that ends now.
const hourParts = 6

// partLength is the length of one of them.
const partLength = pane.Number(10 * record.Minute / pane.Length)

// cell is a cell and when the terminal came there.
type cell struct {
	label uint32
	since int64 // ms since 1970
}

// ControlRules are the thresholds of D9, D11, D12 and D17.
type ControlRules struct {
	Churn    ChurnRules
	Access   AccessRules
	Radio    RadioRules
	PingPong PingPongRules
}

// DefaultControlRules returns the rules every published figure was measured with.
func DefaultControlRules() ControlRules {
	return ControlRules{
		Churn: ChurnRules{Enabled: true, Weight: 100, Attacker: 800, Benign: 20},
		Access: AccessRules{
			Enabled: true, Weight: 100, Established: 30, Permanent: 30, Temporary: 60, Unanswered: 60, Registered: 60, Paged: 120, Initial: 20,
		},
		Radio: RadioRules{Enabled: true, Weight: 100}, PingPong: PingPongRules{Enabled: true, Weight: 100},
	}
}

// Wants reports whether the pane has something of the control plane.
func (r *ControlRules) Wants(v *feature.Vector, _ *Reference) bool {
	for i := range v.Events {
		switch v.Events[i].Kind {
		case record.KindSession, record.KindRegistration, record.KindRadioFailure:
			return true
		}
	}
	return false
}

// Step takes the events of a pane, in their order.
func (c *Control) Step(v *feature.Vector, ref *Reference, r *ControlRules) {
	c.roll(v.Pane)
	now := millis(v.Pane, 0)
	c.settle(now, v.Pane, ref, r)
	for i := range v.Events {
		e := &v.Events[i]
		at := millis(v.Pane, e.At)
		switch e.Kind {
		case record.KindSession:
			c.seen = v.Pane
			c.session(e, v.Pane, ref)
		case record.KindRegistration:
			c.seen = v.Pane
			c.registration(e, at)
		case record.KindRadioFailure:
			c.seen = v.Pane
			c.excuse(at)
			c.hour[0].radio = add(c.hour[0].radio, e.Count)
		}
	}
	c.settle(millis(v.Pane+1, 0), v.Pane, ref, r)
	c.judgeAccess(v.Pane, ref, &r.Access)
	c.judgeRadio(v.Pane, ref, r)
}

// millis returns a point in time of a pane in milliseconds since 1970.
func millis(n pane.Number, at uint16) int64 {
	return int64(n.Start()/record.Millisecond) + int64(at)
}

// registration takes an event between the terminal and its AMF.
func (c *Control) registration(e *pane.Event, at int64) {
	h := &c.hour[0]
	switch what := record.RegistrationEvent(e.What); what {
	case record.InitialRegistration, record.PeriodicRegistration, record.MobilityRegistration, record.ServiceRequest:
		h.request(what, e)
		if what == record.InitialRegistration {
			c.excuse(at)
		}
	}
	if record.Outcome(e.Outcome) == record.OutcomeRejected {
		c.excuse(at)
	}
	c.move(e.Cell, at)
}

// move notes the cell that the terminal is in: back within 10 s to the one before
// is a ping-pong (f23).
func (c *Control) move(label uint32, at int64) {
	if label == 0 || label == c.cells[0].label {
		return
	}
	if label == c.cells[1].label && at-c.cells[0].since <= pingPongMillis {
		c.hour[0].pings = add(c.hour[0].pings, 1)
	}
	c.cells[1], c.cells[0] = c.cells[0], cell{label, at}
}

// roll makes room for the ten minutes that a pane lies in.
func (c *Control) roll(n pane.Number) {
	part := n / partLength
	for range min(part-c.part, hourParts) {
		copy(c.hour[1:], c.hour[:hourParts-1])
		c.hour[0] = requests{}
	}
	c.part = max(c.part, part)
}

// At writes the levels of what is kept as they stand when pane n has passed.
func (c *Control) At(n pane.Number, l *Levels) {
	l.Of[Churn] = c.churnAt(n)
	for _, f := range [...]struct {
		fault Fault
		last  pane.Number
		nats  Nats
	}{{Access, c.lastAccess, c.access}, {Radio, c.lastRadio, c.radioOf}, {PingPong, c.lastPing, c.pingsOf}} {
		if f.last != 0 && n-f.last < faultSpan {
			l.Faults[f.fault] = min(f.nats, FaultCap)
		}
	}
}

// faultSpan is how long a fault stands after its last sign (reference 3.5: 30 min).
const faultSpan = pane.Number(30 * record.Minute / pane.Length)

// Last returns the last pane that spoke for session churn.
func (c *Control) Last() pane.Number { return c.lastChurn }

// LastFault returns the last pane that spoke for a fault.
func (c *Control) LastFault(f Fault) pane.Number {
	switch f {
	case Access:
		return c.lastAccess
	case Radio:
		return c.lastRadio
	case PingPong:
		return c.lastPing
	}
	return 0
}

// controlSpan is how long the control plane of a terminal is remembered: sessions
// last for days.
const controlSpan = pane.Number(14 * record.Day / pane.Length)

// Empty reports whether nothing is worth keeping.
func (c *Control) Empty(n pane.Number) bool { return n-c.seen >= controlSpan && c.churnAt(n) == 0 }
