package simulate

import (
	"cordon/internal/raw"
	"cordon/internal/record"
)

const firmwareSize = 30_000_000 // bytes

// firmwareTakes is how long the download takes: 4 Mbit/s.
const firmwareTakes = record.Minute

// firmware is one download of a new firmware.
var firmware = habit{with: &updates, asks: true, lasts: fixed(firmwareTakes), up: span{3_000, 5_000}, down: span{firmwareSize / 6, firmwareSize / 6}}

// restart is to come up again: with other firmware, or because the electricity is
// back.
type restart struct{ updated bool }

const (
	// returnWithin is how soon after the electricity all are registered again.
	returnWithin = 90 * record.Second
	// upWithin is how soon they do what they always do.
	upWithin = 2 * record.Minute
)

func (*restart) begin(_ *Fleet, a *activity, at record.Micros) record.Micros {
	a.step = registering
	return at
}

func (r *restart) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	if a.step == registering {
		a.step = establishing
		device := f.of(a)
		device.reboots++
		if r.updated {
			device.firmware++
		}
		f.registration(a, t, record.InitialRegistration)
		return t.OccurredAt + sessionDelay
	}
	f.establish(a, t)
	return never
}

// reclassing is to be given another subscription: the session is released, and
// established in another data network.
type reclassing struct{}

func (reclassing) begin(_ *Fleet, a *activity, at record.Micros) record.Micros {
	a.step = releasing
	return at
}

func (reclassing) write(f *Fleet, a *activity, t *raw.Telemetry) record.Micros {
	if a.step == releasing {
		a.step = reestablishing
		f.release(a, t, t.OccurredAt+renewalGap)
		return t.OccurredAt + renewalGap
	}
	f.of(a).recast = t.OccurredAt
	f.establish(a, t)
	return never
}
