package detect

import (
	"testing"

	"cordon/internal/record"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
	"cordon/scorer/profile"
)

// talk is a pane in which the terminal sends to a destination.
func talk(n pane.Number, port uint16) *feature.Vector {
	d := &pane.Destination{Key: pane.Key{Form: pane.FormIPv4, Address: [16]byte{12: 203, 13: 0, 14: 113, 15: 5}, Port: port, Protocol: pane.TCP}, Flows: 1, Began: 1, Answered: 1, UL: 300}
	return &feature.Vector{Pane: n, Seen: []feature.Seen{{Destination: d, Known: true, Met: true}}}
}

// Violations of what was provisioned (reference 3.4: D4, D7, D8 "P, 9"; TS 29.503
// ExpectedUeBehaviourData).
func TestViolations(t *testing.T) {
	const begin = pane.Number(8_786_880)
	midnight := begin - begin%panesPerDay
	hours := func(h ...pane.Number) (list []pane.Number) {
		for _, h := range h {
			list = append(list, midnight+h*panesPerHour)
		}
		return list
	}
	steady := func(count int) (list []pane.Number) {
		for i := range pane.Number(count) {
			list = append(list, midnight+i*6)
		}
		return list
	}
	allowed := record.Profile{AllowedDestinations: []record.AllowRule{{AddressPrefix: "203.0.113.0/24", PortFrom: record.Some[int32](8883)}}}
	nights := record.Profile{ScheduledCommunicationTime: []record.Schedule{{TimeOfDayStart: "02:00:00Z", TimeOfDayEnd: "04:00:00Z"}}}
	hourly := record.Profile{PeriodicTime: record.Some[int32](3600)}
	brief := record.Profile{CommunicationDurationTime: record.Some[int32](300)}
	for _, c := range []struct {
		what    string
		profile record.Profile
		panes   []pane.Number
		port    uint16
		want    Nats
		feature string
	}{
		{"where it may go", allowed, hours(1), 8883, 0, ""},
		{"where it may not go, known or not", allowed, hours(1), 6667, 9000, "destinationNotAllowed"},
		{"on schedule", nights, hours(2, 3, 26, 27), 8883, 0, ""},
		{"twice off schedule", nights, hours(3, 6, 9), 8883, 0, ""},
		{"three times off schedule", nights, hours(6, 9, 12), 8883, 9000, "communicationOffSchedule"},
		{"three times in three days", nights, hours(6, 30, 54), 8883, 0, ""},
		{"every hour as provisioned", hourly, hours(1, 2, 3, 4, 5), 8883, 0, ""},
		{"every ten minutes instead", hourly, []pane.Number{midnight, midnight + 60, midnight + 120, midnight + 180}, 8883, 9000, "communicationOffSchedule"},
		{"ten minutes of five", brief, steady(11), 8883, 0, ""},
		{"eleven minutes of five", brief, steady(12), 8883, 1000, "communicationDuration"},
		{"an hour of five minutes", brief, steady(61), 8883, 3000, "communicationDuration"},
		{"nothing provisioned", record.Profile{}, hours(1, 2, 3), 6667, 0, ""},
	} {
		var d Device
		rules := DefaultDeviceRules()
		ref := &Reference{Profile: profile.New(&c.profile)}
		last := pane.Number(0)
		for _, n := range c.panes {
			d.Step(talk(n, c.port), ref, &rules)
			last = n
		}
		var l Levels
		d.At(last, &l)
		if l.Of[Profile] != c.want || l.Sum() != c.want {
			t.Errorf("%s: got %d of %d nats, want %d", c.what, l.Of[Profile], l.Sum(), c.want)
		}
		if f := d.Find(Profile, last); c.want > 0 && (f.Feature != c.feature || f.Reference != record.ReferenceProfile) {
			t.Errorf("%s: got %+v, want %s against the profile", c.what, f, c.feature)
		}
		var after Levels
		if d.At(last+panesPerDay, &after); after.Of[Profile] != 0 {
			t.Errorf("%s, a day later: got %d nats, want 0", c.what, after.Of[Profile])
		}
	}
}

// D10 against the profile: STATIONARY and another area for more than ten minutes 9
// nats, an area that is not expected 9; the profile's end takes them back.
func TestPlaceAgainstProfile(t *testing.T) {
	area := pane.Label("0001")
	for _, c := range []struct {
		what    string
		profile record.Profile
		minutes pane.Number
		want    Nats
	}{
		{"stationary, for a moment", record.Profile{StationaryIndication: "STATIONARY"}, 9, 0},
		{"stationary, for longer", record.Profile{StationaryIndication: "STATIONARY"}, 11, 9000},
		{"mobile", record.Profile{StationaryIndication: "MOBILE"}, 60, 0},
		{"not expected there", record.Profile{ExpectedTrackingAreaCodes: []string{"0001", "0002"}}, 11, 9000},
		{"both", record.Profile{StationaryIndication: "STATIONARY", ExpectedTrackingAreaCodes: []string{"0001"}}, 11, 12_000},
	} {
		var d Device
		rules := DefaultDeviceRules()
		ref := &Reference{Profile: profile.New(&c.profile), Area: area}
		d.Step(talk(900_000, 443), ref, &rules)
		ref.Area = pane.Label("0009")
		last := pane.Number(900_001)
		for ; last <= 900_001+6*c.minutes; last += 6 {
			d.Step(talk(last, 443), ref, &rules)
		}
		var l Levels
		if d.At(last, &l); l.Of[Location] != c.want {
			t.Errorf("%s: got %d nats, want %d", c.what, l.Of[Location], c.want)
		}
		if f := d.Find(Location, last); c.want > 0 && f.Reference != record.ReferenceProfile {
			t.Errorf("%s: got %+v, want it against the profile", c.what, f)
		}
		ref.Profile = nil
		d.Step(talk(last+1, 443), ref, &rules)
		var after Levels
		if d.At(last+1, &after); after.Of[Location] != 0 {
			t.Errorf("%s, when the profile has ended: got %d nats, want 0", c.what, after.Of[Location])
		}
	}
}

func BenchmarkD8(b *testing.B) {
	var d Device
	rules := DefaultDeviceRules()
	ref := &Reference{Profile: profile.New(&record.Profile{
		ScheduledCommunicationTime: []record.Schedule{{TimeOfDayStart: "02:00:00Z", TimeOfDayEnd: "04:00:00Z"}},
		AllowedDestinations:        []record.AllowRule{{AddressPrefix: "203.0.113.0/24", PortFrom: record.Some[int32](8883)}},
	})}
	v := talk(900_000, 8883)
	for b.Loop() {
		v.Pane += 60
		d.Step(v, ref, &rules)
	}
}
