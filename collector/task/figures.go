package task

// figures says what the figures of Counts mean (stream.Stage).
var figures = map[string]string{
	"collector_records_total":               "Records taken in, by kind; all but Clocks are forwarded as telemetry.",
	"collector_dead_letters_total":          "Records refused and written to deadletter, by reason.",
	"collector_duplicates_total":            "Records dropped because their number is among the last 1,024 of their source.",
	"collector_missing_total":               "Records lost before telemetry.raw: gaps in the numbers of sources. They lower coverage.",
	"collector_second_copies_total":         "Session records under their second address, which only bind it.",
	"collector_waited_total":                "Records that named only an address and waited for the session event of it.",
	"collector_resolved_total":              "Records that named only an address and were forwarded under their terminal.",
	"collector_source_clocks_total":         "Statements of the raw partition's time written into telemetry.",
	"collector_slow_decodes_total":          "Records of another version of the schema, which take about ten times the CPU.",
	"collector_pseudonyms_total":            "Pseudonyms and tokens, remembered from before or computed anew; keys.cache is their room.",
	"collector_changes_total":               "Profiles, operators' decisions and settings forwarded to the scorer.",
	"collector_bindings":                    "Addresses whose terminal is known now; the key bindings is their room.",
	"collector_bindings_refused_total":      "Addresses there was no room for: records that name only them are dead letters.",
	"collector_held_bytes":                  "Records that wait to be resolved now; the key held_bytes is their room.",
	"collector_lost_total":                  "Records of telemetry.raw deleted before they were read, told by their offsets. They lower coverage.",
	"collector_clock_state":                 "1 for the state this raw partition's clock is in, 0 for the others. STALLED and EMPTY are not waited for.",
	"collector_clock_seconds":               "Event time this raw partition has reached, seconds since 1970; 0: none yet.",
	"collector_sources":                     "Sources with a clock of their own, at most 4,096: active, or skewed, that is too far behind the newest to be waited for.",
	"collector_shared_source_records_total": "Records of sources beyond 4,096, which share one clock and have no memory for repeats. Above 0: somebody makes up source names.",
	"collector_declared_stalled_total":      "Statements that a raw partition is not waited for: nothing was heard of it, in this instance or by progress, for two minutes.",
}
