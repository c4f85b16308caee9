package task

import (
	"crypto/sha256"
	"fmt"
	"time"

	"cordon/enforcer/guard"
	"cordon/enforcer/ladder"
	"cordon/internal/record"
)

// Settings are the enforcer's own keys.
type Settings struct {
	Mode                string          `mapstructure:"mode" oneof:"DRY_RUN ENFORCE" doc:"DRY_RUN writes rehearsals to isolation.rehearsal, which no policy system reads; ENFORCE writes orders to isolation.commands. A change undoes, under the old mode, what is in force and starts over under the new one."`
	IsolationsPerMinute int64           `mapstructure:"isolations_per_minute" range:"1..6000" unit:"terminals" doc:"Most terminals newly isolated in any minute of event time; others wait. Higher: a wrong verdict about a whole fleet does more harm before somebody looks."`
	SharePermille       int64           `mapstructure:"isolated_share_permille" range:"1..1000" unit:"permille" doc:"Most terminals isolated at once, of 1,000 seen in 24 h, rounded up; others wait. Higher: a wrong verdict about a whole fleet takes more of it out of service."`
	Durations           []time.Duration `mapstructure:"durations" doc:"How long a measure lasts, by how often the terminal had one within memory; the last holds for all further ones. Whole seconds, none shorter than the one before. Longer: a wrong measure that nobody releases does harm for longer."`
	Probation           time.Duration   `mapstructure:"probation" range:"0s..24h" doc:"How long after its case was cleared a terminal stays isolated. Shorter: a device that pauses its attack is let go and isolated again."`
	Memory              time.Duration   `mapstructure:"memory" range:"1h..365d" doc:"How long after its last event a terminal is remembered as an offender. Longer: more state, and longer measures for rare offenders."`
	RateLimitUplink     int64           `mapstructure:"rate_limit_uplink" range:"1000..1000000000" unit:"bit/s" doc:"What a terminal under RATE_LIMIT may still send. Higher: a scan goes on faster."`
	RateLimitDownlink   int64           `mapstructure:"rate_limit_downlink" range:"1000..1000000000" unit:"bit/s" doc:"What a terminal under RATE_LIMIT may still receive. Lower: its owner cannot send it an update."`
}

// DefaultSettings returns the shipped settings: rehearse only, 100 terminals a
// minute, 1 % of those seen, 10 min, 1 h, 24 h, 7 d (TR 33.861 solution 6 gives
// a measure 60 min at most before it is looked at again; the first is shorter).
//
// 8 kbit/s uplink are 25 SYN of 40 bytes a second, a tenth of what Mirai's
// scanner sends, and still 3.6 MB an hour for a device that only looks bad.
// 64 kbit/s downlink let a firmware image of 1 MB through in some 2 min.
func DefaultSettings() Settings {
	return Settings{
		Mode:                record.ModeDryRun.String(),
		IsolationsPerMinute: 100,
		SharePermille:       10,
		Durations:           []time.Duration{10 * time.Minute, time.Hour, 24 * time.Hour, 7 * 24 * time.Hour},
		Probation:           5 * time.Minute,
		Memory:              30 * 24 * time.Hour,
		RateLimitUplink:     8_000,
		RateLimitDownlink:   64_000,
	}
}

// Validate reports what is wrong with the settings beyond the range of a single
// key, in the words of the keys. The ranges stand in the tags, and whoever reads
// a configuration (internal/config) holds it against them.
func (s Settings) Validate() error {
	if s.mode() == record.ModeUnknown {
		return fmt.Errorf("mode: %q is neither DRY_RUN nor ENFORCE", s.Mode)
	}
	if n := len(s.Durations); n < 1 || n > 16 {
		return fmt.Errorf("durations: want 1 to 16 of them, have %d", n)
	}
	before := time.Second
	for i, d := range s.Durations {
		if d < before || d%time.Second != 0 || d > 30*24*time.Hour {
			return fmt.Errorf("durations: number %d is %v: want whole seconds, no less than the one before, at most 30 d", i+1, d)
		}
		before = d
	}
	return nil
}

func (s Settings) mode() record.Mode {
	for _, m := range []record.Mode{record.ModeDryRun, record.ModeEnforce} {
		if m.String() == s.Mode {
			return m
		}
	}
	return record.ModeUnknown
}

func (s Settings) rules() ladder.Rules {
	r := ladder.Rules{
		Policy: ladder.Policy{Rows: ladder.DefaultRows(), RateLimit: ladder.RateLimit{
			UplinkBitsPerSecond: s.RateLimitUplink, DownlinkBitsPerSecond: s.RateLimitDownlink,
		}},
		Mode:      s.mode(),
		Probation: record.MicrosIn(s.Probation),
		Memory:    record.MicrosIn(s.Memory),
	}
	for _, d := range s.Durations {
		r.Durations = append(r.Durations, record.MicrosIn(d))
	}
	return r
}

func (s Settings) limits() guard.Limits {
	return guard.Limits{PerMinute: s.IsolationsPerMinute, SharePermille: s.SharePermille}
}

// digest names the settings in checkpoints. The number rises when the same
// settings come to mean something else.
func (s Settings) digest() record.Digest {
	sum := sha256.Sum256(fmt.Appendf(nil, "enforcer 1 %+v", s))
	return record.Digest(sum[:len(record.Digest{})])
}
