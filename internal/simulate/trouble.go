package simulate

import "cordon/internal/record"

// trouble is what befalls a lifelike fleet without anybody's malice.
type trouble struct {
	outage   *service // its hosts answer nobody during the outage
	from, to record.Micros
}

// MaxLate is the most by which a record of a lifelike fleet is behind.
const MaxLate = 4 * record.Second

const (
	latePerMille = 3 // of user plane records
	longOutage   = 30 * record.Minute
	firmwareSize = 30_000_000 // bytes
)

// firmware is one download of a new firmware at 4 Mbit/s.
var firmware = habit{with: &updates, asks: true, lasts: fixed(record.Minute), up: span{3_000, 5_000}, down: span{firmwareSize / 6, firmwareSize / 6}}

// befall places the trouble of a fleet: an outage of one class's main server
// after 2/5 of the time, and a firmware for cameras in the third quarter.
func (f *Fleet) befall(s *Settings) {
	f.trouble = trouble{from: never, to: never}
	if !s.Lifelike {
		return
	}
	f.trouble.outage = classes[f.dice.below(int64(len(classes)))].main
	f.trouble.from = s.Start + s.Duration*2/5
	f.trouble.to = f.trouble.from + min(s.Duration/5, longOutage)
	for i := range f.terminals {
		device := &f.terminals[i]
		if classes[device.class] == &camera {
			at := s.Start + s.Duration/2 + record.Micros(device.dice.below(int64(s.Duration/4)))
			f.add(int32(i), &firmware, max(at, device.ready))
		}
	}
}

// answers reports whether a service answers a terminal at a time.
func (f *Fleet) answers(s *service, a *activity, at record.Micros) bool {
	device := f.of(a)
	switch {
	case s == f.trouble.outage && at >= f.trouble.from && at < f.trouble.to:
		return false
	case s.mute:
		return false
	case s == classes[device.class].main && device.is(at) != nil && device.struck.breaks:
		return false
	case f.lifelike && a.host < s.dead:
		return false
	}
	return s.flaky == 0 || !device.dice.chance(s.flaky)
}

// delay returns how late the next user plane record of a terminal arrives.
func (f *Fleet) delay(device *terminal) record.Micros {
	if !f.lifelike || !device.dice.chance(latePerMille) {
		return 0
	}
	return 1 + record.Micros(device.dice.below(int64(MaxLate)))
}
