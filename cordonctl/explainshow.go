package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"cordon/internal/record"
	"cordon/scorer/detect"
)

// techniques are the names of what verdicts point to (MITRE ATT&CK; FGT: MITRE
// FiGHT, which is ATT&CK for 5G).
var techniques = map[string]string{
	"T1046": "Network Service Discovery", "T1498": "Network Denial of Service",
	"T1048": "Exfiltration Over Alternative Protocol", "T1071": "Application Layer Protocol (command and control)",
	"T1496.001": "Compute Hijacking", "T1499": "Endpoint Denial of Service",
	"FGT1046": "Network Service Discovery in 5G", "FGT1498": "Network Denial of Service in 5G",
	"FGT1498.502": "Shared slice common control network function exhaustion", "FGT1437": "Application Layer Protocol in 5G",
	"FGT1048": "Exfiltration Over Alternative Protocol in 5G", "FGT5026": "SIM cloning",
}

// print shows the explanation.
func (e *explanation) print(c *cobra.Command) error {
	if asJSON(c) {
		return e.printJSON(c.OutOrStdout())
	}
	w := c.OutOrStdout()
	v := &e.verdict
	fmt.Fprintf(w, "%s  %s  %s at %s (verdict %d)\n", v.Class, v.Terminal, v.Status, v.DecidedAt, v.Sequence)
	if since := e.since(); since != "" {
		fmt.Fprintln(w, since)
	}
	e.printSum(w)
	e.printChecks(w)
	e.printMeaning(w)
	e.printHistory(w)
	return nil
}

// since says what became of the case after the verdict that is explained.
func (e *explanation) since() string {
	last := &e.history[len(e.history)-1]
	if e.at == len(e.history)-1 {
		return ""
	}
	return fmt.Sprintf("since then %s: %s at %s, %s nats of evidence", plural(len(e.history)-1-e.at, "verdict"), last.Status, last.DecidedAt, nats(last.Evidence))
}

// printSum writes what each family and each fault contributes, with a total for
// each of the two: they are held against different thresholds.
func (e *explanation) printSum(w io.Writer) {
	v := &e.verdict
	fmt.Fprintf(w, "\nsince %s, in nats\n", v.FirstEvidenceAt)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range v.Reasons {
		if !isFault(r.Family) {
			printReason(t, r)
		}
	}
	l := levels(v)
	fmt.Fprintf(t, "  evidence\t=%s\t\t%s\n", milli(int64(l.Sum())), e.limitsInWords())
	if l.Malfunction() > 0 {
		for _, r := range v.Reasons {
			if isFault(r.Family) {
				printReason(t, r)
			}
		}
		fmt.Fprintf(t, "  malfunction\t=%s\t\t%s\n", milli(int64(l.Malfunction())), e.brokenInWords())
	}
	t.Flush()
}

func printReason(w io.Writer, r record.Reason) {
	bound, _ := familyBound(r.Family)
	fmt.Fprintf(w, "  %s\t+%s\tof at most %s\t%s\n", r.Family, milli(r.Contribution), nats(int64(bound)), inWords(r))
}

// isFault reports whether a reason counts for a malfunction, and not as evidence.
func isFault(family string) bool {
	_, known := detect.FaultNamed(family)
	return known
}

// brokenInWords says what the evidence of a malfunction is held against.
func (e *explanation) brokenInWords() string {
	return fmt.Sprintf("MALFUNCTIONING from %s, calm at %s or less", nats(int64(e.limits.Broken)), nats(int64(e.limits.Clear)))
}

func (e *explanation) limitsInWords() string {
	r := &e.limits
	text := fmt.Sprintf("MALICIOUS from %s, WATCH from %s, calm at %s or less", nats(int64(r.Malicious)), nats(int64(r.Watch)), nats(int64(r.Clear)))
	if !r.known {
		text += " (the verdict is of another configuration, " + e.verdict.ConfigDigest.String() + ")"
	}
	return text
}

func (e *explanation) printChecks(w io.Writer) {
	fmt.Fprintln(w, "\ncomputed again")
	for _, k := range e.Checks {
		state := "ok   "
		if !k.OK {
			state = "WRONG"
		}
		fmt.Fprintf(w, "  %s  %s\n", state, k.Text)
	}
	if e.verdict.Counterfactual != "" {
		fmt.Fprintf(w, "\notherwise\n  %s\n", e.verdict.Counterfactual)
	}
}

// printMeaning writes what the verdict stands for beside its numbers.
func (e *explanation) printMeaning(w io.Writer) {
	v := &e.verdict
	fmt.Fprintln(w, "\nwhat it stands for")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, m := range e.meanings() {
		fmt.Fprintf(t, "  %s\t%s\n", m.Name, m.Value)
	}
	fmt.Fprintf(t, "  confidence\t%d %%, coverage %d ‰ (%d received, %d missing, %d late, %d rejected)\n", v.Confidence, v.Coverage.Permille, v.Coverage.Received, v.Coverage.Missing, v.Coverage.Late, v.Coverage.Rejected)
	if device := e.device(); device != "" {
		fmt.Fprintf(t, "  device\t%s\n", device)
	}
	fmt.Fprintf(t, "  criticality\t%s\n", criticality(v))
	t.Flush()
}

// meanings lists exceptions, techniques and destinations.
func (e *explanation) meanings() []meaning {
	v := &e.verdict
	var list []meaning
	for _, x := range v.Exceptions {
		list = append(list, meaning{"exception", fmt.Sprintf("%s, level %d, %s", x.ExceptionID, x.Level, x.Trend)})
	}
	for _, id := range v.TechniqueIDs {
		list = append(list, meaning{"technique", id + " " + techniques[id]})
	}
	for _, d := range v.Destinations {
		list = append(list, meaning{"destination", fmt.Sprintf("%s, %d reports", endInWords(d), d.Flows)})
	}
	if f := v.Forbidden; f.Set && f.Value.Flows > 0 {
		list = append(list, meaning{"since the last verdict", fmt.Sprintf("%d reports, %d bytes towards them", f.Value.Flows, f.Value.ULVolume)})
	}
	return list
}

func endInWords(d record.Destination) string {
	port := "any port"
	if d.Port != 0 {
		port = fmt.Sprintf("port %d", d.Port)
	}
	return fmt.Sprintf("%s %s, %s", d.Address, port, protocol(d.Protocol))
}

// protocol names what terminals mostly use, and gives the IANA number of the
// rest.
func protocol(number int32) string {
	switch number {
	case 1:
		return "icmp"
	case 6:
		return "tcp"
	case 17:
		return "udp"
	}
	return fmt.Sprintf("protocol %d", number)
}

// device names what is known of the terminal's kind.
func (e *explanation) device() string {
	v := &e.verdict
	var parts []string
	for _, p := range []struct{ name, value string }{
		{"type allocation code", v.TypeAllocationCode}, {"group", v.InternalGroupID}, {"dnn", v.DNN}, {"slice", v.SNSSAI}, {"tracking area", v.TrackingAreaCode},
	} {
		if p.value != "" {
			parts = append(parts, p.name+" "+p.value)
		}
	}
	return strings.Join(parts, ", ")
}

func criticality(v *record.Verdict) string {
	if v.EmergencySession {
		return v.Criticality.String() + ", in an emergency session"
	}
	return v.Criticality.String()
}

const (
	plotWidth = 40
	plotLines = 24 // more verdicts than that are thinned out in the middle
)

// printHistory writes what became of the case, with a bar for its evidence; a
// bar that passes the mark had enough for MALICIOUS, ">" is the verdict that is explained.
func (e *explanation) printHistory(w io.Writer) {
	fmt.Fprintf(w, "\nthe case %s, %s", e.verdict.VerdictID, plural(len(e.history), "verdict"))
	if e.others > 0 {
		fmt.Fprintf(w, ", beside %s about the same terminal", plural(e.others, "other case"))
	}
	fmt.Fprintln(w)
	most := int64(e.limits.Malicious)
	for _, v := range e.history {
		most = max(most, v.Evidence)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	left := 0
	for i, v := range e.history {
		if !e.shown(i) {
			left++
			continue
		}
		if left > 0 {
			fmt.Fprintf(t, "  … %d more\t\t\t\t\n", left)
			left = 0
		}
		mark := " "
		if i == e.at {
			mark = ">"
		}
		fmt.Fprintf(t, "%s %s\t%s\t%s\t%s\t%s\n", mark, v.DecidedAt, v.Status, v.Class, nats(v.Evidence), bar(v.Evidence, int64(e.limits.Malicious), most))
	}
	t.Flush()
}

// shown reports whether verdict i has a line: all of a short history; of a long
// one both ends, what changed and what is explained.
func (e *explanation) shown(i int) bool {
	if len(e.history) <= plotLines || i < plotLines/3 || i >= len(e.history)-plotLines/3 {
		return true
	}
	before, v := &e.history[i-1], &e.history[i]
	return i == e.at || v.Status != record.StatusUpdated || v.Class != before.Class
}

// bar draws evidence on a scale that ends at most, with the threshold as a mark.
func bar(evidence, threshold, most int64) string {
	column := func(n int64) int { return int(max(n, 0) * plotWidth / max(most, 1)) }
	line := []rune(strings.Repeat("█", column(evidence)) + strings.Repeat(" ", plotWidth+1-column(evidence)))
	if at := column(threshold); line[at] == ' ' {
		line[at] = '|'
	} else {
		line[at] = '▒'
	}
	return strings.TrimRight(string(line), " ")
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// explained is the explanation as plain JSON.
type explained struct {
	Terminal   string           `json:"terminal"`
	Consistent bool             `json:"consistent"`
	Sum        int64            `json:"sum"`            // of the evidence, milli-nats
	Broken     int64            `json:"malfunctionSum"` // of a malfunction, likewise
	Thresholds explainedLimits  `json:"thresholds"`
	Checks     []check          `json:"checks"`
	Verdict    json.RawMessage  `json:"verdict"`
	History    []explainedState `json:"history"`
	Others     int              `json:"otherCases"`
}

// explainedLimits are thresholds in milli-nats.
type explainedLimits struct {
	Malicious detect.Nats `json:"malicious"`
	Broken    detect.Nats `json:"malfunctioning"`
	Family    detect.Nats `json:"family"`
	Watch     detect.Nats `json:"watch"`
	Outside   detect.Nats `json:"watchOutside"`
	Clear     detect.Nats `json:"clear"`
	// Known reports that they are those of the verdict.
	Known bool `json:"ofThisVerdict"`
}

// explainedState is one verdict of the history.
type explainedState struct {
	DecidedAt string `json:"decidedAt"`
	Status    string `json:"status"`
	Class     string `json:"class"`
	Evidence  int64  `json:"evidence"`
	Score     int32  `json:"score"`
}

func (e *explanation) printJSON(w io.Writer) error {
	text, err := record.AppendJSON(nil, &e.verdict)
	if err != nil {
		return err
	}
	r := &e.limits
	out := explained{
		Terminal: e.verdict.Terminal.String(), Consistent: e.Consistent, Checks: e.Checks, Verdict: text, Others: e.others,
		Thresholds: explainedLimits{r.Malicious, r.Broken, r.Family, r.Watch, r.WatchOutside, r.Clear, r.known},
	}
	l := levels(&e.verdict)
	out.Sum, out.Broken = int64(l.Sum()), int64(l.Malfunction())
	for _, v := range e.history {
		out.History = append(out.History, explainedState{v.DecidedAt.String(), v.Status.String(), v.Class.String(), v.Evidence, v.Score})
	}
	return printJSON(w, out)
}
