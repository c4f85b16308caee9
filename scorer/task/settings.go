package task

import (
	"crypto/sha256"
	"fmt"
	"time"

	"cordon/internal/record"
	"cordon/scorer/detect"
	"cordon/scorer/feature"
	"cordon/scorer/judge"
	"cordon/scorer/pane"
)

// DetectionVersion rises with every change of the code that can change a
// verdict; it is part of the configuration digest.
const DetectionVersion = 3

// Settings are the scorer's own keys. All of them are part of the configuration
// digest that every verdict carries.
type Settings struct {
	Lateness       time.Duration        `mapstructure:"lateness" range:"0s..60s" doc:"How long after its end a pane waits for records. Longer: fewer records come late, and every verdict comes that much later."`
	HeldBytes      int64                `mapstructure:"held_bytes" range:"65536..1073741824" unit:"bytes" doc:"Room, in each partition, for records more than a minute ahead of the watermark. When it is full the slowest raw partition is no longer waited for."`
	Infrastructure []string             `mapstructure:"infrastructure" unit:"CIDR, CIDR:port or CIDR:port/tcp|udp" doc:"Services of the operator whose failure says nothing about a terminal, beside the built-in ports of DNS, NTP, DHCP, mDNS, SSDP and LLMNR. A scan of what is listed here is not seen."`
	Scan           ScanSettings         `mapstructure:"scan"`
	Flood          FloodSettings        `mapstructure:"flood"`
	Volume         VolumeSettings       `mapstructure:"volume"`
	Novelty        NoveltySettings      `mapstructure:"novelty"`
	Beacon         BeaconSettings       `mapstructure:"beacon"`
	Exfiltration   ExfiltrationSettings `mapstructure:"exfiltration"`
	Retry          RetrySettings        `mapstructure:"retry"`
	Stuck          StuckSettings        `mapstructure:"stuck"`
	Silence        SilenceSettings      `mapstructure:"silence"`
	Churn          ChurnSettings        `mapstructure:"churn"`
	Access         AccessSettings       `mapstructure:"access"`
	Radio          RadioSettings        `mapstructure:"radio"`
	PingPong       PingPongSettings     `mapstructure:"ping_pong"`
	Location       LocationSettings     `mapstructure:"location"`
	Host           HostSettings         `mapstructure:"host"`
	External       ExternalSettings     `mapstructure:"external"`
	Profile        ProfileSettings      `mapstructure:"profile"`
	Envelope       EnvelopeSettings     `mapstructure:"envelope"`
	Peers          PeerSettings         `mapstructure:"peers"`
	Gate           GateSettings         `mapstructure:"gate"`
	Decision       DecisionSettings     `mapstructure:"decision"`
}

// ScanSettings belong to D1: contacts to many new destinations that fail.
type ScanSettings struct {
	Enabled         bool  `mapstructure:"enabled" doc:"false switches D1 off: scans are no longer seen."`
	Weight          int64 `mapstructure:"weight" range:"1..200" unit:"percent" doc:"Of the evidence of every first contact."`
	FailureTCP      int64 `mapstructure:"failure_tcp" range:"1..899" unit:"permille" doc:"Share of a benign terminal's first contacts over TCP that fail. Higher: scans are found later, failing servers excused more."`
	FailureOther    int64 `mapstructure:"failure_other" range:"1..899" unit:"permille" doc:"The same over UDP and other protocols."`
	FailurePeering  int64 `mapstructure:"failure_peering" range:"1..899" unit:"permille" doc:"The same for a terminal that two strangers answered over UDP: peer-to-peer software, most of whose peers are silent. Lower: such cameras look like scanners."`
	FailureScanning int64 `mapstructure:"failure_scanning" range:"900..999" unit:"permille" doc:"Share of a scanner's first contacts that fail. Higher: an answered contact weighs more in favour of the terminal."`
}

// FloodSettings belong to D2: uplink that nobody answers.
type FloodSettings struct {
	Enabled bool  `mapstructure:"enabled" doc:"false switches D2 off: floods count as volume only."`
	Weight  int64 `mapstructure:"weight" range:"1..200" unit:"percent" doc:"Of the evidence of every pane."`
	Bytes   int64 `mapstructure:"bytes" range:"1000..1000000000" unit:"bytes per 10 s" doc:"Unanswered uplink that is still normal. Higher: weaker floods are missed."`
	Packets int64 `mapstructure:"packets" range:"10..10000000" unit:"packets per 10 s" doc:"The same in packets."`
}

// VolumeSettings belong to D3: more traffic than a terminal should send. It
// corroborates and never decides.
type VolumeSettings struct {
	Enabled       bool  `mapstructure:"enabled" doc:"false switches D3 off: floods need a scan beside them."`
	Weight        int64 `mapstructure:"weight" range:"1..200" unit:"percent" doc:"Of the evidence of every pane."`
	Uplink        int64 `mapstructure:"uplink" range:"1000..100000000000" unit:"bytes per 10 s" doc:"Highest normal uplink of a terminal. 200,000 and less gave false WATCH on a camera."`
	UplinkUnknown int64 `mapstructure:"uplink_unknown" range:"1000..100000000000" unit:"bytes per 10 s" doc:"The same while a fleet is too new to tell what is normal for its kinds of terminals: a video stream of 4 Mbit/s. Lower: new cameras are watched."`
	FlowStarts    int64 `mapstructure:"flow_starts" range:"1..10000000" unit:"flows per 10 s" doc:"Highest normal number of new flows."`
	AckPermille   int64 `mapstructure:"ack_permille" range:"0..1000" unit:"permille" doc:"Share of the downlink taken off the uplink as its acknowledgements. 0: downloads count as uplink."`
}

// DecisionSettings are the thresholds of the decision rule.
type DecisionSettings struct {
	Malicious    int64         `mapstructure:"malicious" range:"12000..60000" unit:"milli-nats" doc:"Evidence of all families that makes a case MALICIOUS. 20000 stands for one wrong case in a million terminal-days."`
	Family       int64         `mapstructure:"family" range:"1000..12000" unit:"milli-nats" doc:"Evidence that makes a family count as a second one. Lower: one strong family and noise are enough."`
	Families     int           `mapstructure:"families" range:"1..3" doc:"Families of weight that MALICIOUS needs unless a scan or session churn decides by itself. 1: any strong family is enough, and busy terminals are called malicious."`
	Malfunction  int64         `mapstructure:"malfunction" range:"6000..30000" unit:"milli-nats" doc:"Evidence of faults that makes a case MALFUNCTIONING. Faults never count as malice."`
	Watch        int64         `mapstructure:"watch" range:"6000..60000" unit:"milli-nats" doc:"Evidence that makes a case WATCH."`
	WatchOutside int64         `mapstructure:"watch_outside" range:"0..60000" unit:"milli-nats" doc:"Part of it that must come from outside the volume family. Lower: busy terminals are watched."`
	Clear        int64         `mapstructure:"clear" range:"0..12000" unit:"milli-nats" doc:"Evidence at which a case calms down."`
	ClearScan    time.Duration `mapstructure:"clear_scan" range:"1m..168h" doc:"How long after its last scan evidence a case is cleared. Shorter: a scanner that pauses becomes a new case."`
	ClearFlood   time.Duration `mapstructure:"clear_flood" range:"1m..168h" doc:"How long after its last flood evidence a case is cleared."`
	ClearOther   time.Duration `mapstructure:"clear_other" range:"1m..168h" doc:"How long after the last evidence of any other family: new destinations, beacons, exfiltration, another place or device."`
	ClearFault   time.Duration `mapstructure:"clear_fault" range:"1m..168h" doc:"How long after the last sign of a fault a case is cleared."`
}

// DefaultSettings returns the settings every published figure was measured
// with. The sources of the numbers stand in docs/detection.md.
func DefaultSettings() Settings {
	return Settings{
		Lateness:  20 * time.Second,
		HeldBytes: 16 << 20,
		Scan:      ScanSettings{Enabled: true, Weight: 100, FailureTCP: 50, FailureOther: 200, FailurePeering: 600, FailureScanning: 950},
		Flood:     FloodSettings{Enabled: true, Weight: 100, Bytes: 20_000, Packets: 200},
		Volume:    VolumeSettings{Enabled: true, Weight: 100, Uplink: 300_000, UplinkUnknown: 5_000_000, FlowStarts: 40, AckPermille: 40},
		Novelty: NoveltySettings{
			Enabled: true, Weight: 100, Commissioning: time.Hour, Failing: 9_000, FailingExcused: 4_000, Answered: 5_000, Rotation: 2_000,
		},
		Beacon: BeaconSettings{true, 100}, Exfiltration: ExfiltrationSettings{true, 100},
		Radio: RadioSettings{true, 100}, PingPong: PingPongSettings{true, 100}, Location: LocationSettings{true, 100},
		External: ExternalSettings{true, 100}, Profile: ProfileSettings{true, 100},
		Retry:   RetrySettings{Enabled: true, Weight: 100, Known: 3, Service: 8},
		Stuck:   StuckSettings{Enabled: true, Weight: 100, Ratio: 3, Repeats: 360},
		Silence: SilenceSettings{Enabled: true, Weight: 100, Ratio: 5, Least: 6 * time.Hour},
		Churn:   ChurnSettings{Enabled: true, Weight: 100, Attacker: 800, Benign: 20},
		Access: AccessSettings{
			Enabled: true, Weight: 100, Established: 30, Permanent: 30, Temporary: 60, Unanswered: 60, Registered: 60, Paged: 120, Initial: 20,
		},
		Host:     HostSettings{Enabled: true, Weight: 100, Load: 90, Temperature: 80, Restarts: 6, Drain: 25},
		Envelope: EnvelopeSettings{Enabled: true}, Peers: defaultPeers, Gate: GateSettings{Enabled: true},
		Decision: DecisionSettings{
			Malicious: 20_000, Family: 3_000, Families: 2, Malfunction: 12_000, Watch: 12_000, WatchOutside: 6_000, Clear: 6_000,
			ClearScan: time.Hour, ClearFlood: 10 * time.Minute, ClearOther: 24 * time.Hour, ClearFault: 30 * time.Minute,
		},
	}
}

// Validate reports what is wrong with the settings beyond the range of a single
// key, in the words of the keys. The ranges stand in the tags, and whoever reads
// a configuration (internal/config) holds it against them.
func (s Settings) Validate() error {
	if s.Decision.Watch > s.Decision.Malicious {
		return fmt.Errorf("decision.watch: %d is above decision.malicious, %d", s.Decision.Watch, s.Decision.Malicious)
	}
	if s.Decision.Clear >= s.Decision.Watch {
		return fmt.Errorf("decision.clear: %d is not below decision.watch, %d", s.Decision.Clear, s.Decision.Watch)
	}
	if _, err := pane.NewInfrastructure(s.Infrastructure); err != nil {
		return fmt.Errorf("infrastructure: %w", err)
	}
	return nil
}

// Digest names the settings together with the build's detection version and
// the number of telemetry partitions (what peers there are depends on it).
func (s Settings) Digest(partitions int32) record.Digest {
	sum := sha256.Sum256(fmt.Appendf(nil, "scorer %d, %d partitions, %+v", DetectionVersion, partitions, s))
	return record.Digest(sum[:len(record.Digest{})])
}

// Rule returns the decision rule of the settings, for those who compute a
// verdict again as well.
func (s Settings) Rule() judge.Rule {
	return judge.Rule{
		Malicious: detect.Nats(s.Decision.Malicious), Family: detect.Nats(s.Decision.Family),
		Watch: detect.Nats(s.Decision.Watch), WatchOutside: detect.Nats(s.Decision.WatchOutside),
		Clear:      detect.Nats(s.Decision.Clear),
		ClearScan:  pane.Panes(record.MicrosIn(s.Decision.ClearScan)),
		ClearFlood: pane.Panes(record.MicrosIn(s.Decision.ClearFlood)),
		ClearOther: pane.Panes(record.MicrosIn(s.Decision.ClearOther)),
		ClearFault: pane.Panes(record.MicrosIn(s.Decision.ClearFault)),
		Families:   s.Decision.Families, Broken: detect.Nats(s.Decision.Malfunction),
		Scan: detect.NewScan(detect.FailureRates{
			TCP: s.Scan.FailureTCP, Other: s.Scan.FailureOther, Strangers: s.Scan.FailurePeering, Scanner: s.Scan.FailureScanning, Weight: s.Scan.Weight,
		}),
		Flood:  detect.Flood{Bytes: uint64(s.Flood.Bytes), Packets: uint64(s.Flood.Packets), Weight: s.Flood.Weight},
		Uplink: detect.Envelope{Normal: uint64(s.Volume.Uplink), Weight: s.Volume.Weight},
		Starts: detect.Envelope{Normal: uint64(s.Volume.FlowStarts) * 1000, Weight: s.Volume.Weight},
	}
}

// detectors returns those detectors of the rule that are switched on.
func (s Settings) detectors(r *judge.Rule) detect.Detectors {
	var d detect.Detectors
	if s.Scan.Enabled {
		d.Scan = &r.Scan
	}
	if s.Flood.Enabled {
		d.Flood = &r.Flood
	}
	if s.Volume.Enabled {
		d.Uplink, d.Starts = &r.Uplink, &r.Starts
	}
	return d
}

// limits returns what features depend on.
func (s Settings) limits() feature.Limits {
	return feature.Limits{AckPermille: uint64(s.Volume.AckPermille)}
}
