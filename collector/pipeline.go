package main

import (
	"cordon/collector/keyfile"
	"cordon/collector/task"
	"cordon/internal/config"
	"cordon/internal/program"
	"cordon/internal/stream"
)

// collector is the first stage of the flow:
//
//	telemetry.raw ─► decode ─► validate ─► resolve ─► pseudonymise ─► telemetry
//	                   └──────────┴──────────┴─► deadletter
//	                                 time of the raw partition ─► telemetry, progress
//
// One task per partition of telemetry.raw; outputs are committed together with
// the input that caused them. Bad input goes to deadletter, counted.
var collector = program.Program[task.Settings]{
	Name:     "collector",
	About:    "collector reads telemetry.raw, replaces subscriber identities by keyed pseudonyms and writes telemetry.",
	Defaults: defaults,
	Stage: func(cfg config.Program[task.Settings]) (*stream.Stage, error) {
		key, err := keyfile.Read(cfg.Settings.Keys.File)
		if err != nil {
			return nil, err
		}
		return task.Stage(cfg.Settings, key)
	},
	Caution: func(cfg config.Program[task.Settings]) string { return keyfile.Caution(cfg.Settings.Keys.File) },
}
