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
		c.raise(class, n)
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

// horizon is longer than evidence lasts: 60 nats of a scan are forgotten after
// 28 d, and no clear time is longer than 7 d.
const horizon = pane.Number(60 * record.Day / pane.Length)

// Wake returns the next pane after n in which an open case has something to say
// or to do if its terminal stays silent. Without traffic evidence only falls, so
// that each condition of a verdict is met from some pane on; the rule for the
// clear time acts in a pane of its own.
func (r *Rule) Wake(c *Case, s *detect.State, n pane.Number) pane.Number {
	end := n + horizon
	for _, at := range [...]pane.Number{s.LastScan + r.ClearScan, s.LastFlood + r.ClearFlood} {
		if at > n {
			end = min(end, at)
		}
	}
	says := func(m pane.Number) bool {
		file, state := *c, *s
		return r.Step(&file, &state, m) != record.StatusUnknown
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
func (c *Case) Idle(s *detect.State, n pane.Number) {
	if !c.Open {
		return
	}
	for m := max(c.judged+1, n-trendPanes+1); m <= n; m++ {
		c.history[m%trendPanes] = s.At(m).Sum()
	}
	c.judged = max(c.judged, n)
}

// raise opens the case.
func (c *Case) raise(class record.Class, n pane.Number) {
	c.Open, c.Class, c.Families = true, class, 0
	c.Verdict, c.raised = 0, n
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
		c.Measured = Measured{Carried: s.At(n)}
		c.destinations, c.used, c.Changed, c.Aimed = [DestinationLimit]Destination{}, 0, false, false
	}
}

// abs returns the size of a number.
func abs(x int32) int32 { return max(x, -x) }
