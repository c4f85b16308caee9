// Package docs holds the pages of this folder to the code they describe.
//
// What it promises, in its tests: the tables between "<!-- table NAME -->" and
// "<!-- end NAME -->" are what the code says (topics, configuration, metrics,
// privacy, dead letters, access rules); every relative link of every page leads
// somewhere; every test that a page names as a proof exists; ARCHITECTURE.md
// names every package.
//
// A table that differs is printed; `go test ./docs -rewrite` writes it into its
// page. What it does not: it cannot read prose.
package docs
