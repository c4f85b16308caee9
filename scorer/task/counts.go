package task

import (
	"cordon/internal/record"
)

// counts are the figures of a task since it was made.
type counts struct {
	records     [record.KindClock]int64 // telemetry, by kind
	clocks      int64
	changes     int64 // profiles, decisions and settings taken in
	late        int64
	refused     [record.DeadProcessing + 1]int64
	dropped     int64 // times a raw partition was no longer waited for
	verdicts    [record.StatusCleared + 1][record.ClassWatch + 1]int64
	warnings    [2]int64
	progress    int64
	unencodable int64
}

// Counts tells how the task is doing.
func (t *Task) Counts(add func(name, label string, value int64)) {
	c := &t.counts
	for kind := record.KindFlow; int(kind) < len(c.records); kind++ {
		add("scorer_records_total", kind.String(), c.records[kind])
	}
	add("scorer_source_clocks_total", "", c.clocks)
	add("scorer_changes_total", "", c.changes)
	add("scorer_late_records_total", "", c.late)
	for reason := record.DeadUnknown; int(reason) < len(c.refused); reason++ {
		if c.refused[reason] > 0 {
			add("scorer_dead_letters_total", reason.String(), c.refused[reason])
		}
	}
	for status := record.StatusRaised; status <= record.StatusCleared; status++ {
		for class := record.ClassMalicious; class <= record.ClassWatch; class++ {
			add("scorer_verdicts_total", status.String()+" "+class.String(), c.verdicts[status][class])
		}
	}
	add("scorer_early_warnings_total", record.WrongDestinationAddress.String(), c.warnings[warningScan])
	add("scorer_early_warnings_total", record.SuspicionOfDDoSAttack.String(), c.warnings[warningFlood])
	add("scorer_progress_total", "", c.progress)
	add("scorer_raw_partitions_dropped_total", "", c.dropped)
	add("scorer_unencodable_total", "", c.unencodable)
	add("scorer_slow_decodes_total", "", int64(t.decoder.SlowDecodes()))
	add("scorer_terminals", "", int64(t.roster.index.live))
	add("scorer_open_cases", "", int64(t.cases.Len()))
	add("scorer_held_records", "", int64(len(t.waiting.records)))
	add("scorer_held_bytes", "", t.waiting.bytes)
	raw := t.clock.standing()
	add("scorer_raw_partitions", "counting", raw.counting)
	add("scorer_raw_partitions", "unheard", raw.unheard)
	add("scorer_raw_partitions", "empty", raw.empty)
	add("scorer_raw_partitions", "stalled", raw.stalled)
	add("scorer_raw_partitions", "dropped", raw.dropped)
	add("scorer_clock_seconds", "", int64(t.clock.watermark/record.Second))
}
