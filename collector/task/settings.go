package task

import (
	"fmt"
	"net/netip"
	"time"

	"cordon/collector/clock"
	"cordon/collector/pseudonym"
	"cordon/collector/resolve"
	"cordon/collector/validate"
	"cordon/internal/record"
)

// Settings are the collector's own keys. What decides about a record is part of
// the configuration digest of its checkpoints.
type Settings struct {
	Keys          KeySettings    `mapstructure:"keys"`
	Lateness      time.Duration  `mapstructure:"lateness" range:"0s..60s" doc:"How long after its end a pane waits for records, as in the scorer. It decides when the counts of a pane are told; the two must be equal."`
	Patience      time.Duration  `mapstructure:"source_patience" range:"1s..60s" doc:"How far a source may fall behind the newest and still be waited for. Longer: one slow probe delays every verdict that much."`
	IdleAfter     time.Duration  `mapstructure:"idle_after" range:"5s..20s" doc:"Silence after which the time of a raw partition goes on with the wall clock. Longer: verdicts wait for quiet partitions; shorter: a probe that pauses sends late records."`
	ClockEvery    time.Duration  `mapstructure:"clock_every" range:"1s..60s" doc:"Time between two statements of a raw partition's time, in event and in wall time. Longer: verdicts come that much later; shorter: more records."`
	ClockSilence  time.Duration  `mapstructure:"clock_silence" range:"30s..1h" doc:"Silence of sources that write Clocks after which the partition is not waited for."`
	StalledAfter  time.Duration  `mapstructure:"stalled_after" range:"10s..1h" doc:"Time without a successful read after which the partition is not waited for."`
	FutureBound   time.Duration  `mapstructure:"future_bound" range:"1s..60s" doc:"How far an event time may run ahead of the time the log took the record. Beyond: dead letter FUTURE_TIME, so that one fast clock cannot make all others late."`
	ResolveWait   time.Duration  `mapstructure:"resolve_wait" range:"0s..60s" doc:"How long a record that names only an address waits for the session event that says whose it is. Beyond: dead letter UNRESOLVED_ADDRESS."`
	KeepReleased  time.Duration  `mapstructure:"keep_released" range:"1m..24h" doc:"How long a released address is remembered for late records of its former holder."`
	HeldBytes     int64          `mapstructure:"held_bytes" range:"65536..4294967296" unit:"bytes" doc:"Room, in each raw partition, for records that wait. When it is full: dead letter HELD_TOO_MANY."`
	Bindings      int64          `mapstructure:"bindings" range:"1..100000000" unit:"addresses" doc:"Addresses remembered in each raw partition, about 250 bytes each, up to 4 kB for one that changes hands all the time. When it is full, records of further addresses stay unresolved."`
	TerminalPools []netip.Prefix `mapstructure:"terminal_pools" unit:"CIDR" doc:"Address ranges of the operator's terminals. A remote address inside them becomes a token. Empty: traffic between terminals shows their addresses."`
}

// KeySettings say where the pseudonym key is.
type KeySettings struct {
	File  string `mapstructure:"file" doc:"File with the pseudonym key, as 'cordonctl keys new' writes it, readable by its owner alone. Without it the collector does not start."`
	Cache int64  `mapstructure:"cache" range:"0..16777216" unit:"stand-ins" doc:"Recent stand-ins remembered in each raw partition, 71 bytes each; two or three per terminal. 0: every one is computed anew, about 0.2 µs each."`
}

// DefaultSettings returns the settings of architecture section 4. There is no
// default for the key file; terminal pools are empty, for only the operator
// knows them.
func DefaultSettings() Settings {
	return Settings{
		Keys:         KeySettings{Cache: 1 << 17},
		Lateness:     20 * time.Second,
		Patience:     20 * time.Second,
		IdleAfter:    15 * time.Second,
		ClockEvery:   5 * time.Second,
		ClockSilence: 5 * time.Minute,
		StalledAfter: 2 * time.Minute,
		FutureBound:  10 * time.Second,
		ResolveWait:  10 * time.Second,
		KeepReleased: 10 * time.Minute,
		HeldBytes:    64 << 20,
		Bindings:     1_000_000,
	}
}

// Validate reports what is wrong with the settings beyond the range of a single
// key, in the words of the keys. The ranges stand in the tags, and whoever reads
// a configuration (internal/config) holds it against them.
func (s Settings) Validate() error {
	for _, pool := range s.TerminalPools {
		if !pool.IsValid() {
			return fmt.Errorf("terminal_pools: an entry is not an address range such as 10.45.0.0/16")
		}
	}
	return nil
}

// digest names what decides about records: the settings, but for where the key
// file lies and how many stand-ins are remembered, and the key itself. It is
// derived from the key, so that it tells nothing about it.
func (s Settings) digest(key pseudonym.Key) (record.Digest, error) {
	s.Keys = KeySettings{}
	derived, err := key.Derive(fmt.Sprintf("collector state %d, %+v", StateVersion, s), 0)
	if err != nil {
		return record.Digest{}, err
	}
	return record.Digest(derived[:len(record.Digest{})]), nil
}

func (s Settings) clock() clock.Settings {
	return clock.Settings{
		Lateness: record.MicrosIn(s.Lateness), Patience: record.MicrosIn(s.Patience), IdleAfter: record.MicrosIn(s.IdleAfter),
		Every: record.MicrosIn(s.ClockEvery), ClockPause: record.MicrosIn(s.ClockSilence), StalledAfter: record.MicrosIn(s.StalledAfter),
	}
}

func (s Settings) resolve() resolve.Settings {
	return resolve.Settings{
		Wait: record.MicrosIn(s.ResolveWait), Keep: record.MicrosIn(s.KeepReleased), HeldBytes: int(s.HeldBytes), Bindings: int(s.Bindings),
	}
}

func (s Settings) validate() validate.Bounds {
	return validate.Bounds{Future: record.MicrosIn(s.FutureBound)}
}
