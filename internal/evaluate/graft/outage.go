package graft

import "cordon/internal/raw"

// Kinds that change what the device itself reports.

// trouble is how long an outage lasts.
func (s *script) trouble() float64 { return hour/2 + s.r.Float64()*2.5*hour }

// serverDown takes the main server away: it is tried again, and eight fallbacks
// in turn.
func serverDown(s *script) {
	if s.spoilt = !s.server.address.IsValid(); s.spoilt {
		return
	}
	lasts, port := s.trouble(), s.server.port
	s.edit = func(at float64, f *raw.Flow) bool {
		return at < 0 || at >= lasts || f.RemoteAddress != s.server.address
	}
	var fallbacks []conn
	for range 8 {
		fallbacks = append(fallbacks, s.to(port))
	}
	i := 0
	for t := 30 * s.r.Float64(); t < lasts; t += minute + 3*s.r.NormFloat64() {
		s.dead(t, conn{far: s.server.address, port: port, mine: s.port()})
		c := fallbacks[i%len(fallbacks)]
		c.mine = s.port()
		s.dead(t+8, c)
		i++
	}
}

// uplinkDown lets nothing come back.
func uplinkDown(s *script) {
	lasts := s.trouble()
	s.edit = func(at float64, f *raw.Flow) bool {
		if at < 0 || at >= lasts {
			return true
		}
		f.DLVolume, f.DLPackets = 0, 0
		if f.DLTCPFlags.Set {
			f.DLTCPFlags.Value = 0
		}
		return f.ULPackets > 0
	}
}

// rotation moves the main service to another address every day.
func rotation(s *script) {
	if s.spoilt = !s.server.address.IsValid(); s.spoilt {
		return
	}
	for d := range 3 {
		c := s.to(s.server.port)
		for t := float64(d) * day; t < float64(d+1)*day; t += 600 + 20*s.r.NormFloat64() {
			c.mine = s.port()
			s.exchange(t, c, 900, 3000)
		}
	}
}
