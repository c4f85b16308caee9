// Package collector holds the whole configuration of the collector with its defaults:
// the shared sections and its own keys, in one place for the program, backtest
// and config check.
//
// It is a package of its own so that no program links another's code: scorer and
// enforcer must not be able to name an identity.
package collector

import (
	"time"

	"cordon/collector/task"
	"cordon/internal/config"
)

// Config is the configuration of the collector: its own keys are described in
// task.Settings, the shared ones in config.Program.
type Config = config.Program[task.Settings]

// Default is the configuration where file, environment and flags say nothing.
func Default() Config {
	d := config.Default[task.Settings]()
	d.Settings = task.DefaultSettings()
	d.HTTP.Listen = "127.0.0.1:9101"
	// What the collector decides is committed with the input that caused it, so
	// this is latency as well; 100 ms costs 6 % of CPU (measured).
	d.Checkpoint.Interval = 100 * time.Millisecond
	return d
}
