package simulate

import (
	"cordon/internal/raw"
	"cordon/internal/record"
)

// hopping is to establish a session on one slice after the other and to release
// it soon, in surges: what wears out the functions that slices share (the
// distributed slice mobility attack, of which GTRI published a data set).
type hopping struct{}

const (
	surge      = 30 * record.Second
	surgePause = 80 * record.Second
	// hoppingSession is the session beside the terminal's own.
	hoppingSession = 6
)

var (
	hopped  = []string{"1-0000f7", "1-0000f8", "2-0000f9"}
	sliceOf = span{10_000_000, 28_000_000} // µs on a slice
)

func (hopping) begin(f *Fleet, a *activity, at record.Micros) record.Micros {
	a.step = 0
	a.until = at + surge
	a.host = f.of(a).dice.below(int64(len(hopped)))
	return at + 100*record.Millisecond
}

func (h hopping) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	d := &f.of(a).dice
	f.session(a, t, record.SessionEstablished)
	// The address is left out: no flow of such a session is made up.
	t.UEAddress, t.SNSSAI, t.PDUSessionID = noAddress, hopped[a.host], record.Some[int32](hoppingSession)
	if a.step == 0 {
		a.step = 1
		return t.OccurredAt + record.Micros(d.in(sliceOf))
	}
	a.step = 0
	t.Session.Event = record.SessionReleased
	a.host = (a.host + 1) % int64(len(hopped))
	next := t.OccurredAt + d.around(record.Second, 60)
	if next > a.until {
		next = a.until + d.around(surgePause, 10)
		a.until = next + surge
	}
	return next
}

// storm is to try to register again and again, though the network has refused for
// good.
type storm struct{}

// stormEvery is how long it waits for the next try: no standard allows it.
const stormEvery = 5 * record.Second

func (storm) begin(_ *Fleet, a *activity, at record.Micros) record.Micros {
	return at + 100*record.Millisecond
}

func (storm) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	f.registration(a, t, record.InitialRegistration)
	t.Registration.Outcome, t.Registration.CauseClass = record.OutcomeRejected, record.CausePermanent
	t.Registration.ReasonOfFailure = "ILLEGAL_UE" // 5GMM cause 3 (TS 24.501 annex A)
	return t.OccurredAt + f.of(a).dice.around(stormEvery, 40)
}

// paging is to be woken by the network again and again, and to fall asleep: data
// for the terminal that nobody stops, which empties its battery.
type paging struct{}

// pagingEvery is how long it is left in peace.
const pagingEvery = 12 * record.Second

func (paging) begin(_ *Fleet, a *activity, at record.Micros) record.Micros {
	a.step = 0
	return at + 100*record.Millisecond
}

func (p paging) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	next := f.connect(a, t, fixed(4*record.Second))
	if t.Registration.Event == record.ServiceRequest {
		t.Registration.NetworkInitiated = true
	}
	if next == never {
		return p.begin(f, a, t.OccurredAt+f.of(a).dice.around(pagingEvery-4*record.Second, 40))
	}
	return next
}

// rebooting is to start, to fail and to start again.
type rebooting struct{}

// rebootEvery is how long it stays up, on average.
const rebootEvery = 3 * record.Minute

func (rebooting) begin(_ *Fleet, a *activity, at record.Micros) record.Micros {
	a.step = 0
	return at + 100*record.Millisecond
}

func (r rebooting) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	device := f.of(a)
	a.step++
	switch a.step {
	case 1:
		device.reboots++
		f.registration(a, t, record.InitialRegistration)
		return t.OccurredAt + sessionDelay
	case 2:
		f.establish(a, t)
		return t.OccurredAt + 5*record.Second
	}
	f.status(a, t)
	return r.begin(f, a, t.OccurredAt+device.dice.around(rebootEvery, 40))
}

// pingPong is to be handed over between two cells and back, without end.
type pingPong struct{}

// pingPongEvery is how long it stays in one of them.
const pingPongEvery = 5 * record.Second

func (pingPong) begin(_ *Fleet, _ *activity, at record.Micros) record.Micros { return at + 1 }

func (pingPong) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	device := f.of(a)
	device.cell ^= 1 // the neighbour, and back
	if int(device.cell) == len(f.cells) {
		device.cell -= 2
	}
	f.registration(a, t, record.Handover)
	return t.OccurredAt + device.dice.around(pingPongEvery, 40)
}

// weakRadio is to lose the radio link now and then.
type weakRadio struct {
	every  record.Micros // on average
	jitter int64         // per cent; wholly: independently of each other
}

func (s *weakRadio) begin(f *Fleet, a *activity, at record.Micros) record.Micros {
	if s.jitter == wholly {
		return at + record.Second + f.of(a).dice.irregular(s.every)
	}
	return at + f.of(a).dice.around(s.every, s.jitter)
}

// NGAP causes of the group radio network (TS 38.413 clause 9.3.1.2).
const (
	groupRadioNetwork = 0
	connectionLost    = 21
	procedureFailed   = 24
)

func (s *weakRadio) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	f.signal(a, t, record.KindRadioFailure)
	t.RadioFailure = record.RadioFailure{NgApCauseGroup: groupRadioNetwork, NgApCauseValue: connectionLost, Count: 1}
	if f.of(a).dice.chance(300) {
		t.RadioFailure.NgApCauseValue = procedureFailed
	}
	return s.begin(f, a, t.OccurredAt)
}
