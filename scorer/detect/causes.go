package detect

import (
	"fmt"

	"cordon/internal/record"
	"cordon/internal/record/wire"
	"cordon/scorer/pane"
)

// causes are what the evidence of a device comes from, where its nats do not say it:
// a verdict that names the wrong one is worse than none.
type causes struct {
	spell     int32 // panes that the device was busy when that last weighed (D13)
	swap      change
	level     uint8  // of what others report, per cent
	listed    bool   // it came from a destination list
	protocol  uint8  // of the destination that others name
	otherPort uint16 // likewise
	restarts  uint16 // in two days, when they last weighed
	end       uint32 // pane.Key.End of the destination that others name; 0: they name none
	allowed   uint16 // how many restarts may be
	drain     drain
}

// change is what a SIM was found to have another one of (D14).
type change uint8

const (
	noChange change = iota
	deviceChange
	roamingChange
)

// drain is a battery that is empty too soon.
type drain struct {
	nats    Nats        // as of last
	last    pane.Number // last pane in which it had lost as much; 0: never
	lost    uint8       // per cent within an hour
	allowed uint8       // how much it may lose
}

// at returns the evidence when pane n has passed.
func (d *drain) at(n pane.Number) Nats {
	if d.last == 0 || n-d.last >= faultSpan {
		return 0
	}
	return d.nats
}

// find explains a drained battery.
func (d *drain) find() Finding {
	return Finding{
		Feature: "batteryDrain", Unit: "per cent in an hour", Value: int64(d.lost), Expected: int64(d.allowed), Reference: record.ReferencePrior,
		Samples: []string{fmt.Sprintf("the battery lost %d %%", d.lost)},
	}
}

// append appends the causes in their stored form.
func (c *causes) append(b []byte, last pane.Number) []byte {
	b = append(b, byte(c.swap), c.level, bit(c.listed, 1), c.protocol, c.drain.lost, c.drain.allowed)
	for _, n := range [...]int32{c.spell, int32(c.restarts), int32(c.allowed), int32(c.otherPort), int32(c.end), int32(c.drain.nats)} {
		b = wire.AppendInt(b, n)
	}
	return pane.AppendNumber(b, c.drain.last, last)
}

func (c *causes) read(r *wire.Reader, last pane.Number) {
	var b [6]byte
	r.Fixed(b[:])
	c.swap, c.level, c.listed, c.protocol = min(change(b[0]), roamingChange), b[1], b[2] != 0, b[3]
	c.drain.lost, c.drain.allowed = b[4], b[5]
	c.spell, c.restarts, c.allowed, c.otherPort = r.Int(), uint16(r.Int()), uint16(r.Int()), uint16(r.Int())
	c.end = uint32(r.Int())
	c.drain.nats, c.drain.last = Nats(r.Int()), pane.ReadNumber(r, last)
}

// findLocation explains D10 and D14 by the heaviest of their parts; the samples give
// all of them.
func (d *Device) findLocation(n pane.Number) Finding {
	away, swapped, place := d.locationAt(n), d.swapped.halve(n), d.placeAt(n)
	found := Finding{
		Feature: "timeAwayFromHome", Unit: "minutes", Value: int64(d.lastLocation-d.away) / panesPerMinute, Expected: int64(awaySpan) / panesPerMinute,
		Reference: record.ReferenceOwn, Exception: record.UnexpectedUELocation,
	}
	switch {
	case swapped > max(away, place):
		found.Feature, found.Unit, found.Value, found.Expected = "deviceChanged", "changes", 1, 0
		if d.causes.swap == roamingChange {
			found.Feature = "roamingChanged"
		}
	case place > away:
		found.Feature, found.Reference = "timeOutsideOfProfile", record.ReferenceProfile
		found.Value = int64(d.lastLocation-d.strays.outside) / panesPerMinute
	}
	if away > 0 {
		found.Samples = append(found.Samples, fmt.Sprintf("elsewhere: %s nats, at home in %d hours", inFull(away), d.home[0].hours))
	}
	if swapped > 0 {
		found.Samples = append(found.Samples, fmt.Sprintf("%s: %s nats are left", d.causes.swap, inFull(swapped)))
	}
	if place > 0 {
		found.Samples = append(found.Samples, fmt.Sprintf("outside of where its profile has it: %s nats", inFull(place)))
	}
	return found
}

// String says what changed.
func (c change) String() string {
	return [...]string{"a change of device or roaming", "another device", "roaming began or ended"}[c]
}

// findHost explains D13.
func (d *Device) findHost() Finding {
	return Finding{
		Feature: "hostBusy", Unit: "minutes", Value: int64(d.causes.spell) / panesPerMinute, Expected: hostMinutes, Reference: record.ReferenceOwn,
		Exception: record.UnexpectedLongLiveFlow, Samples: []string{fmt.Sprintf("its usual load is %d %%", d.load>>8)},
	}
}

// findExternal explains what others say of the terminal.
func (d *Device) findExternal(n pane.Number) Finding {
	c := &d.causes
	found := Finding{
		Feature: "reportedByOthers", Unit: "per cent of 6 nats", Value: int64(c.level), Reference: record.ReferenceLimit, Exception: d.externalID,
		Samples: []string{"reported: " + d.externalID.String()},
	}
	if c.listed {
		found.Feature, found.Samples[0] = "destinationListed", "on a destination list"
	}
	if c.otherPort != 0 {
		found.Samples[0] += fmt.Sprintf(", protocol %d port %d", c.protocol, c.otherPort)
	}
	found.Samples = append(found.Samples, fmt.Sprintf("%d minutes ago; half is forgotten in a day", int64(n-d.external.At)/panesPerMinute))
	return found
}

// findRestart explains a broken device by what weighs more.
func (d *Device) findRestart(n pane.Number) Finding {
	c := &d.causes
	if c.drain.at(n) >= d.restartAt(n) {
		return c.drain.find()
	}
	return Finding{
		Feature: "restarts", Unit: "restarts in two days", Value: int64(c.restarts), Expected: int64(c.allowed), Reference: record.ReferencePrior,
		Exception: record.TooFrequentServiceAccess, Samples: []string{fmt.Sprintf("%d restarts", c.restarts)},
	}
}

// restartAt returns the evidence of restarts when pane n has passed.
func (d *Device) restartAt(n pane.Number) Nats {
	if d.lastFault == 0 || n-d.lastFault >= faultSpan {
		return 0
	}
	return d.restart
}

// panesPerMinute converts spans for what people read.
const panesPerMinute = int64(record.Minute / pane.Length)

// inFull writes milli-nats as nats, with all their digits: what is written so can be
// added up again.
func inFull(n Nats) string { return fmt.Sprintf("%d.%03d", n/Nat, n%Nat) }
