package scenario

import (
	"fmt"
	"net/netip"
	"strings"

	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// decision reads "decide EXEMPT cam-1 until 12:00".
func (p *parser) decision(l *line, a *act) {
	kind := l.next("a decision")
	d := &a.decision
	for d.Kind = record.DecisionApprove; d.Kind.String() != kind; d.Kind++ {
		if d.Kind > record.DecisionEndSetMode {
			l.failf("%q is no decision of an operator: want %s", kind, strings.Join(symbols(record.DecisionKind.String), ", "))
			return
		}
	}
	for !l.done() {
		switch word := l.next("a subject"); word {
		case "until":
			d.Until = record.Some(l.clock("until"))
		case "group":
			d.InternalGroupID = l.next("group")
		case "tac":
			d.TypeAllocationCode = l.next("tac")
		case "destination":
			d.Destination = l.next("destination")
		case "value":
			d.Value = l.next("value")
		default:
			a.terminal = p.one(l, word)
		}
	}
}

// profile is an expected behaviour on its way to profiles.raw.
type profile struct {
	key     string
	content raw.ExpectedBehaviour
	removed bool
}

// profile reads "profile meter-* allowed tcp 203.0.113.0/24:443 stationary", or
// "profile group pumps …", "profile tac 35693803 …".
func (p *parser) profile(l *line, a *act) {
	switch {
	case l.accept("group"):
		name := l.next("group")
		a.profiles = []profile{{key: name, content: raw.ExpectedBehaviour{InternalGroupID: name}}}
	case l.accept("tac"):
		tac := l.next("tac")
		a.profiles = []profile{{key: tac, content: raw.ExpectedBehaviour{TypeAllocationCode: tac}}}
	default:
		for _, t := range p.who(l) {
			a.profiles = append(a.profiles, profile{key: t.supi, content: raw.ExpectedBehaviour{SUPI: t.supi}})
		}
	}
	is, removed := record.Profile{Criticality: record.CriticalityNormal}, l.accept("removed")
	if !removed && l.done() {
		l.failf("what is expected is missing: profile meter-1 stationary, or removed")
	}
	for !removed && !l.done() {
		expected(l, &is)
	}
	for i := range a.profiles {
		a.profiles[i].content.Profile, a.profiles[i].removed = is, removed
	}
}

// expected reads one expectation of a profile (TS 29.503 ExpectedUeBehaviourData,
// RFC 8520).
func expected(l *line, b *record.Profile) {
	seconds := func(what string) record.Opt[int32] {
		return record.Some(int32(l.length(what) / record.Second))
	}
	switch word := l.next("an expectation"); word {
	case "stationary", "mobile":
		b.StationaryIndication = strings.ToUpper(word)
	case "periodic":
		b.PeriodicTime = seconds(word)
	case "deviating":
		b.AcceptDeviateTime = seconds(word)
	case "lasting":
		b.CommunicationDurationTime = seconds(word)
	case "inactive":
		b.ExpectedPDUSessionInactivity = seconds(word)
	case "scheduled":
		b.ScheduledCommunicationTime = append(b.ScheduledCommunicationTime, schedule(l))
	case "areas", "area":
		b.ExpectedTrackingAreaCodes = l.list("area")
	case "allowed":
		b.AllowedDestinations = append(b.AllowedDestinations, allowed(l))
	case "max-uplink":
		b.MaxUplinkBitsPerSecond = record.Some(8 * l.volume(word))
	case "max-downlink":
		b.MaxDownlinkBitsPerSecond = record.Some(8 * l.volume(word))
	case "battery":
		b.BatteryIndication = l.next(word)
	case "traffic":
		b.TrafficProfile = l.next(word)
	case "direction":
		b.ScheduledCommunicationType = l.next(word)
	case "protected":
		b.Criticality = record.CriticalityProtected
	case "until":
		b.ValidUntil = record.Some(l.clock(word))
	default:
		l.failf("%q is no expectation of a profile: want stationary, mobile, periodic, deviating, lasting, inactive, scheduled, areas, allowed, max-uplink, max-downlink, battery, traffic, direction, protected, until or removed", word)
	}
}

// schedule takes "02:00-04:00", and "on 1,2,3" for days of the week.
func schedule(l *line) record.Schedule {
	text := l.next("scheduled")
	from, to, found := strings.Cut(text, "-")
	for _, end := range []string{from, to} {
		if _, err := parseClock(end); err != nil || !found {
			l.failf("scheduled: want a span of a day such as 02:00-04:00")
			return record.Schedule{}
		}
	}
	s := record.Schedule{TimeOfDayStart: dayTime(from), TimeOfDayEnd: dayTime(to)}
	if l.accept("on") {
		s.DaysOfWeek = l.numbers("on", 1, 7)
	}
	return s
}

// dayTime writes a time of day as TS 29.571 has it.
func dayTime(text string) string {
	return text + strings.Repeat(":00", 2-strings.Count(text, ":")) + "Z"
}

// allowed takes "tcp 203.0.113.0/24:443", "udp ntp.example.org:123" or "any
// example.org".
func allowed(l *line) record.AllowRule {
	r := record.AllowRule{}
	if !l.accept("any") {
		r.Protocol = record.Some(protocol(l))
	}
	text := l.next("a destination")
	host, ports, _ := strings.Cut(text, ":")
	if closed := strings.LastIndexByte(text, ']'); closed > 0 { // [2001:db8::/32]:443
		host, ports = strings.Trim(text[:closed], "["), strings.TrimPrefix(text[closed+1:], ":")
	}
	if ports != "" {
		first, count, err := parsePorts(ports)
		if err != nil {
			l.failf("%q: %w", text, err)
		}
		r.PortFrom, r.PortTo = record.Some(int32(first)), record.Some(int32(first+count-1))
	}
	switch address, err := netip.ParseAddr(host); {
	case err == nil:
		r.AddressPrefix = netip.PrefixFrom(address, address.BitLen()).String()
	case strings.Contains(host, "/"):
		if _, err := netip.ParsePrefix(host); err != nil {
			l.failf("%q: want an address, a prefix such as 203.0.113.0/24, or a domain", text)
		}
		r.AddressPrefix = host
	default:
		r.Domain = host
	}
	return r
}

// setting reads "setting watchlist version 3 content …"; a semicolon at the end of a
// word ends a line of the content.
func (p *parser) setting(l *line, a *act) {
	a.setting.Name = l.next("a name")
	l.expect("version")
	a.setting.Version = l.next("version")
	l.expect("content")
	a.setting.Content = []byte(strings.ReplaceAll(strings.Join(l.words, " "), "; ", "\n"))
	if l.words = nil; len(a.setting.Content) == 0 {
		l.failf("the content of %s is missing", a.setting.Name)
	}
}

// provision writes profiles, or a setting, into profiles.raw.
func (p *player) provision(a *act) error {
	for i := range a.profiles {
		f := &a.profiles[i]
		var value []byte
		if !f.removed {
			var err error
			if value, err = raw.Append(nil, &f.content); err != nil {
				return fmt.Errorf("profile: %w", err)
			}
		}
		if err := p.profilesRaw(f.key, value); err != nil {
			return err
		}
	}
	if a.setting.Name == "" {
		return nil
	}
	value, err := raw.Append(nil, &a.setting)
	if err != nil {
		return fmt.Errorf("setting: %w", err)
	}
	return p.profilesRaw("setting:"+a.setting.Name, value)
}

// profilesRaw appends to profiles.raw; no value removes what stood under the key.
func (p *player) profilesRaw(key string, value []byte) error {
	log := p.run.Log()
	at := stream.KeyPartition([]byte(key), log.Partitions(stream.ProfilesRaw))
	return log.Append([]stream.Send{{Topic: stream.ProfilesRaw, Partition: at, Key: []byte(key), Value: value}})
}
