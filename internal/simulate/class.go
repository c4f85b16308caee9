package simulate

import "cordon/internal/record"

// class is a kind of device.
type class struct {
	name string
	// like is the class it is a variant of, and kinds of attack take it for; nil:
	// it is one of its own.
	like               *class
	share              int64  // its part of the fleet, among the parts of the others
	typeAllocationCode string // of test equipment (TS.06: 00 1…)
	dnn, snssai        string
	hours              Hours      // name of day
	day                *[24]int64 // activity by hour UTC, per cent of the mean
	main               *service   // what the device is there to speak with
	moves              bool       // changes cells
	// connects is how long it sleeps on average at an average hour; 0: it is
	// connected all the time.
	connects record.Micros
	sessions span          // µs that a session lasts
	manages  record.Micros // between reports of device management; 0: it has none
	load     span          // of its processor, per cent
	battery  bool
	updates  bool          // it gets the new firmware
	next     *subscription // what it is given later; nil: it stays
	habits   []*habit
	also     []behaviour // what it does besides
}

// subscription is where a class's sessions lead.
type subscription struct{ dnn, snssai string }

// Days of terminals: of machines, of shops, of people.
var (
	roundTheClock = [24]int64{100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100}
	openingHours  = [24]int64{5, 5, 5, 5, 5, 10, 30, 80, 130, 160, 180, 200, 220, 190, 170, 180, 200, 220, 200, 150, 100, 60, 30, 10}
	wakingHours   = [24]int64{30, 20, 15, 15, 20, 40, 90, 130, 130, 120, 120, 120, 130, 120, 120, 120, 130, 150, 160, 160, 150, 120, 80, 50}
)

// askTime is what most devices do: SNTP once an hour, the default of lwIP, which
// small devices run.
var askTime = habit{with: &timeServer, every: record.Hour, jitter: 10, lasts: span{20_000, 80_000}, up: span{48, 48}, down: span{48, 48}, steady: true}

// Numbers of the classes are ours, of the order that the devices' data sheets
// and public captures show; they are not measured. Connections that stay open say
// something every one to three minutes, as keep-alives of MQTT, of
// WebSockets and of UDP through address translation do (30 to 300 s).
var (
	meter = class{name: "meter", share: 330, typeAllocationCode: "00100101", dnn: "meters", snssai: "3-0000a1", hours: "machines", day: &roundTheClock, main: &headEnd,
		connects: 30 * record.Minute, sessions: hours(24, 96), manages: 15 * record.Minute, load: span{2, 12},
		habits: []*habit{
			{role: reports, with: &headEnd, asks: true, every: 30 * record.Minute, jitter: 5, lasts: span{400_000, 2_500_000}, up: span{900, 3_200}, down: span{300, 900}},
			&askTime,
		}}
	tracker = class{name: "tracker", share: 200, typeAllocationCode: "00100102", dnn: "fleet", snssai: "1-0000b1", hours: "people", day: &wakingHours, main: &fleetBroker, moves: true,
		connects: 30 * record.Minute, sessions: hours(4, 30), manages: 10 * record.Minute, load: span{4, 25}, battery: true,
		habits: []*habit{
			{role: keepsAlive, with: &fleetBroker, asks: true, every: 5 * record.Second, jitter: 80, lasts: hours(2, 6), reports: 3 * record.Minute, up: span{160, 420}, down: span{50, 130}, steady: true},
			{with: &updates, asks: true, every: 4 * record.Hour, jitter: 20, lasts: span{600_000, 3_000_000}, up: span{500, 900}, down: span{30_000, 60_000}},
		}}
	camera = class{name: "camera", share: 110, typeAllocationCode: "00100103", dnn: "video", snssai: "1-0000c1", hours: "people", day: &wakingHours, main: &cameraCloud,
		sessions: hours(18, 72), manages: 10 * record.Minute, load: span{20, 70}, updates: true,
		habits: []*habit{
			{role: keepsAlive, with: &cameraCloud, asks: true, every: 3 * record.Second, jitter: 80, lasts: hours(6, 24), reports: 2 * record.Minute, up: span{180, 320}, down: span{120, 240}, steady: true},
			{role: reports, with: &cameraCloud, every: 20 * record.Minute, jitter: wholly, lasts: span{10_000_000, 50_000_000}, up: span{70_000, 180_000}, down: span{2_500, 6_000}},
			&askTime,
		}}
	paymentTerminal = class{name: "payment-terminal", share: 120, typeAllocationCode: "00100104", dnn: "payment", snssai: "1-0000d1", hours: "shops", day: &openingHours, main: &acquirer,
		connects: 15 * record.Minute, sessions: hours(6, 26), manages: 15 * record.Minute, load: span{3, 30}, battery: true,
		habits: []*habit{
			{role: reports, with: &acquirer, every: 10 * record.Minute, jitter: wholly, lasts: span{700_000, 4_000_000}, up: span{1_400, 3_800}, down: span{1_100, 2_900}},
			{with: &acquirer, asks: true, every: 15 * record.Minute, jitter: 3, lasts: span{200_000, 700_000}, up: span{350, 500}, down: span{250, 400}, steady: true},
			&askTime,
		}}
	gateway = class{name: "gateway", share: 80, typeAllocationCode: "00100105", dnn: "internet", snssai: "1", hours: "people", day: &wakingHours, main: &gatewayCloud,
		sessions: hours(12, 72), manages: 15 * record.Minute, load: span{8, 55},
		habits: []*habit{
			{role: browses, with: &publicCloud, asks: true, every: 4 * record.Minute, jitter: wholly, lasts: span{1_000_000, 30_000_000}, up: span{2_000, 14_000}, down: span{4_000, 900_000}},
			{role: reports, with: &gatewayCloud, every: 30 * record.Minute, jitter: 5, lasts: span{300_000, 900_000}, up: span{1_200, 2_400}, down: span{400, 900}, steady: true},
			&askTime,
		}}
	controller = class{name: "controller", share: 80, typeAllocationCode: "00100106", dnn: "plant", snssai: "2-0000e1", hours: "machines", day: &roundTheClock, main: &plantServer,
		sessions: hours(36, 168),
		habits: []*habit{
			{role: keepsAlive, with: &plantServer, every: 2 * record.Second, jitter: 50, lasts: hours(12, 48), reports: record.Minute, up: span{2_200, 3_900}, down: span{1_100, 2_100}, steady: true},
			// NTP at its longest interval, 2^10 s (RFC 5905 section 7.2).
			{with: &timeServer, every: 1024 * record.Second, jitter: 5, lasts: span{10_000, 40_000}, up: span{48, 48}, down: span{48, 48}, steady: true},
		}}
	p2pCamera = class{name: "p2p-camera", share: 30, typeAllocationCode: "00100108", dnn: "internet", snssai: "1", hours: "people", day: &wakingHours, main: &rendezvous, updates: true,
		sessions: hours(18, 72), manages: 10 * record.Minute, load: span{20, 70},
		habits: []*habit{
			{role: keepsAlive, with: &rendezvous, asks: true, every: 5 * record.Second, jitter: 60, lasts: hours(6, 24), reports: record.Minute, up: span{90, 180}, down: span{60, 120}, steady: true},
			&askTime,
		},
		also: []behaviour{&viewing{every: 25 * record.Minute}}}
	wearable = class{name: "wearable", share: 50, typeAllocationCode: "00100107", dnn: "internet", snssai: "1", hours: "people", day: &wakingHours, main: &healthCloud, moves: true,
		connects: 20 * record.Minute, sessions: hours(3, 20), battery: true, next: &subscription{"wearables", "1-0000f1"},
		habits: []*habit{
			{role: reports, with: &healthCloud, asks: true, every: 15 * record.Minute, jitter: wholly, lasts: span{500_000, 6_000_000}, up: span{4_000, 40_000}, down: span{1_000, 9_000}},
			{role: browses, with: &publicCloud, asks: true, every: 40 * record.Minute, jitter: wholly, lasts: span{300_000, 5_000_000}, up: span{800, 3_000}, down: span{2_000, 90_000}},
		}}
)

// classes are the built-in kinds of device, in a fixed order.
var classes = []*class{&meter, &tracker, &camera, &paymentTerminal, &gateway, &controller, &wearable, &p2pCamera}

// Classes returns the names of the built-in kinds of device.
func Classes() []string {
	names := make([]string, len(classes))
	for i, c := range classes {
		names[i] = c.name
	}
	return names
}

// classNamed returns the built-in class of a name; nil: there is none.
func classNamed(name string) *class { return named(classes, name) }

// named returns the class of a name; nil: it is not among them.
func named(among []*class, name string) *class {
	for _, c := range among {
		if c.name == name {
			return c
		}
	}
	return nil
}

// kin returns the built-in class that it is, or is a variant of.
func (c *class) kin() *class {
	if c.like != nil {
		return c.like
	}
	return c
}

func fixed(m record.Micros) span { return span{int64(m), int64(m)} }

func hours(from, to int64) span {
	return span{from * int64(record.Hour), to * int64(record.Hour)}
}

// assign returns the class of each of n terminals: shares kept as exactly as n
// allows, order left to the dice.
func assign(mix []*class, n int, d *dice) []uint8 {
	var whole, sum int64
	for _, c := range mix {
		whole += c.share
	}
	of := make([]uint8, 0, n)
	for i, c := range mix {
		sum += c.share
		for int64(len(of))*whole < sum*int64(n) {
			of = append(of, uint8(i))
		}
	}
	for i := n - 1; i > 0; i-- {
		j := d.below(int64(i + 1))
		of[i], of[j] = of[j], of[i]
	}
	return of
}
