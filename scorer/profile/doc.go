// Package profile keeps what people have said of terminals beforehand: provisioned
// profiles (expected behaviour, TS 29.503), operators' decisions (BENIGN, ALLOW,
// EXEMPT) and destination lists. They come in band, as ProfileChange, DecisionChange
// and SettingChange with the event time from which they hold.
//
// What it promises: a change takes effect, or ends, in the first pane closed that
// holds or follows its time, in the order of those times and, where they are equal,
// of arrival; so the same log gives the same table however it is cut. A newer change
// of the same subject replaces the older one whole. Of several profiles the one of
// the terminal counts, else that of its internal group, else that of its type
// allocation code; PROTECTED and EXEMPT hold wherever they stand. Memory is bounded
// (MaxBytes); a change beyond it is refused and seen in the figures.
//
// What it does not: it weighs nothing (scorer/detect does), judges no terminal, and
// knows no threshold sets: a setting whose name does not begin with "destinations"
// is kept and changes nothing.
package profile
