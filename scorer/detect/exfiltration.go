package detect

import (
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// ExfiltrationRules are those of D6: much uplink to one new destination, by the
// terminal's own measure.
type ExfiltrationRules struct {
	Enabled bool
	// Weight in per cent of the nats (100).
	Weight int64
}

// Limits of D6 (detection reference 3.4).
const (
	exfiltrationPanes = 20      // panes at the highest normal uplink that weigh nothing yet
	fullSurprise      = 4 * Nat // a destination that surprises less weighs less
)

// weigh returns 3 ln(1 + uplink ÷ (20 × normal)) nats, less for a destination that
// hardly surprises.
func (r *ExfiltrationRules) weigh(s *slot, sup Nats, normal uint64) Nats {
	if !r.Enabled {
		return 0
	}
	base := exfiltrationPanes * max(normal, 1)
	if s.key.Form == pane.FormName {
		base = tunnelBytes
	}
	nats := 3 * LnRatio(base+s.ul, base) * min(sup, fullSurprise) / fullSurprise
	return min(nats*Nats(r.Weight)/100, Exfiltration.Cap())
}

// A tunnel through name servers: the questions themselves carry what leaks (f14).
const (
	// tunnelQuestion is the mean size of a question, bytes at IP level, from which on
	// it carries data. Names that people gave make 60 to 100; a tunnel fills labels of
	// up to 63 and names of up to 255 bytes (RFC 1035, 2.3.4).
	tunnelQuestion = 130
	// tunnelQuestions to one domain that nobody asked for before make it surprising:
	// answers are kept for minutes to days, so a device asks for few.
	tunnelQuestions = 100
	// tunnelRate is how many questions to one domain in a pane keep a tunnel open.
	tunnelRate = 5
	// tunnelBytes weigh nothing yet.
	tunnelBytes = 20_000
)

// wordy reports whether a pane asked for a domain in long questions.
func wordy(s *feature.Seen) bool {
	return s.Form == pane.FormName && s.Flows > 0 && s.UL >= tunnelQuestion*uint64(s.Flows)
}

// named returns the surprise of a domain: that of a failing service once many long
// questions went to it.
func (s *slot) named(r *NoveltyRules) Nats {
	if s.flows < tunnelQuestions || s.ul < tunnelQuestion*uint64(s.flows) {
		return 0
	}
	return r.Failing
}
