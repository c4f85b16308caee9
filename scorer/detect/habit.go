package detect

import (
	"math/bits"

	"cordon/internal/record"
	"cordon/internal/record/wire"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// Habit is a terminal's own envelope: for each hour of the day the highest amount
// per pane that was normal, of uplink bytes and of flow starts, 112 bytes with how
// busy its busiest hour was and how long its pauses were. What a
// day shows waits for 24 h as a candidate and is learned only if no case was raised
// meanwhile: without that the envelope learns an exfiltration within minutes
// (detection reference 3.12, 11).
type Habit struct {
	uplink, starts       levels      // learned
	nextUplink, nextUses levels      // candidates: the last time each hour was there
	hour                 pane.Number // last hour that was looked at, since 1970
	days                 int16       // that something was learned of, at most 1,000
	counted              uint16      // hour in which days last rose, low bits
	begun, busiest       uint16      // exchanges in this hour, and in the busiest one before
	pauses               pauses
}

// levels are amounts by hour of day, in eighths of an octave: 0 is nothing, and the
// amount of a level is the most that it stands for.
type levels [24]uint8

// LevelOf returns the level of an amount.
func LevelOf(x uint64) uint8 {
	if x == 0 {
		return 0
	}
	octave := bits.Len64(x) - 1
	eighth := x << 3 >> octave & 7
	if octave > 60 {
		eighth = 7
	}
	return uint8(min(8*octave+int(eighth)+1, 255))
}

// AmountOf returns the most that a level stands for.
func AmountOf(level uint8) uint64 {
	if level == 0 {
		return 0
	}
	octave, eighth := (level-1)/8, uint64(level-1)%8
	return ((9+eighth)<<octave + 7) >> 3 // of small amounts an eighth is less than one
}

// Limits of learning (detection reference 3.2 and 3.8).
const (
	winsor     = 8    // levels: what exceeds twice the normal counts as twice
	freeDays   = 7    // the first days teach as they are
	slowDays   = 2    // afterwards an eighth of an octave takes two days: doubling takes 16
	daysKept   = 1000 // more history than that changes nothing
	ownAtMost  = 4    // the own envelope counts up to four times the prior, and down to a quarter
	hoursOfDay = 24
)

// Advance lets the time go to pane n: what the hours that came round showed a day
// ago is learned.
func (h *Habit) Advance(n pane.Number) {
	hour := n / panesPerHour
	if h.hour == 0 {
		h.hour = hour
		return
	}
	if hour > h.hour {
		h.busiest, h.begun = h.Busiest(), 0
		h.pauses.turn(hour/hoursOfWeek - h.hour/hoursOfWeek)
	}
	for range min(hour-h.hour, hoursOfDay) {
		h.hour++
		at, day := h.hour%hoursOfDay, h.hour/hoursOfDay
		learned := h.nextUplink[at] != 0 || h.nextUses[at] != 0
		h.uplink[at] = h.merge(&h.uplink, h.nextUplink[at], hourOf{at, day})
		h.starts[at] = h.merge(&h.starts, h.nextUses[at], hourOf{at, day})
		h.nextUplink[at], h.nextUses[at] = 0, 0
		if learned {
			h.count()
		}
	}
	h.hour = max(h.hour, hour)
}

// Busiest returns how many exchanges with destinations that answered before the
// terminal had in its busiest hour: a device that was busy once may be so again, so
// that it never falls.
func (h *Habit) Busiest() uint16 { return max(h.busiest, h.begun) }

// Use counts the exchanges of a pane, but for those that are held against the
// terminal; d may be nil.
func (h *Habit) Use(v *feature.Vector, d *Destinations) {
	begun := uint32(h.begun)
	for i := range v.Seen {
		if s := &v.Seen[i]; s.Before && !s.Service && s.Remote() {
			begun += min(s.Began, 1<<16)
		}
	}
	if d != nil {
		begun -= min(begun-uint32(h.begun), d.repeated(v.Pane))
	}
	h.begun = uint16(min(begun, 1<<16-1))
}

// count counts a day of history, a day after the one before at the earliest. It asks
// for no certain hour: not every terminal speaks at the same one every day.
func (h *Habit) count() {
	if now := uint16(h.hour); h.days == 0 || now-h.counted >= hoursOfDay {
		h.days, h.counted = min(h.days+1, daysKept), now
	}
}

// hourOf is an hour of a day since 1970.
type hourOf struct{ at, day pane.Number }

// merge returns what is learned of an hour. After the first days what grows takes its
// time; an hour in which there was nothing so far takes what other hours had, else
// whoever moves on by an hour every day would double every day.
func (h *Habit) merge(l *levels, seen uint8, hour hourOf) uint8 {
	known, slow := l[hour.at], hour.day%slowDays != 0
	switch {
	case seen > known && h.days < freeDays:
		return seen
	case seen > known && known == 0 && slow:
		return min(seen, l.most())
	case seen > known && known == 0:
		return min(seen, l.most()+1)
	case slow || seen == known:
		return known
	case seen > known:
		return known + 1
	}
	return known - 1
}

// Learn notes what a trusted pane showed; normal is what it was held against.
func (h *Habit) Learn(n pane.Number, uplink, starts Amounts) {
	at := n / panesPerHour % hoursOfDay
	h.nextUplink[at] = max(h.nextUplink[at], uplink.level())
	h.nextUses[at] = max(h.nextUses[at], starts.level())
}

// Amounts are an amount and what was normal.
type Amounts struct{ Value, Normal uint64 }

// level returns the level of the amount, at most that of twice the normal.
func (a Amounts) level() uint8 {
	return min(LevelOf(a.Value), uint8(min(int(LevelOf(a.Normal))+winsor, 255)))
}

// Forget drops the candidates: a case was raised.
func (h *Habit) Forget() { h.nextUplink, h.nextUses = levels{}, levels{} }

// near returns the highest level of an hour and its neighbours.
func (l *levels) near(hour pane.Number) uint8 {
	at := int(hour % hoursOfDay)
	return max(l[(at+hoursOfDay-1)%hoursOfDay], l[at], l[(at+1)%hoursOfDay])
}

// of returns the level that pane n is compared with. Where no peers of its kind say
// what is normal, that a camera was quiet at this hour of a few days says little.
func (l *levels) of(n pane.Number, c *Class) uint8 {
	if c.Mixed {
		return l.most()
	}
	return l.near(n / panesPerHour)
}

// most returns the highest level of all hours.
func (l *levels) most() uint8 {
	most := uint8(0)
	for _, level := range l {
		most = max(most, level)
	}
	return most
}

// Largest returns the terminal's highest normal uplink per pane in any hour; 0 where
// none is known.
func (h *Habit) Largest() uint64 { return AmountOf(h.uplink.most()) }

// Settled reports whether the terminal has enough days of its own to be compared
// with where the others are of any kind.
func (h *Habit) Settled() bool { return h.days >= settledDays }

// settledDays weigh as much as the peers do.
const settledDays = 3

// Uplink returns the highest normal uplink per pane at the hour of pane n.
func (h *Habit) Uplink(n pane.Number, class Class) Normal {
	return h.normal(h.uplink.of(n, &class), class)
}

// Starts returns the highest normal flow starts per pane, in thousandths.
func (h *Habit) Starts(n pane.Number, class Class) Normal {
	return h.normal(h.starts.of(n, &class), class)
}

// Class is what is normal for terminals of a kind.
type Class struct {
	Normal
	Most  uint64 // up to which the own envelope counts (P99.99 of the peers); 0: four times Normal
	Trust int64  // days of own history that weigh as much as the class: 1 for shipped priors, 3 for peers
	Mixed bool   // it holds terminals of any kind: the own envelope counts by its largest hour
}

// normal returns w × own + (1 − w) × class, w = days ÷ (days + trust), between a
// quarter of the class and four times its most.
func (h *Habit) normal(own uint8, c Class) Normal {
	if own == 0 || h.days == 0 {
		return c.Normal
	}
	days, trust := uint64(h.days), uint64(max(c.Trust, 1))
	most := c.Most
	if most == 0 {
		most = c.Value
	}
	value := (days*min(AmountOf(own), 1<<40) + trust*c.Value) / (days + trust)
	value = min(max(value, c.Value/ownAtMost), ownAtMost*most)
	from := c.From
	if days >= trust {
		from = record.ReferenceOwn
	}
	return Normal{value, from}
}

// Append appends the envelope in its stored form: levels as runs, for most hours
// are like the one before.
func (h *Habit) Append(b []byte) []byte {
	b = wire.AppendInt(wire.AppendInt(wire.AppendInt(b, int32(h.hour)), int32(h.days)), int32(h.counted))
	for _, n := range h.numbers() {
		b = wire.AppendInt(b, int32(*n))
	}
	for _, l := range h.all() {
		for at := 0; at < len(l); {
			run := 1
			for at+run < len(l) && l[at+run] == l[at] {
				run++
			}
			b = append(b, byte(run), l[at])
			at += run
		}
	}
	return b
}

// Read reads what Append wrote, and reports whether it could.
func (h *Habit) Read(r *wire.Reader) bool {
	hour, days, counted := r.Int(), r.Int(), r.Int()
	for _, n := range h.numbers() {
		*n = uint16(r.Int())
	}
	if r.Failed() || hour < 0 || days < 0 || days > daysKept {
		return false
	}
	h.hour, h.days, h.counted = pane.Number(hour), int16(days), uint16(counted)
	for _, l := range h.all() {
		for at := 0; at < len(l); {
			var b [2]byte
			r.Fixed(b[:])
			if r.Failed() || b[0] == 0 || at+int(b[0]) > len(l) {
				return false
			}
			for range b[0] {
				l[at] = b[1]
				at++
			}
		}
	}
	return true
}

// numbers lists what else is counted, in stored order.
func (h *Habit) numbers() [4]*uint16 {
	return [...]*uint16{&h.begun, &h.busiest, &h.pauses[0], &h.pauses[1]}
}

// all lists the levels in stored order.
func (h *Habit) all() [4]*levels {
	return [...]*levels{&h.uplink, &h.nextUplink, &h.starts, &h.nextUses}
}
