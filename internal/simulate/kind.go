package simulate

import (
	"strings"

	"cordon/internal/record"
)

// Label says what the truth about a terminal is.
type Label string

// Labels of the truth; a terminal that is not listed is benign.
const (
	Malicious      Label = "malicious"
	Malfunctioning Label = "malfunctioning"
)

// kind is one sort of attack.
type kind struct {
	name      string
	label     Label
	exception record.ExceptionID // what it is in the words of TS 29.520
	on        []*class           // the classes it is meant for
	lasts     record.Micros      // 0: until the end of the simulation
	// does are its ways: the terminals of one attack take them in turn.
	does []behaviour
	also []behaviour // what happens beside
	// breaks: the terminal's own main server refuses it from then on.
	breaks bool
	// silences: the terminal's life ends with it, for the network lets it in no more.
	silences bool
	// loads: the processor has no time left.
	loads bool
}

// Group is a set of kinds that belong together.
type Group struct {
	Name  string
	Kinds []string
}

// group is a Group as it is defined.
type group struct {
	name  string
	kinds []kind
}

// Groups returns the kinds by what they are.
func Groups() []Group {
	all := make([]Group, len(groups))
	for i := range groups {
		all[i].Name = groups[i].name
		for j := range groups[i].kinds {
			all[i].Kinds = append(all[i].Kinds, groups[i].kinds[j].name)
		}
	}
	return all
}

// Kinds returns the names of all attacks and malfunctions.
func Kinds() []string {
	var names []string
	for _, g := range Groups() {
		names = append(names, g.Kinds...)
	}
	return names
}

func kindList() string { return strings.Join(Kinds(), ", ") }

func kindNamed(name string) *kind {
	for i := range groups {
		for j := range groups[i].kinds {
			if k := &groups[i].kinds[j]; k.name == name {
				return k
			}
		}
	}
	return nil
}

// fits reports whether it happens to a class when none is named.
func (k *kind) fits(c *class) bool {
	for _, on := range k.on {
		if on == c.kin() {
			return true
		}
	}
	return false
}

// Devices with one purpose; gateways, wearables and peer-to-peer cameras, which
// talk to anybody, hide an attacker better than is fit for a demonstration.
var singlePurpose = []*class{&meter, &tracker, &camera, &paymentTerminal, &controller}

// fixedPlace are the devices that are bolted to a wall.
var fixedPlace = []*class{&meter, &camera, &paymentTerminal, &controller}

// groups are all kinds. Rates are of published malware where a source is named;
// the others are ours, of the order that reports of such incidents give.
var groups = []group{
	{"scans", []kind{
		// Mirai scans telnet on two ports, nine times out of ten on 23 (Antonakakis
		// et al., USENIX Security 2017, section 3), with a hundred and more attempts
		// a second.
		{name: "scan", label: Malicious, exception: record.WrongDestinationAddress, on: singlePurpose,
			does: ways(&attempts{every: 10 * record.Millisecond, jitter: 50, targets: scanTargets, ports: telnetPorts, refused: 20, answered: 10})},
		{name: "scan-slow", label: Malicious, exception: record.WrongDestinationAddress, on: singlePurpose,
			does: ways(&attempts{every: 6 * record.Minute, jitter: 90, targets: scanTargets, ports: telnetPorts, refused: 20, answered: 10})},
	}},
	{"floods", []kind{
		{name: "udp-flood", label: Malicious, exception: record.SuspicionOfDDoSAttack, on: singlePurpose, lasts: 5 * record.Minute,
			does: ways(&datagrams{target: udpVictim, packets: span{9_000, 14_000}, size: 540})},
		{name: "syn-flood", label: Malicious, exception: record.SuspicionOfDDoSAttack, on: singlePurpose, lasts: 5 * record.Minute,
			does: ways(&attempts{every: 5 * record.Millisecond, jitter: 50, targets: synVictim, ports: []int32{443}, refused: 50})},
		{name: "http-flood", label: Malicious, exception: record.SuspicionOfDDoSAttack, on: singlePurpose, lasts: 5 * record.Minute,
			does: ways(&exchanges{with: &webVictim, every: span{50_000, 500_000}, jitter: 40, takes: 250 * record.Millisecond, up: span{250, 600}, down: span{400, 6_000}})},
		{name: "pulse-flood", label: Malicious, exception: record.SuspicionOfDDoSAttack, on: singlePurpose, lasts: 15 * record.Minute,
			does: ways(&pulses{target: pulseVictim, length: 5 * record.Second, pause: 55 * record.Second, packets: span{12_000, 24_000}, size: 540})},
		{name: "carpet", label: Malicious, exception: record.SuspicionOfDDoSAttack, on: singlePurpose, lasts: 5 * record.Minute,
			does: ways(&carpet{targets: carpetVictims, every: 25 * record.Millisecond, packets: span{20, 60}, size: 540})},
	}},
	{"command and control", []kind{
		{name: "beacon", label: Malicious, exception: record.UnexpectedLongLiveFlow, on: singlePurpose,
			does: ways(beacon(&silentServer, record.Minute, 20), beacon(&commandServer, record.Minute, 20))},
		{name: "beacon-jitter", label: Malicious, exception: record.UnexpectedLongLiveFlow, on: singlePurpose,
			does: ways(beacon(&silentServer, 5*record.Minute, 50), beacon(&commandServer, 5*record.Minute, 50))},
		{name: "c2-known-broker", label: Malicious, exception: record.UnexpectedLongLiveFlow, on: singlePurpose,
			does: ways(beacon(nil, record.Minute, 20))},
	}},
	{"theft of data", []kind{
		{name: "exfil", label: Malicious, exception: record.UnexpectedLargeRateFlow, on: []*class{&camera, &paymentTerminal, &controller}, lasts: 5 * record.Minute,
			does: ways(&habit{with: &dropServer, lasts: fixed(5 * record.Minute), up: span{1_600_000, 1_900_000}, down: span{8_000, 16_000}, steady: true})},
		// 180 posts of 28 kB: 5 MB in 6 h.
		{name: "exfil-slow", label: Malicious, exception: record.UnexpectedLargeRateFlow, on: singlePurpose, lasts: 6 * record.Hour,
			does: ways(&habit{with: &slowDrop, every: 2 * record.Minute, jitter: 50, lasts: span{500_000, 3_000_000}, up: span{24_000, 32_000}, down: span{600, 1_400}, steady: true})},
		{name: "dns-tunnel", label: Malicious, exception: record.UnexpectedLargeRateFlow, on: singlePurpose, lasts: 30 * record.Minute,
			does: ways(&tunnel{every: 250 * record.Millisecond})},
	}},
	{"abuse of the terminal", []kind{
		{name: "mining", label: Malicious, exception: record.UnexpectedLongLiveFlow, on: singlePurpose, loads: true,
			does: ways(&mining{pool: &miningPool, pause: span{10_000_000, 60_000_000}, up: span{100, 500}, down: span{80, 600}})},
		{name: "proxy-abuse", label: Malicious, exception: record.WrongDestinationAddress, on: singlePurpose, lasts: 30 * record.Minute,
			does: ways(&exchanges{with: &relayed, every: span{400_000, 1_500_000}, jitter: 80, takes: 2 * record.Second, up: span{600, 9_000}, down: span{900, 60_000}}),
			also: ways(&exchanges{with: &customers, inbound: true, every: span{900_000, 2_500_000}, jitter: 80, takes: 2 * record.Second, up: span{900, 60_000}, down: span{600, 9_000}})},
		{name: "evasive-mimic", label: Malicious, exception: record.WrongDestinationAddress, on: singlePurpose,
			does: ways(mimic{})},
	}},
	{"theft of the terminal", []kind{
		{name: "theft-location", label: Malicious, exception: record.UnexpectedUELocation, on: fixedPlace, does: ways(departure{})},
		{name: "sim-moved", label: Malicious, exception: record.UnexpectedUELocation, on: fixedPlace, does: ways(&swap{code: thiefsDevice, away: true})},
	}},
	{"signalling", []kind{
		{name: "slice-hopping", label: Malicious, exception: record.TooFrequentServiceAccess, on: singlePurpose, does: ways(hopping{})},
	}},
	{"malfunctions", []kind{
		{name: "registration-storm", label: Malfunctioning, exception: record.TooFrequentServiceAccess, on: singlePurpose, silences: true, does: ways(storm{})},
		{name: "paging-drain", label: Malfunctioning, exception: record.UnexpectedWakeup, on: singlePurpose, does: ways(paging{})},
		{name: "retry-loop", label: Malfunctioning, exception: record.TooFrequentServiceAccess, on: []*class{&meter, &paymentTerminal, &controller}, breaks: true, does: ways(loop{})},
		{name: "reboot-loop", label: Malfunctioning, exception: record.TooFrequentServiceAccess, on: []*class{&meter, &tracker, &camera, &paymentTerminal}, does: ways(rebooting{})},
		{name: "stuck", label: Malfunctioning, exception: record.TooFrequentServiceAccess, on: []*class{&meter, &paymentTerminal},
			does: ways(&exchanges{every: span{4_000_000, 4_000_000}, takes: 300 * record.Millisecond, up: span{1_212, 1_212}, down: span{404, 404}})},
		{name: "ping-pong", label: Malfunctioning, exception: record.PingPongAcrossCells, on: singlePurpose, does: ways(pingPong{})},
		{name: "radio-failure", label: Malfunctioning, exception: record.UnexpectedRadioLinkFailures, on: singlePurpose, does: ways(&weakRadio{every: 40 * record.Second, jitter: 50})},
	}},
}

func ways(all ...behaviour) []behaviour { return all }

// beacon is to ask a server for orders; nil: one that hides behind the class's own
// main server, such as a topic of its broker. A bot keeps its pace, whether it is
// answered or not.
func beacon(with *service, every record.Micros, jitter int64) *habit {
	h := &habit{with: with, every: every, jitter: jitter, lasts: span{100_000, 900_000}, up: span{120, 260}, down: span{80, 140}, steady: true, insists: true}
	if with != nil && with.mute {
		h.lasts = fixed(7 * record.Second) // three SYNs, doubled waits (RFC 6298)
	}
	return h
}
