// Package task is the enforcer's task: it reads verdicts, acknowledgements and
// operators' decisions and decides which isolation commands are given. It joins
// the ladder (what is ordered about one terminal) and the guard (how many
// terminals at once) with a clock, the audit and the state.
//
// What it promises. The clock of a terminal is that of its own verdicts
// partition: the newest Progress or decidedAt, never backwards. Timers fire in
// due-time order before anything later is looked at and stamp their due time.
// So, as long as the guards, people and policy systems do not bind and the
// verdicts of a partition lie in the order of decidedAt, the commands about a
// terminal depend on its own verdicts and that clock only: not on batches, on
// the order between partitions, on other terminals, or on restarts (the fence
// aside). Every command, deferral, release and operator's act is audited in the
// same transaction.
//
// What it does not. It answers no early warning and no network verdict (both
// are counted). Of the operators' decisions it carries out EXEMPT, END_EXEMPT
// and RELEASE of a terminal, RELEASE_ALL, PAUSE and RESUME; others are audited
// as not supported. It is used by one goroutine at a time.
package task
