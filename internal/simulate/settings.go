package simulate

import (
	"fmt"

	"cordon/internal/record"
)

// Settings describe a fleet.
type Settings struct {
	// Terminals is how many there are, 1..16,000,000: their addresses fill
	// 10.0.0.0/8.
	Terminals int
	// Start is when the first terminal attaches, 0 or later. All have a session
	// half a minute after it, as when probes report what they find at start.
	Start record.Micros
	// Duration is the length of time that is simulated, above 0.
	Duration record.Micros
	// Seed chooses one of the possible fleets.
	Seed uint64
	// Attacks are what happens to whom, and when.
	Attacks []Attack
	// Lifelike adds everyday trouble: late records, a time server that never
	// answers, an outage of a server its terminals retry, a firmware download.
	Lifelike bool
}

const (
	maxTerminals = 16_000_000
	maxDuration  = 366 * record.Day
)

func (s *Settings) validate() error {
	switch {
	case s.Terminals < 1 || s.Terminals > maxTerminals:
		return fmt.Errorf("terminals: have %d, want 1 to %d", s.Terminals, maxTerminals)
	case s.Start < 0:
		return fmt.Errorf("start: have %d µs, want 1970 or later", int64(s.Start))
	case s.Duration <= 0 || s.Duration > maxDuration:
		return fmt.Errorf("duration: have %v, want above 0 and at most %v", s.Duration.Duration(), maxDuration.Duration())
	}
	for _, a := range s.Attacks {
		if err := a.validate(s.Duration); err != nil {
			return err
		}
	}
	return nil
}
