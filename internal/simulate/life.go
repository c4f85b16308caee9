package simulate

import (
	"cordon/internal/raw"
	"cordon/internal/record"
)

// connection is to wake up, to be connected for a while and to fall asleep again,
// as terminals do that have something to say now and then.
type connection struct{}

var (
	// connected is how long a connection lasts: what is said, and the network's
	// inactivity timer.
	connected = span{10_000_000, 45_000_000}
	// connectDelay is how long the network takes.
	connectDelay = span{40_000, 160_000}
)

// pagedPerMille is how many of the connections the network asks for, of a thousand.
const pagedPerMille = 60

// Steps of a connection.
const (
	asleep = iota
	waking
	awake
)

func (connection) begin(f *Fleet, a *activity, at record.Micros) record.Micros {
	a.step = asleep
	device := f.of(a)
	c := f.classOf(device)
	return at + record.Second + device.dice.irregular(c.connects*100/record.Micros(f.activity(c, at)))
}

func (c connection) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	next := f.connect(a, t, connected)
	if t.Registration.Event == record.ServiceRequest && f.of(a).dice.chance(pagedPerMille) {
		t.Registration.NetworkInitiated = true
	}
	if next == never {
		return c.begin(f, a, t.OccurredAt)
	}
	return next
}

// connect writes the next record of one connection; never: it was the last.
func (f *Fleet) connect(a *activity, t *raw.Telemetry, lasts span) record.Micros {
	d := &f.of(a).dice
	switch a.step {
	case asleep:
		a.step = waking
		f.registration(a, t, record.ServiceRequest)
		return t.OccurredAt + record.Micros(d.in(connectDelay))
	case waking:
		a.step = awake
		f.registration(a, t, record.CMConnected)
		return t.OccurredAt + record.Micros(d.in(lasts))
	}
	a.step = asleep
	f.registration(a, t, record.CMIdle)
	return never
}

// renewal is to release the session and to establish it again after hours or days.
type renewal struct{}

// renewalGap is how long it takes.
const renewalGap = 700 * record.Millisecond

func (renewal) begin(f *Fleet, a *activity, at record.Micros) record.Micros {
	a.step = 0
	device := f.of(a)
	return at + record.Micros(device.dice.in(f.classOf(device).sessions))
}

func (r renewal) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	if a.step == 0 {
		if f.of(a).gapEnd >= t.OccurredAt {
			return r.begin(f, a, t.OccurredAt) // it is being released by somebody else
		}
		a.step = 1
		f.release(a, t, t.OccurredAt+renewalGap)
		return t.OccurredAt + renewalGap
	}
	f.establish(a, t)
	return r.begin(f, a, t.OccurredAt)
}

// reporting is to tell device management how the terminal is.
type reporting struct{}

// busyReport is how often a terminal without idle time reports: its manager asks.
const busyReport = 5 * record.Minute

func (reporting) begin(f *Fleet, a *activity, at record.Micros) record.Micros {
	device := f.of(a)
	every := f.classOf(device).manages
	if k := device.is(at); k != nil && k.loads {
		every = busyReport
	}
	return at + device.dice.around(every, 10)
}

func (r reporting) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	f.status(a, t)
	return r.begin(f, a, t.OccurredAt)
}

// Ranges of what device management reports, in per cent and °C.
var (
	freeMemory = span{25, 60}
	idleHeat   = span{24, 38}
	fullLoad   = span{95, 100}
	loadHeat   = int64(22)
	firmwares  = [...]string{"2.4.0", "2.5.0", "2.6.0"}
)

// status fills in what device management reports of the terminal.
func (f *Fleet) status(a *activity, t *raw.Telemetry) {
	device := f.of(a)
	c, d := f.classOf(device), &device.dice
	t.SourceID, t.Kind = managing, record.KindDeviceStatus
	t.SUPI, t.PEI, t.PLMN = supi(a.terminal), f.pei(a.terminal), network
	load, heat := d.in(c.load), d.in(idleHeat)
	if k := device.is(t.OccurredAt); k != nil && k.loads {
		load, heat = d.in(fullLoad), heat+loadHeat
	}
	t.DeviceStatus = record.DeviceStatus{
		CPULoad: record.Some(int32(load)), MemoryUsed: record.Some(int32(d.in(freeMemory))), Temperature: record.Some(int32(heat)),
		RebootCount: record.Some(device.reboots), FirmwareVersion: firmwares[device.firmware],
	}
	if c.battery {
		// Full at midnight, emptier by the hour.
		hour := int32(t.OccurredAt / record.Hour % 24)
		t.DeviceStatus.BatteryLevel = record.Some(100 - 3*hour)
	}
}
