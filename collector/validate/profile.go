package validate

import (
	"net/netip"

	"cordon/internal/identity"
	"cordon/internal/raw"
	"cordon/internal/record"
)

// Bounds of provisioned profiles and settings.
const (
	maxRules   = 256             // destinations, schedules and areas of one profile
	maxPort    = 65_535          // of a destination
	maxSeconds = 366 * 24 * 3600 // in the longest period: a year
	maxSetting = 128             // characters of a setting's name and version
)

// Provisioned names whom a profile is about. One of them is set.
type Provisioned struct {
	SUPI               identity.SUPI
	InternalGroupID    string
	TypeAllocationCode string
}

// CheckProfile examines a provisioned profile.
func CheckProfile(b *raw.ExpectedBehaviour) (Provisioned, Problem) {
	subjects := 0
	for _, text := range [...]string{b.SUPI, b.InternalGroupID, b.TypeAllocationCode} {
		if text != "" {
			subjects++
		}
	}
	if subjects != 1 {
		return Provisioned{}, Problem{record.DeadNoSubject, "subject: one of supi, internalGroupId and typeAllocationCode"}
	}
	who, problem := SubjectOf(b.SUPI + b.InternalGroupID + b.TypeAllocationCode)
	switch {
	case problem.Found():
		return Provisioned{}, problem
	case who.SUPI.IsZero() != (b.SUPI == "") || who.TypeAllocationCode != b.TypeAllocationCode:
		return Provisioned{}, outOfRange("subject: a supi, 8 digits of a typeAllocationCode, or an internalGroupId that is neither")
	}
	return who, checkExpected(&b.Profile)
}

// SubjectOf reads the key of a profile: a SUPI, the 8 digits of a type allocation
// code, or else an internal group.
func SubjectOf(key string) (Provisioned, Problem) {
	if supi, err := identity.ParseSUPI(key); err == nil {
		return Provisioned{SUPI: supi}, Problem{}
	}
	if len(key) == 8 && isDigits(key) {
		return Provisioned{TypeAllocationCode: key}, Problem{}
	}
	for _, prefix := range [...]string{"imsi-", "nai-", "gci-", "gli-", "suci-"} { // a damaged identity is no group
		if len(key) >= len(prefix) && key[:len(prefix)] == prefix {
			return Provisioned{}, Problem{record.DeadInvalidIdentity, "supi: one of the accepted forms"}
		}
	}
	if !isName(key, maxGroup) {
		return Provisioned{}, outOfRange("internalGroupId: 1 to 64 visible ASCII characters")
	}
	return Provisioned{InternalGroupID: key}, Problem{}
}

// checkExpected examines what is expected.
func checkExpected(p *record.Profile) Problem {
	if len(p.AllowedDestinations) > maxRules || len(p.ScheduledCommunicationTime) > maxRules || len(p.ExpectedTrackingAreaCodes) > maxRules {
		return outOfRange("profile: at most 256 destinations, schedules and areas")
	}
	for _, seconds := range [...]record.Opt[int32]{p.CommunicationDurationTime, p.PeriodicTime, p.AcceptDeviateTime, p.ExpectedPDUSessionInactivity} {
		if seconds.Or(0) < 0 || seconds.Or(0) > maxSeconds {
			return outOfRange("profile: times of 0 s to a year")
		}
	}
	if p.MaxUplinkBitsPerSecond.Or(0) < 0 || p.MaxDownlinkBitsPerSecond.Or(0) < 0 {
		return outOfRange("profile: limits of 0 or more")
	}
	for _, area := range p.ExpectedTrackingAreaCodes {
		if !isTrackingArea(area) {
			return outOfRange("expectedTrackingAreaCodes: 4 or 6 hex digits")
		}
	}
	for i := range p.AllowedDestinations {
		if !isRule(&p.AllowedDestinations[i]) {
			return outOfRange("allowedDestinations: an addressPrefix or a domain, protocol 0..255, ports 0..65535 in order")
		}
	}
	return Problem{}
}

// isRule reports whether a destination can be understood.
func isRule(r *record.AllowRule) bool {
	if (r.AddressPrefix == "") == (r.Domain == "") || r.Domain != "" && !isName(r.Domain, maxDomain) {
		return false
	}
	if r.AddressPrefix != "" {
		_, err := netip.ParsePrefix(r.AddressPrefix)
		if _, also := netip.ParseAddr(r.AddressPrefix); err != nil && also != nil {
			return false
		}
	}
	from, to := r.PortFrom.Or(0), r.PortTo.Or(r.PortFrom.Or(0))
	return r.Protocol.Or(0) >= 0 && r.Protocol.Or(0) <= 255 && from >= 0 && from <= to && to <= maxPort
}

// CheckSetting examines a setting.
func CheckSetting(s *raw.Setting) Problem {
	if !isName(s.Name, maxSetting) || !isText(s.Version, maxSetting) {
		return outOfRange("setting: name and version of 1 to 128 ASCII characters")
	}
	return Problem{}
}
