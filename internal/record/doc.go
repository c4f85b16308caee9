// Package record holds every record that flows behind the collector as a Go
// value, and their codecs: the straight-line one of PseudonymisedTelemetry,
// and one driven by the schema for all others.
//
// What it promises: a value decoded from its own encoding equals the value
// encoded; decoding never panics, never allocates more than the input
// justifies, and refuses what is cut short. No type here can hold a subscriber
// identity, a terminal address or a cell identity: scorer and enforcer import
// this package and never internal/raw.
//
// What it does not: it keeps no state, validates no meaning (the stages do)
// and is not safe for concurrent use of one Decoder.
//
// Two conventions hold for all records. An optional string, address or list is
// absent when it is empty. Every enum has UNKNOWN as its zero value in Go and
// as the last symbol and default in its schema, so that a newer writer's
// symbol reads as UNKNOWN instead of failing.
package record
