package simulate

import (
	"cordon/internal/raw"
	"cordon/internal/record"
)

// viewing is to show a person something without a server between: the camera and
// the person's device try each other's addresses until one pair gets through
// (RFC 8445), then the picture flows. Most tries fail.
type viewing struct {
	every record.Micros // between two, on average
}

var (
	peers         = targets{first: peerHosts, count: 16_384}
	candidates    = span{3, 8}                    // addresses that are tried
	viewed        = span{20_000_000, 240_000_000} // µs
	picture       = span{300_000, 1_200_000}      // bytes up in reportEvery
	receipts      = span{6_000, 20_000}           // bytes down in reportEvery
	bindingChecks = span{2, 5}                    // packets of a try
)

const (
	bindingCheck     = 108 // bytes at IP level of a STUN check
	checkTimeout     = 2 * record.Second
	unansweredChecks = 550 // of a thousand
	// watching is the step in which the picture flows; above it, candidates are
	// left.
	watching = 0
)

func (s *viewing) begin(f *Fleet, a *activity, at record.Micros) record.Micros {
	d := &f.of(a).dice
	a.step = int32(d.in(candidates))
	a.since = at + d.irregular(s.every*100/record.Micros(f.activity(f.classOf(f.of(a)), at)))
	a.host = d.below(peers.count)
	return a.since + checkTimeout
}

func (s *viewing) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	if a.step > watching {
		return s.check(f, a, t)
	}
	d := &f.of(a).dice
	last := max(a.since+checkTimeout, t.OccurredAt-(t.OccurredAt-a.since-checkTimeout-1)%f.report-1)
	flow := f.flow(a, t, last)
	peer(flow, a.host)
	moved(flow, d.in(picture)*int64(t.OccurredAt-last)/int64(reportEvery), d.in(receipts)*int64(t.OccurredAt-last)/int64(reportEvery))
	if t.OccurredAt < a.until {
		return min(a.until, t.OccurredAt+f.report)
	}
	flow.Ended = true
	return s.begin(f, a, t.OccurredAt)
}

// check writes one try; the first that is answered is taken.
func (s *viewing) check(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	d := &f.of(a).dice
	flow := f.flow(a, t, a.since)
	peer(flow, a.host)
	flow.Ended = true
	flow.ULPackets = d.in(bindingChecks)
	flow.ULVolume = flow.ULPackets * bindingCheck
	if d.chance(unansweredChecks) {
		if a.step--; a.step == watching {
			return s.begin(f, a, t.OccurredAt) // nobody gets through
		}
		a.since, a.host = t.OccurredAt-checkTimeout+record.Micros(d.in(span{50_000, 400_000})), d.below(peers.count)
		return max(a.since+checkTimeout, t.OccurredAt+1)
	}
	flow.DLPackets, flow.DLVolume = flow.ULPackets, flow.ULVolume
	flow.Ended = false
	a.step = watching
	a.until = t.OccurredAt + record.Micros(d.in(viewed))
	return min(a.until, t.OccurredAt+f.report)
}

// peer fills in a far end: a home, behind a port of its router's choice.
func peer(flow *raw.Flow, host int64) {
	flow.Protocol, flow.RemoteAddress = udp, after(peers.first, host)
	flow.RemotePort = int32(1024 + host*7919%64_000)
}
