package main

import (
	"cordon/internal/config"
	"cordon/internal/program"
	"cordon/internal/stream"
	"cordon/scorer/task"
)

// scorer is the second stage of the flow:
//
//	telemetry ─► pane (10 s, per terminal) ─► feature ─► detect ─► judge ─► verdicts
//	                └─ peek at open panes ─► verdicts.early
//
// One task per partition of telemetry, each with one clock: the watermark. All
// panes close for all terminals of a partition in one step. Outputs are
// acknowledged before the checkpoint that covers them; a repeat changes nothing.
var scorer = program.Program[task.Settings]{
	Name:     "scorer",
	About:    "scorer reads telemetry, learns how each terminal behaves and writes verdicts with reasons.",
	Defaults: defaults,
	Stage: func(cfg config.Program[task.Settings]) (*stream.Stage, error) {
		return task.Stage(cfg.Settings)
	},
}
