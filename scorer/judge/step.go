package judge

import (
	"sort"

	"cordon/internal/record"
	"cordon/scorer/detect"
	"cordon/scorer/pane"
)

// Step judges a case when pane n has passed and returns what became of it:
// RAISED, UPDATED, CLEARED, or StatusUnknown where there is nothing to say.
// A case is judged in the panes of its terminal; while it is open also in those
// that Wake names. Judging it in every pane would say the same.
//
//	         12 nats, 6 outside volume          12 nats of faults                20 nats, two families, or
//	         │                                  │                                scan or churn alone
//	(none) ──┴──► WATCH ────────────────────────┴──► MALFUNCTIONING ─────────────┴──► MALICIOUS
//	   ▲            │                                    │                                │
//	   └── ≤ 6 nats ◄── nothing new for the clear times ─┴────────────────────────────────┘
//
// Any of the three may be the first; a class never steps down while a case is
// open.
func (r *Rule) Step(c *Case, s detect.Standing, n pane.Number) record.VerdictStatus {
	if c.Open && c.Class == record.ClassMalicious {
		r.lower(c, s, n)
	}
	levels := s.At(n)
	class := r.Class(levels)
	if !c.Open {
		if class == record.ClassUnknown {
			return record.StatusUnknown
		}
		c.raise(class, n)
	}
	before := *c
	if class != record.ClassUnknown {
		c.Class = min(c.Class, class) // the worse ones come first
	}
	c.note(r, s, &levels, n)
	c.follow(levels.Sum(), n)
	status := r.next(c, &before, n)
	if r.calm(c, s, n) {
		status = record.StatusCleared
	}
	if status != record.StatusUnknown {
		c.tell(status, levels, n)
	}
	return status
}

// lower takes the standing evidence of a family down to the clear level when
// nothing new came for the clear time. The half-life of 3 d that lets a slow
// scan add up would else hold a cleaned terminal for 10 days. What comes after is
// measured anew.
func (r *Rule) lower(c *Case, s detect.Standing, n pane.Number) {
	levels := s.At(n)
	for _, f := range [...]detect.Family{detect.Scanning, detect.Flooding, detect.Churn} {
		if levels.Of[f] > r.Clear && n-s.Last(f) >= r.clearTime(f) {
			s.Lower(f, r.Clear, n)
			c.Measured.renew(f, r.Clear)
		}
	}
}

// horizon is longer than evidence lasts: 60 nats of a scan are forgotten after
// 28 d, and no clear time is longer than 7 d.
const horizon = pane.Number(60 * record.Day / pane.Length)

// Wake returns the next pane after n in which an open case has something to say
// or to do if its terminal stays silent. Without traffic evidence only falls, so
// that each condition of a verdict is met from some pane on; the rule for the
// clear time acts in a pane of its own.
func (r *Rule) Wake(c *Case, s detect.Standing, n pane.Number) pane.Number {
	end := n + horizon
	for f := range detect.Families {
		if at := s.Last(f) + r.clearTime(f); at > n {
			end = min(end, at)
		}
	}
	for f := range detect.Faults {
		if at := s.LastFault(f) + r.ClearFault; at > n {
			end = min(end, at)
		}
	}
	says := func(m pane.Number) bool {
		file, copied := *c, s.Copy()
		return r.Step(&file, copied, m) != record.StatusUnknown
	}
	// Before the least time between verdicts has passed, only the end of the case
	// can be told. When it has passed, a level that had risen meanwhile counts
	// in that very pane or never.
	from, to := n, min(end, max(n+1, c.Verdict+updateSpan))
	if !says(to) {
		if to == end {
			return end
		}
		from, to = to, end
	}
	after := sort.Search(int(to-from-1), func(i int) bool { return says(from + 1 + pane.Number(i)) })
	return from + 1 + pane.Number(after)
}

// Idle notes that an open case had no traffic in the panes up to n: its history
// shows what was left of the evidence.
func (c *Case) Idle(s detect.Standing, n pane.Number) {
	if !c.Open {
		return
	}
	for m := max(c.judged+1, n-trendPanes+1); m <= n; m++ {
		levels := s.At(m)
		c.history[m%trendPanes] = levels.Sum()
	}
	c.judged = max(c.judged, n)
}

// raise opens the case.
func (c *Case) raise(class record.Class, n pane.Number) {
	c.Open, c.Class, c.Families, c.Faults, c.Exceptions = true, class, 0, 0, 0
	c.Verdict, c.raised = 0, n
	c.ForbiddenFlows, c.ForbiddenUL = 0, 0
}

// note keeps the families and faults of weight and what they are called.
func (c *Case) note(r *Rule, s detect.Standing, l *detect.Levels, n pane.Number) {
	for f := range detect.Families {
		if l.Of[f] < r.Family {
			continue
		}
		c.Families |= 1 << f
		c.call(exceptionOf(s, f, n))
	}
	for f := range detect.Faults {
		if l.Faults[f] >= r.Family {
			c.Faults |= 1 << f
			c.call(s.FindFault(f, n).Exception)
		}
	}
}

// call adds an exception to those of the case.
func (c *Case) call(e record.ExceptionID) {
	if e != record.ExceptionUnknown {
		c.Exceptions |= 1 << e
	}
}

// has reports whether a family was of weight since the case was raised.
func (c *Case) has(f detect.Family) bool { return c.Families&(1<<f) != 0 }

// exceptionOf returns what TS 29.520 calls the deeds of a family. Whether
// unanswered uplink is a flood is decided when it is told: see ddos.
func exceptionOf(s detect.Standing, f detect.Family, n pane.Number) record.ExceptionID {
	switch f {
	case detect.Scanning:
		return record.WrongDestinationAddress
	case detect.Flooding:
		return record.ExceptionUnknown
	case detect.Volume:
		return record.UnexpectedLargeRateFlow
	}
	return s.Find(f, n).Exception
}

// follow notes the evidence of a pane and the trend over the last ones.
func (c *Case) follow(evidence detect.Nats, n pane.Number) {
	slot := &c.history[n%trendPanes]
	old, known := *slot, n-c.raised >= trendPanes
	*slot, c.judged = evidence, n
	switch {
	case !known:
		c.Trend = record.TrendUnknown
	case evidence-old > trendNats:
		c.Trend = record.TrendUp
	case old-evidence > trendNats:
		c.Trend = record.TrendDown
	default:
		c.Trend = record.TrendStable
	}
	c.Level = (Score(evidence) + 5) / 10
}

// next says whether an open case has something to tell: at once what is of
// weight, else once a minute.
func (r *Rule) next(c, before *Case, n pane.Number) record.VerdictStatus {
	switch {
	case c.Verdict == 0:
		return record.StatusRaised
	case c.Class != before.Class || c.Families != before.Families || c.Faults != before.Faults || c.Exceptions != before.Exceptions || c.Changed:
		return record.StatusUpdated
	case n-c.Verdict < updateSpan:
		return record.StatusUnknown
	case c.ForbiddenFlows > 0 || c.Reported || abs(c.Level-c.told) >= levelStep:
		return record.StatusUpdated
	}
	return record.StatusUnknown
}

// calm reports whether the case may be cleared: little is left of its
// evidence, and its families and faults brought none for their clear time. Volume
// cannot keep open what it could not open, so it does not count: a terminal that is
// always busy would never be cleared.
func (r *Rule) calm(c *Case, s detect.Standing, n pane.Number) bool {
	levels := s.At(n)
	if r.Class(levels) != record.ClassUnknown || levels.OutsideVolume() > r.Clear || levels.Malfunction() > r.Clear {
		return false
	}
	for f := range detect.Families {
		if (c.has(f) || f == detect.Flooding) && n-s.Last(f) < r.clearTime(f) {
			return false
		}
	}
	for f := range detect.Faults {
		if c.Faults&(1<<f) != 0 && n-s.LastFault(f) < r.ClearFault {
			return false
		}
	}
	return true
}

// tell notes that a verdict goes out.
func (c *Case) tell(status record.VerdictStatus, l detect.Levels, n pane.Number) {
	c.Verdict, c.Changed, c.told = n, false, c.Level
	if status == record.StatusCleared {
		c.Open, c.Cleared = false, n
	}
}

// Told forgets what a verdict has told of: the forbidden traffic, and once the
// case is cleared all but the scan evidence that still stands. What comes after
// is measured anew.
func (c *Case) Told(s detect.Standing, n pane.Number) {
	c.Reported = c.ForbiddenFlows > 0
	c.ForbiddenFlows, c.ForbiddenUL = 0, 0
	if !c.Open {
		levels := s.At(n)
		c.Measured = Measured{Carried: carriedOf(&levels)}
		c.destinations, c.used, c.Changed, c.Aimed = [DestinationLimit]Destination{}, 0, false, false
	}
}

// abs returns the size of a number.
func abs(x int32) int32 { return max(x, -x) }
