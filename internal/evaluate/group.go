package evaluate

import (
	"slices"

	"cordon/internal/record"
)

// Group is what came of a set of episodes, and of the false verdicts of the same
// name. Times are seconds of event time.
type Group struct {
	Name string `json:"name"`
	// Episodes are those of the truth, Found and Missed what became of them.
	Episodes int `json:"episodes"`
	Found    int `json:"found"`
	Missed   int `json:"missed"`
	// FoundAtLeast is the lower 95 % Clopper-Pearson bound of the share found.
	FoundAtLeast float64 `json:"foundAtLeast"`
	// Right is how many verdicts named the exception of the truth.
	Right int `json:"exceptionHits"`
	// AsMalicious, AsMalfunctioning and AsWatch are how many were called so, each
	// counted under the gravest.
	AsMalicious      int `json:"calledMalicious"`
	AsMalfunctioning int `json:"calledMalfunctioning"`
	AsWatch          int `json:"calledWatch"`
	// Early is how many had an early warning.
	Early int `json:"early"`
	// Median and P90 are of the time to detection; nil where none was found.
	Median *float64 `json:"medianSeconds,omitempty"`
	P90    *float64 `json:"p90Seconds,omitempty"`
	// EarlyMedian is of the time to the first early warning.
	EarlyMedian *float64 `json:"earlyMedianSeconds,omitempty"`
	// False is how many verdicts of this class, or exception, were false.
	False int `json:"falseVerdicts"`
	// Days are the benign terminal-days they are counted over.
	Days float64 `json:"terminalDays"`
	// FalseRate is False per terminal-day, FalseBound its upper 95 % bound; nil
	// where no terminal-day was watched, or none is known.
	FalseRate  *float64 `json:"falseRate,omitempty"`
	FalseBound *float64 `json:"falseRateBound,omitempty"`
}

// group fills in the groups of the report.
func (r *Report) group() {
	for _, l := range []Label{Malicious, Malfunctioning} {
		g := r.Of(string(l), func(o *Outcome) bool { return o.Label == l })
		r.Labels = append(r.Labels, r.with(g, func(a *Alarm) bool { return a.Class == l.Class() }))
	}
	r.Labels = append(r.Labels, r.with(Group{Name: "watch"}, func(a *Alarm) bool { return a.Class == record.ClassWatch }))
	for _, id := range exceptions() {
		g := r.Of(id.String(), func(o *Outcome) bool { return o.ExceptionID == id })
		g = r.with(g, func(a *Alarm) bool { return a.Names(id, true) })
		if g.Episodes > 0 || g.False > 0 {
			r.Exceptions = append(r.Exceptions, g)
		}
	}
	var kinds []string
	for i := range r.Outcomes {
		if k := r.Outcomes[i].Kind; k != "" && !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	for _, k := range kinds {
		r.Kinds = append(r.Kinds, r.Of(k, func(o *Outcome) bool { return o.Kind == k }))
	}
}

// with adds the false verdicts that belong to a group.
func (r *Report) with(g Group, belongs func(*Alarm) bool) Group {
	for i := range r.False {
		if belongs(&r.False[i]) {
			g.False++
		}
	}
	g.Days = r.Days.Benign
	if g.Days > 0 {
		rate, bound := float64(g.False)/g.Days, RateBound(g.False, g.Days)
		g.FalseRate, g.FalseBound = &rate, &bound
	}
	return g
}

// Of makes a group, without false verdicts, of the outcomes that belong to it.
func (r *Report) Of(name string, belongs func(*Outcome) bool) Group {
	g := Group{Name: name}
	var after, early []record.Micros
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		if !belongs(o) {
			continue
		}
		g.Episodes++
		g.call(o.CalledAs)
		if o.Found {
			g.Found++
			after = append(after, o.After)
		}
		if o.Right {
			g.Right++
		}
		if o.Early {
			g.Early++
			early = append(early, o.EarlyIn)
		}
	}
	g.Missed = g.Episodes - g.Found
	g.FoundAtLeast = LowerBound(g.Found, g.Episodes)
	g.Median, g.P90, g.EarlyMedian = quantile(after, 50), quantile(after, 90), quantile(early, 50)
	return g
}

func (g *Group) call(class record.Class) {
	switch class {
	case record.ClassMalicious:
		g.AsMalicious++
	case record.ClassMalfunctioning:
		g.AsMalfunctioning++
	case record.ClassWatch:
		g.AsWatch++
	}
}

// quantile is a per cent quantile by nearest rank, in seconds; nil of nothing.
func quantile(list []record.Micros, percent int) *float64 {
	if len(list) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(list))
	rank := (percent*len(sorted) + 99) / 100
	seconds := float64(sorted[max(rank, 1)-1]) / float64(record.Second)
	return &seconds
}
