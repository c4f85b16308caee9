package scenario

import (
	"fmt"
	"slices"

	"cordon/internal/record"
)

// Restarts of a variation: at shares of its length in per mille, and shortly
// after the first verdicts, when the scorer has told something that it has not
// committed yet.
var restartShares = []record.Micros{130, 500, 870}

const (
	restartMoments = 4
	restartAfter   = 2 * record.Second
)

// Variations lists the ways of running the scenario whose confirmed verdicts
// have to be those of r, its usual run.
func (r *Result) Variations() []Variation {
	own := r.scenario.partitions
	var list []Variation
	for _, n := range []int32{1, 4, 16} {
		if n != own && !r.scenario.fixed {
			list = append(list, Variation{Name: fmt.Sprintf("with %d partitions", n), Partitions: n})
		}
	}
	list = append(list, Variation{Name: "shuffled", Partitions: own, Shuffle: 1})
	all := Variation{Name: "with 16 partitions, shuffled, all stages restarted", Partitions: 16, Shuffle: 2}
	if r.scenario.fixed {
		all.Name, all.Partitions = "shuffled, all stages restarted", own
	}
	for stage, name := range stageNames {
		v := Variation{Name: "with restarts of the " + name, Partitions: own}
		for i, at := range r.restartTimes() {
			v.Restarts = append(v.Restarts, Restart{stage, at})
			all.Restarts = append(all.Restarts, Restart{stage, at + record.Micros((stage+i)%3)*record.Second})
		}
		list = append(list, v)
	}
	return append(list, all)
}

// restartTimes are when a stage is killed.
func (r *Result) restartTimes() []record.Micros {
	var times []record.Micros
	for _, share := range restartShares {
		times = append(times, r.from+(r.to-r.from)*share/1000)
	}
	for _, at := range slices.Compact(slices.Clone(r.moments)) {
		if at+restartAfter < r.to && len(times) < len(restartShares)+restartMoments {
			times = append(times, at+restartAfter)
		}
	}
	return times
}
