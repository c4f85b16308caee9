// Package evaluate holds verdicts against what is known to be true: which
// episodes were found, how long that took, what was called by the wrong name,
// and how often a terminal was accused that had done nothing.
//
// What it promises: figures are of episodes and terminal-days, never of single
// records, so that one flood is one detection (detection reference, 5.1). The
// same input gives the same report, in whatever order verdicts are handed in.
// Rates come with a one-sided 95 % Clopper-Pearson bound; without a single
// false verdict in n terminal-days it is 3/n.
//
// The rules, which decide what figures mean:
//
//   - An episode is a line of the truth: a terminal, a label, a start and an end.
//     Its window is [start, end + grace]; without an end it goes on for ever.
//   - An alarm is a case that was raised, or that took another class. What a
//     case adds to itself later, a new exception, is a sign as well.
//   - An episode is found by the first alarm or sign of its own class inside its
//     window. What began before the start finds nothing: it was false then, and
//     an attack on a terminal that is accused already is not seen.
//   - Episodes of one terminal may overlap; a sign counts for each it lies in.
//   - An alarm outside every window of its terminal is false. One of another
//     class inside a window is no false alarm but a confusion.
//   - A terminal that is not listed is benign, and so is every other one outside
//     its episodes: terminal-days of rates are these.
//   - Time to detection is from the start to the verdict's decidedAt, in event
//     time; quantiles are of what was found, by nearest rank.
//
// What it does not: it runs no pipeline (internal/evaluate/fleet does) and
// follows no pseudonym over a change of its key.
package evaluate
