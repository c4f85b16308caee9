package simulate

import (
	"cordon/internal/raw"
	"cordon/internal/record"
)

// attempts is to open one TCP connection after the other and not to care: a
// scan, where targets are many, or a flood of SYNs, where they are few.
type attempts struct {
	every    record.Micros // between two of them
	jitter   int64         // per cent of every
	targets  targets
	ports    []int32 // one by chance; double what is twice as likely
	refused  int64   // so many of a thousand are answered with a reset
	answered int64   // so many are accepted
}

// attemptTimeout is when an attempt is reported: its packets have stopped.
const attemptTimeout = record.Second

func (s *attempts) begin(_ *Fleet, a *activity, at record.Micros) record.Micros {
	a.since = at
	return at + attemptTimeout
}

func (s *attempts) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	d := &f.of(a).dice
	flow := f.flow(a, t, a.since)
	flow.Protocol = tcp
	flow.RemoteAddress = after(s.targets.first, d.below(s.targets.count))
	flow.RemotePort = s.ports[d.below(int64(len(s.ports)))]
	switch n := d.below(1000); {
	case n < s.refused:
		refused(flow)
	case n < s.refused+s.answered:
		moved(flow, d.in(span{20, 90}), d.in(span{30, 400}))
		opened(flow)
		ended(flow)
	default:
		unanswered(flow, 1)
	}
	return s.begin(f, a, a.since+d.around(s.every, s.jitter))
}

// datagrams is to send UDP to one target as fast as may be.
type datagrams struct {
	target  targets
	packets span  // in reportEvery
	size    int64 // of a packet at IP level, bytes
}

func (s *datagrams) begin(f *Fleet, a *activity, at record.Micros) record.Micros {
	a.since = at
	a.host = 1024 + f.of(a).dice.below(64_000) // the victim's port
	return at + f.report
}

func (s *datagrams) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	flow := f.flow(a, t, t.OccurredAt-f.report)
	flow.Protocol, flow.RemoteAddress, flow.RemotePort = udp, s.target.first, int32(a.host)
	flow.ULPackets = f.of(a).dice.in(s.packets) * int64(f.report) / int64(reportEvery)
	flow.ULVolume = flow.ULPackets * s.size
	flow.Ended = t.OccurredAt >= a.stop
	return t.OccurredAt + f.report
}

// loop is to try one's own main server again and again without a pause, though
// it refuses: a malfunction.
type loop struct{}

const loopEvery = 2 * record.Second

func (loop) begin(f *Fleet, a *activity, at record.Micros) record.Micros {
	a.since = at
	a.host = int64(a.terminal) % f.classOf(f.of(a)).main.hosts
	return at + 50*record.Millisecond
}

func (l loop) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	main := f.classOf(f.of(a)).main
	flow := f.flow(a, t, a.since)
	flow.Protocol, flow.RemotePort, flow.RemoteAddress = main.protocol, main.port, main.host(a.host)
	refused(flow)
	return l.begin(f, a, a.since+f.of(a).dice.around(loopEvery, 10))
}
