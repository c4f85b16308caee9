package profile

import (
	"slices"
	"time"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// Expected is a provisioned profile in the form that panes are compared with.
type Expected struct {
	Criticality record.Criticality
	Stationary  bool
	Areas       []uint32    // pane.Label of the tracking areas it may be in; empty: anywhere
	Period      pane.Number // between its communications; 0: not said
	Deviation   pane.Number // by which it may miss period and schedule; 0: not said
	Duration    pane.Number // for which it communicates; 0: not said
	Uplink      uint64      // bytes per pane; 0: no limit

	schedule []span
	allowed  []Destination
	limited  bool // destinations are: an unreadable rule allows nothing
}

// span is a part of the day, in seconds since midnight UTC, on some days of the
// week.
type span struct {
	from, to int32 // to may be before from: over midnight
	days     uint8 // bit 0 is Monday
}

const (
	day  = int32(record.Day / record.Second)
	week = 7
)

// New reads a provisioned profile. What cannot be read is as if it had not been
// said, but for destinations: those were meant to be limited.
func New(p *record.Profile) *Expected {
	e := &Expected{
		Criticality: p.Criticality, Stationary: p.StationaryIndication == "STATIONARY",
		Period: panes(p.PeriodicTime), Deviation: panes(p.AcceptDeviateTime), Duration: panes(p.CommunicationDurationTime),
		Uplink:  perPane(p.MaxUplinkBitsPerSecond),
		limited: len(p.AllowedDestinations) > 0,
	}
	for _, area := range p.ExpectedTrackingAreaCodes {
		e.Areas = append(e.Areas, pane.Label(area))
	}
	for i := range p.AllowedDestinations {
		if d, readable := destinationOf(&p.AllowedDestinations[i]); readable {
			e.allowed = append(e.allowed, d)
		}
	}
	for i := range p.ScheduledCommunicationTime {
		if s, readable := spanOf(&p.ScheduledCommunicationTime[i]); readable {
			e.schedule = append(e.schedule, s)
		}
	}
	return e
}

// panes returns a number of seconds in panes.
func panes(seconds record.Opt[int32]) pane.Number {
	return pane.Panes(record.Micros(max(seconds.Or(0), 0)) * record.Second)
}

// perPane returns bits per second as bytes per pane.
func perPane(bits record.Opt[int64]) uint64 {
	return uint64(min(max(bits.Or(0), 0), 1<<50)) / 8 * uint64(pane.Length/record.Second)
}

// spanOf reads a schedule; its times are RFC 3339 partial-times with an offset.
func spanOf(s *record.Schedule) (span, bool) {
	from, ok := secondOf(s.TimeOfDayStart)
	to, also := secondOf(s.TimeOfDayEnd)
	out := span{from: from, to: to}
	for _, d := range s.DaysOfWeek {
		if d >= 1 && d <= week {
			out.days |= 1 << (d - 1)
		}
	}
	if len(s.DaysOfWeek) == 0 {
		out.days = 1<<week - 1
	}
	return out, ok && also
}

// secondOf returns a time of day in seconds since midnight UTC.
func secondOf(text string) (int32, bool) {
	at, err := time.Parse("15:04:05Z07:00", text)
	if err != nil {
		return 0, false
	}
	at = at.UTC()
	return int32(at.Hour())*3600 + int32(at.Minute())*60 + int32(at.Second()), true
}

// Allows reports whether the profile lets the terminal use a destination. Names are
// no destinations; an address may belong to a domain that is allowed, so that one on
// its protocol and port is given the benefit of the doubt.
func (e *Expected) Allows(k pane.Key) bool {
	if !e.limited || k.Form == pane.FormName || k.Form == pane.FormToken || k.Inbound {
		return true
	}
	for i := range e.allowed {
		if d := &e.allowed[i]; d.Matches(k) || d.Name.Form != pane.FormNone && d.service(k) {
			return true
		}
	}
	return false
}

// Scheduled reports whether the terminal may communicate in a pane: within a span
// of its schedule, a tenth of it or the accepted deviation before and after (TS
// 29.503; reference 3.1, f19).
func (e *Expected) Scheduled(n pane.Number) bool {
	if len(e.schedule) == 0 {
		return true
	}
	seconds := int64(n) * int64(pane.Length/record.Second)
	now, today := int32(seconds%int64(day)), uint8((seconds/int64(day)+3)%week) // 1970 began on a Thursday
	return slices.ContainsFunc(e.schedule, func(s span) bool { return s.has(now, today, e.Deviation) })
}

// has reports whether a second of a day is in the span with its tolerance. A span
// over midnight belongs to the day it begins on.
func (s span) has(now int32, today uint8, deviation pane.Number) bool {
	long := (s.to - s.from + day) % day
	slack := max(long/10, int32(deviation)*int32(pane.Length/record.Second))
	for back := range uint8(2) { // began today, or yesterday
		began := (today + week - back) % week
		if at := now + int32(back)*day; s.days&(1<<began) != 0 && at >= s.from-slack && at <= s.from+long+slack {
			return true
		}
	}
	tomorrow := (today + 1) % week
	return s.days&(1<<tomorrow) != 0 && now-day >= s.from-slack
}
