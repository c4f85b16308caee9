package detect

import (
	"fmt"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// ChurnRules are those of D17: a sequential test on the length of sessions. What
// moves from slice to slice to wear out what they share opens sessions and drops
// them at once, however few they are.
type ChurnRules struct {
	Enabled bool
	// Weight in per cent of the nats of a session (100).
	Weight int64
	// Attacker and Benign are the shares of sessions that are short, in per mille
	// (800 and 20: detection reference 3.12, 15).
	Attacker, Benign int64
}

// Limits of D17.
const (
	sessionLimit  = 8 // open sessions per terminal; TS 24.501 allows 15, devices have one to five
	churnHalfLife = int64(record.Day / pane.Length)
	forgetAfter   = int64(record.Hour / record.Millisecond)        // an open session that old is forgotten when its slice and id come again: its end was lost
	reconnect     = int64(10 * record.Second / record.Millisecond) // one that comes back sooner was not given up
	excuseSpan    = int64(record.Minute / record.Millisecond)      // after a reject, back-off, radio failure or initial registration
)

// session is an open session, or one that was released less than reconnect ago.
type session struct {
	slice    uint32
	id       uint16
	used     bool
	excused  bool
	since    int64 // ms since 1970
	released int64 // likewise; 0: it is open
}

// excuse leaves the sessions that begin within a minute out of the count.
func (c *Control) excuse(at int64) { c.excused = max(c.excused, at+excuseSpan) }

// session takes an event of a session. What is released while the gate holds is not
// counted, whatever the pane in which it is known that it did not come back.
func (c *Control) session(e *pane.Event, n pane.Number, ref *Reference) {
	at := millis(n, e.At)
	switch record.SessionEvent(e.What) {
	case record.SessionEstablished:
		c.hour[0].established = add(c.hour[0].established, 1)
		c.establish(e, n, ref)
	case record.SessionReleased:
		if s := c.find(e); s != nil && s.released == 0 {
			s.released = at
			s.excused = s.excused || ref.Gate.Sessions
		}
	case record.SessionEstablishmentRejected:
		c.hour[0].reject(record.CauseClass(e.Cause), 1)
		c.excuse(at)
	case record.SessionBackoffApplied:
		c.excuse(at)
	}
}

// find returns the session of a slice and id, or nil.
func (c *Control) find(e *pane.Event) *session {
	for i := range c.sessions {
		if s := &c.sessions[i]; s.used && s.slice == e.Slice && s.id == e.Session {
			return s
		}
	}
	return nil
}

// establish notes that a session began. One that was released on the same slice
// less than reconnect ago is not counted, for it was not given up; how long it lasted
// is worth knowing all the same.
func (c *Control) establish(e *pane.Event, n pane.Number, ref *Reference) {
	at := millis(n, e.At)
	fresh := session{slice: e.Slice, id: e.Session, used: true, since: at, excused: at < c.excused}
	for i := range c.sessions {
		if s := &c.sessions[i]; s.used && s.released != 0 && s.slice == e.Slice && at-s.released < reconnect {
			s.teach(n, ref)
			*s = session{}
		}
	}
	if s := c.find(e); s != nil { // its end was lost
		*s = fresh
		return
	}
	place := &c.sessions[0]
	for i := range c.sessions {
		s := &c.sessions[i]
		if !s.used {
			place = s
			break
		}
		if s.since < place.since {
			place = s
		}
	}
	*place = fresh
}

// length returns how long a released session lasted.
func (s *session) length() record.Micros {
	return record.Micros(s.released-s.since) * record.Millisecond
}

// teach lets the partition know how long a session lasted that nothing excuses.
func (s *session) teach(n pane.Number, ref *Reference) {
	if !s.excused && ref.Sessions != nil && !ref.Busy {
		ref.Sessions.Add(s.length(), n)
	}
}

// settle counts the sessions that were released and did not come back in time.
func (c *Control) settle(now int64, n pane.Number, ref *Reference, r *ControlRules) {
	for i := range c.sessions {
		s := &c.sessions[i]
		if !s.used || s.released == 0 || now-s.released < reconnect {
			continue
		}
		ended := *s
		*s = session{}
		ended.teach(n, ref)
		if !ended.excused && r.Churn.Enabled && ref.Short > 0 {
			c.weigh(ended.length(), n, ref.Short, &r.Churn)
		}
	}
}

// weigh adds the evidence of a session that ended.
func (c *Control) weigh(length record.Micros, n pane.Number, limit record.Micros, r *ChurnRules) {
	nats := LnRatio(uint64(1000-r.Attacker), uint64(1000-r.Benign))
	c.closed++
	if length < limit {
		nats = LnRatio(uint64(r.Attacker), uint64(r.Benign))
		c.short++
		c.than, c.lastChurn = limit, n
	}
	value := c.churnAt(n) + nats*Nats(r.Weight)/100
	c.churn = Sum{min(max(value, 0), Churn.Cap()), n}
	if value <= 0 {
		c.closed, c.short, c.left = 0, 0, 0
	}
}

// churnAt returns the evidence of D17 when pane n has passed.
func (c *Control) churnAt(n pane.Number) Nats {
	value := Decay(c.churn.Value, int64(max(n-c.churn.At, 0)), churnHalfLife)
	if value < scanFloor {
		return 0
	}
	return value
}

// LowerChurn sets the standing evidence down to a level: the rule of package judge
// for a case that had no new evidence for its clear time. What comes after is counted
// anew.
func (c *Control) LowerChurn(to Nats, n pane.Number) {
	c.churn = Sum{min(c.churnAt(n), to), n}
	c.closed, c.short, c.left = 0, 0, c.churn.Value
}

// Find explains session churn.
func (c *Control) Find(pane.Number) Finding {
	found := Finding{
		Feature: "shortSessions", Unit: "sessions", Value: int64(c.short), Expected: int64(c.closed) / 50, Reference: record.ReferencePeer,
		Exception: record.TooFrequentServiceAccess,
		Samples: []string{
			fmt.Sprintf("%d of %d closed sessions were short", c.short, c.closed),
			fmt.Sprintf("short: under %d s, 0.8 times the shortest hundredth of the peers'", c.than/record.Second),
		},
	}
	if c.left > 0 {
		found.Samples = append(found.Samples, "carried over "+inFull(c.left)+" nats")
	}
	return found
}
