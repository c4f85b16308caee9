package task

import "cordon/internal/record"

// Counts tells the figures of the task (stream.Counted).
func (t *Task) Counts(add func(name, label string, value int64)) {
	c := t.Counters()
	for k := record.KindFlow; k <= record.KindClock; k++ {
		add("collector_records_total", k.String(), c.Accepted[k])
	}
	for r := record.DeadUndecodable; r <= record.DeadProcessing; r++ {
		add("collector_dead_letters_total", r.String(), c.DeadLetters[r])
	}
	add("collector_duplicates_total", "", c.Duplicates)
	add("collector_missing_total", "", c.Missing)
	add("collector_second_copies_total", "", c.SecondCopies)
	add("collector_waited_total", "", c.Waited)
	add("collector_resolved_total", "", c.Resolved)
	add("collector_source_clocks_total", "", c.SourceClocks)
	add("collector_slow_decodes_total", "", c.SlowDecodes)
	add("collector_pseudonyms_total", "remembered", c.CacheHits)
	add("collector_pseudonyms_total", "computed", c.CacheMisses)
	for kind, label := range changeNames {
		add("collector_changes_total", label, c.Changes[kind])
	}
	add("collector_bindings", "", c.Bindings)
	add("collector_bindings_refused_total", "", c.Refused)
	add("collector_held_bytes", "", c.HeldBytes)
	add("collector_lost_total", "", c.Lost)
	for state := record.ClockActive; state <= record.ClockDataLoss; state++ {
		on := int64(0)
		if state == c.Clock.State {
			on = 1
		}
		add("collector_clock_state", state.String(), on)
	}
	add("collector_clock_seconds", "", int64(max(c.Time, 0)/record.Second))
	add("collector_sources", "active", int64(c.Clock.Sources-c.Clock.Skewed))
	add("collector_sources", "skewed", int64(c.Clock.Skewed))
	add("collector_shared_source_records_total", "", c.Shared)
	add("collector_declared_stalled_total", "", c.Declared)
}
