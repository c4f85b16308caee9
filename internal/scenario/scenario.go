package scenario

import (
	"net/netip"
	"time"

	"cordon/internal/raw"
	"cordon/internal/record"
)

// Midnight is 00:00:00 of a scenario: a Monday.
var Midnight = record.MicrosOf(time.Date(2026, time.May, 4, 0, 0, 0, 0, time.UTC))

// defaultPartitions of a scenario: few enough to read, more than one so that
// terminals lie apart.
const defaultPartitions = 4

// Scenario is a parsed file.
type Scenario struct {
	Name string

	partitions int32
	fixed      bool // it means something with these partitions only
	settings   []setting
	terminals  []*terminal
	byName     map[string]*terminal
	sources    []*source
	steps      []step
	expects    []expectation
	until      record.Micros // watched second by second until then; 0: the clock jumps past every timer
}

// setting overrides one key of a program's configuration.
type setting struct {
	line         int
	program, key string
	value        string
}

// terminal is a device with everything a probe may know of it.
type terminal struct {
	name    string
	number  int // in order of their lines, from 1
	supi    string
	gpsi    string
	pei     string
	cell    string
	address netip.Addr // valid: its traffic names the address only
	dnn     string
	snssai  string
	group   string
	area    string
	source  *source
	later   []version // what it became, in order of time
}

// version is what is known of a terminal from a time on.
type version struct {
	from record.Micros
	is   *terminal
}

// as returns what is known of the terminal at a time.
func (t *terminal) as(at record.Micros) *terminal {
	is := t
	for _, v := range t.later {
		if v.from <= at {
			is = v.is
		}
	}
	return is
}

// source is a probe.
type source struct {
	name        string
	skew        record.Micros // its clock is ahead by this
	delay       record.Micros // what it writes arrives later by this
	clocksOff   bool          // it writes no Clocks
	silentFrom  record.Micros // what it should have written from then on is lost; 0: nothing
	silentUntil record.Micros
}

// silent reports whether the source writes nothing at a time.
func (s *source) silent(at record.Micros) bool {
	return s.silentFrom != 0 && at >= s.silentFrom && (s.silentUntil == 0 || at < s.silentUntil)
}

// step is one "at" line.
type step struct {
	line    int
	text    string
	at      record.Micros
	who     []*terminal // empty: an act that is not a terminal's
	traffic traffic     // what the terminals do
	act     act         // or what is done to the pipeline
	via     *source
	late    record.Micros // arrives later by this
	isLate  bool
	copies  int // how often each record arrives; 0: lost on the way
}

// actKind says what is done to the pipeline.
type actKind uint8

const (
	noAct     actKind = iota
	restart           // a stage is killed and started again
	decide            // an operator decides
	answer            // a policy system acknowledges the newest command
	garbage           // somebody writes bytes into telemetry.raw
	stop              // the collector of a raw partition dies, and nobody takes over
	begin             // it is started again
	erase             // what lies in a raw partition is deleted
	fail              // reads of a raw partition fail
	heal              // they succeed again
	provision         // somebody writes profiles or a setting into profiles.raw
)

// act is something that is done to the pipeline.
type act struct {
	kind     actKind
	stage    int // index into the stages
	decision record.OperatorDecision
	profiles []profile // of terminals or a group
	setting  raw.Setting
	terminal *terminal // it is about, or whose raw partition; nil: none
	state    record.AckState
	bytes    []byte
}

// stageNames in flow order.
var stageNames = []string{"collector", "scorer", "enforcer"}

func (s *Scenario) terminal(name string) *terminal { return s.byName[name] }

func (s *Scenario) source(name string) *source {
	for _, p := range s.sources {
		if p.name == name {
			return p
		}
	}
	return nil
}

// People reports whether persons or policy systems take part: commands then
// depend on when the enforcer hears of them.
func (s *Scenario) People() bool {
	for _, step := range s.steps {
		if step.act.kind == decide || step.act.kind == answer {
			return true
		}
	}
	return false
}
