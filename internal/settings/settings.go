// Package settings names the whole configuration of each program, its shared
// sections and its own keys, with the defaults: one place for the programs, for
// backtest and for config check.
package settings

import (
	"time"

	collector "cordon/collector/task"
	enforcer "cordon/enforcer/task"
	"cordon/internal/config"
	scorer "cordon/scorer/task"
)

// The configuration of each program; its own keys are described in the task's
// Settings, the shared ones in config.Program.
type (
	Collector = config.Program[collector.Settings]
	Scorer    = config.Program[scorer.Settings]
	Enforcer  = config.Program[enforcer.Settings]
)

// DefaultCollector is the collector's configuration where nothing else is said.
func DefaultCollector() Collector {
	d := config.Default[collector.Settings]()
	d.Settings = collector.DefaultSettings()
	d.HTTP.Listen = "127.0.0.1:9101"
	// What the collector decides is committed with the input that caused it, so
	// this is latency as well; 100 ms costs 6 % of CPU (measured).
	d.Checkpoint.Interval = 100 * time.Millisecond
	return d
}

// DefaultScorer is the scorer's configuration where nothing else is said.
func DefaultScorer() Scorer {
	d := config.Default[scorer.Settings]()
	d.Settings = scorer.DefaultSettings()
	d.HTTP.Listen = "127.0.0.1:9102"
	// Outputs do not wait for a checkpoint; the interval bounds what is worked
	// through again after a crash, against the bytes of state written.
	d.Checkpoint.Interval = 30 * time.Second
	return d
}

// DefaultEnforcer is the enforcer's configuration where nothing else is said.
func DefaultEnforcer() Enforcer {
	d := config.Default[enforcer.Settings]()
	d.Settings = enforcer.DefaultSettings()
	d.HTTP.Listen = "127.0.0.1:9103"
	// Commands wait for the checkpoint they are committed with: from verdict to
	// command at most this long.
	d.Checkpoint.Interval = 50 * time.Millisecond
	return d
}
