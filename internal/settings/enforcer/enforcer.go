// Package enforcer holds the whole configuration of the enforcer with its defaults:
// the shared sections and its own keys, in one place for the program, backtest
// and config check.
//
// It is a package of its own so that no program links another's code: scorer and
// enforcer must not be able to name an identity.
package enforcer

import (
	"time"

	"cordon/enforcer/task"
	"cordon/internal/config"
)

// Config is the configuration of the enforcer: its own keys are described in
// task.Settings, the shared ones in config.Program.
type Config = config.Program[task.Settings]

// Default is the configuration where file, environment and flags say nothing.
func Default() Config {
	d := config.Default[task.Settings]()
	d.Settings = task.DefaultSettings()
	d.HTTP.Listen = "127.0.0.1:9103"
	// Commands wait for the checkpoint they are committed with: from verdict to
	// command at most this long.
	d.Checkpoint.Interval = 50 * time.Millisecond
	return d
}
