// Package fleet runs telemetry whose truth is known through collector and
// scorer, in this process, with baselines beside them on the same records, and
// evaluates all of them by the same rules.
//
// What it promises: the same settings give the same figures; no wall clock takes
// part. A variant of the configuration is named by keys and values as in
// scorer.yaml; a key that the scorer does not know is an error.
//
// What it does not: it keeps no telemetry, and runs no enforcer, which decides
// nothing that is evaluated here. Figures of simulated fleets show that the
// pipeline works; their authors are those of the detectors. Captures show more.
package fleet
