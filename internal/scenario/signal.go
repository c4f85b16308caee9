package scenario

import (
	"maps"
	"slices"
	"strings"

	"cordon/internal/raw"
	"cordon/internal/record"
)

// begin notes that a line is about something that happens beside the traffic.
func (tr *traffic) begin(kind record.Kind) { tr.verb, tr.signal.Kind = doSignal, kind }

// oneOf takes a word of a vocabulary.
func oneOf[T any](l *line, what string, words map[string]T) T {
	word := l.next(what)
	value, known := words[word]
	if !known {
		l.failf("%q is no %s: want %s", word, what, strings.Join(slices.Sorted(maps.Keys(words)), ", "))
	}
	return value
}

// sessionEvents by the word of the language.
var sessionEvents = map[string]record.SessionEvent{
	"established": record.SessionEstablished, "released": record.SessionReleased, "moved": record.SessionAddressChanged,
	"rejected": record.SessionEstablishmentRejected, "modified": record.SessionModified, "activated": record.SessionActivated,
	"deactivated": record.SessionDeactivated, "backoff": record.SessionBackoffApplied,
}

// causeClasses by the word of the language.
var causeClasses = map[string]record.CauseClass{
	"none": record.CauseNone, "temporary": record.CauseTemporary, "permanent": record.CausePermanent, "ignored": record.CauseIgnored,
}

// registrationEvents by the word of the language.
var registrationEvents = map[string]record.RegistrationEvent{
	"initial": record.InitialRegistration, "periodic": record.PeriodicRegistration, "mobility": record.MobilityRegistration,
	"service-request": record.ServiceRequest, "deregistration": record.Deregistration,
	"connected": record.CMConnected, "idle": record.CMIdle, "handover": record.Handover,
}

// outcomes of a request by the word of the language.
var outcomes = map[string]record.Outcome{
	"success": record.OutcomeSuccess, "rejected": record.OutcomeRejected, "no-response": record.OutcomeNoResponse,
}

// session reads "session moved from 10.45.0.7 to 10.45.0.8".
func (p *parser) session(l *line, tr *traffic) {
	tr.begin(record.KindSession)
	s := &tr.signal.Session
	s.CauseClass = record.CauseNone
	s.Event = oneOf(l, "event of a session", sessionEvents)
	switch s.Event {
	case record.SessionAddressChanged:
		l.expect("from")
		s.OtherUEAddress = l.address("from")
		l.expect("to")
		tr.address = l.address("to")
	case record.SessionBackoffApplied:
		if next := l.peek(); next != "" && next[0] >= '0' && next[0] <= '9' {
			s.BackoffSeconds = record.Some(int32(l.length("backoff") / record.Second))
		}
	}
}

// registration reads "registration initial rejected cause-class permanent".
func (p *parser) registration(l *line, tr *traffic) {
	tr.begin(record.KindRegistration)
	tr.signal.Registration = record.Registration{
		Event: oneOf(l, "event of a registration", registrationEvents), Outcome: record.OutcomeSuccess, CauseClass: record.CauseNone, Count: 1,
	}
}

// radioLost is the cause of a radio failure unless the line says another: group
// radio network, "Radio connection with UE lost" (TS 38.413, 9.3.1.2).
const radioLost = 21

// radio reads "radio-failure count 3".
func (p *parser) radio(_ *line, tr *traffic) {
	tr.begin(record.KindRadioFailure)
	tr.signal.RadioFailure = record.RadioFailure{NgApCauseValue: radioLost, Count: 1}
}

// status reads "status cpu 95 battery 40".
func (p *parser) status(l *line, tr *traffic) {
	tr.begin(record.KindDeviceStatus)
	if l.done() {
		l.failf("what the device says is missing: status cpu 95")
	}
}

// external reads "external UNEXPECTED_LARGE_RATE_FLOW level 60".
func (p *parser) external(l *line, tr *traffic) {
	tr.begin(record.KindExternalException)
	name := l.next("an exception")
	if record.ExceptionNamed(name) == record.ExceptionUnknown {
		l.failf("%q is no exception of TS 29.520: want %s", name, strings.Join(symbols(record.ExceptionID.String), ", "))
	}
	tr.signal.ExternalException = record.ExternalException{ExceptionID: name, Level: 50, Trend: "UP"}
}

// detail reads one word about a signal.
func (tr *traffic) detail(l *line, word string) {
	takes := ""
	switch tr.signal.Kind {
	case record.KindSession:
		takes = sessionDetail(l, word, &tr.signal.Session)
	case record.KindRegistration:
		takes = registrationDetail(l, word, &tr.signal.Registration)
	case record.KindRadioFailure:
		takes = radioDetail(l, word, &tr.signal.RadioFailure)
	case record.KindDeviceStatus:
		takes = tr.statusDetail(l, word)
	case record.KindExternalException:
		takes = externalDetail(l, word, &tr.signal.ExternalException)
	}
	if takes != "" {
		l.failf("%q is not understood here: want %s%s", word, takes, anywhere)
	}
}

// The functions below read one word; what they return is empty where they know
// it, else the words they know.

func sessionDetail(l *line, word string, s *raw.Session) string {
	switch word {
	case "emergency":
		s.Emergency = true
	case "cause-class":
		s.CauseClass = oneOf(l, "class of a cause", causeClasses)
	case "cause":
		s.Cause = l.next("cause")
	default:
		return "emergency, cause, cause-class"
	}
	return ""
}

func registrationDetail(l *line, word string, r *record.Registration) string {
	switch word {
	case "success", "rejected", "no-response":
		r.Outcome = outcomes[word]
	case "cause-class":
		r.CauseClass = oneOf(l, "class of a cause", causeClasses)
	case "reason":
		r.ReasonOfFailure = l.next("reason")
	case "count":
		r.Count = l.number("count", 1, 1_000_000)
	case "paged":
		r.NetworkInitiated = true
	default:
		return "success, rejected, no-response, cause-class, reason, count, paged"
	}
	return ""
}

func radioDetail(l *line, word string, f *record.RadioFailure) string {
	switch word {
	case "group":
		f.NgApCauseGroup = l.number("group", 0, 255)
	case "value":
		f.NgApCauseValue = l.number("value", 0, 255)
	case "count":
		f.Count = l.number("count", 1, 1_000_000)
	default:
		return "group, value, count"
	}
	return ""
}

func (tr *traffic) statusDetail(l *line, word string) string {
	number := func(high int32, to func(*record.DeviceStatus) *record.Opt[int32]) {
		tr.inTurnNumbers(l.numbers(word, 0, high), func(t *raw.Telemetry, n int32) { *to(&t.DeviceStatus) = record.Some(n) })
	}
	switch word {
	case "cpu":
		number(100, func(d *record.DeviceStatus) *record.Opt[int32] { return &d.CPULoad })
	case "memory":
		number(100, func(d *record.DeviceStatus) *record.Opt[int32] { return &d.MemoryUsed })
	case "battery":
		number(100, func(d *record.DeviceStatus) *record.Opt[int32] { return &d.BatteryLevel })
	case "temperature":
		number(1000, func(d *record.DeviceStatus) *record.Opt[int32] { return &d.Temperature })
	case "reboots":
		number(1_000_000, func(d *record.DeviceStatus) *record.Opt[int32] { return &d.RebootCount })
	case "firmware":
		tr.inTurn(l.list(word), func(t *raw.Telemetry, text string) { t.DeviceStatus.FirmwareVersion = text })
	case "connectivity-lost":
		tr.signal.DeviceStatus.LossOfConnectivityReason = l.next(word)
	case "tamper":
		tr.signal.DeviceStatus.Tamper = record.Some(oneOf(l, "answer", yesNo))
	case "roaming":
		tr.signal.DeviceStatus.Roaming = record.Some(oneOf(l, "answer", yesNo))
	default:
		return "cpu, memory, battery, temperature, reboots, firmware, connectivity-lost, tamper, roaming"
	}
	return ""
}

var yesNo = map[string]bool{"yes": true, "no": false}

func externalDetail(l *line, word string, e *record.ExternalException) string {
	switch word {
	case "level":
		e.Level = l.number("level", 0, 100)
	case "trend":
		e.Trend = l.next("trend")
	case "to":
		e.Protocol = record.Some(protocol(l))
		if to := l.destinations("a destination"); to.addresses > 0 {
			e.RemoteAddress, e.RemotePort = to.first, record.Some(int32(to.port))
		}
	default:
		return "level, trend, to"
	}
	return ""
}
