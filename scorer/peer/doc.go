// Package peer is what the terminals of a partition know of each other: groups of
// like ones and what is normal in them, how many use a destination, and what
// befalls many at once. A partition is a random sample of the fleet, so nothing is
// asked of other partitions.
//
// What it promises: bounded memory, whatever terminals claim; sums only, so that
// what is known after a pane depends neither on the order of its terminals nor on
// how panes without traffic are passed over, while no table is full; what is
// learned of destinations is a day old before it counts, so that a mass attack does
// not make its own victim popular; no terminal counts more than once a day, and what
// two of them do shapes no group. Small groups say nothing: below Needed members a
// wider one answers, and below that nobody.
//
// What it does not: it weighs nothing (package detect), and it is no estimate of
// how many terminals of the whole fleet do something (the network level is). It is
// not safe for concurrent use.
package peer
