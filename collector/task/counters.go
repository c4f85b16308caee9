package task

import (
	"cordon/collector/clock"
	"cordon/internal/record"
)

// Counters are the figures of a task since it was made, and where it stands.
// They hold numbers only.
type Counters struct {
	Accepted     [record.KindClock + 1]int64      // records taken in, by kind; but for Clocks: forwarded
	DeadLetters  [record.DeadProcessing + 1]int64 // by reason
	Duplicates   int64                            // dropped: number seen among the last 1,024 of its source
	Missing      int64                            // gaps in the numbers of sources
	SecondCopies int64                            // session records under their second address
	Waited       int64                            // records that named only an address
	Resolved     int64                            // of them forwarded
	SourceClocks int64                            // statements of the partition's time
	SlowDecodes  int64                            // records of another version of the schema
	CacheHits    int64                            // stand-ins remembered
	CacheMisses  int64                            // stand-ins computed
	Bindings     int64                            // addresses remembered now
	Refused      int64                            // addresses there was no room for
	HeldBytes    int64                            // of records that wait now
	Shared       int64                            // records of sources beyond the room for them
	Changes      [changeKinds]int64               // profiles, decisions and settings that were forwarded
	Lost         int64                            // offsets of telemetry.raw deleted before they were read
	Declared     int64                            // statements that another instance's partition is not waited for
	Clock        clock.Standing                   // now
	Time         record.Micros                    // T now, -1: none yet
}

// Counters returns the figures.
func (t *Task) Counters() Counters {
	c := t.counters
	c.SlowDecodes = int64(t.decoder.SlowDecodes())
	c.CacheHits, c.CacheMisses = t.derive.CacheHits()
	bindings, held, refused := t.table.Size()
	c.Bindings, c.HeldBytes, c.Refused = int64(bindings), int64(held), refused
	c.Clock, c.Time = t.clock.Standing(), t.time()
	return c
}
