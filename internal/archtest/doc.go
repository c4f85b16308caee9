// Package archtest holds the rules of this repository as tests.
//
// What it is: tests only, run by `make lint` and `make test`. They parse every
// Go file of the module and compare it with the tables in this folder: who may
// import what, which packages are pure, which functions may be long. Each row
// says why it is there.
//
// What it promises: a failure names file and line, the rule that was broken and
// what would go wrong without it. An excuse that nothing needs any more fails
// too. A row may name a package that is yet to come.
//
// What it does not: judge style, nor look into other modules. Whoever has a
// good reason against a rule adds a row, and a reviewer sees the reason.
package archtest
