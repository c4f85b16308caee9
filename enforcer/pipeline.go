package main

import (
	"cordon/enforcer/task"
	"cordon/internal/config"
	"cordon/internal/program"
	"cordon/internal/stream"
)

// enforcer is the last stage of the flow:
//
//	verdicts, verdicts.early, verdicts.network ─┐
//	isolation.acks, operator.decisions ─────────┴► ladder ─► guard ─► isolation.commands
//	                                                 │                (DRY_RUN: isolation.rehearsal)
//	                                                 └► audit
//
// One task over all partitions, in the instance that owns enforcer.state; the
// others stand by. Commands, audit and input positions are one transaction.
var enforcer = program.Program[task.Settings]{
	Name:     "enforcer",
	About:    "enforcer reads verdicts and orders isolation, step by step and reversibly, within limits.",
	Defaults: defaults,
	Stage: func(cfg config.Program[task.Settings]) (*stream.Stage, error) {
		return task.Stage(cfg.Settings)
	},
}
