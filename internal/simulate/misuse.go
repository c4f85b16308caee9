package simulate

import (
	"cordon/internal/raw"
	"cordon/internal/record"
)

// tunnel is to carry data in the names of lookups, past every firewall that lets
// the resolver through.
type tunnel struct {
	every record.Micros // between two lookups
}

const (
	tunnelDomain = "relay.example"
	// base32 is what may stand in a name and survives its change of case.
	base32 = "abcdefghijklmnopqrstuvwxyz234567"
	// labelSize is the most that a label may hold (RFC 1035 section 2.3.4).
	labelSize = 63
	// questionSize is what a question is larger than its name: IP, UDP and DNS
	// headers, the length of the first label, the root, type and class.
	questionSize = 20 + 8 + 12 + 2 + 4
)

// questions are the sizes at IP level in bytes.
var questions = span{150, 220}

func (s *tunnel) begin(_ *Fleet, a *activity, at record.Micros) record.Micros {
	a.since = at
	return at + 40*record.Millisecond
}

func (s *tunnel) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	d := &f.of(a).dice
	flow := f.flow(a, t, a.since)
	flow.Protocol, flow.RemotePort = resolver.protocol, resolver.port
	flow.RemoteAddress = resolver.host(d.below(resolver.hosts))
	size := d.in(questions)
	flow.Domain, flow.DomainSource = tunnelName(d, int(size)-questionSize), record.DomainDNSQName
	flow.DNSResponse = record.Some[int32](0)
	flow.Ended = true
	flow.ULPackets, flow.DLPackets = 1, 1
	flow.ULVolume, flow.DLVolume = size, size+d.in(span{20, 200})
	return s.begin(f, a, a.since+d.around(s.every, 60))
}

// tunnelName returns a name of so many characters.
func tunnelName(d *dice, size int) string {
	name := make([]byte, 0, size)
	payload := size - len(tunnelDomain) - 1
	for i := range payload {
		if i%(labelSize+1) == labelSize && i < payload-1 {
			name = append(name, '.')
			continue
		}
		name = append(name, base32[d.below(int64(len(base32)))])
	}
	name = append(name, '.')
	return string(append(name, tunnelDomain...))
}

// mining is one connection to a pool that lasts: work comes down, results go up.
type mining struct {
	pool     *service
	pause    span // µs between two results
	up, down span // bytes of a result and of what came since
}

func (s *mining) begin(_ *Fleet, a *activity, at record.Micros) record.Micros {
	a.since, a.until = at, at // until: what is reported
	return at + 200*record.Millisecond
}

func (s *mining) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	d := &f.of(a).dice
	flow := f.flow(a, t, a.until)
	flow.Protocol, flow.RemotePort, flow.RemoteAddress = s.pool.protocol, s.pool.port, s.pool.host(int64(a.terminal)%s.pool.hosts)
	moved(flow, d.in(s.up), d.in(s.down))
	if a.until == a.since {
		opened(flow)
	}
	a.until = t.OccurredAt
	return t.OccurredAt + max(record.Micros(d.in(s.pause)), f.report)
}

// mimic is to do what the class mostly does, in its sizes and at its hours, but
// with a host of the attacker's.
type mimic struct{}

// mimicked returns the habits of mimics, by class.
func mimicked(classes []*class) []habit {
	all := make([]habit, len(classes))
	for i, c := range classes {
		shadow := *c.main
		shadow.first, shadow.hosts, shadow.rotates = mimicHost, 1, false
		shadow.domain, shadow.plain = "", true
		all[i] = *c.habits[0]
		all[i].with, all[i].asks = &shadow, false
	}
	return all
}

func (mimic) begin(f *Fleet, a *activity, at record.Micros) record.Micros {
	return f.mimics[f.of(a).class].begin(f, a, at)
}

func (mimic) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	return f.mimics[f.of(a).class].write(f, a, t)
}
