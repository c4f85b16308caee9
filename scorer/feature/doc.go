// Package feature turns the closed pane of a terminal, and what is remembered
// of its destinations, into the numbers detectors read.
//
// What it promises: reading is pure and does not depend on the order of
// destinations, so an open pane can be peeked at; only Learn changes memory.
// State is free of pointers and of fixed size.
//
// What it does not: it weighs nothing (package detect) and knows no peers.
package feature
