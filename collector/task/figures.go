package task

// figures says what the figures of Counts mean (stream.Stage).
var figures = map[string]string{
	"collector_records_total":          "Records taken in, by kind; all but Clocks are forwarded as telemetry.",
	"collector_dead_letters_total":     "Records refused and written to deadletter, by reason.",
	"collector_duplicates_total":       "Records dropped because their number is among the last 1,024 of their source.",
	"collector_missing_total":          "Records lost before telemetry.raw: gaps in the numbers of sources. They lower coverage.",
	"collector_second_copies_total":    "Session records under their second address, which only bind it.",
	"collector_waited_total":           "Records that named only an address and waited for the session event of it.",
	"collector_resolved_total":         "Records that named only an address and were forwarded under their terminal.",
	"collector_source_clocks_total":    "Statements of the raw partition's time written into telemetry.",
	"collector_slow_decodes_total":     "Records of another version of the schema, which take about ten times the CPU.",
	"collector_pseudonyms_total":       "Pseudonyms and tokens, remembered from before or computed anew; keys.cache is their room.",
	"collector_bindings":               "Addresses whose terminal is known now; the key bindings is their room.",
	"collector_bindings_refused_total": "Addresses there was no room for: records that name only them are dead letters.",
	"collector_held_bytes":             "Records that wait to be resolved now; the key held_bytes is their room.",
	"collector_time_micros":            "Event time this raw partition has reached, microseconds since 1970; 0: none yet.",
}
