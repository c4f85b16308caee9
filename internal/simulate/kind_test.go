package simulate

import (
	"net/netip"
	"slices"
	"testing"

	"cordon/internal/raw"
	"cordon/internal/record"
)

// attackRanges hold the far ends of attacks; no benign terminal speaks with them.
var attackRanges = []netip.Prefix{
	netip.MustParsePrefix("198.19.0.0/16"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
}

func isAttack(r *raw.Telemetry) bool {
	return r.Kind == record.KindFlow && slices.ContainsFunc(attackRanges, func(p netip.Prefix) bool { return p.Contains(r.Flow.RemoteAddress) })
}

// history is what the records say of one terminal.
type history struct {
	flows                                  []raw.Telemetry // towards far ends of attacks
	lookups, refusals                      []raw.Telemetry
	events                                 map[record.RegistrationEvent][]raw.Telemetry
	sessions, radio, status, toMain, paged []raw.Telemetry
	peis, areas                            map[string]bool
}

// histories returns what happened to each terminal of a truth, while it did.
func histories(t *testing.T, f *Fleet) map[string]*history {
	t.Helper()
	of := map[string]*history{}
	truth := map[string]Truth{}
	byAddress := map[netip.Addr]string{}
	for _, row := range f.Truth() {
		if truth[row.Source].Source != "" {
			t.Errorf("%s is in the truth twice", row.Source)
		}
		truth[row.Source] = row
		of[row.Source] = &history{events: map[record.RegistrationEvent][]raw.Telemetry{}, peis: map[string]bool{}, areas: map[string]bool{}}
		byAddress[addressOf(row.Source)] = row.Source
	}
	each(t, f, func(r *raw.Telemetry) {
		who := r.SUPI
		if who == "" {
			who = byAddress[r.UEAddress]
		}
		row, listed := truth[who]
		if isAttack(r) && (!listed || row.Label != Malicious || r.Flow.StartTime.Value < row.Start || row.End != 0 && r.OccurredAt > row.End) {
			t.Fatalf("attack of %s on %v at %v: truth %+v", who, r.Flow.RemoteAddress, r.OccurredAt, row)
		}
		if listed && r.OccurredAt >= row.Start {
			of[who].take(r, classNamed(row.Class))
		}
	})
	return of
}

func (h *history) take(r *raw.Telemetry, c *class) {
	switch {
	case isAttack(r):
		h.flows = append(h.flows, *r)
	case r.Kind == record.KindFlow && len(r.Flow.Domain) > 60:
		h.lookups = append(h.lookups, *r)
	case r.Kind == record.KindFlow && r.Flow.DLTCPFlags.Value&flagRST != 0:
		h.refusals = append(h.refusals, *r)
	case r.Kind == record.KindFlow && r.Flow.RemotePort == c.main.port:
		h.toMain = append(h.toMain, *r)
	case r.Kind == record.KindSession:
		h.sessions = append(h.sessions, *r)
	case r.Kind == record.KindRadioFailure:
		h.radio = append(h.radio, *r)
	case r.Kind == record.KindDeviceStatus:
		h.status = append(h.status, *r)
	case r.Kind == record.KindRegistration:
		h.events[r.Registration.Event] = append(h.events[r.Registration.Event], *r)
		h.areas[r.TrackingAreaCode] = true
		if r.Registration.NetworkInitiated {
			h.paged = append(h.paged, *r)
		}
	}
	if r.PEI != "" {
		h.peis[r.PEI] = true
	}
}

// perMinute returns how many records there are a minute, from first to last.
func perMinute(all []raw.Telemetry) float64 {
	if len(all) < 2 {
		return 0
	}
	return float64(len(all)-1) * float64(record.Minute) / float64(all[len(all)-1].OccurredAt-all[0].OccurredAt)
}

// uplink returns the bytes that went up.
func uplink(all []raw.Telemetry) (sum int64) {
	for i := range all {
		sum += all[i].Flow.ULVolume
	}
	return sum
}

// answered returns how many flows got an answer.
func answered(all []raw.Telemetry) (n int) {
	for i := range all {
		if all[i].Flow.DLPackets > 0 {
			n++
		}
	}
	return n
}

func ends(all []raw.Telemetry) int {
	seen := map[netip.AddrPort]bool{}
	for i := range all {
		seen[netip.AddrPortFrom(all[i].Flow.RemoteAddress, uint16(all[i].Flow.RemotePort))] = true
	}
	return len(seen)
}

func within(n, from, to float64) bool { return n >= from && n <= to }

// marks are what each kind leaves in the records of a day's part.
var marks = map[string]func(h *history) bool{
	"scan":      func(h *history) bool { return within(perMinute(h.flows), 5000, 7000) && ends(h.flows) > len(h.flows)/2 },
	"scan-slow": func(h *history) bool { return within(perMinute(h.flows)*60, 5, 20) },
	"udp-flood": func(h *history) bool { return ends(h.flows) == 1 && answered(h.flows) == 0 && uplink(h.flows) > 100e6 },
	"syn-flood": func(h *history) bool { return ends(h.flows) == 1 && perMinute(h.flows) > 10_000 },
	"http-flood": func(h *history) bool {
		return ends(h.flows) == 1 && answered(h.flows) == len(h.flows) && within(perMinute(h.flows), 110, 1300)
	},
	"pulse-flood": func(h *history) bool {
		f := h.flows[0]
		return within(perMinute(h.flows), 0.8, 1.2) && f.OccurredAt-f.IntervalStart.Value == 5*record.Second && ends(h.flows) == 1
	},
	"carpet": func(h *history) bool {
		return ends(h.flows) > len(h.flows)*9/10 && within(perMinute(h.flows), 2000, 3000)
	},
	"beacon":          func(h *history) bool { return within(perMinute(h.flows), 0.8, 1.1) && isSteady(h) },
	"beacon-jitter":   func(h *history) bool { return within(perMinute(h.flows)*5, 0.7, 1.3) && isSteady(h) },
	"c2-known-broker": func(h *history) bool { return len(h.flows) == 0 && perMinute(h.toMain) > 0.8 },
	"exfil":           func(h *history) bool { return ends(h.flows) == 1 && uplink(h.flows) > 45e6 },
	"exfil-slow":      func(h *history) bool { return ends(h.flows) == 1 && within(float64(uplink(h.flows)), 4.2e6, 6e6) },
	"dns-tunnel": func(h *history) bool {
		for _, r := range h.lookups {
			if !within(float64(r.Flow.ULVolume), 150, 220) || r.Flow.RemotePort != 53 || r.Flow.DomainSource != record.DomainDNSQName {
				return false
			}
		}
		return within(perMinute(h.lookups), 180, 300)
	},
	"mining": func(h *history) bool {
		starts := map[record.Micros]bool{}
		for _, r := range h.flows {
			starts[r.Flow.StartTime.Value] = true
		}
		for _, r := range h.status {
			if r.DeviceStatus.CPULoad.Value < 95 {
				return false
			}
		}
		return len(starts) <= 2 && within(perMinute(h.flows), 1, 3) && ends(h.flows) == 1 && (len(h.status) == 0 || within(perMinute(h.status)*5, 0.8, 1.2))
	},
	"proxy-abuse": func(h *history) bool {
		inbound := 0
		for _, r := range h.flows {
			if r.Flow.Direction == record.DirectionDownlink {
				inbound++
			}
		}
		return inbound > 500 && ends(h.flows) > 1000 && answered(h.flows) == len(h.flows)
	},
	"evasive-mimic": func(h *history) bool { return ends(h.flows) == 1 && answered(h.flows) == len(h.flows) },
	"theft-location": func(h *history) bool {
		return len(h.areas) == 1 && len(h.peis) <= 1 && len(h.events[record.MobilityRegistration]) == 1
	},
	"sim-moved": func(h *history) bool { return len(h.areas) == 2 && len(h.peis) == 2 },
	"slice-hopping": func(h *history) bool {
		n := 0
		for _, r := range h.sessions {
			if !r.UEAddress.IsValid() {
				n++
			}
		}
		return within(perMinute(h.sessions), 1.5, 6) && n > 100
	},
	"registration-storm": func(h *history) bool {
		all := h.events[record.InitialRegistration]
		return within(perMinute(all), 9, 15) && all[1].Registration.CauseClass == record.CausePermanent && len(h.toMain) == 0
	},
	"paging-drain": func(h *history) bool { return within(perMinute(h.paged), 3, 7) },
	"retry-loop":   func(h *history) bool { return within(perMinute(h.refusals), 20, 40) },
	"reboot-loop": func(h *history) bool {
		first, last := h.status[0].DeviceStatus.RebootCount.Value, h.status[len(h.status)-1].DeviceStatus.RebootCount.Value
		return within(perMinute(h.events[record.InitialRegistration])*3, 0.7, 1.3) && last-first > 50
	},
	"stuck": func(h *history) bool {
		same := 0
		for _, r := range h.toMain {
			if r.Flow.ULVolume == h.toMain[len(h.toMain)/2].Flow.ULVolume {
				same++
			}
		}
		return same > len(h.toMain)*8/10 && perMinute(h.toMain) > 10
	},
	"ping-pong":     func(h *history) bool { return perMinute(h.events[record.Handover])*10 > 60 },
	"radio-failure": func(h *history) bool { return perMinute(h.radio)*60 > 60 },
}

// isSteady reports whether a bot calls one server that answers always or never.
func isSteady(h *history) bool {
	n := answered(h.flows)
	return ends(h.flows) == 1 && (n == 0 || n == len(h.flows))
}

// Every kind is in the truth and leaves its mark in the records.
func TestEveryKindLeavesItsMark(t *testing.T) {
	for _, name := range Kinds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mark := marks[name]
			if mark == nil {
				t.Fatal("no mark is known")
			}
			s := Settings{Terminals: 60, Start: start, Duration: 7 * record.Hour, Seed: 3, Attacks: []Attack{{Kind: name, Count: 4, Offset: 20 * record.Minute}}}
			if name == "scan" {
				s.Duration = 25 * record.Minute
			}
			f := mustNew(t, s)
			truth := f.Truth()
			if len(truth) != 4 {
				t.Fatalf("%d rows of truth, want 4", len(truth))
			}
			of := histories(t, f)
			silent := 0
			for _, row := range truth {
				h := of[row.Source]
				k := kindNamed(name)
				if row.Kind != name || !k.fits(classNamed(row.Class)) || row.ExceptionID != k.exception || row.Label != k.label {
					t.Errorf("truth %+v, want kind %s on a class of its", row, name)
				}
				if !mark(h) {
					t.Errorf("%s of a %s: %d flows of attacks, %.1f a minute, to %d ends, %d answered, %d bytes up; %d sessions, %d status, areas %v, equipment %v: not its mark", row.Source, row.Class,
						len(h.flows), perMinute(h.flows), ends(h.flows), answered(h.flows), uplink(h.flows), len(h.sessions), len(h.status), len(h.areas), len(h.peis))
				}
				if len(h.flows) > 0 && answered(h.flows) == 0 {
					silent++
				}
			}
			if name == "beacon" && silent != 2 {
				t.Errorf("%d of 4 call a host that never answers, want half", silent)
			}
		})
	}
}

// A class that is named is struck, whatever the kind is meant for.
func TestAttackOnNamedClass(t *testing.T) {
	f := mustNew(t, Settings{Terminals: 60, Start: start, Duration: record.Hour, Attacks: []Attack{{Kind: "mining", Class: "gateway", Count: 2}}})
	for _, row := range f.Truth() {
		if row.Class != "gateway" {
			t.Errorf("it happened to a %s, want a gateway", row.Class)
		}
	}
}

// Every group is named, and no kind is in two.
func TestGroups(t *testing.T) {
	seen := map[string]bool{}
	for _, g := range Groups() {
		if g.Name == "" || len(g.Kinds) == 0 {
			t.Errorf("group %+v: want a name and kinds", g)
		}
		for _, k := range g.Kinds {
			if seen[k] {
				t.Errorf("%s is in two groups", k)
			}
			seen[k] = true
		}
	}
}
