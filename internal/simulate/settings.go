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
	// Classes are the kinds of device there are; none: the built-in ones, as
	// BuiltIn gives them.
	Classes []Class
	// Lifelike adds everyday trouble: see the package.
	Lifelike bool
	// ReportInterval lies between two reports of an open flow, 1 s to 10 min; 0: 10 s.
	ReportInterval record.Micros
}

const (
	maxTerminals = 16_000_000
	maxDuration  = 366 * record.Day
	maxReport    = 10 * record.Minute
)

func (s *Settings) validate() error {
	switch {
	case s.Terminals < 1 || s.Terminals > maxTerminals:
		return fmt.Errorf("terminals: have %d, want 1 to %d", s.Terminals, maxTerminals)
	case s.Start < 0:
		return fmt.Errorf("start: have %d µs, want 1970 or later", int64(s.Start))
	case s.Duration <= 0 || s.Duration > maxDuration:
		return fmt.Errorf("duration: have %v, want above 0 and at most %v", s.Duration.Duration(), maxDuration.Duration())
	case s.ReportInterval != 0 && (s.ReportInterval < record.Second || s.ReportInterval > maxReport):
		return fmt.Errorf("report interval: have %v, want 1s to %v", s.ReportInterval.Duration(), maxReport.Duration())
	}
	for _, a := range s.Attacks {
		if err := a.validate(s.Duration); err != nil {
			return err
		}
	}
	return nil
}
