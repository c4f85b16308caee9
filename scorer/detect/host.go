package detect

import (
	"cordon/internal/record"
	"cordon/scorer/pane"
)

// HostRules are those of D13: what the device says of itself. It may lie, so it
// corroborates: 9 nats at most, and never a family that carries a case with volume.
type HostRules struct {
	Enabled bool
	// Weight in per cent of the nats (100).
	Weight int64
	// Load is the processor load that counts as busy, per cent (90), Temperature the
	// same in °C (80).
	Load, Temperature int32
	// Restarts in two days that are no accident (6).
	Restarts int32
	// Drain is what a battery may lose in an hour, per cent (25).
	Drain int32
}

// Limits of D13 (detection reference 3.4).
const (
	hostMinutes  = 30      // busy for so long before it counts
	hostStep     = 2 * Nat // for ten minutes
	hostSpan     = pane.Number(record.Day / pane.Length)
	loadExcess   = 40 // points above its usual load that count as busy too
	loadMemory   = 32 // the usual load follows the last reports
	restartNats  = 3 * Nat
	hostInterval = 60 // panes: a report stands for ten minutes at most
)

// status is what the events of a pane say of the device.
type status struct {
	some                                     bool
	load, temperature, battery               int32
	reboots                                  int32
	hasLoad, hasHeat, hasBattery, hasReboots bool
}

func (s *status) take(e *pane.Event) {
	switch pane.Status(e.What) {
	case pane.StatusCPU:
		s.load, s.hasLoad = max(s.load, e.Count), true
	case pane.StatusTemperature:
		s.temperature, s.hasHeat = max(s.temperature, e.Count), true
	case pane.StatusBattery:
		s.battery, s.hasBattery = e.Count, true
	case pane.StatusReboots:
		s.reboots, s.hasReboots = max(s.reboots, e.Count), true
	default:
		return
	}
	s.some = true
}

// weighHost takes what the device says of itself.
func (d *Device) weighHost(s *status, n pane.Number, r *HostRules) {
	since := min(n-d.reported, hostInterval)
	d.reported = n
	if s.hasLoad || s.hasHeat {
		d.weighLoad(s, n, since, r)
	}
	if s.hasReboots {
		d.weighRestarts(s.reboots, n, r)
	}
	if s.hasBattery {
		d.weighBattery(s.battery, n, r)
	}
}

// weighLoad adds 2 nats for every ten minutes beyond half an hour in which the
// device is busier than usual, and takes as much away while it is not.
func (d *Device) weighLoad(s *status, n, since pane.Number, r *HostRules) {
	if s.hasLoad && d.load == 0 { // what it is like when first heard of is usual: some are always busy
		d.load = max(s.load, 1) << 8
	}
	usual := d.load >> 8
	busy := s.hasLoad && (s.load >= r.Load && usual < r.Load || s.load >= usual+loadExcess) || s.hasHeat && s.temperature >= r.Temperature
	nats := hostStep * Nats(since) / hostInterval * Nats(r.Weight) / 100
	switch {
	case !busy:
		d.busy = 0
		d.host = Sum{max(d.host.Value-nats, 0), n}
	case d.busy == 0:
		d.busy = n
	case n-d.busy >= hostMinutes*6:
		d.host = Sum{min(d.host.Value+nats, Host.Cap()), n}
		d.lastHost, d.causes.spell = n, int32(n-d.busy)
	}
	if s.hasLoad && !busy {
		d.load += (s.load<<8 - d.load) / loadMemory
	}
}

// weighRestarts counts restarts of this day and the one before.
func (d *Device) weighRestarts(reboots int32, n pane.Number, r *HostRules) {
	if day := n / panesPerDay; day != d.day {
		d.restarts[1] = d.restarts[0]
		if day > d.day+1 {
			d.restarts[1] = 0
		}
		d.restarts[0], d.day = 0, day
	}
	if d.reboots >= 0 && reboots > d.reboots {
		d.restarts[0] = add(d.restarts[0], min(reboots-d.reboots, 1000))
		if count := int32(d.restarts[0]) + int32(d.restarts[1]); count >= r.Restarts/2 {
			d.restart, d.lastFault = min(restartNats*Nats(min(count-r.Restarts/2+1, 4))*Nats(r.Weight)/100, FaultCap), n
			d.causes.restarts, d.causes.allowed = uint16(count), uint16(r.Restarts/2-1)
		}
	}
	d.reboots = reboots
}

// weighBattery holds the battery against the hour before.
func (d *Device) weighBattery(level int32, n pane.Number, r *HostRules) {
	if d.battery < 0 || n-d.drained >= panesPerHour || level > d.battery {
		d.battery, d.drained = level, n
		return
	}
	if lost := d.battery - level; lost >= r.Drain {
		d.causes.drain = drain{FaultCap * Nats(min(r.Weight, 100)) / 100, n, uint8(min(lost, 100)), uint8(r.Drain - 1)}
	}
}

// FindFault explains a broken device.
func (d *Device) FindFault(f Fault, n pane.Number) Finding {
	if f == Silence {
		return d.silence.find()
	}
	return d.findRestart(n)
}
