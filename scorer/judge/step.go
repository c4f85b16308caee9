package judge

import (
	"cordon/internal/record"
	"cordon/scorer/detect"
	"cordon/scorer/pane"
)

// Step judges a case when pane n has passed and returns what became of it:
// RAISED, UPDATED, CLEARED, or StatusUnknown where there is nothing to say.
// An open case is judged every pane, so that it is cleared on time; one that
// is not open only in panes of its terminal.
//
//	         12 nats, 6 outside volume          20 nats, two families or scan
//	(none) ───────────────────────────► WATCH ───────────────────────────────► MALICIOUS
//	   ▲                                  │                                        │
//	   └── ≤ 6 nats, nothing new for the  ◄──┴─────────────────────────────────────┘
//	       clear time
//
// A class never steps down while a case is open.
func (r *Rule) Step(c *Case, s *detect.State, n pane.Number) record.VerdictStatus {
	if c.Open && c.Class == record.ClassMalicious {
		r.lower(s, n)
	}
	levels := s.At(n)
	class := r.Class(levels)
	if !c.Open {
		if class == record.ClassUnknown {
			return record.StatusUnknown
		}
		c.raise(class)
	}
	before := *c
	if class == record.ClassMalicious {
		c.Class = class
	}
	c.Families |= r.families(levels)
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
// scan add up would else hold a cleaned terminal for 10 days.
func (r *Rule) lower(s *detect.State, n pane.Number) {
	levels := s.At(n)
	if levels.Scan > r.Clear && n-s.LastScan >= r.ClearScan {
		s.LowerScan(r.Clear, n)
	}
	if levels.Flood > r.Clear && n-s.LastFlood >= r.ClearFlood {
		s.LowerFlood(r.Clear, n)
	}
}

// raise opens the case.
func (c *Case) raise(class record.Class) {
	c.Open, c.Class, c.Families = true, class, 0
	c.Verdict, c.evaluated = 0, 0
	c.ForbiddenFlows, c.ForbiddenUL = 0, 0
}

// families returns the families of weight.
func (r *Rule) families(l detect.Levels) uint8 {
	var set uint8
	if l.Scan >= r.Family {
		set |= familyScan
	}
	if l.Flood >= r.Family {
		set |= familyFlood
	}
	if l.Volume >= r.Family {
		set |= familyVolume
	}
	return set
}

// follow notes the evidence of a pane and the trend over the last ones.
func (c *Case) follow(evidence detect.Nats, n pane.Number) {
	slot := &c.history[n%trendPanes]
	old, known := *slot, c.evaluated >= trendPanes
	*slot = evidence
	c.evaluated++
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
	case c.Class != before.Class || c.Families != before.Families || c.Changed:
		return record.StatusUpdated
	case n-c.Verdict < updateSpan:
		return record.StatusUnknown
	case c.ForbiddenFlows > 0 || c.Reported || abs(c.Level-c.told) >= levelStep:
		return record.StatusUpdated
	}
	return record.StatusUnknown
}

// calm reports whether the case may be cleared: little is left of its
// evidence, and its families brought none for their clear time. Volume cannot
// keep open what it could not open, so it does not count: a terminal that is
// always busy would never be cleared.
func (r *Rule) calm(c *Case, s *detect.State, n pane.Number) bool {
	levels := s.At(n)
	switch {
	case r.Class(levels) != record.ClassUnknown || levels.OutsideVolume() > r.Clear:
		return false
	case c.Families&familyScan != 0 && n-s.LastScan < r.ClearScan:
		return false
	}
	return n-s.LastFlood >= r.ClearFlood
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
func (c *Case) Told(s *detect.State, n pane.Number) {
	c.Reported = c.ForbiddenFlows > 0
	c.ForbiddenFlows, c.ForbiddenUL = 0, 0
	if !c.Open {
		c.Measured = Measured{Carried: s.At(n).Scan}
		c.destinations, c.used, c.Changed, c.Aimed = [DestinationLimit]Destination{}, 0, false, false
	}
}

// abs returns the size of a number.
func abs(x int32) int32 { return max(x, -x) }
