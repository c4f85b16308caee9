// Package judge decides: standing evidence in, cases out. A case is what is
// held against one terminal; every verdict is the whole state of a case.
//
// What it promises: the decision rule stands in one function (Rule.Class); a
// case is raised once, updated at most once a minute unless something of
// weight changed, and cleared once; every number of a verdict can be
// recomputed from the verdict alone (docs/detection.md). State is free of
// pointers and of fixed size.
//
// What it does not: it orders nothing and knows no policy (the enforcer does).
package judge
