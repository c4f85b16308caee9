package main

import (
	"fmt"

	"cordon/internal/record"
	"cordon/scorer/detect"
	"cordon/scorer/judge"
	scorer "cordon/scorer/task"
)

// thresholds are what a verdict is held against.
type thresholds struct {
	judge.Rule
	settings scorer.Settings
	// known reports that the verdict names exactly this configuration; else
	// what depends on it is shown, and never called wrong.
	known bool
}

// digestPartitions is up to how many telemetry partitions a digest is looked
// for: it is made of the settings and of that number.
const digestPartitions = 1024

// thresholdsOf returns the thresholds of the settings, and whether the digest
// of a verdict is theirs.
func thresholdsOf(s scorer.Settings, digest record.Digest) thresholds {
	t := thresholds{Rule: s.Rule(), settings: s}
	for n := int32(1); n <= digestPartitions && !t.known; n++ {
		t.known = s.Digest(n) == digest
	}
	return t
}

// check is one statement about a verdict that was computed again.
type check struct {
	OK   bool   `json:"ok"`
	What string `json:"what"`
	Text string `json:"text"`
}

// explanation is a verdict with what comes of computing it again.
type explanation struct {
	verdict record.Verdict
	history []record.Verdict // of the case, in order
	at      int              // of the verdict in history
	others  int              // cases of the terminal beside this one
	limits  thresholds

	Checks     []check
	Consistent bool
}

// explain computes verdict i of those of a terminal again.
func explain(verdicts []record.Verdict, i int, t thresholds) explanation {
	e := explanation{verdict: verdicts[i], limits: t, Consistent: true}
	others := map[record.ID]bool{}
	for j, v := range verdicts {
		switch {
		case v.VerdictID != e.verdict.VerdictID:
			others[v.VerdictID] = true
			continue
		case j == i:
			e.at = len(e.history)
		}
		e.history = append(e.history, v)
	}
	e.others = len(others)
	e.sum()
	e.families()
	e.lines()
	e.score()
	e.class()
	return e
}

func (e *explanation) tell(ok bool, what, text string) {
	e.Checks = append(e.Checks, check{ok, what, text})
	e.Consistent = e.Consistent && ok
}

// sum adds the contributions up: those of families to the evidence, those of
// faults to the evidence of a malfunction.
func (e *explanation) sum() {
	l := levels(&e.verdict)
	e.sumOf("evidence", int64(l.Sum()), e.verdict.Evidence)
	if e.verdict.MalfunctionEvidence > 0 || l.Malfunction() > 0 {
		e.sumOf("evidence of a malfunction", int64(l.Malfunction()), e.verdict.MalfunctionEvidence)
	}
}

func (e *explanation) sumOf(what string, sum, want int64) {
	if sum == want {
		e.tell(true, "sum", fmt.Sprintf("the contributions add up to the %s, %s nats", what, milli(sum)))
		return
	}
	e.tell(false, "sum", fmt.Sprintf("the contributions add up to %s nats, the verdict says %s (%s)", milli(sum), milli(want), what))
}

// families holds every contribution against the bound of its family.
func (e *explanation) families() {
	seen := map[string]bool{}
	for _, r := range e.verdict.Reasons {
		bound, known := familyBound(r.Family)
		switch {
		case seen[r.Family]:
			e.tell(false, "family", "the family "+r.Family+" has two reasons; it may have one")
		case !known:
			e.tell(false, "family", "the family "+r.Family+" is not known to this version of cordonctl")
		case r.Contribution < 0 || r.Contribution > int64(bound):
			e.tell(false, "family", fmt.Sprintf("the family %s contributes %s nats; its bounds are 0 and %s", r.Family, milli(r.Contribution), milli(int64(bound))))
		}
		seen[r.Family] = true
	}
}

// familyBound returns the most a family or fault can contribute.
func familyBound(name string) (detect.Nats, bool) {
	if f, known := detect.FamilyNamed(name); known {
		return f.Cap(), true
	}
	_, known := detect.FaultNamed(name)
	return detect.FaultCap, known
}

// score computes score and levels from the evidence.
func (e *explanation) score() {
	v := &e.verdict
	want := judge.Score(detect.Nats(v.Evidence))
	if v.Score != want {
		e.tell(false, "score", fmt.Sprintf("%s nats make a score of %d, the verdict says %d", milli(v.Evidence), want, v.Score))
	} else {
		e.tell(true, "score", fmt.Sprintf("%s nats make a score of %d of 1000", milli(v.Evidence), want))
	}
	for _, x := range v.Exceptions {
		if level := (want + 5) / 10; x.Level != level {
			e.tell(false, "level", fmt.Sprintf("a score of %d makes level %d, %s has %d", want, level, x.ExceptionID, x.Level))
		}
	}
}

// levels are the nats of each family and fault of a verdict.
func levels(v *record.Verdict) detect.Levels {
	var l detect.Levels
	for _, r := range v.Reasons {
		nats := detect.Nats(r.Contribution)
		if f, known := detect.FamilyNamed(r.Family); known {
			l.Of[f] += nats
		} else if f, known := detect.FaultNamed(r.Family); known {
			l.Faults[f] += nats
		}
		switch r.Feature {
		case detect.FeatureInbound:
			l.Inbound, l.Reached, l.Answered = true, true, r.Reference != record.ReferencePeer
		case detect.FeatureAnswered:
			l.Reached, l.Answered = true, r.Reference != record.ReferencePeer
		}
		if r.Family == detect.Volume.String() && r.Feature != detect.FeatureTransfer {
			l.Uplink = nats
		}
	}
	return l
}

// class looks for the verdict at which the case has, or first had, the evidence
// for its class: a class never steps down while its case is open.
func (e *explanation) class() {
	class := e.verdict.Class
	if l := levels(&e.verdict); e.limits.Class(l) == class {
		e.tell(true, "class", fmt.Sprintf("%s: %s", class, ruleInWords(&e.limits.Rule, l, class)))
		return
	}
	open := e.sinceRaised()
	for i := range open {
		if l := levels(&open[i]); e.limits.Class(l) == class {
			e.tell(true, "class", fmt.Sprintf("%s since %s: %s; a class never steps down while its case is open", class, open[i].DecidedAt, ruleInWords(&e.limits.Rule, l, class)))
			return
		}
	}
	switch {
	case !e.limits.known:
		e.tell(true, "class", fmt.Sprintf("%s was decided with other thresholds than these; name the scorer's file with --scorer-config", class))
	case open[0].Status != record.StatusRaised:
		e.tell(true, "class", fmt.Sprintf("%s was reached in a verdict that is no longer kept", class))
	default:
		e.tell(false, "class", fmt.Sprintf("no verdict of this case has the evidence that makes it %s", class))
	}
}

// sinceRaised returns the verdicts of the case from when it was last raised up to
// the one that is explained; a case that was cleared and taken up again keeps its name.
func (e *explanation) sinceRaised() []record.Verdict {
	until := e.history[:e.at+1]
	for i := e.at; i > 0; i-- {
		if until[i].Status == record.StatusRaised {
			return until[i:]
		}
	}
	return until
}

// ruleInWords says which part of the decision rule made a class.
func ruleInWords(r *judge.Rule, l detect.Levels, class record.Class) string {
	sum := fmt.Sprintf("evidence %s ≥ %s", nats(int64(l.Sum())), nats(int64(r.Malicious)))
	switch {
	case class == record.ClassMalicious && l.Alone() >= r.Malicious:
		family := detect.Scanning
		if l.Of[detect.Churn] > l.Of[family] {
			family = detect.Churn
		}
		return fmt.Sprintf("%s and the %s family alone reaches it (%s)", sum, family, weights(r, l))
	case class == record.ClassMalicious:
		return fmt.Sprintf("%s and at least %d families have ≥ %s: %s", sum, r.Families, nats(int64(r.Family)), weights(r, l))
	case class == record.ClassMalfunctioning:
		return fmt.Sprintf("evidence of a malfunction %s ≥ %s, and %s", nats(int64(l.Malfunction())), nats(int64(r.Broken)), notMalicious(r, l))
	case class == record.ClassWatch:
		text := fmt.Sprintf("evidence %s ≥ %s, of it %s ≥ %s outside the volume family", nats(int64(l.Sum())), nats(int64(r.Watch)), nats(int64(l.OutsideVolume())), nats(int64(r.WatchOutside)))
		return text + ", and " + notMalicious(r, l)
	}
	return "no rule of this version makes this class"
}

// notMalicious says why evidence does not make a terminal MALICIOUS.
func notMalicious(r *judge.Rule, l detect.Levels) string {
	switch {
	case l.Sum() < r.Malicious:
		return fmt.Sprintf("evidence %s < %s", nats(int64(l.Sum())), nats(int64(r.Malicious)))
	case l.Deeds() < r.WatchOutside:
		return fmt.Sprintf("of the evidence only %s < %s are deeds", nats(int64(l.Deeds())), nats(int64(r.WatchOutside)))
	}
	return fmt.Sprintf("fewer than %d families count and none decides by itself", r.Families)
}

// weights lists the families that count.
func weights(r *judge.Rule, l detect.Levels) string {
	text := ""
	for f := range detect.Families {
		if l.Of[f] < r.Family {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += f.String() + " " + nats(int64(l.Of[f]))
	}
	return text
}

// milli writes milli-nats in full.
func milli(n int64) string {
	sign := ""
	if n < 0 {
		sign = "-"
	}
	return fmt.Sprintf("%s%d.%03d", sign, abs(n)/1000, abs(n)%1000)
}
