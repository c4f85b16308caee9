package task

import (
	"time"

	"cordon/internal/record"
	"cordon/scorer/detect"
	"cordon/scorer/pane"
)

// Settings of the detectors that have no other key.
type (
	// BeaconSettings belong to D5 and D7: contacts that keep time, and flows that last.
	BeaconSettings struct {
		Enabled bool  `mapstructure:"enabled" doc:"false switches D5 and D7 off: command and control that answers is no longer WATCH, one that never answers no longer MALICIOUS."`
		Weight  int64 `mapstructure:"weight" range:"1..200" unit:"percent" doc:"Of its evidence. Lower: it takes more of the same to reach a class."`
	}
	// ExfiltrationSettings belong to D6: what a new destination gets.
	ExfiltrationSettings struct {
		Enabled bool  `mapstructure:"enabled" doc:"false switches D6 off: uploads to a new destination count as volume only."`
		Weight  int64 `mapstructure:"weight" range:"1..200" unit:"percent" doc:"Of its evidence. Lower: it takes more of the same to reach a class."`
	}
	// RadioSettings belong to D11: failures of the radio link.
	RadioSettings struct {
		Enabled bool  `mapstructure:"enabled" doc:"false switches D11 off: a terminal that loses its radio link again and again is no longer MALFUNCTIONING."`
		Weight  int64 `mapstructure:"weight" range:"1..200" unit:"percent" doc:"Of its evidence. Lower: it takes more of the same to reach a class."`
	}
	// PingPongSettings belong to D12: returns to the cell before.
	PingPongSettings struct {
		Enabled bool  `mapstructure:"enabled" doc:"false switches D12 off: a terminal that goes back and forth between cells is no longer MALFUNCTIONING."`
		Weight  int64 `mapstructure:"weight" range:"1..200" unit:"percent" doc:"Of its evidence. Lower: it takes more of the same to reach a class."`
	}
	// LocationSettings belong to D10 and D14: another place, another device.
	LocationSettings struct {
		Enabled bool  `mapstructure:"enabled" doc:"false switches D10 and D14 off: a device that was moved and a SIM in another one are no longer WATCH; places of a profile are D8."`
		Weight  int64 `mapstructure:"weight" range:"1..200" unit:"percent" doc:"Of its evidence. Lower: it takes more of the same to reach a class."`
	}
	// ExternalSettings belong to what firewalls and destination lists say.
	ExternalSettings struct {
		Enabled bool  `mapstructure:"enabled" doc:"false ignores them: what firewalls report, and contacts to what is on a destination list, no longer add evidence."`
		Weight  int64 `mapstructure:"weight" range:"1..200" unit:"percent" doc:"Of its evidence. Lower: it takes more of the same to reach a class."`
	}
	// ProfileSettings belong to D8: what was provisioned.
	ProfileSettings struct {
		Enabled bool  `mapstructure:"enabled" doc:"false switches D8 off: destinations, schedules, durations and places of a profile are no longer held against anybody; its uplink limit still is."`
		Weight  int64 `mapstructure:"weight" range:"1..200" unit:"percent" doc:"Of its evidence. Lower: it takes more of the same to reach a class."`
	}
)

// EnvelopeSettings switch what a terminal is compared with of its own past.
type EnvelopeSettings struct {
	Enabled bool `mapstructure:"enabled" doc:"false compares volumes with peers and shipped priors only: what modest terminals send too much of is found later or not at all, and rich ones keep volume evidence."`
}

// GateSettings switch the gate for what befalls many at once.
type GateSettings struct {
	Enabled bool `mapstructure:"enabled" doc:"false holds nothing back: where a service, a cell or a new server concerns many, each terminal is judged as if it were the only one."`
}

// NoveltySettings belong to D4: destinations that a terminal was not seen to use.
type NoveltySettings struct {
	Enabled        bool          `mapstructure:"enabled" doc:"false switches D4 off: a new destination weighs nothing by itself."`
	Weight         int64         `mapstructure:"weight" range:"1..200" unit:"percent" doc:"Of its evidence."`
	Commissioning  time.Duration `mapstructure:"commissioning" range:"0s..168h" doc:"How long after a terminal was first seen its answered destinations are expected to be new. Shorter than an hour gave false WATCH."`
	Failing        int64         `mapstructure:"failing" range:"0..9000" unit:"milli-nats" doc:"What a new TCP service weighs that does not answer, or a stranger that was let in and sent much."`
	FailingExcused int64         `mapstructure:"failing_excused" range:"0..9000" unit:"milli-nats" doc:"The same over UDP, or on a port that the terminal uses with success."`
	Answered       int64         `mapstructure:"answered" range:"0..9000" unit:"milli-nats" doc:"What a new destination weighs that answers, without peers to compare with."`
	Rotation       int64         `mapstructure:"rotation" range:"0..9000" unit:"milli-nats" doc:"The same on a port that the terminal uses with success: most likely its service at another address."`
}

// RetrySettings belong to D15: calls of a known service that fails.
type RetrySettings struct {
	Enabled bool  `mapstructure:"enabled" doc:"false switches D15 off: retry loops are no longer seen."`
	Weight  int64 `mapstructure:"weight" range:"1..200" unit:"percent" doc:"Of its evidence."`
	Known   int64 `mapstructure:"known" range:"1..1000" unit:"attempts per 10 s" doc:"Failed attempts at a known destination that are still patience."`
	Service int64 `mapstructure:"service" range:"1..1000" unit:"attempts per 10 s" doc:"The same at name, time and address services."`
}

// StuckSettings belong to D16: a known destination that gets the same again and again.
type StuckSettings struct {
	Enabled bool  `mapstructure:"enabled" doc:"false switches this part of D16 off: terminals that repeat themselves are no longer seen."`
	Weight  int64 `mapstructure:"weight" range:"1..200" unit:"percent" doc:"Of its evidence."`
	Ratio   int64 `mapstructure:"ratio" range:"2..100" doc:"Times the exchanges of the terminal's busiest hour up to which it may repeat itself. Lower: also devices that change their pace are called broken."`
	Repeats int64 `mapstructure:"repeats" range:"60..100000" unit:"exchanges" doc:"Repetitions beyond that which make a case."`
}

// SilenceSettings belong to D16: a terminal that falls silent.
type SilenceSettings struct {
	Enabled bool          `mapstructure:"enabled" doc:"false switches this part of D16 off: nobody is missed."`
	Weight  int64         `mapstructure:"weight" range:"1..200" unit:"percent" doc:"Of its evidence. Below 100 it takes another fault beside the silence."`
	Ratio   int64         `mapstructure:"ratio" range:"2..100" doc:"Times its longest pause of the last two weeks after which a terminal is missed."`
	Least   time.Duration `mapstructure:"least" range:"1h..168h" doc:"Shortest silence that is one. Shorter: works on a site make cases."`
}

// ChurnSettings belong to D17: sessions that are opened and dropped at once.
type ChurnSettings struct {
	Enabled  bool  `mapstructure:"enabled" doc:"false switches D17 off: slice hopping is no longer seen."`
	Weight   int64 `mapstructure:"weight" range:"1..200" unit:"percent" doc:"Of its evidence."`
	Attacker int64 `mapstructure:"attacker" range:"100..990" unit:"permille" doc:"Share of an attacker's sessions that are shorter than those of its peers."`
	Benign   int64 `mapstructure:"benign" range:"1..90" unit:"permille" doc:"The same of a benign terminal. Higher: it takes more sessions."`
}

// AccessSettings belong to D9: requests in an hour that a modem may send (GSMA
// TS.34).
type AccessSettings struct {
	Enabled     bool  `mapstructure:"enabled" doc:"false switches D9 off: registration storms and paging floods are no longer seen."`
	Weight      int64 `mapstructure:"weight" range:"1..200" unit:"percent" doc:"Of its evidence."`
	Established int64 `mapstructure:"established" range:"1..10000" unit:"per hour and slice" doc:"PDU sessions that are established."`
	Permanent   int64 `mapstructure:"permanent" range:"1..10000" unit:"per hour" doc:"Attempts that are rejected for good."`
	Temporary   int64 `mapstructure:"temporary" range:"1..10000" unit:"per hour" doc:"Attempts that are rejected for now, or ignored."`
	Unanswered  int64 `mapstructure:"unanswered" range:"1..10000" unit:"per hour" doc:"Attempts that nobody answers."`
	Registered  int64 `mapstructure:"registered" range:"1..10000" unit:"per hour" doc:"Registrations that succeed."`
	Paged       int64 `mapstructure:"paged" range:"1..10000" unit:"per hour" doc:"Wake-ups by the network."`
	Initial     int64 `mapstructure:"initial" range:"1..10000" unit:"per hour" doc:"Initial registrations."`
}

// HostSettings belong to D13: what the device says of itself.
type HostSettings struct {
	Enabled     bool  `mapstructure:"enabled" doc:"false switches D13 off: a busy processor no longer counts beside a new destination, and reboot loops and drained batteries are no longer MALFUNCTIONING."`
	Weight      int64 `mapstructure:"weight" range:"1..200" unit:"percent" doc:"Of its evidence."`
	Load        int32 `mapstructure:"load" range:"1..100" unit:"percent" doc:"Processor load that counts as busy, beside 40 points above the device's own usual one."`
	Temperature int32 `mapstructure:"temperature" range:"30..150" unit:"degrees Celsius" doc:"Temperature that counts as busy."`
	Restarts    int32 `mapstructure:"restarts" range:"2..1000" unit:"per two days" doc:"Restarts that are no accident."`
	Drain       int32 `mapstructure:"drain" range:"1..100" unit:"percent per hour" doc:"What a battery may lose."`
}

// rules returns the rules of the detectors in pools.
func (s Settings) rules() detectorRules {
	return detectorRules{destinations: s.destinations(), control: s.control(), device: s.device()}
}

func (s Settings) destinations() detect.DestinationsRules {
	n := s.Novelty
	return detect.DestinationsRules{
		Novelty: detect.NoveltyRules{
			Enabled: n.Enabled, Weight: n.Weight, Commissioning: pane.Panes(record.MicrosIn(n.Commissioning)),
			Failing: detect.Nats(n.Failing), FailingExcused: detect.Nats(n.FailingExcused),
			Answered: detect.Nats(n.Answered), Rotation: detect.Nats(n.Rotation),
		},
		Beacon:       detect.BeaconRules(s.Beacon),
		Exfiltration: detect.ExfiltrationRules(s.Exfiltration),
		Retry:        detect.RetryRules{Enabled: s.Retry.Enabled, Weight: s.Retry.Weight, Known: uint32(s.Retry.Known), Service: uint32(s.Retry.Service)},
		Stuck:        detect.StuckRules{Enabled: s.Stuck.Enabled, Weight: s.Stuck.Weight, Ratio: uint32(s.Stuck.Ratio), Repeats: uint32(s.Stuck.Repeats)},
	}
}

func (s Settings) control() detect.ControlRules {
	return detect.ControlRules{
		Churn: detect.ChurnRules(s.Churn), Access: detect.AccessRules(s.Access),
		Radio: detect.RadioRules(s.Radio), PingPong: detect.PingPongRules(s.PingPong),
	}
}

func (s Settings) device() detect.DeviceRules {
	location := detect.DefaultDeviceRules().Location
	location.Enabled, location.Weight = s.Location.Enabled, s.Location.Weight
	return detect.DeviceRules{
		Location: location, Host: detect.HostRules(s.Host), External: detect.ExternalRules(s.External), Profile: detect.ProfileRules(s.Profile),
		Silence: detect.SilenceRules{Enabled: s.Silence.Enabled, Weight: s.Silence.Weight, Ratio: pane.Number(s.Silence.Ratio), Least: pane.Panes(record.MicrosIn(s.Silence.Least))},
	}
}
