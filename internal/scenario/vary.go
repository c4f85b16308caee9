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

// Partitions of a variation. Every one writes its clock into all of them, so that
// many cost their square: a scenario of several days is run with fewer, and in two
// ways only.
const (
	many     = 16
	manyLong = 6
	long     = 12 * record.Hour
)

// Variations lists the ways of running the scenario whose confirmed verdicts
// have to be those of r, its usual run.
func (r *Result) Variations() []Variation {
	if r.to-r.from > long {
		return append(r.partitioned(1), r.everything(manyLong))
	}
	list := append(r.partitioned(1, defaultPartitions, many), Variation{Name: "shuffled", Partitions: r.scenario.partitions, Shuffle: 1})
	for stage, name := range stageNames {
		v := Variation{Name: "with restarts of the " + name, Partitions: r.scenario.partitions}
		for _, at := range r.restartTimes() {
			v.Restarts = append(v.Restarts, Restart{stage, at})
		}
		list = append(list, v)
	}
	return append(list, r.everything(many))
}

// partitioned lists runs with other numbers of partitions, where another makes
// sense.
func (r *Result) partitioned(numbers ...int32) []Variation {
	var list []Variation
	for _, n := range numbers {
		if n != r.scenario.partitions && !r.scenario.fixed {
			list = append(list, Variation{Name: fmt.Sprintf("with %d partitions", n), Partitions: n})
		}
	}
	return list
}

// everything is all of that at once.
func (r *Result) everything(partitions int32) Variation {
	if r.scenario.fixed {
		partitions = r.scenario.partitions
	}
	v := Variation{Name: fmt.Sprintf("with %d partitions, shuffled, all stages restarted", partitions), Partitions: partitions, Shuffle: 2}
	for stage := range stageNames {
		for i, at := range r.restartTimes() {
			v.Restarts = append(v.Restarts, Restart{stage, at + record.Micros((stage+i)%3)*record.Second})
		}
	}
	return v
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
