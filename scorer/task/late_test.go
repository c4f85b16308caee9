package task

import (
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// Records may wait for a pane that the watermark passes in one step with many
// others, none of which anybody has: as when a raw partition that was silent
// speaks again, and the others were let past its gap. They are judged, not late.
func TestWhatWaitsBeyondAGapIsNotLate(t *testing.T) {
	for _, ahead := range []record.Micros{pane.Width - 1, pane.Width, pane.Width + 1, 3 * pane.Width, 1000} {
		var s script
		s.clock(epoch)
		for _, f := range scan(1, epoch+ahead*10*record.Second, 30, 2*record.Second) {
			s.add(f.record())
		}
		s.clock(epoch + ahead*10*record.Second + record.Hour)
		task := start(t, nil)
		raised := 0
		for _, v := range verdicts(run(t, task, s.values)) {
			if v.Status == record.StatusRaised {
				raised++
			}
		}
		if task.counts.late != 0 || raised != 1 || task.waiting.bytes != 0 {
			t.Errorf("a scan %d panes ahead of the watermark: %d records late, %d verdicts raised, %d bytes still wait; want 0, 1, 0",
				ahead, task.counts.late, raised, task.waiting.bytes)
		}
	}
}

// What is late is decided by the watermark at the moment a record comes, and
// until the watermark is known by the first one; not by how it moves later.
func TestLateIsWhatTheWatermarkHasPassed(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var values [][]byte
		var want int64
		var early []pane.Number // came before the watermark was known
		watermark, known := record.Micros(0), false
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			at := epoch + record.Micros(rapid.Int64Range(0, 600).Draw(rt, "seconds"))*record.Second
			if rapid.IntRange(0, 3).Draw(rt, "clock") > 0 {
				values = append(values, encode(flow{byte(rapid.IntRange(1, 3).Draw(rt, "terminal")), at, "203.0.113.7:8883", pane.TCP, 10, 10}.record()))
				if n := pane.Of(at); !known {
					early = append(early, n)
				} else if n < pane.Of(watermark) {
					want++
				}
				continue
			}
			values = append(values, encode(&record.SourceClock{RawPartitions: 1, Time: at, State: record.ClockActive}))
			watermark, known = max(watermark, at-record.MicrosIn(DefaultSettings().Lateness)), true
			for _, n := range early {
				if n < pane.Of(watermark) {
					want++
				}
			}
			early = nil
		}
		task := start(t, nil)
		run(t, task, values)
		if task.counts.late != want {
			rt.Fatalf("%d records late, want %d", task.counts.late, want)
		}
	})
}
