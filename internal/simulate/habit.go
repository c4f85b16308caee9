package simulate

import (
	"cordon/internal/raw"
	"cordon/internal/record"
)

// habit is to speak with a service again and again: short exchanges, reported
// as they end, or long ones, reported while they are open too.
type habit struct {
	role  role          // by which a class of one's own can change it
	with  *service      // nil: the main server of the class
	asks  bool          // the resolver first
	every record.Micros // from the end of one to the start of the next, on average; 0: once
	// jitter is how far the times lie about every, per cent; wholly: as if
	// people had caused them.
	jitter  int64
	steady  bool          // all day alike
	insists bool          // it keeps its pace when it gets no answer
	lasts   span          // µs
	reports record.Micros // between reports of an open flow; 0: reportEvery
	up      span          // bytes of an exchange, or of a longer one between two reports
	down    span          // likewise
}

// role is what a habit is to its class.
type role uint8

const (
	byTheWay   role = iota
	reports         // it says what there is to say
	keepsAlive      // it keeps a connection open
	browses         // it speaks with anybody
)

// wholly is the jitter of events that know nothing of each other.
const wholly = 100

// Steps of a habit.
const (
	asking = iota // the next record is a lookup
	talking
	// retrying and above count the failures in a row.
	retrying
)

const (
	firstRetry = 5 * record.Second // doubled by each failure
	lastRetry  = 5 * record.Minute
	tries      = 3 // packets of an attempt before it is given up
)

func (h *habit) begin(f *Fleet, a *activity, at record.Micros) record.Micros {
	d := &f.of(a).dice
	if with := h.service(f, a); with.anyone {
		a.host = d.below(with.hosts)
	} else {
		a.host = int64(a.terminal) % with.hosts
	}
	if a.step >= retrying+1 && h.service(f, a) == f.trouble.outage {
		a.host += otherSite
	} else {
		a.host += f.rotated(h.service(f, a), at)
	}
	a.since = at
	a.until = at + record.Micros(d.in(h.lasts))
	if a.step < retrying {
		a.step = talking
		if h.asks {
			a.step = asking
			return at + record.Micros(d.in(span{8_000, 60_000}))
		}
	}
	return h.nextReport(f, a, at)
}

// service returns whom a terminal speaks with.
func (h *habit) service(f *Fleet, a *activity) *service {
	if h.with == nil {
		return f.classOf(f.of(a)).main
	}
	return h.with
}

// nextReport returns when an open flow is reported after a time.
func (h *habit) nextReport(f *Fleet, a *activity, after record.Micros) record.Micros {
	return min(a.until, after+h.interval(f))
}

// interval lies between two reports: one of a flow that is silent for longer than
// the user plane would wait comes when it speaks.
func (h *habit) interval(f *Fleet) record.Micros { return max(h.meant(), f.report) }

// meant is the time that up and down are of.
func (h *habit) meant() record.Micros {
	if h.reports > 0 {
		return h.reports
	}
	return reportEvery
}

func (h *habit) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	if a.step == asking {
		return h.ask(f, a, t)
	}
	last := a.since + (t.OccurredAt-a.since-1)/h.interval(f)*h.interval(f)
	flow := f.flow(a, t, last)
	with := h.service(f, a)
	flow.Protocol, flow.RemotePort, flow.RemoteAddress = with.protocol, with.port, with.host(a.host)
	if f.of(a).portal && with.protocol == tcp && f.trouble.portal.has(t.OccurredAt) {
		return h.held(f, a, t)
	}
	if !f.answers(with, a, t.OccurredAt) {
		unanswered(flow, tries)
		if last > a.since {
			flow.ULTCPFlags = record.Some[int32](flagPSH | flagACK)
		}
		return h.fail(f, a, t.OccurredAt)
	}
	a.step = talking
	if !with.plain {
		flow.Domain, flow.DomainSource = with.domain, record.DomainTLSSNI
	}
	h.talk(flow, &f.of(a).dice, t.OccurredAt-last)
	if last == a.since {
		opened(flow)
	}
	if t.OccurredAt < a.until {
		return h.nextReport(f, a, t.OccurredAt)
	}
	ended(flow)
	if h.every == 0 {
		return never
	}
	return h.begin(f, a, t.OccurredAt+h.pause(f, a, t.OccurredAt))
}

// talk fills in what was said in the time of a report.
func (h *habit) talk(flow *raw.Flow, d *dice, time record.Micros) {
	up, down := d.in(h.up), d.in(h.down)
	if h.long() {
		up, down = up*int64(time)/int64(h.meant()), down*int64(time)/int64(h.meant())
	}
	moved(flow, up, down)
}

// long reports whether a conversation may be reported more than once.
func (h *habit) long() bool { return h.lasts.to > int64(h.meant()) }

// ask writes the lookup that comes before the conversation.
func (h *habit) ask(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	d := &f.of(a).dice
	flow := f.flow(a, t, a.since)
	flow.Protocol, flow.RemotePort = resolver.protocol, resolver.port
	flow.RemoteAddress = resolver.host(d.below(resolver.hosts))
	flow.Domain, flow.DomainSource = h.with.domain, record.DomainDNSQName
	flow.DNSResponse = record.Some[int32](0)
	flow.Ended = true
	question := int64(len(h.with.domain) + 18)
	moved(flow, question, question+d.in(span{16, 120}))

	length := a.until - a.since
	a.step, a.since = talking, t.OccurredAt+record.Millisecond
	a.until = a.since + length
	return h.nextReport(f, a, a.since)
}

// held makes the report one of a portal, which answers for every host and whose
// certificate a device does not take.
func (h *habit) held(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	flow := &t.Flow
	flow.RemoteAddress, flow.RemotePort = captivePortal.first, captivePortal.port
	start := max(a.since, t.OccurredAt-portalTakes)
	t.IntervalStart, flow.StartTime = record.Some(start), record.Some(start)
	moved(flow, f.of(a).dice.in(span{250, 420}), f.of(a).dice.in(span{900, 3_500}))
	opened(flow)
	flow.ULTCPFlags.Value |= flagRST
	flow.Ended = true
	return h.fail(f, a, t.OccurredAt)
}

// portalTakes is how long a conversation with a portal lasts at most.
const portalTakes = 2 * record.Second

// fail plans the next attempt after one that got no answer: later and later.
func (h *habit) fail(f *Fleet, a *activity, now record.Micros) record.Micros {
	wait := firstRetry
	for i := int32(talking); i < a.step && wait < lastRetry; i++ {
		wait *= 2
	}
	a.step = max(a.step, talking) + 1
	if h.insists || h.with.anyone {
		a.step = talking // somebody else will do
		return h.begin(f, a, now+h.pause(f, a, now))
	}
	return h.begin(f, a, now+f.of(a).dice.around(min(wait, lastRetry), 20))
}

// pause returns the time between two conversations, by the hour of the day.
func (h *habit) pause(f *Fleet, a *activity, now record.Micros) record.Micros {
	t := f.of(a)
	mean := h.every
	if !h.steady {
		mean = mean * 100 / record.Micros(f.activity(f.classOf(t), now))
	}
	if h.jitter == wholly {
		return t.dice.irregular(mean)
	}
	return t.dice.around(mean, h.jitter)
}

// opened adds a handshake.
func opened(flow *raw.Flow) {
	if flow.Protocol != tcp {
		return
	}
	flow.ULPackets, flow.DLPackets = flow.ULPackets+2, flow.DLPackets+1
	flow.ULVolume, flow.DLVolume = flow.ULVolume+synSize+ackSize, flow.DLVolume+synSize
	flow.ULTCPFlags.Value |= flagSYN
	flow.DLTCPFlags.Value |= flagSYN
}

// ended adds the end of a conversation.
func ended(flow *raw.Flow) {
	flow.Ended = true
	if flow.Protocol != tcp {
		return
	}
	flow.ULTCPFlags.Value |= flagFIN
	flow.DLTCPFlags.Value |= flagFIN
}
