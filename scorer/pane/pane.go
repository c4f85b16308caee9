package pane

import "cordon/internal/record"

// Length of a pane in event time. Shorter panes buy no earlier verdict, for
// sources report every 10 s at best.
const Length = 10 * record.Second

// Width is how many panes are open at once: the lateness, the patience with
// slow sources and the alignment of raw partitions (20 s each) beyond the
// watermark, and the pane the watermark stands in, rounded up.
const Width = 8

// Number names a pane: the pane's start in units of Length since 1970.
type Number int32

// MaxTime is the first point in time that has no pane (year 2310). Numbers reach
// half of what fits, so that adding any span to one of them cannot wrap.
const MaxTime = record.Micros(1<<30) * Length

// Of returns the pane that holds t, 0 ≤ t < MaxTime. A report at the very end
// of a pane belongs to the next one.
func Of(t record.Micros) Number { return Number(t / Length) }

// Start returns the first point in time of the pane.
func (n Number) Start() record.Micros { return record.Micros(n) * Length }

// End returns the first point in time after the pane.
func (n Number) End() record.Micros { return n.Start() + Length }

// Panes returns how many whole panes lie in a length of time.
func Panes(length record.Micros) Number { return Number(length / Length) }
