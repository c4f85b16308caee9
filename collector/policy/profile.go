package policy

import (
	"slices"

	"cordon/collector/domain"
	"cordon/internal/record"
)

// Profile returns what may leave of a provisioned profile: all of it, but for the
// domains it allows, which are generalised as those of telemetry are, so that the
// two can be compared.
func (p *Policy) Profile(in *record.Profile) record.Profile {
	out := *in
	out.AllowedDestinations = slices.Clone(in.AllowedDestinations)
	for i := range out.AllowedDestinations {
		rule := &out.AllowedDestinations[i]
		rule.Domain = p.domain(rule.Domain)
	}
	return out
}

// domain returns what may leave of a domain: its registrable part, or a token.
func (p *Policy) domain(name string) string {
	text, treatment := domain.Generalise(name)
	if treatment == domain.Tokenise || p.domains && treatment == domain.Keep {
		return p.derive.Domain(text).String()
	}
	return text
}
