package task

// figures says what the figures of Counts mean (stream.Stage).
var figures = map[string]string{
	"enforcer_records_total":          "Records taken in, by what they are and what came of them.",
	"enforcer_unencodable_total":      "Records of the enforcer's own that could not be written. Above 0: a defect, please report it.",
	"enforcer_audit_events_total":     "Events written to the audit.",
	"enforcer_deferred_dropped_total": "Isolations that waited for a guard until their case had ended.",
	"enforcer_commands_total":         "Commands written, rehearsals included, by action.",
	"enforcer_command_causes_total":   "Commands written, rehearsals included, by cause.",
	"enforcer_deferred_total":         "Isolations that had to wait, by the guard that held them back.",
	"enforcer_terminals":              "Terminals now: known, isolated, room (how many may be isolated at once), waiting for a guard.",
	"enforcer_paused":                 "1 while an operator has stopped new isolations, else 0.",
	"enforcer_clock_seconds":          "Event time of the verdicts partition that is furthest behind, seconds since 1970; 0: none yet.",
}
