// Package task is the scorer of one telemetry partition: a stream.Task that
// puts the stages pane, feature, detect and judge together, with package peer beside
// them.
//
// What it promises: verdicts are decided by the log alone. Records only add to
// open panes; when the watermark passes a pane, one step judges its terminals
// in the order of their pseudonyms. So the same records give the same bytes,
// however they are batched, shuffled within the lateness, interrupted by
// restarts, or how often the clocks speak. A verdict sent again after a crash
// is the same verdict. Early warnings peek at open panes: they depend on the order of
// the log as well, so that shuffled records may warn at another moment or not at all.
//
// Profiles, operators' decisions and destination lists come by the same topic, each
// with the event time from which it holds.
//
// What it does not: it knows no other partition and no wall clock, and of settings it
// applies destination lists only: any other is refused.
//
// State: one piece per terminal with its open panes (key "U" + pseudonym), one
// per string that terminals share (key "n" + number), one per record that waits
// for its pane (key "w" + number), some for what peers know of each other (key "P" +
// part), one for the lengths of sessions (key "a"), one per profile, decision and
// setting (key "c" + number), one for the partition (key "p"). StateVersion
// is the layout of all of them; that of the release before is read as well. A
// cut copies no terminal: it shares the pages they lie in, and the task copies
// a page before it writes to it (package page). So the task stands still for
// less than a millisecond, whatever has changed.
package task
