// Package recorded runs captures of real attacks alone, among a simulated fleet,
// and with other addresses, ports and times, and says what that changes.
//
// What it promises: a comparison counts from the first record of the capture, so
// that runs of different dates compare; it holds class, time and exceptions of
// every terminal against each other, and the verdicts one by one.
//
// What it does not: it holds no captures; whoever has them names their folder.
// Whether a terminal is rightly called malicious is not its question.
package recorded
