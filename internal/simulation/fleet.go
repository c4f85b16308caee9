package simulation

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"cordon/collector/pseudonym"
	"cordon/internal/feed"
	"cordon/internal/identity"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// A Fleet input is a week in the life of enough terminals of one partition to have
// peers, told in jumps: three busy spells of a few minutes a day, then a day of
// troubles. It is written at full speed, as a replay is.
const (
	fleetPartitions = 2
	// fleetSize is how many terminals share telemetry partition 0, fleetRest how many
	// are in another: 200 on a day make peers (scorer/peer), less a few that are out.
	fleetSize, fleetRest = 230, 12
	// fleetDays have nothing but habits: what is usual is known from the third day on.
	fleetDays = 3
	// fleetAge is how old its first record is when it is written: no event time is
	// ahead of the clock of the brokers.
	fleetAge = 6 * record.Day
	// changeAfter is when people speak: after the last ordinary spell.
	changeAfter = fleetDays*record.Day - 4*record.Hour
	// changeRest is for how long, before and after, nothing happens but Clocks. From
	// when on a change holds depends on how far its collector has come. The faults of
	// a plan hold that back by aloneAtMost and what it takes to start again, so with
	// this much rest what happens behind it finds the change in force in every run.
	changeRest = 130 * record.Second
)

// fleet makes the input.
func (g *generator) fleet() {
	g.in.Partitions, g.userPlanes, g.sessions = fleetPartitions, 1, 1
	g.probes = []probe{{id: "upf-1", clocked: true}, {id: "smf-1", clocked: true}}
	g.to = g.from + (fleetDays+1)*record.Day
	g.enrol()
	all := g.week()
	slices.SortStableFunc(all, func(a, b observation) int { return cmp.Compare(a.OccurredAt, b.OccurredAt) })
	said := slices.IndexFunc(all, func(o observation) bool { return o.OccurredAt >= g.from+changeAfter })
	f := feed.New(fleetPartitions)
	now := g.from + fleetAge
	now = g.replay(f, now, all[:said])
	at := f.Newest() + record.Second
	now, at = g.rest(f, now, at)
	g.in.Appends = append(g.in.Appends, Append{At: now + record.Second, Sends: g.changes()})
	now, _ = g.rest(f, now, at)
	now = g.replay(f, now, all[said:])
	g.in.Appends, g.in.End = merge(g.in.Appends), now
	g.in.Start = g.in.Appends[0].At + record.Micros(1+g.dice.IntN(3))*record.Second // no partition is EMPTY then
	for _, after := range tailTimes {
		at := g.to + after
		g.in.Tail = append(g.in.Tail, Append{At: max(now, at), Sends: slices.Clone(f.ClockAt(at))})
	}
}

// replay writes records, a moment after each gap, and returns the time then.
func (g *generator) replay(f *feed.Feed, now record.Micros, all []observation) record.Micros {
	for i := range all {
		o := &all[i]
		if o.OccurredAt > f.Newest()+10*record.Minute {
			now += g.dice.between(0, 4*record.Second)
		}
		g.in.Records++
		o.SourceID = g.probes[o.source].id
		g.in.Appends = append(g.in.Appends, Append{At: now, Sends: slices.Clone(f.Add(&o.Telemetry))})
		now += g.dice.between(record.Millisecond, 8*record.Millisecond)
	}
	return now
}

// rest lets the sources say for a while that nothing happens, and returns the time,
// and the event time, then.
func (g *generator) rest(f *feed.Feed, now, at record.Micros) (then, event record.Micros) {
	for range changeRest / feed.ClockEvery {
		now, at = now+feed.ClockEvery, at+feed.ClockEvery
		g.in.Appends = append(g.in.Appends, Append{At: now, Sends: slices.Clone(f.ClockAt(at))})
	}
	return now, at
}

// enrol makes the terminals: first those of partition 0 of telemetry, then the rest.
// In telemetry.raw they are in both.
func (g *generator) enrol() {
	derive := fleetDeriver()
	var rest []string
	for n := uint64(g.dice.IntN(1_000_000)); len(g.terminals) < fleetSize; n++ {
		supi := fmt.Sprintf("imsi-00101%010d", n)
		id, _ := identity.ParseSUPI(supi) // ten digits are an IMSI
		if derive.Bucket(id, fleetPartitions) == 0 {
			g.enter(supi)
		} else {
			rest = append(rest, supi)
		}
	}
	for _, supi := range rest[:min(len(rest), fleetRest)] {
		g.enter(supi)
	}
}

func (g *generator) enter(supi string) {
	g.terminals = append(g.terminals, terminal{number: len(g.terminals), supi: supi, stop: g.to})
}

// fleetDeriver names terminals as the collectors of a run do.
func fleetDeriver() *pseudonym.Deriver {
	derive, _ := pseudonym.NewDeriver(pseudonym.TestKey(), 0, 64) // it refuses keys that are too short, this one is not
	return derive
}

// week is what the fleet does.
func (g *generator) week() []observation {
	var all []observation
	for day := range record.Micros(fleetDays + 1) {
		for i := range g.terminals {
			g.day(&g.terminals[i], g.from+day*record.Day, &all)
		}
	}
	g.troubles(g.from+fleetDays*record.Day, &all)
	return all
}

// spells are the hours of a day in which terminals report, each in one of them.
var spells = [...]record.Micros{2 * record.Hour, 9 * record.Hour, 17 * record.Hour}

// day is an ordinary day of a terminal: it reports to its broker, one in four holds a
// session for an hour, and one in twenty tells of itself, on the last day before the
// troubles that it has other firmware.
func (g *generator) day(t *terminal, from record.Micros, all *[]observation) {
	at := from + spells[t.number%len(spells)] + g.dice.between(0, 4*record.Minute)
	o := g.reading(t, at, broker(t))
	answer(&o, 1_500+int64(t.number%7)*400, 3_000)
	*all = append(*all, o)
	if t.number%4 == 0 {
		g.session(t, at-record.Second, record.SessionEstablished, all)
		g.session(t, at+record.Hour+g.dice.between(0, record.Minute), record.SessionReleased, all)
	}
	if t.number%20 == 1 {
		o := g.note(t, at+record.Second, record.KindDeviceStatus)
		o.DeviceStatus.CPULoad, o.DeviceStatus.FirmwareVersion = record.Some(int32(g.dice.IntN(30))), "1.0"
		if from >= g.from+(fleetDays-1)*record.Day {
			o.DeviceStatus.FirmwareVersion = "1.1"
		}
		*all = append(*all, o)
	}
}

// broker is where a terminal reports: one of two addresses of a network that all
// use, so that half of the fleet suffers when one is down.
func broker(t *terminal) netip.Addr {
	return netip.AddrFrom4([4]byte{203, 0, 113, byte(1 + t.number%2)})
}

// reading is a flow to a destination.
func (g *generator) reading(t *terminal, at record.Micros, to netip.Addr) observation {
	o := g.flow(t, at, 8883)
	o.Flow.RemoteAddress = to
	g.describe(t, &o.Telemetry)
	return o
}

// note is a record of the control plane or of device management.
func (g *generator) note(t *terminal, at record.Micros, kind record.Kind) observation {
	o := observation{source: g.sessions}
	o.OccurredAt, o.Kind, o.SUPI, o.DNN = at, kind, t.supi, "iot"
	g.describe(t, &o.Telemetry)
	return o
}

// describe says what kind of terminal it is: all are of one.
func (g *generator) describe(t *terminal, to *raw.Telemetry) {
	to.PEI = fmt.Sprintf("imei-86012345%06d0", t.number)
	to.SNSSAI, to.InternalGroupID = "1-0000a1", "meters"
	to.TrackingAreaCode, to.CellID = "000a", fmt.Sprintf("0a%d", t.number%3)
}

func (g *generator) session(t *terminal, at record.Micros, event record.SessionEvent, all *[]observation) {
	o := g.note(t, at, record.KindSession)
	o.PDUSessionID = record.Some(int32(5))
	o.Session.Event, o.Session.CauseClass = event, record.CauseNone
	*all = append(*all, o)
}

// changes are what people say: whom a profile binds, what is allowed, who is
// excepted, and which destinations are ill reputed.
func (g *generator) changes() []stream.Send {
	derive := fleetDeriver()
	decide := func(kind record.DecisionKind, number byte, about record.OperatorDecision) stream.Send {
		d := about
		d.Kind, d.DecisionID, d.Operator, d.ReasonCode, d.At = kind, record.ID{number}, "operator-1", "SIMULATION", g.from+changeAfter
		return encoded(stream.OperatorDecisions, 0, fmt.Sprint(kind, number), &d)
	}
	name := func(n int) record.Pseudonym {
		id, _ := identity.ParseSUPI(g.terminals[n].supi)
		return derive.Terminal(id)
	}
	bound := g.terminals[offProfile].supi
	return []stream.Send{
		provisioned(bound, &raw.ExpectedBehaviour{SUPI: bound, Profile: record.Profile{
			AllowedDestinations: []record.AllowRule{{AddressPrefix: "203.0.113.0/24"}},
		}}),
		provisioned("meters", &raw.ExpectedBehaviour{InternalGroupID: "meters", Profile: record.Profile{
			ExpectedTrackingAreaCodes: []string{"000a"}, StationaryIndication: "STATIONARY",
		}}),
		provisioned("setting:destinations-c2", &raw.Setting{Name: "destinations-c2", Version: "1", Content: []byte(illReputed.String() + " 90\n")}),
		decide(record.DecisionAllow, 1, record.OperatorDecision{Destination: allowed.String()}),
		decide(record.DecisionExempt, 2, record.OperatorDecision{Terminal: name(exempt)}),
		decide(record.DecisionBenign, 3, record.OperatorDecision{Terminal: name(acquitted)}),
	}
}

// provisioned is a record of profiles.raw.
func provisioned(key string, rec any) stream.Send {
	value, _ := raw.Append(nil, rec) // what cannot be encoded becomes a dead letter, for which no outcome is known
	return stream.Send{Topic: stream.ProfilesRaw, Partition: stream.KeyPartition([]byte(key), fleetPartitions), Key: []byte(key), Value: value}
}

// encoded is a record of another topic.
func encoded(topic stream.Topic, partition int32, key string, rec any) stream.Send {
	value, _ := record.Append(nil, rec)
	return stream.Send{Topic: topic, Partition: partition, Key: []byte(key), Value: value}
}
