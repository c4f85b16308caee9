// Package scenario is the language in which Cordon's behaviour is written down:
// telemetry at times goes in, warnings, verdicts, commands and dead letters come
// out. README.md beside it explains the language; testdata/*.txt are the
// scenarios.
//
// What it promises: a file means the same on every run. It is run by the very
// tasks of the programs on a log in memory, with a virtual clock. Every file is
// run again under variations that must not matter (other partition counts,
// shuffled records, killed stages), and no identity it names may leave the
// collector. A failed expectation is told with its line, what was put in and
// what came out, in words.
//
// What it does not: it needs no Kafka and shows nothing about it; internal/e2e
// does. Confirmed and Difference compare runs there as well.
package scenario
