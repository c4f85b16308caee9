package simulate

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"cordon/internal/record"
)

// Attack is something that happens to terminals of the fleet: an infection, or
// a malfunction.
type Attack struct {
	Kind  string // one of Kinds
	Count int    // how many terminals, at least 1
	// Offset is when it begins after Settings.Start; each terminal follows
	// within attackSpread. A terminal without a session yet begins once it has
	// one.
	Offset record.Micros
}

// String returns the form that ParseAttack reads.
func (a Attack) String() string {
	return fmt.Sprintf("%s:%d@%s", a.Kind, a.Count, a.Offset.Duration())
}

// ParseAttack reads KIND:COUNT@OFFSET, such as scan:5@10m.
func ParseAttack(text string) (Attack, error) {
	kind, rest, colon := strings.Cut(text, ":")
	count, offset, at := strings.Cut(rest, "@")
	if !colon || !at {
		return Attack{}, fmt.Errorf("attack %q: want KIND:COUNT@OFFSET, such as scan:5@10m; kinds: %s", text, kindList())
	}
	n, err := strconv.Atoi(count)
	if err != nil {
		return Attack{}, fmt.Errorf("attack %q: count: want a whole number, such as 5", text)
	}
	after, err := time.ParseDuration(offset)
	if err != nil {
		return Attack{}, fmt.Errorf("attack %q: offset: want a length of time with its unit, such as 10m", text)
	}
	a := Attack{Kind: kind, Count: n, Offset: record.MicrosIn(after)}
	if err := a.validate(maxDuration); err != nil {
		return Attack{}, err
	}
	return a, nil
}

func (a Attack) validate(duration record.Micros) error {
	switch {
	case kindNamed(a.Kind) == nil:
		return fmt.Errorf("attack %q: kind: want one of %s", a.Kind, kindList())
	case a.Count < 1:
		return fmt.Errorf("attack %q: count: have %d, want 1 or more", a.Kind, a.Count)
	case a.Offset < 0 || a.Offset >= duration:
		return fmt.Errorf("attack %q: offset: have %v, want 0 or more and less than %v", a.Kind, a.Offset.Duration(), duration.Duration())
	}
	return nil
}

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
	on        []*class           // the classes it can happen to
	lasts     record.Micros      // 0: until the end of the simulation
	does      behaviour          // nil: see breaks
	breaks    bool               // the terminal's own main server refuses it from then on
}

// Devices with one purpose; gateways and wearables, which talk to anybody, hide
// an attacker better than is fit for a demonstration.
var singlePurpose = []*class{&meter, &tracker, &camera, &paymentTerminal, &controller}

// kinds are all sorts of attack. Rates are of published malware: Mirai scans
// telnet on two ports, nine times out of ten on 23 (Antonakakis et al., USENIX
// Security 2017, section 3), with a hundred and more attempts a second.
var kinds = []kind{
	{name: "scan", label: Malicious, exception: record.WrongDestinationAddress, on: singlePurpose,
		does: &attempts{every: 10 * record.Millisecond, jitter: 50, targets: scanTargets, ports: telnetPorts, refused: 20, answered: 10}},
	{name: "scan-slow", label: Malicious, exception: record.WrongDestinationAddress, on: singlePurpose,
		does: &attempts{every: 6 * record.Minute, jitter: 90, targets: scanTargets, ports: telnetPorts, refused: 20, answered: 10}},
	{name: "udp-flood", label: Malicious, exception: record.SuspicionOfDDoSAttack, on: singlePurpose, lasts: 5 * record.Minute,
		does: &datagrams{target: udpVictim, packets: span{9_000, 14_000}, size: 540}},
	{name: "syn-flood", label: Malicious, exception: record.SuspicionOfDDoSAttack, on: singlePurpose, lasts: 5 * record.Minute,
		does: &attempts{every: 5 * record.Millisecond, jitter: 50, targets: synVictim, ports: []int32{443}, refused: 50}},
	{name: "beacon", label: Malicious, exception: record.UnexpectedLongLiveFlow, on: singlePurpose,
		does: &habit{with: &commandServer, every: record.Minute, jitter: 20, lasts: span{100_000, 900_000}, up: span{120, 260}, down: span{80, 140}, steady: true}},
	{name: "exfil", label: Malicious, exception: record.UnexpectedLargeRateFlow, on: []*class{&camera, &paymentTerminal, &controller}, lasts: 5 * record.Minute,
		does: &habit{with: &dropServer, lasts: fixed(5 * record.Minute), up: span{1_600_000, 1_900_000}, down: span{8_000, 16_000}, steady: true}},
	{name: "retry-loop", label: Malfunctioning, exception: record.TooFrequentServiceAccess, on: []*class{&meter, &paymentTerminal, &controller}, breaks: true},
}

// Kinds returns the names of all attacks and malfunctions.
func Kinds() []string {
	names := make([]string, len(kinds))
	for i := range kinds {
		names[i] = kinds[i].name
	}
	return names
}

func kindList() string { return strings.Join(Kinds(), ", ") }

func kindNamed(name string) *kind {
	for i := range kinds {
		if kinds[i].name == name {
			return &kinds[i]
		}
	}
	return nil
}
