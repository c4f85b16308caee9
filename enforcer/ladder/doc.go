// Package ladder decides what is ordered about one terminal. It holds the
// policy (verdict → measure), the life cycle of a measure as a state machine,
// and the commands the transitions cause.
//
// What it promises: the same events with the same arguments give the same case
// and the same commands, byte for byte; every measure has an end and an undo;
// a terminal that is protected, exempted or of unknown criticality gets no
// measure. A Case is a plain value that can be compared, stored and printed.
//
// What it does not: it knows no other terminal and no limit on how many may be
// isolated (enforcer/guard does), keeps no timer (Case.Next names the next one;
// the caller fires it) and is not safe for concurrent use of one Case.
package ladder
