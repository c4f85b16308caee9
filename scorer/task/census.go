package task

import (
	"cmp"
	"slices"
	"strings"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// dayHours is how many hours a terminal counts as there, the present one
// beside it.
const dayHours = 24

// panesPerHour turns panes into hours.
const panesPerHour = pane.Number(record.Hour / pane.Length)

// census counts the terminals that were seen in the last 24 h, by the hour in
// which each was last seen.
type census struct {
	hour   pane.Number // newest, since 1970
	counts [dayHours + 1]int64
}

// advance lets time pass up to pane n.
func (c *census) advance(n pane.Number) {
	hour := n / panesPerHour
	for range min(hour-c.hour, dayHours+1) {
		c.hour++
		c.counts[c.hour%(dayHours+1)] = 0
	}
	c.hour = max(c.hour, hour)
}

// enter counts a terminal in the hour it was last seen in.
func (c *census) enter(t *terminal) {
	if hour := t.last / panesPerHour; hour > c.hour-dayHours-1 && hour <= c.hour {
		c.counts[hour%(dayHours+1)]++
	}
}

// leave takes a terminal out of the hour it was last seen in.
func (c *census) leave(t *terminal) {
	if hour := t.last / panesPerHour; t.last != 0 && hour > c.hour-dayHours-1 && hour <= c.hour {
		c.counts[hour%(dayHours+1)]--
	}
}

// total returns the terminals seen in the present hour and the 24 before it.
func (c *census) total() int64 {
	var sum int64
	for _, n := range c.counts {
		sum += n
	}
	return sum
}

// populationLimit is how many values of a dimension Progress tells of, the
// most frequent ones: guards that work on shares need the large groups.
const populationLimit = 256

// dimensions are the names of a context's strings in Progress, in the order of
// pane.Context.Names.
var dimensions = [...]string{"typeAllocationCode", "internalGroupId", "dnn", "snssai", "trackingAreaCode"}

// populations counts the terminals seen in the last 24 h by what they share.
func (t *Task) populations(n pane.Number) []record.Population {
	var counts [len(dimensions)][]int64
	for d := range counts {
		counts[d] = make([]int64, len(t.names.strings))
	}
	for number := range t.roster.terminals.Len() {
		term := t.roster.look(number)
		if !term.is(flagLive) || n-term.last > dayHours*panesPerHour {
			continue
		}
		for d, name := range term.context.Names() {
			counts[d][*name]++
		}
	}
	var list []record.Population
	for d := range counts {
		list = append(list, t.largest(dimensions[d], counts[d])...)
	}
	return list
}

// largest lists the most frequent values of a dimension, by value. Small ones are
// left out: they tell of single terminals.
func (t *Task) largest(dimension string, counts []int64) []record.Population {
	var list []record.Population
	for number, n := range counts {
		if number != 0 && n >= t.settings.Peers.Shown {
			list = append(list, record.Population{Dimension: dimension, Value: t.names.strings[number], Terminals: n})
		}
	}
	slices.SortFunc(list, func(a, b record.Population) int {
		return cmp.Or(cmp.Compare(b.Terminals, a.Terminals), strings.Compare(a.Value, b.Value))
	})
	return list[:min(len(list), populationLimit)]
}
