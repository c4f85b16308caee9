// Package detect weighs what a pane says: evidence, in milli-nats of
// log-likelihood ratio, in families that look at different deeds, and faults of a
// terminal that is merely broken. Each detector has a section in docs/detection.md.
//
// State (scan, flood, volume) is what every terminal has; Destinations (new ones,
// beacons, exfiltration, retries), Control (sessions, requests, radio link) and
// Device (place, identity, host) only those that gave cause. Habit and Ports are
// what a terminal itself is used to. Standing puts them together.
//
// What it promises: integers only, so that the same panes give the same evidence on
// every machine; evidence never rises without a pane, in closed form, so that the
// level at a pane does not depend on who asked before; state is free of pointers and
// of fixed size.
//
// What it does not: it decides nothing (package judge does), and knows no other
// terminal (package peer does).
package detect
