package main

import (
	_ "embed"
	"fmt"
	"html/template"
	"os"
	"strings"

	"cordon/internal/record"
	"cordon/scorer/detect"
)

// explainPage is one file without anything from elsewhere: it can be mailed, kept
// with a ticket and read offline.
//
//go:embed explain.html.tmpl
var explainPage string

var explainTemplate = template.Must(template.New("explain").Parse(explainPage))

// page is an explanation as the template reads it.
type page struct {
	Class, Terminal, Status, DecidedAt, Since, Device, Criticality string
	Confidence, Coverage                                           int32
	Sum, Malfunction, Limits, Broken, After, Counterfactual, Case  string
	Reasons                                                        []pageReason
	Checks                                                         []check
	Meanings                                                       []meaning
	History                                                        []pageState
	Plot                                                           plot
}

// pageReason is one line of the sum.
type pageReason struct{ Family, Colour, Nats, Bound, Words string }

// pageState is one verdict of the case.
type pageState struct {
	DecidedAt, Status, Class, Nats string
	Score                          int32
}

// meaning is something that a verdict stands for.
type meaning struct{ Name, Value string }

// writeHTML writes the explanation as a page.
func (e *explanation) writeHTML(path string) error {
	var text strings.Builder
	if err := explainTemplate.Execute(&text, e.page()); err != nil {
		return fmt.Errorf("--html: %w", err)
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		return fmt.Errorf("--html: %w", err)
	}
	return nil
}

func (e *explanation) page() page {
	v := &e.verdict
	l := levels(v)
	p := page{
		Class: v.Class.String(), Terminal: v.Terminal.String(), Status: v.Status.String(), DecidedAt: v.DecidedAt.String(),
		Since: v.FirstEvidenceAt.String(), Device: e.device(), Criticality: criticality(v), Confidence: v.Confidence, Coverage: v.Coverage.Permille,
		Sum: milli(int64(l.Sum())), Limits: e.limitsInWords(), Counterfactual: v.Counterfactual, Case: v.VerdictID.String(),
		Checks: e.Checks, Meanings: e.meanings(), Plot: e.plot(), After: e.since(),
	}
	if v.MalfunctionEvidence > 0 {
		p.Malfunction, p.Broken = milli(v.MalfunctionEvidence), e.brokenInWords()
	}
	for _, r := range v.Reasons {
		bound, _ := familyBound(r.Family)
		p.Reasons = append(p.Reasons, pageReason{r.Family, colourOf(r.Family), milli(r.Contribution), nats(int64(bound)), inWords(r)})
	}
	for _, h := range e.history {
		p.History = append(p.History, pageState{h.DecidedAt.String(), h.Status.String(), h.Class.String(), nats(h.Evidence), h.Score})
	}
	return p
}

// palette colours families and faults by their order: colours that people who see
// few of them can tell apart (Okabe and Ito), in two strengths.
var palette = [...]string{
	"#0072b2", "#d55e00", "#009e73", "#e69f00", "#cc79a7", "#56b4e9", "#f0e442", "#555555",
	"#66aad1", "#e69e66", "#66c5ab", "#f0c566", "#e0afca", "#9ad2f2", "#f6ef8e", "#999999", "#333333",
}

func colourOf(family string) string {
	if f, known := detect.FamilyNamed(family); known {
		return palette[f]
	}
	f, _ := detect.FaultNamed(family)
	return palette[int(detect.Families)+int(f)]
}

// plot is the evidence of a case as areas on top of each other.
type plot struct {
	Width, Height, Base int64
	Lines               []plotLine
	Areas               []plotArea
	Times               []plotTime
}

type plotLine struct {
	X1, X2, Y int64
	Name      string
}

type plotArea struct{ Points, Colour, Family string }

type plotTime struct {
	X            int64
	Name, Anchor string
}

// Sizes of the plot, in units of its own; the page scales it.
const (
	plotAcross = 900
	plotDown   = 260
	plotMargin = 110 // right, for the names of the thresholds
)

// plot draws what each family contributed from verdict to verdict.
func (e *explanation) plot() plot {
	from, to := e.history[0].DecidedAt, e.history[len(e.history)-1].DecidedAt
	most := int64(e.limits.Malicious) * 5 / 4
	for _, v := range e.history {
		most = max(most, v.Evidence+v.MalfunctionEvidence)
	}
	x := func(at record.Micros) int64 {
		return int64(at-from) * (plotAcross - plotMargin) / max(int64(to-from), 1)
	}
	y := func(nats int64) int64 { return plotDown - nats*(plotDown-10)/most }
	p := plot{Width: plotAcross, Height: plotDown + 24, Base: plotDown}
	for _, limit := range []struct {
		name string
		nats detect.Nats
	}{{"MALICIOUS", e.limits.Malicious}, {"WATCH", e.limits.Watch}, {"calm", e.limits.Clear}} {
		p.Lines = append(p.Lines, plotLine{0, plotAcross - plotMargin, y(int64(limit.nats)), limit.name})
	}
	base := make([]int64, len(e.history))
	for _, family := range e.familiesSeen() {
		var over, under []string
		for i, v := range e.history {
			under = append(under, fmt.Sprintf("%d,%d", x(v.DecidedAt), y(base[i])))
			base[i] += contribution(&v, family)
			over = append(over, fmt.Sprintf("%d,%d", x(v.DecidedAt), y(base[i])))
		}
		if len(over) == 1 { // a case of one verdict: a bar
			over = append(over, strings.Replace(over[0], "0,", "24,", 1))
			under = append(under, strings.Replace(under[0], "0,", "24,", 1))
		}
		for i := len(under) - 1; i >= 0; i-- {
			over = append(over, under[i])
		}
		p.Areas = append(p.Areas, plotArea{strings.Join(over, " "), colourOf(family), family})
	}
	p.Times = []plotTime{{0, from.String(), "start"}}
	if to > from {
		p.Times = append(p.Times, plotTime{plotAcross - plotMargin, to.String(), "end"})
	}
	return p
}

// familiesSeen lists the families and faults of the case in their fixed order.
func (e *explanation) familiesSeen() []string {
	seen := map[string]bool{}
	for _, v := range e.history {
		for _, r := range v.Reasons {
			seen[r.Family] = true
		}
	}
	var list []string
	for f := range detect.Families {
		if seen[f.String()] {
			list = append(list, f.String())
		}
	}
	for f := range detect.Faults {
		if seen[f.String()] {
			list = append(list, f.String())
		}
	}
	return list
}

// contribution returns the milli-nats of a family in a verdict.
func contribution(v *record.Verdict, family string) int64 {
	for _, r := range v.Reasons {
		if r.Family == family {
			return r.Contribution
		}
	}
	return 0
}
