// Command testreport makes a page that a person reads out of `go test -json`.
//
// What it is: the end of the pipe in `make test`. A package that passed is one
// line; one that failed shows everything but the output of its passing tests.
// At the end: what was skipped and why, how long it took, and in the last line
// the counts, tests and subtests alike.
//
// What it promises: the exit code is 0 only if the input told of at least one
// package and nothing failed. A test that was cut short counts as failed, and
// so does a package that did not build or failed outside its tests. Lines that
// are no events are passed on where they stand. An interrupt does not end it
// before its input does.
//
// What it does not: it runs nothing. It is a tool of the Makefile and belongs
// to no release.
package main
