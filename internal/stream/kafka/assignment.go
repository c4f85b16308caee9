package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// assign stops the workers of partitions that are gone and starts those of new
// ones. The context of a new worker ends when its partition is taken away.
func (r *Runner) assign(ctx context.Context, ids []int32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	stay := map[int32]bool{}
	for _, id := range ids {
		stay[id] = true
	}
	gone := 0
	for id, w := range r.workers {
		if !stay[id] {
			w.stop()
			delete(r.workers, id)
			gone++
		}
	}
	var fresh []*worker
	for _, id := range ids {
		if r.workers[id] == nil && ctx.Err() == nil {
			r.workers[id] = newWorker(r, id)
			fresh = append(fresh, r.workers[id])
		}
	}
	switch {
	case ctx.Err() != nil:
	case len(ids) == 0 && (gone > 0 || !r.assigned):
		r.tell(false, -1, "no partition is assigned: standing by", nil)
	case len(fresh)+gone > 0:
		r.tell(false, -1, fmt.Sprintf("%d partitions are assigned: %d new, %d gone to other instances, the others go on", len(ids), len(fresh), gone), nil)
	}
	r.assigned = true
	// All of them have joined the board before one runs: it would go on before it
	// knew of the rest.
	for _, w := range fresh {
		r.wait.Go(w.run)
	}
}

// showLag commits the positions to the group, for lag displays only, until the
// generation ends.
func (r *Runner) showLag(life context.Context, gen *kafka.Generation) {
	ticker := time.NewTicker(5 * time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-life.Done():
			return
		case <-ticker.C:
			_ = gen.CommitOffsets(r.positions()) // display only
		}
	}
}

// member reports whether the coordinator still takes this process for a member
// of the generation that gave it its partitions: it refuses a commit otherwise.
func (r *Runner) member() bool {
	r.mu.Lock()
	gen := r.gen
	r.mu.Unlock()
	if gen == nil {
		return false
	}
	offsets := r.positions()
	if len(offsets) == 0 {
		// No task has been restored yet, and kafka-go asks nobody where there is
		// nothing to commit. The group shares out the state topic: any offset does.
		for _, a := range gen.Assignments[r.client.name(r.settings.Stage.State)] {
			offsets[r.client.name(r.settings.Stage.State)] = map[int]int64{a.ID: 0}
		}
	}
	return len(offsets) > 0 && gen.CommitOffsets(offsets) == nil
}

// positions returns where the tasks stand, as a group commits it.
func (r *Runner) positions() map[string]map[int]int64 {
	offsets := map[string]map[int]int64{}
	for _, f := range r.Figures() {
		topic := r.client.name(f.Input.Topic)
		if offsets[topic] == nil {
			offsets[topic] = map[int]int64{}
		}
		offsets[topic][int(f.Input.ID)] = f.Next
	}
	return offsets
}
