// Package scorer holds the whole configuration of the scorer with its defaults:
// the shared sections and its own keys, in one place for the program, backtest
// and config check.
//
// It is a package of its own so that no program links another's code: scorer and
// enforcer must not be able to name an identity.
package scorer

import (
	"time"

	"cordon/internal/config"
	"cordon/scorer/task"
)

// Config is the configuration of the scorer: its own keys are described in
// task.Settings, the shared ones in config.Program.
type Config = config.Program[task.Settings]

// Default is the configuration where file, environment and flags say nothing.
func Default() Config {
	d := config.Default[task.Settings]()
	d.Settings = task.DefaultSettings()
	d.HTTP.Listen = "127.0.0.1:9102"
	// Outputs do not wait for a checkpoint; the interval bounds what is worked
	// through again after a crash, against the bytes of state written.
	d.Checkpoint.Interval = 30 * time.Second
	return d
}
