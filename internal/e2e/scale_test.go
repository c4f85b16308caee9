package e2e

import (
	"maps"
	"slices"
	"testing"
	"time"

	"cordon/internal/record"
)

// scaled is what instances are added to and taken from.
const scaled = 8 // partitions

// movedWithin is what a group may take to share out its partitions anew: the
// session timeout, should a member be gone without a word, the joining of the
// others, and a busy machine.
const movedWithin = 45 * time.Second

// Two instances become three, then one, under load: first by a start, then by an
// orderly stop and a kill at once. The partitions that stay where they are go
// on, and what comes out is what a backtest gives.
func TestScale(t *testing.T) {
	t.Parallel()
	for _, programs := range [][]string{{"scorer"}, {"collector"}, {"collector", "scorer", "enforcer"}} {
		name := programs[0]
		if len(programs) > 1 {
			name = "all"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open := ofFleet(t, outbreak...)
			d := deployOn(t, plan{partitions: scaled, env: map[string][]string{"scorer": {"CORDON_CHECKPOINT_INTERVAL=1s"}}})
			d.startAll()
			for _, of := range programs {
				d.launch(of + "-2")
				d.awaitShared(of, of, of+"-2")
			}
			got := d.acted(open(), fast, act{2 * record.Minute, func() {
				stay := d.watchStaying(programs)
				for _, of := range programs {
					d.launch(of + "-3")
				}
				for _, of := range programs {
					d.awaitShared(of, of, of+"-2", of+"-3")
				}
				stay()
			}}, act{5 * record.Minute, func() {
				for _, of := range programs {
					d.stop(of + "-2")
					d.kill(of + "-3")
				}
				for _, of := range programs {
					d.awaitShared(of, of)
				}
			}})
			same(t, d.quiet(open()), got)
			d.checkAudit()
		})
	}
}

// awaitShared waits until the instances share out all partitions of a program as
// evenly as they can, and have caught up. Of enforcers one works.
func (d *deployment) awaitShared(of string, instances ...string) {
	d.t.Helper()
	total := scaled
	if of == "enforcer" {
		total = 1
	}
	d.await(of+": the partitions are shared out", movedWithin, func() bool {
		all, least, most := map[string]bool{}, total, 0
		for _, name := range instances {
			ids := d.owned(name)
			least, most = min(least, len(ids)), max(most, len(ids))
			for _, id := range ids {
				all[id] = true
			}
			if len(ids) > 0 && !d.programs[name].isReady() {
				return false
			}
		}
		return len(all) == total && most-least <= 1
	})
}

// watchStaying notes what each instance works on, and returns a function that
// checks, after partitions were moved, that those that stayed were not
// interrupted and go on.
func (d *deployment) watchStaying(programs []string) func() {
	owned, logged, offsets := map[string][]string{}, map[string]int64{}, map[string]map[string]float64{}
	for _, of := range programs {
		if of == "enforcer" {
			continue // its one partition stays, or moves as a whole
		}
		for _, name := range []string{of, of + "-2"} {
			owned[name], logged[name], offsets[name] = d.owned(name), d.programs[name].position(), d.positions(name)
		}
	}
	return func() {
		d.t.Helper()
		for _, name := range slices.Sorted(maps.Keys(owned)) {
			now := d.owned(name)
			stayed := slices.DeleteFunc(slices.Clone(owned[name]), func(id string) bool { return !slices.Contains(now, id) })
			if len(stayed) == 0 {
				d.t.Errorf("%s kept none of the partitions %v, it has %v", name, owned[name], now)
			}
			for _, l := range d.programs[name].lines(logged[name]) {
				if id := l.partition(); slices.Contains(stayed, id) {
					d.t.Errorf("%s says of partition %s, which stays: %s %s", name, id, l.Message, l.Error)
				}
			}
			d.await(name+" goes on with the partitions that stay", 30*time.Second, func() bool {
				at := d.positions(name)
				return !slices.ContainsFunc(stayed, func(id string) bool { return at[id] <= offsets[name][id] })
			})
		}
	}
}
