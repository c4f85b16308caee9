// Package e2e holds tests that run the real programs as processes against a
// Kafka broker: a real one where one can be had, the embedded one otherwise
// (package kafkatest says which). It has no other code.
//
// What the tests prove: what comes out live is what a backtest of the same
// input gives, also when a program is killed or restarted in mid-stream; and
// no identity appears behind the collector.
package e2e
