package evaluate

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Gate is a condition on one figure of a report, such as
// malicious.falseRate<=1e-6 or scan.found>=0.98.
type Gate struct {
	Subject string // a label, an exception or a kind; case does not matter
	Metric  string // one of Metrics
	Op      string // <=, >=, ==, < or >
	Limit   float64
}

// Metric is a figure that gates may ask for.
type Metric struct {
	Name string
	Doc  string
	time bool // seconds; a limit may be a length of time such as 15m
	of   func(*Group) *float64
}

// Metrics are all figures, in the order they are explained in.
func Metrics() []Metric { return metrics }

var metrics = []Metric{
	{Name: "episodes", Doc: "how many there are", of: count(func(g *Group) int { return g.Episodes })},
	{Name: "found", Doc: "share of the episodes that was found, 0..1", of: share(func(g *Group) int { return g.Found })},
	{Name: "missed", Doc: "how many were not found", of: count(func(g *Group) int { return g.Missed })},
	{Name: "exception", Doc: "share named by the right exception, 0..1", of: share(func(g *Group) int { return g.Right })},
	{Name: "median", Doc: "median time to detection, such as 45s", time: true, of: func(g *Group) *float64 { return g.Median }},
	{Name: "p90", Doc: "90 % of those found took at most that long", time: true, of: func(g *Group) *float64 { return g.P90 }},
	{Name: "early", Doc: "share with an early warning, 0..1 (needs --early)", of: share(func(g *Group) int { return g.Early })},
	{Name: "earlyMedian", Doc: "median time to the early warning", time: true, of: func(g *Group) *float64 { return g.EarlyMedian }},
	{Name: "noticed", Doc: "share called anything at all, WATCH among it, 0..1", of: share(func(g *Group) int { return g.AsMalicious + g.AsMalfunctioning + g.AsWatch })},
	{Name: "asMalicious", Doc: "share called MALICIOUS, 0..1", of: share(func(g *Group) int { return g.AsMalicious })},
	{Name: "asMalfunctioning", Doc: "share called MALFUNCTIONING and not MALICIOUS, 0..1", of: share(func(g *Group) int { return g.AsMalfunctioning })},
	{Name: "asWatch", Doc: "share called WATCH and nothing graver, 0..1", of: share(func(g *Group) int { return g.AsWatch })},
	{Name: "false", Doc: "how many verdicts were false", of: counted(func(g *Group) int { return g.False })},
	{Name: "falseRate", Doc: "false verdicts per benign terminal-day", of: func(g *Group) *float64 { return g.FalseRate }},
	{Name: "falseRateBound", Doc: "its upper 95 % bound", of: func(g *Group) *float64 { return g.FalseBound }},
	{Name: "terminalDays", Doc: "benign terminal-days that these are of", of: func(g *Group) *float64 { return &g.Days }},
}

func count(of func(*Group) int) func(*Group) *float64 {
	return func(g *Group) *float64 { n := float64(of(g)); return &n }
}

// counted is count, of what is known only where terminal-days are.
func counted(of func(*Group) int) func(*Group) *float64 {
	return func(g *Group) *float64 {
		if g.FalseRate == nil {
			return nil
		}
		return count(of)(g)
	}
}

// share is a part of the episodes; of no episode there is no share.
func share(of func(*Group) int) func(*Group) *float64 {
	return func(g *Group) *float64 {
		if g.Episodes == 0 {
			return nil
		}
		part := float64(of(g)) / float64(g.Episodes)
		return &part
	}
}

// operators, the longer ones first: <= begins with <.
var operators = []string{"<=", ">=", "==", "<", ">"}

// errGateForm is what every gate has to look like.
var errGateForm = errors.New("want SUBJECT.METRIC, then <=, >=, ==, < or >, then a number, such as malicious.falseRate<=1e-6")

// ParseGate reads a gate. Spaces around the operator do not matter.
func ParseGate(text string) (Gate, error) {
	for _, op := range operators {
		left, right, found := strings.Cut(text, op)
		if !found {
			continue
		}
		subject, name, ok := cutLast(strings.TrimSpace(left), ".")
		if !ok || !isName(subject) {
			return Gate{}, fmt.Errorf("gate %q: %w", text, errGateForm)
		}
		m := metricNamed(name)
		if m == nil {
			return Gate{}, fmt.Errorf("gate %q: there is no figure %q; there are %s", text, name, metricNames())
		}
		limit, err := m.limit(strings.TrimSpace(right))
		if err != nil {
			return Gate{}, fmt.Errorf("gate %q: %w", text, err)
		}
		return Gate{Subject: subject, Metric: m.Name, Op: op, Limit: limit}, nil
	}
	return Gate{}, fmt.Errorf("gate %q: %w", text, errGateForm)
}

// cutLast cuts around the last separator.
func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(separator):], true
}

// isName reports whether text may name a label, an exception or a kind.
func isName(text string) bool {
	const others = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	return text != "" && strings.Trim(text, others) == ""
}

// limit reads the right side: a number, per cent of a share, or a length of time.
func (m *Metric) limit(text string) (float64, error) {
	scale := 1.0
	number := text
	if cut, isPercent := strings.CutSuffix(text, "%"); isPercent && !m.time {
		number, scale = strings.TrimSpace(cut), 0.01
	}
	if n, err := strconv.ParseFloat(number, 64); err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) {
		return n * scale, nil
	}
	if !m.time {
		return 0, fmt.Errorf("limit: want a number, have %q", text)
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("limit: want a length of time such as 45s, or seconds, have %q", text)
	}
	return d.Seconds(), nil
}

func metricNamed(name string) *Metric {
	for i := range metrics {
		if strings.EqualFold(metrics[i].Name, name) {
			return &metrics[i]
		}
	}
	return nil
}

func metricNames() string {
	var names []string
	for _, m := range metrics {
		names = append(names, m.Name)
	}
	return strings.Join(names, ", ")
}

// String returns the form that ParseGate reads.
func (g Gate) String() string {
	return g.Subject + "." + g.Metric + g.Op + strconv.FormatFloat(g.Limit, 'g', -1, 64)
}

// Checked is what a gate came to.
type Checked struct {
	Gate string `json:"gate"`
	// Value is the figure; nil where there is none, such as the share of no
	// episodes. Such a gate is missed: what was not measured proves nothing.
	Value *float64 `json:"value,omitempty"`
	Met   bool     `json:"met"`
}

// Check holds the gate against a report. An error says that its subject is none
// of the report's.
func (g Gate) Check(r *Report) (Checked, error) {
	group := r.find(g.Subject)
	if group == nil {
		return Checked{}, fmt.Errorf("gate %q: %s is no label, no exception and no kind of this truth; there are %s", g, g.Subject, strings.Join(r.subjects(), ", "))
	}
	c := Checked{Gate: g.String(), Value: metricNamed(g.Metric).of(group)}
	if c.Value != nil {
		c.Met = compare(*c.Value, g.Op, g.Limit)
	}
	return c, nil
}

func compare(value float64, op string, limit float64) bool {
	switch op {
	case "<=":
		return value <= limit
	case ">=":
		return value >= limit
	case "<":
		return value < limit
	case ">":
		return value > limit
	}
	return value == limit
}

// find returns the group of a subject. An exception that the truth does not hold
// is an empty one.
func (r *Report) find(subject string) *Group {
	for _, list := range [][]Group{r.Labels, r.Exceptions, r.Kinds} {
		for i := range list {
			if strings.EqualFold(list[i].Name, subject) {
				return &list[i]
			}
		}
	}
	for _, id := range exceptions() {
		if strings.EqualFold(id.String(), subject) {
			g := r.with(Group{Name: id.String()}, func(*Alarm) bool { return false })
			return &g
		}
	}
	return nil
}

func (r *Report) subjects() []string {
	var all []string
	for _, list := range [][]Group{r.Labels, r.Exceptions, r.Kinds} {
		for _, g := range list {
			all = append(all, g.Name)
		}
	}
	return all
}
