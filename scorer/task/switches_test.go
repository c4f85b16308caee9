package task

import (
	"reflect"
	"testing"

	"cordon/internal/record"
	"cordon/scorer/detect"
	"cordon/scorer/pane"
)

// deed is a terminal's day that one detector, and no other key, holds against it.
type deed struct {
	key  string // field of Settings
	tell func(*script)
	of   func(*detect.Levels) detect.Nats
	at   record.Micros // since the epoch: when it is looked at
}

func family(f detect.Family) func(*detect.Levels) detect.Nats {
	return func(l *detect.Levels) detect.Nats { return l.Of[f] }
}

func fault(f detect.Fault) func(*detect.Levels) detect.Nats {
	return func(l *detect.Levels) detect.Nats { return l.Faults[f] }
}

// deeds are worth less than the cap of their family, so that half of a weight shows.
var deeds = []deed{
	{"Scan", func(s *script) { s.flows(scan(1, epoch, 5, record.Second)...) }, family(detect.Scanning), record.Minute},
	{"Flood", func(s *script) { s.flows(flow{1, epoch, "198.51.100.1:80", pane.UDP, 500, 0}) }, family(detect.Flooding), 10 * record.Second},
	{"Volume", func(s *script) { s.flows(flow{1, epoch, "203.0.113.1:443", pane.TCP, 8_000, 8_000}) }, family(detect.Volume), 10 * record.Second},
	{"Novelty", func(s *script) { s.stranger(1, 10, 10) }, family(detect.Novelty), 130 * record.Minute},
	{"Beacon", func(s *script) { s.stranger(9, 2, 2) }, family(detect.Beaconing), 130 * record.Minute},
	{"Exfiltration", func(s *script) { s.stranger(1, 120_000, 100) }, family(detect.Exfiltration), 130 * record.Minute},
	{"Retry", (*script).retries, fault(detect.Retry), record.Hour + 30*record.Second},
	{"Stuck", (*script).repeats, fault(detect.Stuck), 2*record.Hour + 200*record.Second},
	{"Silence", func(s *script) { s.values = append(s.values, hourly(10)...) }, fault(detect.Silence), 10 * record.Day},
	{"Churn", (*script).shortSessions, family(detect.Churn), 26*record.Hour + 2*record.Minute},
	{"Access", func(s *script) { s.rejects(40) }, fault(detect.Access), 10 * record.Minute},
	{"Radio", (*script).radioFailures, fault(detect.Radio), 20 * record.Minute},
	{"PingPong", (*script).returns, fault(detect.PingPong), 2 * record.Minute},
	{"Location", (*script).move, family(detect.Location), 26*record.Hour + 20*record.Minute},
	{"Host", (*script).busy, family(detect.Host), 24*record.Hour + 55*record.Minute},
	{"External", (*script).reported, family(detect.External), 10 * record.Second},
	{"Profile", (*script).forbidden, family(detect.Profile), 10 * record.Minute},
}

func (s *script) flows(all ...flow) {
	for i := range all {
		s.add(all[i].record())
	}
}

// say adds a record of terminal 1, or of another one.
func (s *script) say(at record.Micros, kind record.Kind, fill func(*record.PseudonymisedTelemetry)) {
	t := &record.PseudonymisedTelemetry{Terminal: record.Pseudonym{1, 1}, OccurredAt: epoch + at, SourceID: "smf-1", DNN: "iot", Kind: kind}
	fill(t)
	s.add(t)
}

// stranger lets a terminal that was seen before meet a new destination that answers.
func (s *script) stranger(times int, up, down int64) {
	s.flows(flow{1, epoch, "203.0.113.1:443", pane.TCP, 1, 1})
	s.clock(epoch + 90*record.Minute)
	for n := range times {
		s.flows(flow{1, epoch + 2*record.Hour + record.Micros(n)*record.Minute, "198.51.100.9:6667", pane.TCP, up, down})
	}
}

// retries are calls of a service that answered an hour ago.
func (s *script) retries() {
	s.flows(flow{1, epoch, "203.0.113.1:443", pane.TCP, 9, 9})
	s.clock(epoch + 50*record.Minute)
	for n := range 18 {
		s.flows(flow{1, epoch + record.Hour + record.Micros(n)*1600*record.Millisecond, "203.0.113.1:443", pane.TCP, 1, 0})
	}
}

// repeats are exchanges of one size, one a second.
func (s *script) repeats() {
	for n := range record.Micros(3) {
		s.flows(flow{1, epoch + n*30*record.Minute, "203.0.113.1:443", pane.TCP, 9, 9})
		s.clock(epoch + n*30*record.Minute + 25*record.Minute)
	}
	for n := range record.Micros(200) {
		s.flows(flow{1, epoch + 2*record.Hour + n*record.Second, "203.0.113.1:443", pane.TCP, 9, 9})
	}
}

// shortSessions come after a day on which sessions lasted an hour.
func (s *script) shortSessions() {
	session := func(who byte, at record.Micros, event record.SessionEvent) {
		s.say(at, record.KindSession, func(t *record.PseudonymisedTelemetry) {
			t.Terminal[0], t.SNSSAI, t.PDUSessionID = who, "1", record.Some(int32(5))
			t.Session.Event, t.Session.CauseClass = event, record.CauseNone
		})
	}
	for who := range byte(120) {
		session(who+1, record.Micros(who)*record.Second, record.SessionEstablished)
	}
	s.clock(epoch + 30*record.Minute)
	for who := range byte(120) {
		session(who+1, record.Hour+record.Micros(who)*20*record.Second, record.SessionReleased)
	}
	s.clock(epoch + 25*record.Hour)
	for n := range record.Micros(3) {
		session(1, 26*record.Hour+n*30*record.Second, record.SessionEstablished)
		session(1, 26*record.Hour+n*30*record.Second+10*record.Second, record.SessionReleased)
	}
}

func (s *script) rejects(times int) {
	for n := range times {
		s.say(record.Micros(n)*10*record.Second, record.KindRegistration, func(t *record.PseudonymisedTelemetry) {
			t.Registration = record.Registration{Event: record.ServiceRequest, Outcome: record.OutcomeRejected, CauseClass: record.CausePermanent, Count: 1}
		})
	}
}

func (s *script) radioFailures() {
	for n := range record.Micros(15) {
		s.say(n*record.Minute, record.KindRadioFailure, func(t *record.PseudonymisedTelemetry) {
			t.RadioFailure = record.RadioFailure{NgApCauseGroup: 1, NgApCauseValue: 21, Count: 1}
		})
	}
}

// returns are handovers between two cells.
func (s *script) returns() {
	for n := range 27 {
		s.say(record.Micros(n)*4*record.Second, record.KindRegistration, func(t *record.PseudonymisedTelemetry) {
			t.CellToken = record.Token{byte(1 + n%2)}
			t.Registration = record.Registration{Event: record.Handover, Outcome: record.OutcomeSuccess, Count: 1}
		})
	}
}

// move follows a day in one area.
func (s *script) move() {
	in := func(at record.Micros, area string) {
		s.say(at, record.KindRegistration, func(t *record.PseudonymisedTelemetry) {
			t.TrackingAreaCode = area
			t.Registration = record.Registration{Event: record.PeriodicRegistration, Outcome: record.OutcomeSuccess, Count: 1}
		})
	}
	for hour := range record.Micros(26) {
		in(hour*record.Hour, "0001")
		s.clock(epoch + hour*record.Hour + 30*record.Minute)
	}
	in(26*record.Hour+record.Minute, "0009")
	in(26*record.Hour+15*record.Minute, "0009")
}

// busy follows a day of a calm processor.
func (s *script) busy() {
	load := func(at record.Micros, percent int32) {
		s.say(at, record.KindDeviceStatus, func(t *record.PseudonymisedTelemetry) { t.DeviceStatus.CPULoad = record.Some(percent) })
	}
	for hour := range record.Micros(24) {
		load(hour*record.Hour, 10)
		s.clock(epoch + hour*record.Hour + 30*record.Minute)
	}
	for n := range record.Micros(11) {
		load(24*record.Hour+n*5*record.Minute, 97)
	}
}

func (s *script) reported() {
	s.say(0, record.KindExternalException, func(t *record.PseudonymisedTelemetry) {
		t.ExternalException = record.ExternalException{ExceptionID: "WRONG_DESTINATION_ADDRESS", Level: 50}
	})
}

func (s *script) forbidden() {
	s.add(&record.ProfileChange{Terminal: record.Pseudonym{1, 1}, EffectiveFrom: epoch, Profile: record.Profile{
		AllowedDestinations: []record.AllowRule{{AddressPrefix: "203.0.113.0/24"}}, Criticality: record.CriticalityNormal,
	}})
	s.flows(flow{1, epoch + record.Minute, "198.51.100.9:443", pane.TCP, 9, 9})
}

// standing returns what a deed weighs with changed settings.
func (d *deed) standing(t *testing.T, change func(reflect.Value)) detect.Nats {
	t.Helper()
	var s script
	s.clock(epoch)
	d.tell(&s)
	end := epoch + d.at
	s.clock(end + 20*record.Second)
	task := start(t, func(s *Settings) { change(reflect.ValueOf(s).Elem().FieldByName(d.key)) })
	run(t, task, s.values)
	number, known := task.roster.find(&record.Pseudonym{1, 1})
	if !known {
		t.Fatalf("%s: the terminal is not known", d.key)
	}
	levels := task.roster.standing(task.roster.look(number)).At(pane.Of(end) - 1)
	return d.of(&levels)
}

// Each detector's kill switch takes its evidence away, and its weight scales it.
func TestSwitchesAndWeights(t *testing.T) {
	for _, d := range deeds {
		t.Run(d.key, func(t *testing.T) {
			full := d.standing(t, func(reflect.Value) {})
			off := d.standing(t, func(v reflect.Value) { v.FieldByName("Enabled").SetBool(false) })
			half := d.standing(t, func(v reflect.Value) { v.FieldByName("Weight").SetInt(50) })
			if full <= 0 || off != 0 {
				t.Errorf("it weighs %d as shipped, %d switched off, want some and none", full, off)
			}
			if low, high := full*48/100, full*52/100; half < low || half > high {
				t.Errorf("it weighs %d as shipped and %d at half weight, want %d to %d", full, half, low, high)
			}
		})
	}
}

// The table has every detector that can be switched off.
func TestEverySwitchHasADeed(t *testing.T) {
	known := map[string]bool{}
	for _, d := range deeds {
		known[d.key] = true
	}
	settings := reflect.TypeFor[Settings]()
	for i := range settings.NumField() {
		f := settings.Field(i)
		if f.Type.Kind() != reflect.Struct {
			continue
		}
		_, switched := f.Type.FieldByName("Enabled")
		if _, weighted := f.Type.FieldByName("Weight"); switched && weighted && !known[f.Name] {
			t.Errorf("nothing tests the switch and the weight of %s", f.Name)
		}
	}
}
