package task

// figures says what the figures of Counts mean (stream.Stage).
var figures = map[string]string{
	"scorer_records_total":                "Telemetry of terminals taken in, by kind, late records included.",
	"scorer_source_clocks_total":          "Statements of raw partitions' time taken in.",
	"scorer_changes_total":                "Changes of profiles, decisions and settings taken in.",
	"scorer_late_records_total":           "Records behind the watermark: they change nothing and lower coverage.",
	"scorer_dead_letters_total":           "Records refused and written to deadletter, by reason.",
	"scorer_verdicts_total":               "Verdicts written, by status and class.",
	"scorer_early_warnings_total":         "Early warnings written, by exception of TS 29.520.",
	"scorer_progress_total":               "Steps of the partition: every closed pane, or run of panes in which nothing happened.",
	"scorer_raw_partitions_dropped_total": "Times a raw partition was no longer waited for because the room for records ahead was full.",
	"scorer_unencodable_total":            "Records of the scorer's own that could not be written. Above 0: a defect, please report it.",
	"scorer_slow_decodes_total":           "Records of another version of the schema, which take about ten times the CPU.",
	"scorer_terminals":                    "Terminals in state now.",
	"scorer_open_cases":                   "Terminals with a verdict that is not cleared now.",
	"scorer_held_records":                 "Records too far ahead of the watermark for the open panes, waiting now.",
	"scorer_held_bytes":                   "Bytes of the records that wait now.",
	"scorer_raw_partitions":               "Raw partitions now, by how the watermark takes them: it waits for counting and unheard ones; empty, stalled and dropped ones it does not wait for (dropped: the room for records ahead was full).",
	"scorer_clock_seconds":                "Watermark: event time up to which everything is decided, seconds since 1970; 0: nothing yet.",
}
