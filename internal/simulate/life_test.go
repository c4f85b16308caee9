package simulate

import (
	"net/netip"
	"testing"

	"cordon/internal/raw"
	"cordon/internal/record"
)

// benign is a fleet of which nobody is attacked.
var benign = Settings{Terminals: 800, Start: start, Duration: 8 * record.Hour, Seed: 11, Lifelike: true}

// TestEveryClassLives shows the signalling of each class.
func TestEveryClassLives(t *testing.T) {
	s := benign
	s.Lifelike = false
	s.Duration = 30 * record.Hour
	s.Terminals = 200
	of := map[string]map[string]int{}
	terminals := map[string]int{}
	f := mustNew(t, s)
	each(t, f, func(r *raw.Telemetry) {
		if r.SUPI == "" {
			return
		}
		c := f.classOf(&f.terminals[numberOf(r.SUPI)])
		if of[c.name] == nil {
			of[c.name] = map[string]int{}
		}
		switch r.Kind {
		case record.KindSession:
			of[c.name][r.Session.Event.String()]++
		case record.KindRegistration:
			of[c.name][r.Registration.Event.String()]++
		case record.KindDeviceStatus:
			of[c.name]["status"]++
		case record.KindRadioFailure:
			of["any"] = map[string]int{"radio": 1}
		}
		if r.Kind == record.KindRegistration && r.Registration.Event == record.InitialRegistration {
			terminals[c.name]++
		}
	})
	for _, c := range classes {
		got := of[c.name]
		want := int(c.share) * s.Terminals / 1000
		if terminals[c.name] != want {
			t.Errorf("%s: %d register, want %d", c.name, terminals[c.name], want)
		}
		if got["PERIODIC_REGISTRATION"] < 20*want || got["ESTABLISHED"] <= want && c.sessions.from < int64(s.Duration)*2/3 {
			t.Errorf("%s: %v, want periodic registrations and sessions that are renewed", c.name, got)
		}
		if asleep := got["CM_IDLE"] > 50*want && got["SERVICE_REQUEST"] > 50*want; asleep != (c.connects > 0) {
			t.Errorf("%s: %v, want it to sleep: %v", c.name, got, c.connects > 0)
		}
		if managed := got["status"] > 110*want; managed != (c.manages > 0) {
			t.Errorf("%s: %v, want device management: %v", c.name, got, c.manages > 0)
		}
		if moves := got["HANDOVER"] > 0; moves != c.moves {
			t.Errorf("%s: %v, want handovers: %v", c.name, got, c.moves)
		}
	}
	if of["any"] == nil {
		t.Error("no terminal has bad radio")
	}
}

// terminalOf returns the index of the terminal of a record.
func terminalOf(r *raw.Telemetry) int {
	if r.SUPI == "" {
		return addressNumber(r.UEAddress)
	}
	return numberOf(r.SUPI)
}

// TestVolume holds the records of a terminal-day against what docs/simulate.md
// says, by class and over all: fleets of 100,000 terminals and several days stay in
// reach.
func TestVolume(t *testing.T) {
	s := Settings{Terminals: 1000, Start: start, Duration: record.Day, Seed: 1, Lifelike: true}
	f := mustNew(t, s)
	terminals, records, all := map[string]int{}, map[string]int{}, 0
	for i := range f.terminals {
		terminals[f.classOf(&f.terminals[i]).name]++
	}
	each(t, f, func(r *raw.Telemetry) {
		records[f.classOf(&f.terminals[terminalOf(r)]).name]++
		all++
	})
	if got := all / s.Terminals; got > 1000 {
		t.Errorf("%d records of a terminal-day, want 1000 at most", got)
	}
	published := map[string]int{
		"meter": 453, "tracker": 958, "payment-terminal": 884, "camera": 1227, "controller": 1607, "gateway": 1272, "wearable": 659, "p2p-camera": 2457, "all": 919,
	}
	records["all"], terminals["all"] = all, s.Terminals
	for name, n := range records {
		got, want := n/terminals[name], published[name]
		t.Logf("%s: %d", name, got)
		if got < want*95/100 || got > want*105/100 {
			t.Errorf("%s: %d records of a terminal-day, but docs/simulate.md says %d", name, got, want)
		}
	}
}

// TestSilentFlowsAreNotReported shows that an open connection is reported when it
// spoke, not whenever the user plane could report it.
func TestSilentFlowsAreNotReported(t *testing.T) {
	s := Settings{Terminals: 10, Start: start, Duration: 3 * record.Hour, Seed: 2,
		Classes: []Class{{Name: "controller", KeepAlive: Talk{Every: Pause(record.Minute)}}}}
	reports := 0
	each(t, mustNew(t, s), func(r *raw.Telemetry) {
		if r.Kind != record.KindFlow || r.Flow.RemotePort != plantServer.port {
			return
		}
		reports++
		if took := r.OccurredAt - r.IntervalStart.Value; took != record.Minute && r.OccurredAt < s.Start+s.Duration {
			t.Fatalf("report of %v of a connection that speaks once a minute", took.Duration())
		}
	})
	if got := reports / 10; got < 178 || got > 180 {
		t.Errorf("%d reports of a connection in 3 h, want one a minute", got)
	}
}

// numberOf returns the index of a subscriber of the fleet.
func numberOf(supi string) int {
	b := addressOf(supi).As4()
	return int(b[1])<<16 | int(b[2])<<8 | int(b[3]) - 1
}

// troubles are what the records of a lifelike fleet show of its trouble.
type troubles struct {
	numbers                             map[int64]bool
	registered                          map[string]bool
	peis                                map[string]string
	repeated, late, swapped, sampled    int
	portal, noTime, timeKept            int
	other, otherAnswered, mainDown      int
	rotated, peersAnswered, peersSilent int
	back, recast, notRecast             int
	firmware                            map[string][3]int // by thirds of what follows the first
	firmwareBytes                       map[netip.Addr]int64
	newest                              record.Micros
}

func (n *troubles) take(f *Fleet, r *raw.Telemetry) {
	switch r.Kind {
	case record.KindFlow:
		n.flow(f, r)
	case record.KindSession:
		if old := n.peis[r.SUPI]; old != "" && old != r.PEI && old[:13] == r.PEI[:13] {
			n.swapped++
		}
		n.peis[r.SUPI] = r.PEI
	case record.KindRegistration:
		power := f.trouble.power
		if r.Registration.Event == record.InitialRegistration && r.OccurredAt >= power.to && r.OccurredAt < power.to+returnWithin {
			n.back++
		}
	case record.KindDeviceStatus:
		third := min(int((r.OccurredAt-benign.Start-benign.Duration/2)*6/benign.Duration), 2)
		if third >= 0 && r.OccurredAt > benign.Start+benign.Duration/2 {
			seen := n.firmware[r.DeviceStatus.FirmwareVersion]
			seen[third]++
			n.firmware[r.DeviceStatus.FirmwareVersion] = seen
		}
	}
}

func (n *troubles) flow(f *Fleet, r *raw.Telemetry) {
	if n.numbers[r.SourceSequence.Value] {
		n.repeated++
		return
	}
	n.numbers[r.SourceSequence.Value] = true
	if r.OccurredAt < n.newest {
		n.late++
	}
	n.newest = max(n.newest, r.OccurredAt)
	main := f.trouble.outage
	remote, isAnswered := r.Flow.RemoteAddress, r.Flow.DLPackets > 0
	number := numberOf(supi(int32(addressNumber(r.UEAddress))))
	c := f.classOf(&f.terminals[number])
	switch {
	case remote == captivePortal.first:
		n.portal++
	case r.Flow.RemotePort == timeServer.port && f.trouble.noTime.has(r.OccurredAt):
		n.noTime++
		if isAnswered {
			n.timeKept++
		}
	case remote.Compare(main.host(otherSite)) >= 0 && remote.Compare(main.host(otherSite+main.hosts)) < 0:
		n.other++
		if isAnswered {
			n.otherAnswered++
		}
	case f.trouble.down.has(r.OccurredAt) && remote.Compare(main.first) >= 0 && remote.Compare(main.host(main.hosts)) < 0 && !isAnswered:
		n.mainDown++
	case c == &camera && r.Flow.RemotePort == 443 && remote.Compare(cameraCloud.host(cameraCloud.hosts)) >= 0 && remote.Compare(cameraCloud.host(64)) < 0:
		n.rotated++
	case c == &p2pCamera && peersRange.Contains(remote) && r.Flow.StartTime.Value == r.IntervalStart.Value:
		if isAnswered {
			n.peersAnswered++
		} else {
			n.peersSilent++
		}
	}
	if r.SamplingRatio.Set {
		n.sampled++
	}
	if c == &camera && r.Flow.DLVolume > firmwareSize/6*95/100 {
		n.firmwareBytes[r.UEAddress] += r.Flow.DLVolume
	}
	if c == &wearable && r.OccurredAt > f.trouble.reclass+benign.Duration/20+record.Minute {
		if r.DNN == c.next.dnn {
			n.recast++
		} else {
			n.notRecast++
		}
	}
}

var peersRange = netip.MustParsePrefix("198.18.64.0/18")

func addressNumber(a netip.Addr) int {
	b := a.As4()
	return int(b[1])<<16 | int(b[2])<<8 | int(b[3]) - 1
}

// TestTroubleShows holds each trouble of a lifelike fleet against its records.
func TestTroubleShows(t *testing.T) {
	f := mustNew(t, benign)
	n := troubles{numbers: map[int64]bool{}, registered: map[string]bool{}, peis: map[string]string{}, firmware: map[string][3]int{}, firmwareBytes: map[netip.Addr]int64{}}
	each(t, f, func(r *raw.Telemetry) { n.take(f, r) })
	for name, ok := range map[string]bool{
		"records that are repeated":           n.repeated > 0,
		"late records":                        n.late > 0,
		"an outage":                           n.mainDown > 0,
		"another site that is overrun":        n.otherAnswered > 0 && n.otherAnswered < n.other,
		"a content network that moves":        n.rotated > 0,
		"no time server, for an hour at most": n.noTime > 0 && n.timeKept == 0,
		"a portal":                            n.portal > 0,
		"sampling":                            n.sampled > 0,
		"a technician's new devices":          n.swapped > 0 && n.swapped < 20,
		"a district that comes back":          n.back > 40 && n.back < 400,
		"another network, overnight":          n.recast > 0 && n.notRecast == 0,
		"peers of which a part fails":         n.peersAnswered > 0 && n.peersSilent > n.peersAnswered/2,
		"an update in stages":                 n.firmware["2.5.0"][0] > 0 && n.firmware["2.5.0"][1] > 2*n.firmware["2.5.0"][0],
		"a download of 30 MB by every camera, but for a few that were interrupted": len(n.firmwareBytes) > 70,
	} {
		if !ok {
			t.Errorf("the fleet shows nothing of %s: %+v", name, struct {
				repeated, late, main, other, answered, rotated, noTime, kept, portal, sampled, swapped, back, recast, not, peers, silent int
				firmware                                                                                                                 map[string][3]int
				downloads                                                                                                                int
			}{n.repeated, n.late, n.mainDown, n.other, n.otherAnswered, n.rotated, n.noTime, n.timeKept, n.portal, n.sampled, n.swapped, n.back, n.recast, n.notRecast, n.peersAnswered, n.peersSilent, n.firmware, len(n.firmwareBytes)})
		}
	}
}

// TestSummerTime shows that people get up an hour earlier, by UTC.
func TestSummerTime(t *testing.T) {
	f := mustNew(t, benign)
	at := f.trouble.summer.Floor(record.Day) + 5*record.Hour
	if before, later := f.activity(&paymentTerminal, at), f.activity(&paymentTerminal, at+record.Day); before != 10 || later != 30 {
		t.Errorf("activity at 5 UTC: %d, a day later %d; want 10 and 30", before, later)
	}
}

// TestReportInterval shows that longer intervals give fewer reports of the same
// bytes, where a connection speaks all the time.
func TestReportInterval(t *testing.T) {
	count := func(interval record.Micros) (records int, bytes int64) {
		s := Settings{Terminals: 60, Start: start, Duration: 3 * record.Hour, Seed: 5, ReportInterval: interval,
			Classes: []Class{{Name: "controller", KeepAlive: Talk{Every: Pause(10 * record.Second)}}}}
		each(t, mustNew(t, s), func(r *raw.Telemetry) {
			if r.Kind == record.KindFlow {
				records, bytes = records+1, bytes+r.Flow.ULVolume
			}
		})
		return records, bytes
	}
	often, much := count(10 * record.Second)
	seldom, same := count(60 * record.Second)
	if seldom*2 > often || same < much*8/10 || same > much*12/10 {
		t.Errorf("10 s: %d records, %d bytes up; 60 s: %d records, %d bytes; want less than half, of about the same", often, much, seldom, same)
	}
}
