package ladder

import (
	"fmt"
	"strings"

	"cordon/internal/record"
)

// reasonsTold is how many of a verdict's reasons a command repeats: the rest
// adds little evidence and stands in the verdict.
const reasonsTold = 3

// featureWords say what the scorer's features are (docs/detection.md). One that
// is not among them is told by its name.
var featureWords = map[string]string{
	"firstContactsFailed": "new destinations that did not answer",
	"unansweredUplink":    "uplink that nobody answered",
	"uplinkVolume":        "uplink",
	"flowStarts":          "new flows",
}

// referenceWords say what a value is compared with.
var referenceWords = [...]string{
	record.ReferenceUnknown: "normal is",
	record.ReferenceOwn:     "its own normal is",
	record.ReferencePeer:    "its peers' normal is",
	record.ReferenceProfile: "its profile allows",
	record.ReferenceLimit:   "the limit is",
	record.ReferencePrior:   "normal is",
}

// explain says in words and numbers why a verdict came about. It repeats no
// samples: those may hold addresses, which the target names where needed.
func explain(v *record.Verdict) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v: %s nats of evidence, score %d of 1000", v.Class, thousandths(v.Evidence), v.Score)
	for i, e := range v.Exceptions {
		fmt.Fprintf(&b, "%s%v level %d", separator(i, "."), e.ExceptionID, e.Level)
		if e.Trend != record.TrendUnknown {
			fmt.Fprintf(&b, " %v", e.Trend)
		}
	}
	for i, reason := range v.Reasons[:min(len(v.Reasons), reasonsTold)] {
		fmt.Fprintf(&b, "%s%s: %d %s, %s at most %d (%s nats)", separator(i, ". Seen:"),
			named(reason.Feature), reason.Value, reason.Unit, compared(reason.Reference), reason.Expected, thousandths(reason.Contribution))
	}
	return b.String()
}

// separator begins a list, or goes on with it.
func separator(i int, begin string) string {
	if i == 0 {
		return begin + " "
	}
	return "; "
}

func named(feature string) string {
	if words, known := featureWords[feature]; known {
		return words
	}
	return feature
}

func compared(r record.Reference) string {
	if int(r) >= len(referenceWords) {
		r = record.ReferenceUnknown
	}
	return referenceWords[r]
}

// thousandths prints milli-units with three decimals.
func thousandths(v int64) string {
	sign := ""
	if v < 0 {
		sign, v = "-", -v
	}
	return fmt.Sprintf("%s%d.%03d", sign, v/1000, v%1000)
}

// releaseText says why a measure is undone.
func (r *Rules) releaseText(cause Cause) string {
	switch cause {
	case CauseProbation:
		return fmt.Sprintf("released: the case was cleared and nothing new came for %v", r.Probation.Duration())
	case CauseExpire:
		return "released: the time of the measure is over and no verdict asks for another one"
	case CauseOperator:
		return "released: an operator decided so"
	case CauseMode:
		return "released: the enforcer was started in another mode"
	}
	return "released: the terminal is protected or exempt"
}
