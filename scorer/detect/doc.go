// Package detect weighs what a pane says: evidence, in milli-nats of
// log-likelihood ratio, that a terminal scans (D1), floods (D2) or moves more
// than it should (D3). Each detector is a pure function with a page in
// docs/detection.md; State sums its evidence over time.
//
// What it promises: integers only, so that the same panes give the same
// evidence on every machine; panes without traffic are accounted for in closed
// form, so that the level at a pane does not depend on who asked before.
//
// What it does not: it decides nothing (package judge does).
package detect
