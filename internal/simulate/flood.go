package simulate

import (
	"cordon/internal/raw"
	"cordon/internal/record"
)

// pulses is to flood one target with UDP for some seconds, again and again.
type pulses struct {
	target        targets
	length, pause record.Micros
	packets       span  // of a pulse
	size          int64 // of a packet at IP level, bytes
}

func (s *pulses) begin(f *Fleet, a *activity, at record.Micros) record.Micros {
	a.since = at
	a.host = 1024 + f.of(a).dice.below(64_000) // the victim's port
	return at + s.length
}

func (s *pulses) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	d := &f.of(a).dice
	flow := f.flow(a, t, a.since)
	flow.Protocol, flow.RemoteAddress, flow.RemotePort = udp, s.target.first, int32(a.host)
	flow.ULPackets = d.in(s.packets)
	flow.ULVolume = flow.ULPackets * s.size
	flow.Ended = true
	a.since = t.OccurredAt + d.around(s.pause, 5)
	return a.since + s.length
}

// carpet is to flood a network instead of a host: a few packets to each of its
// addresses and ports, so that no single one stands out.
type carpet struct {
	targets targets
	every   record.Micros // between two flows
	packets span
	size    int64 // of a packet at IP level, bytes
}

func (s *carpet) begin(_ *Fleet, a *activity, at record.Micros) record.Micros {
	a.since = at
	return at + attemptTimeout
}

func (s *carpet) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	d := &f.of(a).dice
	flow := f.flow(a, t, a.since)
	flow.Protocol, flow.RemoteAddress = udp, after(s.targets.first, d.below(s.targets.count))
	flow.RemotePort = int32(1 + d.below(65_535))
	flow.ULPackets = d.in(s.packets)
	flow.ULVolume = flow.ULPackets * s.size
	flow.Ended = true
	return s.begin(f, a, a.since+d.around(s.every, 50))
}

// exchanges are short answered connections, one after the other at a terminal's
// own pace: a flood of requests, traffic for strangers, a message that is sent
// over and over.
type exchanges struct {
	with     *service      // nil: the class's own main server
	inbound  bool          // the far end opens them
	every    span          // µs between two; each terminal draws its own
	jitter   int64         // per cent of that
	takes    record.Micros // each
	up, down span          // bytes
}

func (s *exchanges) begin(f *Fleet, a *activity, at record.Micros) record.Micros {
	a.until = record.Micros(f.of(a).dice.in(s.every)) // its own pace
	a.since = at
	return at + s.takes
}

func (s *exchanges) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	d := &f.of(a).dice
	with := s.with
	if with == nil {
		with = f.classOf(f.of(a)).main
	}
	host := int64(a.terminal) % with.hosts
	if with.anyone {
		host = d.below(with.hosts)
	}
	flow := f.flow(a, t, a.since)
	flow.Protocol, flow.RemotePort, flow.RemoteAddress = with.protocol, with.port, with.host(host)
	if !with.plain {
		flow.Domain, flow.DomainSource = with.domain, record.DomainTLSSNI
	}
	moved(flow, d.in(s.up), d.in(s.down))
	opened(flow)
	ended(flow)
	if s.inbound {
		turned(flow)
		flow.RemotePort = int32(firstEphemeral + d.below(ephemeral))
		flow.LocalPort = record.Some(with.port)
	}
	a.since += d.around(a.until, s.jitter)
	return a.since + s.takes
}

// turned makes a flow one that the far end opened.
func turned(flow *raw.Flow) {
	flow.Direction = record.DirectionDownlink
	flow.ULPackets, flow.DLPackets = flow.DLPackets, flow.ULPackets
}
