package capture

import "net/netip"

// locality tells the addresses of terminals from those of the rest of the
// world.
type locality struct {
	ranges []netip.Prefix
	only   map[netip.Addr]bool // not empty: the only terminals
}

func newLocality(s *Settings) *locality {
	l := &locality{only: map[netip.Addr]bool{}}
	for _, p := range s.Local {
		l.ranges = append(l.ranges, p.Masked())
	}
	for _, a := range s.Terminals {
		l.only[a.Unmap()] = true
	}
	return l
}

// has reports whether the address is a terminal's.
func (l *locality) has(a netip.Addr) bool {
	if len(l.only) > 0 {
		return l.only[a]
	}
	for _, p := range l.ranges {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
