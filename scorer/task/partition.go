package task

import (
	"encoding/json"
	"errors"
	"fmt"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// partitionState is the piece of what belongs to no terminal.
type partitionState struct {
	Raw       []rawState    `json:"raw"`
	Watermark record.Micros `json:"watermark"`
	Running   bool          `json:"running"`
	First     pane.Number   `json:"first"`
	Waiting   uint64        `json:"waiting"` // number of the next record that waits
	Swept     record.Micros `json:"swept"`
	Progress  [4]int64      `json:"progress"`
	Hour      [4]int64      `json:"hour"`
	Before    [4]int64      `json:"before"`
	Since     record.Micros `json:"since"`
	Ahead     [][5]int64    `json:"ahead,omitempty"` // pane and tally
}

// rawState is a raw partition's part of it.
type rawState struct {
	Time    record.Micros     `json:"time"`
	State   record.ClockState `json:"state"`
	Heard   bool              `json:"heard,omitempty"`
	Dropped bool              `json:"dropped,omitempty"`
}

// partitionState copies what belongs to no terminal.
func (t *Task) partitionState() *partitionState {
	s := &partitionState{
		Watermark: t.clock.watermark, Running: t.clock.running, First: t.ring.First(), Waiting: t.waiting.next, Swept: t.swept,
		Progress: t.coverage.progress.array(), Hour: t.coverage.hour.array(), Before: t.coverage.before.array(), Since: t.coverage.since,
	}
	for _, r := range t.clock.raw {
		s.Raw = append(s.Raw, rawState{r.time, r.state, r.heard, r.dropped})
	}
	for _, d := range t.coverage.ahead {
		s.Ahead = append(s.Ahead, [5]int64{int64(d.upTo), d.tally.received, d.tally.missing, d.tally.late, d.tally.rejected})
	}
	return s
}

// array returns a tally as numbers.
func (t tally) array() [4]int64 { return [4]int64{t.received, t.missing, t.late, t.rejected} }

// tallyOf is the inverse of array.
func tallyOf(a [4]int64) tally { return tally{a[0], a[1], a[2], a[3]} }

// restorePartition puts a restored partition piece in force.
func (t *Task) restorePartition(value []byte) error {
	var s partitionState
	if err := json.Unmarshal(value, &s); err != nil {
		return fmt.Errorf("partition piece: %w", err)
	}
	if s.First < 0 || len(s.Raw) > maxRawPartitions {
		return errors.New("partition piece is out of range")
	}
	t.clock.raw = nil
	for _, r := range s.Raw {
		t.clock.raw = append(t.clock.raw, rawClock{r.Time, r.State, r.Heard, r.Dropped})
	}
	t.clock.watermark, t.clock.running = s.Watermark, s.Running
	t.ring.Jump(s.First)
	t.waiting.next, t.waiting.committed, t.swept = s.Waiting, s.Waiting, s.Swept
	t.coverage = coverage{progress: tallyOf(s.Progress), hour: tallyOf(s.Hour), before: tallyOf(s.Before), since: s.Since}
	for _, d := range s.Ahead {
		t.coverage.ahead = append(t.coverage.ahead, dated{pane.Number(d[0]), tallyOf([4]int64(d[1:]))})
	}
	return nil
}
