// Package simulation runs the whole pipeline under a seeded scheduler and does
// to it what may happen to a deployment: the tasks, owners and workers of the
// three programs (internal/stream, the very ones that run on Kafka) on the log
// in memory, with instances that crash, stand still and wake, come and go,
// brokers that do not answer, markers that come late and probes that are slow,
// skewed, silent or say things twice.
//
// What it promises: a Plan is a function of its seed and a run a function of
// its plan, event for event; there is one goroutine, no wall clock and no order
// of a map. A choice depends on the seed, on who chooses and on how often it
// chose before, so taking a fault out of a plan leaves the choices of the others
// alone: that is how a failing run is shrunk to the faults that matter. After
// each run Check holds what is in the log against a quiet run of the tasks over
// the same raw records (P1 and P2 of docs/exactness.md), and against what must
// hold in any run.
//
// What it does not prove. The client that talks to brokers (stream/kafka) is not
// in it: its way of running a worker is written down here a second time
// (worker.go, checkpoint.go, group.go), and tests on Kafka show that the real one
// keeps to it. The log follows Kafka's rules as far as stream/memory does, and
// state topics are compacted as they are read; replication and full disks are not
// simulated, nor records that retention deletes unread, nor state that was deleted
// while its outputs stayed (a tail is read, but by the first start only). Nobody
// acknowledges a command, and what operators decide concerns the scorer only, so of
// the enforcer nothing is run but what follows from verdicts and time. From when on
// a profile or a decision holds depends on how far its collector has come; a Fleet
// leaves that time empty, and only there P2 covers it. Outputs never come to stream.MaxEffects,
// where a task has to wait until they can leave. A defect that both
// the quiet and the troubled run have in common is not seen. And nothing of it
// says that a verdict is right.
package simulation
