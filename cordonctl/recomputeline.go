package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"cordon/internal/record"
	"cordon/scorer/detect"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
	scorer "cordon/scorer/task"
)

// line is one reason of a verdict, with what it takes to compute its nats from what
// it says (docs/detection.md, "To recompute a verdict by hand").
type line struct {
	*record.Reason
	verdict *record.Verdict
	rules   *scorer.Settings
}

// bounds are what a contribution must lie between. They are one number where a line
// says all; where the order of events decides as well, it can only be bounded.
type bounds struct {
	low, high detect.Nats
	how       string
}

func exactly(n detect.Nats, how string) bounds { return bounds{n, n, how} }

// lines computes every reason again that says enough.
func (e *explanation) lines() {
	if !e.limits.known {
		return // its weights are not known
	}
	for i := range e.verdict.Reasons {
		l := line{&e.verdict.Reasons[i], &e.verdict, &e.limits.settings}
		b, can := l.bounds()
		nats := detect.Nats(l.Contribution)
		switch {
		case !can:
			e.tell(true, "line", fmt.Sprintf("%s: what it says does not suffice to compute its %s nats again", l.Family, milli(l.Contribution)))
		case nats < b.low || nats > b.high:
			e.tell(false, "line", fmt.Sprintf("%s: %s make %s, the verdict says %s", l.Family, b.how, b.inWords(), milli(l.Contribution)))
		case b.low == b.high:
			e.tell(true, "line", fmt.Sprintf("%s: %s make %s nats", l.Family, b.how, milli(l.Contribution)))
		default:
			e.tell(true, "line", fmt.Sprintf("%s: %s make %s; where in between the order of events decides", l.Family, b.how, b.inWords()))
		}
	}
}

func (b bounds) inWords() string {
	if b.low == b.high {
		return milli(int64(b.low)) + " nats"
	}
	return fmt.Sprintf("%s to %s nats", milli(int64(b.low)), milli(int64(b.high)))
}

// bounds computes the contribution from what the line says.
func (l *line) bounds() (bounds, bool) {
	s := l.rules
	switch l.Family {
	case detect.Scanning.String():
		return l.scan()
	case detect.Flooding.String():
		return l.flood()
	case detect.Volume.String():
		return l.volume()
	case detect.Novelty.String():
		return l.novelty()
	case detect.Beaconing.String():
		return l.beacon()
	case detect.Exfiltration.String():
		return l.exfiltration()
	case detect.Churn.String():
		return l.churn()
	case detect.Location.String(), detect.Profile.String():
		return l.parts()
	case detect.External.String():
		return l.external()
	case detect.Radio.String():
		return l.steps(600, s.Radio.Weight)
	case detect.PingPong.String():
		return l.steps(600, s.PingPong.Weight)
	case detect.Restart.String():
		return l.steps(l.restartStep(), s.Host.Weight)
	case detect.Access.String():
		return exactly(12*detect.Nat*detect.Nats(min(s.Access.Weight, 100))/100, "a limit that was exceeded"), true
	}
	return bounds{}, false
}

// Forms of samples that numbers are read from.
var (
	formTCP      = regexp.MustCompile(`^tcp (\d+) failed (\d+) answered$`)
	formOther    = regexp.MustCompile(`^other (\d+) failed (\d+) answered$`)
	formCarried  = regexp.MustCompile(`^carried over (\d+\.\d{3}) nats$`)
	formPanes    = regexp.MustCompile(`: (\d+), together (\d+\.\d{3}) nats$`)
	formPeers    = regexp.MustCompile(`^peers (\d+), of them users (\d+), usual (\d+\.\d{3}) nats$`)
	formBytes    = regexp.MustCompile(`^(\d+) bytes in, \d+ out$`)
	formRhythm   = regexp.MustCompile(`^rhythm (\d+\.\d{3}) nats × surprise (\d+\.\d{3}) ÷ 6$`)
	formLimit    = regexp.MustCompile(`^with novelty at most (\d+) nats$`)
	formSurprise = regexp.MustCompile(`^surprise (\d+\.\d{3}) nats$`)
	formSessions = regexp.MustCompile(`^(\d+) of (\d+) closed sessions were short$`)
	formMinutes  = regexp.MustCompile(`^(\d+) minutes ago`)
	formRest     = regexp.MustCompile(`^about another server: at most (\d+\.\d{3}) nats$`)
	formNats     = regexp.MustCompile(`(\d+\.\d{3})`)
)

// figures returns the numbers of the first sample of a form, those with a point in
// thousandths; nil where there is none.
func (l *line) figures(form *regexp.Regexp) []int64 {
	for _, sample := range l.Samples {
		if found := form.FindStringSubmatch(sample); found != nil {
			return numbers(found[1:])
		}
	}
	return nil
}

func numbers(texts []string) []int64 {
	var list []int64
	for _, text := range texts {
		n, err := strconv.ParseInt(strings.Replace(text, ".", "", 1), 10, 64)
		if err != nil {
			return nil
		}
		list = append(list, n)
	}
	return list
}

// carried returns what stood before the counts of the line began.
func (l *line) carried() detect.Nats {
	if found := l.figures(formCarried); found != nil {
		return detect.Nats(found[0])
	}
	return 0
}

// span returns for how many panes the case had been there.
func (l *line) span() int64 {
	return int64(pane.Of(l.verdict.WindowEnd-1)-pane.Of(l.verdict.FirstEvidenceAt)) + 1
}

// sum bounds a sum that gained what failed and lost what did not, within 0 and a cap:
// all of it may have leaked since the case began, and what was lost at 0 cost nothing.
func (l *line) sum(gained, lost, most detect.Nats, halfLife int64) (low, high detect.Nats) {
	high = min(gained, most)
	return max(detect.Decay(high, l.span(), halfLife)-lost-1, 0), high
}

func (l *line) scan() (bounds, bool) {
	tcp, other := l.figures(formTCP), l.figures(formOther)
	if tcp == nil || other == nil {
		return bounds{}, false
	}
	scan := l.rules.Rule().Scan
	if strings.Contains(strings.Join(l.Samples, "\n"), "strangers answer") {
		return bounds{}, false // what it is summed with changes when the second one answers
	}
	failed := feature.Vector{TCP: feature.Contacts{Failed: int32(tcp[0])}, Other: feature.Contacts{Failed: int32(other[0])}}
	answered := feature.Vector{TCP: feature.Contacts{Answered: int32(tcp[1])}, Other: feature.Contacts{Answered: int32(other[1])}}
	low, high := l.sum(l.carried()+scan.Evidence(&failed), -scan.Evidence(&answered), detect.Scanning.Cap(), 3*int64(record.Day/pane.Length))
	return bounds{low, high, fmt.Sprintf("%d failed and %d answered first contacts, %s nats carried over,", tcp[0]+other[0], tcp[1]+other[1], milli(int64(l.carried())))}, true
}

func (l *line) flood() (bounds, bool) {
	panes := l.figures(formPanes)
	if panes == nil {
		return bounds{}, false
	}
	high := min(l.carried()+detect.Nats(panes[1]), detect.Flooding.Cap())
	low := max(high-detect.Nats(200*l.span()), 0)
	return bounds{low, high, fmt.Sprintf("%s above the limit, %s nats carried over,", plural(int(panes[0]), "pane"), milli(int64(l.carried())))}, true
}

func (l *line) volume() (bounds, bool) {
	if l.Feature == detect.FeatureTransfer {
		high := min(3*detect.Nat+detect.LnRatio(uint64(l.Expected+l.Value), uint64(max(l.Expected, 1))), 6*detect.Nat)
		return bounds{0, high, "3 + ln(1 + value ÷ expected)"}, true
	}
	panes := l.figures(formPanes)
	if panes == nil {
		return bounds{}, false
	}
	high := min(l.carried()+detect.Nats(panes[1]), detect.Volume.Cap())
	return bounds{0, high, fmt.Sprintf("%s above the limit, %s nats carried over,", plural(int(panes[0]), "pane"), milli(int64(l.carried())))}, true
}

// novelty computes N of D4: from the peers where there are some, else one of the
// surprises of the configuration.
func (l *line) novelty() (bounds, bool) {
	n := &l.rules.Novelty
	weight := func(nats detect.Nats) detect.Nats { return min(nats*detect.Nats(n.Weight)/100, detect.Novelty.Cap()) }
	peers := l.figures(formPeers)
	switch {
	case l.Feature == detect.FeatureInbound:
		found := l.figures(formBytes)
		if found == nil {
			return bounds{}, false
		}
		if found[0] >= 20_000 {
			return exactly(min(detect.Nats(n.Failing), detect.Novelty.Cap()), "20,000 bytes and more that came in"), true
		}
		return exactly(4*detect.Nat, "less than 20,000 bytes that came in"), true
	case l.Feature == "questionSize":
		return exactly(weight(detect.Nats(n.Failing)), "questions that carry data"), true
	case peers != nil:
		nats := max(detect.LnRatio(uint64(max(peers[0], 1)), uint64(1+peers[1]))-detect.Nats(peers[2]), 0)
		if l.Feature != detect.FeatureAnswered {
			nats = min(nats, detect.Nats(n.Failing))
		}
		return exactly(weight(min(nats, detect.Novelty.Cap())), fmt.Sprintf("ln(%d ÷ (1 + %d)) − %s", peers[0], peers[1], milli(peers[2]))), true
	case l.Feature == detect.FeatureAnswered:
		return l.oneOf(weight(detect.Nats(n.Answered)), weight(detect.Nats(n.Rotation)), "a new destination that answers")
	}
	return l.oneOf(weight(detect.Nats(n.Failing)), weight(detect.Nats(n.FailingExcused)), "a new destination that fails")
}

// oneOf returns whichever of two surprises the line has.
func (l *line) oneOf(a, b detect.Nats, how string) (bounds, bool) {
	if detect.Nats(l.Contribution) == b {
		a = b
	}
	return exactly(a, how), true
}

// beacon computes B of D5.
func (l *line) beacon() (bounds, bool) {
	rhythm := l.figures(formRhythm)
	if rhythm == nil {
		return bounds{}, false
	}
	nats := min(detect.Nats(rhythm[0]*rhythm[1]/6000*l.rules.Beacon.Weight/100), detect.Beaconing.Cap())
	how := fmt.Sprintf("%s × %s ÷ 6", milli(rhythm[0]), milli(rhythm[1]))
	if limit := l.figures(formLimit); limit != nil {
		novelty := detect.Nats(contribution(l.verdict, detect.Novelty.String()))
		nats = min(nats, max(detect.Nats(limit[0])*detect.Nat-novelty, 0))
		how += fmt.Sprintf(", with novelty at most %d,", limit[0])
	}
	return exactly(nats, how), true
}

// exfiltration computes X of D6.
func (l *line) exfiltration() (bounds, bool) {
	surprise := l.figures(formSurprise)
	if surprise == nil || l.Expected <= 0 {
		return bounds{}, false
	}
	nats := 3 * detect.LnRatio(uint64(l.Expected+l.Value), uint64(l.Expected)) * min(detect.Nats(surprise[0]), 4*detect.Nat) / (4 * detect.Nat)
	return exactly(min(nats*detect.Nats(l.rules.Exfiltration.Weight)/100, detect.Exfiltration.Cap()), "3 × ln(1 + value ÷ expected) × surprise ÷ 4"), true
}

func (l *line) churn() (bounds, bool) {
	found := l.figures(formSessions)
	if found == nil {
		return bounds{}, false
	}
	c := &l.rules.Churn
	short := detect.LnRatio(uint64(c.Attacker), uint64(c.Benign)) * detect.Nats(c.Weight) / 100
	long := detect.LnRatio(uint64(1000-c.Benign), uint64(1000-c.Attacker)) * detect.Nats(c.Weight) / 100
	low, high := l.sum(l.carried()+short*detect.Nats(found[0]), (long+1)*detect.Nats(found[1]-found[0]), detect.Churn.Cap(), int64(record.Day/pane.Length))
	return bounds{low, high, fmt.Sprintf("%d short ones of %d sessions, %s nats carried over,", found[0], found[1], milli(int64(l.carried())))}, true
}

// parts adds up what the samples of place and profile say in nats.
func (l *line) parts() (bounds, bool) {
	sum, count := detect.Nats(0), 0
	for _, sample := range l.Samples {
		for _, n := range numbers(formNats.FindAllString(sample, -1)) {
			sum += detect.Nats(n)
			count++
		}
	}
	most, _ := familyBound(l.Family)
	return exactly(min(sum, most), "the parts"), count > 0
}

// external computes what is left of a report: minutes are cut.
func (l *line) external() (bounds, bool) {
	ago := l.figures(formMinutes)
	if ago == nil {
		return bounds{}, false
	}
	nats := min(detect.External.Cap()*detect.Nats(l.Value)/100*detect.Nats(l.rules.External.Weight)/100, detect.External.Cap())
	left := func(minutes int64) detect.Nats {
		return detect.Decay(nats, minutes*int64(record.Minute/pane.Length), int64(record.Day/pane.Length))
	}
	most := detect.External.Cap()
	if rest := l.figures(formRest); rest != nil {
		most = detect.Nats(rest[0])
	}
	return bounds{min(left(ago[0]+1), most), min(left(ago[0]), most), fmt.Sprintf("%d %% of 6 nats, %d minutes later,", l.Value, ago[0])}, true
}

// steps computes a fault that weighs the same for each beyond what is expected.
func (l *line) steps(step detect.Nats, weight int64) (bounds, bool) {
	nats := min(step*detect.Nats(max(l.Value-l.Expected, 0)), detect.FaultCap) * detect.Nats(weight) / 100
	return exactly(min(nats, detect.FaultCap), fmt.Sprintf("%d beyond the %d expected", max(l.Value-l.Expected, 0), l.Expected)), true
}

// restartStep is what each restart beyond the expected ones weighs; a drained battery
// weighs all at once.
func (l *line) restartStep() detect.Nats {
	if l.Feature == "batteryDrain" {
		return detect.FaultCap
	}
	return 3 * detect.Nat
}
