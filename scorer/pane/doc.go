// Package pane holds the open panes of a partition: per terminal and ten
// seconds of event time, sums over everything and a sample of destinations.
//
// What it promises: adding the same reports in any order gives the same pane.
// Only sums, maxima and the k smallest hashes are kept; a destination that is
// in the sample at the end was never evicted, so its counts are exact. Adding
// costs the same whatever the length of any window, allocates nothing in the
// steady state, and looks at nothing that is learned: what a report means is
// decided when its pane closes. Memory per terminal and pane is bounded by
// Sample destinations.
//
// What it does not: it knows no clock (the caller says which panes are open),
// no terminal (only its number) and judges nothing.
package pane
