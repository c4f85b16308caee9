package judge

import (
	"fmt"
	"sort"

	"cordon/internal/record"
	"cordon/scorer/detect"
	"cordon/scorer/feature"
)

// counterfactual says what would have to be different for a milder class.
func (r *Rule) counterfactual(m *Measured, l detect.Levels) string {
	class := r.Class(l)
	if class == record.ClassUnknown {
		return fmt.Sprintf("%s nats would raise no case; more than %s nats outside volume, or new evidence of the case's families within their clear time, keep one open",
			decimal(l.Sum()), decimal(r.Clear))
	}
	if needed, milder := r.contactsToAnswer(m, l); needed > 0 {
		return fmt.Sprintf("with %d of the %d failed first contacts answered this would be %s", needed, m.TCP.Failed+m.Other.Failed, name(milder))
	}
	for _, w := range withouts {
		if w.only != nil && !w.only(&l) {
			continue
		}
		other, taken := l, detect.Nats(0)
		for _, f := range w.families {
			taken += other.Of[f]
			other.Of[f] = 0
		}
		for _, f := range w.faults {
			taken += other.Faults[f]
			other.Faults[f] = 0
		}
		if milder := r.Class(other); taken > 0 && milder != class {
			return fmt.Sprintf("%s (%s nats less) this would be %s", w.words, decimal(taken), name(milder))
		}
	}
	return fmt.Sprintf("no single change leads to a milder class than %s: what is left would be enough", class)
}

// without is a change that would take evidence away.
type without struct {
	words    string
	families []detect.Family
	faults   []detect.Fault
	only     func(*detect.Levels) bool // where it is one; nil: anywhere
}

// withouts are the changes that a counterfactual tries, in this order.
var withouts = [...]without{
	{words: "without the unanswered uplink", families: []detect.Family{detect.Flooding}},
	{words: "without what was transferred to it", families: []detect.Family{detect.Volume, detect.Novelty}, only: inbound},
	{words: "with volume within the normal", families: []detect.Family{detect.Volume}, only: outbound},
	{words: "within its provisioned profile", families: []detect.Family{detect.Profile}},
	{words: "had the destination been known, or known to its peers,", families: []detect.Family{detect.Novelty, detect.Beaconing, detect.Exfiltration}},
	{words: "with sessions as long as those of its peers", families: []detect.Family{detect.Churn}},
	{words: "with its usual device in its usual area", families: []detect.Family{detect.Location}},
	{words: "with the device as busy as usual", families: []detect.Family{detect.Host}},
	{words: "without what others report of it", families: []detect.Family{detect.External}},
	{words: "with as many requests as a modem may send", faults: []detect.Fault{detect.Access}},
	{words: "with a stable radio link", faults: []detect.Fault{detect.Radio, detect.PingPong}},
	{words: "with its service answering, or fewer retries,", faults: []detect.Fault{detect.Retry}},
	{words: "with its usual reports", faults: []detect.Fault{detect.Silence}},
	{words: "had it not repeated itself", faults: []detect.Fault{detect.Stuck}},
	{words: "with a battery that lasts", faults: []detect.Fault{detect.Restart}, only: drained},
	{words: "without its restarts", faults: []detect.Fault{detect.Restart}, only: restarted},
}

func inbound(l *detect.Levels) bool   { return l.Transferred() }
func outbound(l *detect.Levels) bool  { return !l.Transferred() }
func drained(l *detect.Levels) bool   { return l.Drained }
func restarted(l *detect.Levels) bool { return !l.Drained }

// contactsToAnswer returns how many of the failed first contacts, TCP first,
// would have had to be answered for a milder class, and which; 0 where not even
// all of them. It starts from all that was measured, also where the cap cut it,
// so that what it says holds.
func (r *Rule) contactsToAnswer(m *Measured, l detect.Levels) (int32, record.Class) {
	class, all := r.Class(l), m.TCP.Failed+m.Other.Failed
	scan := r.Scan.Among(m.Strangers)
	measured := scan.Evidence(&feature.Vector{TCP: m.TCP, Other: m.Other})
	uncut := max(m.Carried.Scan+measured, l.Of[detect.Scanning])
	milder := func(needed int32) record.Class {
		tcp := min(needed, m.TCP.Failed)
		v := feature.Vector{TCP: answer(m.TCP, tcp), Other: answer(m.Other, needed-tcp)}
		with := l
		with.Of[detect.Scanning] = min(scan.Standing(uncut-measured+scan.Evidence(&v)), l.Of[detect.Scanning])
		return r.Class(with)
	}
	needed := int32(sort.Search(int(all), func(i int) bool { return milder(int32(i)+1) != class })) + 1
	if needed > all {
		return 0, class
	}
	return needed, milder(needed)
}

// answer returns the contacts had some of the failed ones been answered.
func answer(c feature.Contacts, some int32) feature.Contacts {
	return feature.Contacts{Failed: c.Failed - some, Answered: c.Answered + some}
}

// name names a class.
func name(c record.Class) string {
	if c == record.ClassUnknown {
		return "no case"
	}
	return c.String()
}
