package simulate

import (
	"cordon/internal/raw"
	"cordon/internal/record"
)

// trouble is what befalls a lifelike fleet without anybody's malice, and when.
type trouble struct {
	start record.Micros // of the fleet
	// outage: the main server of a class answers nobody; its terminals try again,
	// and go over to another site, all at once.
	outage   *service
	down     window
	noTime   window        // no time server answers
	rotation record.Micros // when services behind a content network move first
	summer   record.Micros // when the clocks of people are put forward by an hour
	power    window        // a district has no electricity
	portal   window        // some terminals reach a portal only
	sampling window        // the user plane counts every other packet
	reclass  record.Micros // when a class begins to move into another network
}

// window is a time with a beginning and an end; the end is not in it.
type window struct{ from, to record.Micros }

func (w window) has(at record.Micros) bool { return at >= w.from && at < w.to }

// MaxLate is the most by which a record of a lifelike fleet is behind.
const MaxLate = 4 * record.Second

const (
	latePerMille   = 3 // of user plane records
	repeatPerMille = 1 // of user plane records
	longOutage     = 30 * record.Minute
	longNoTime     = record.Hour
	longPower      = 20 * record.Minute
	longPortal     = 2 * record.Hour
	longSampling   = record.Hour
	// rotateEvery is how long services stay at their addresses.
	rotateEvery = 12 * record.Hour
	// rotations is how many sets of addresses they have.
	rotations = 4
	// swapPerMille is how many terminals a technician replaces.
	swapPerMille = 3
	// portalPerMille is how many terminals of a class that moves the portal holds.
	portalPerMille = 100
)

// district are the cells that are without electricity, by number within an area.
const district = cellsPerArea / 2

// befall places the trouble of a fleet, at parts of its time: short fleets have
// all of it too, only shorter.
func (f *Fleet) befall(s *Settings) {
	if !s.Lifelike {
		f.trouble = trouble{rotation: never, summer: never, reclass: never}
		return
	}
	after := func(percent int64) record.Micros { return s.Start + s.Duration*record.Micros(percent)/100 }
	lasting := func(percent int64, most record.Micros) window {
		return window{after(percent), after(percent) + min(s.Duration/10, most)}
	}
	f.trouble = trouble{
		start:  s.Start,
		outage: f.classes[f.dice.below(int64(len(f.classes)))].main,
		down:   window{after(40), after(40) + min(s.Duration/5, longOutage)},
		noTime: lasting(15, longNoTime), rotation: s.Start + min(s.Duration*3/10, rotateEvery), summer: after(60),
		power: lasting(78, longPower), portal: lasting(25, longPortal), sampling: lasting(88, longSampling), reclass: after(70),
	}
	dark := int32(f.dice.below(int64(len(f.areas))))
	for i := range f.terminals {
		f.touch(int32(i), s, dark)
	}
}

// touch lets the trouble of a fleet reach one terminal.
func (f *Fleet) touch(i int32, s *Settings, darkArea int32) {
	device := &f.terminals[i]
	c := f.classOf(device)
	if device.cell/cellsPerArea == darkArea && device.cell%cellsPerArea < district {
		device.dark = true
		f.add(i, &restart{}, f.trouble.power.to+record.Micros(device.dice.below(int64(returnWithin))))
	}
	if c.updates {
		begins := max(s.Start+s.Duration/2+stage(&device.dice, s.Duration/4), device.ready)
		f.add(i, &firmware, begins)
		f.add(i, &restart{updated: true}, begins+firmwareTakes+5*record.Second)
	}
	if c.moves && device.dice.chance(portalPerMille) {
		device.portal = true
	}
	if device.dice.chance(swapPerMille) {
		f.add(i, &swap{}, device.ready+record.Micros(device.dice.below(int64(s.Duration))))
	}
	if c.next != nil {
		f.add(i, reclassing{}, max(f.trouble.reclass+record.Micros(device.dice.below(int64(s.Duration/20)+1)), device.ready))
	}
}

// stage returns when a terminal takes part in an update that takes so long: a
// few first, then a quarter, then the others.
func stage(d *dice, length record.Micros) record.Micros {
	spread := record.Micros(d.below(int64(length/4) + 1))
	switch n := d.below(100); {
	case n < 5:
		return spread
	case n < 30:
		return length/3 + spread
	}
	return length*2/3 + spread
}

// answers reports whether a service answers a terminal at a time.
func (f *Fleet) answers(s *service, a *activity, at record.Micros) bool {
	device := f.of(a)
	switch {
	case s == f.trouble.outage && f.trouble.down.has(at):
		// The other site is overrun.
		return a.host >= otherSite && device.dice.chance(overrunPerMille)
	case s == &timeServer && f.trouble.noTime.has(at):
		return false
	case s.mute:
		return false
	case s == f.classOf(device).main && device.is(at) != nil && device.struck.breaks:
		return false
	case f.lifelike && a.host < s.dead:
		return false
	}
	return s.flaky == 0 || !device.dice.chance(s.flaky)
}

// rotated returns by how much the hosts of a service have moved on at a time.
func (f *Fleet) rotated(s *service, at record.Micros) int64 {
	if !s.rotates || at < f.trouble.rotation {
		return 0
	}
	return (1 + int64((at-f.trouble.rotation)/rotateEvery)) % rotations * s.hosts
}

// activity returns how busy a class is at a time, per cent of its mean.
func (f *Fleet) activity(c *class, at record.Micros) int64 {
	if at >= f.trouble.summer {
		at += record.Hour
	}
	return c.day[at/record.Hour%24]
}

// delay returns how late the next user plane record of a terminal arrives.
func (f *Fleet) delay(device *terminal) record.Micros {
	if !f.lifelike || !device.dice.chance(latePerMille) {
		return 0
	}
	return 1 + record.Micros(device.dice.below(int64(MaxLate)))
}

// sampled makes a record that of a user plane which counts some packets only. It
// reports false where it counted none.
func (f *Fleet) sampled(d *dice, t *raw.Telemetry) bool {
	if t.Kind != record.KindFlow || !f.trouble.sampling.has(t.OccurredAt) {
		return true
	}
	t.SamplingRatio = record.Some[int32](samplingRatio)
	flow := &t.Flow
	packets := flow.ULPackets + flow.DLPackets
	if packets < 10 && d.chance(1000>>packets) {
		return false
	}
	for _, n := range []*int64{&flow.ULPackets, &flow.DLPackets, &flow.ULVolume, &flow.DLVolume} {
		*n = (*n*samplingRatio + 99) / 100
	}
	return true
}

// samplingRatio is how many packets are counted, in per cent.
const samplingRatio = 50
