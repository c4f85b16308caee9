// Package stream holds the one abstraction the three programs are built on: a
// Task, the pure state machine of one partition, and what runs it: an Owner
// keeps the position that belongs to the task's state, a Worker takes the task
// over, restores it, feeds it and commits its checkpoints, a Board keeps the
// tasks of an aligned stage in step. A Worker needs nine calls of the log
// underneath (Log); there are two logs, stream/kafka and, for backtest,
// scenarios and simulation, stream/memory, and the worker is the same on both.
//
// What it promises. Records of one partition reach the task in offset order,
// each exactly once relative to the state: a checkpoint holds the state and the
// position it belongs to in one transaction, and a restart continues from the
// newest committed one. Outputs of a transactional stage are committed in that
// same transaction, so each input has one outcome. Outputs of the other kind
// are acknowledged before the next checkpoint commits and may be sent again
// after a crash: their readers must not mind a repeat.
//
// What it does not: no order between partitions, no processing-time timers, no
// retry of a record the task has taken.
package stream
