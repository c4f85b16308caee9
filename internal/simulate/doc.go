// Package simulate makes up the telemetry of a fleet of terminals: meters,
// trackers, cameras, payment terminals, gateways, controllers, wearables and
// peer-to-peer cameras with their daily life and everyday trouble, and among them
// terminals that were attacked or broke down, with the truth about each. cordonctl
// simulate, the demo and the published figures run on it.
//
// Classes of device other than these are described by what they differ in from
// one of them (Class).
//
// The life of a terminal is what its user plane reports, and what it has to say to
// the network: it registers and does so again from time to time, wakes up and
// sleeps, renews its session after hours or days, moves if its class does, reports
// to device management; about one in a hundred stands where the radio is bad.
//
// A lifelike fleet has the trouble that detectors take for attacks, once each, at
// parts of its time:
//
//   - late records, and records that come twice under one number of their source;
//   - a time server that never answers, and a time in which none does;
//   - the outage of a class's main server, whose terminals try again and then all
//     go over to another site, which is overrun;
//   - a content network that moves services to new addresses;
//   - a staged update: a download, a restart, another firmware version;
//   - summer time: people get up an hour earlier;
//   - the return of electricity: a district registers at once;
//   - subscriptions that a technician puts into new devices;
//   - a captive portal that answers for every host;
//   - a user plane that counts every other packet for a while;
//   - a class that is given another data network overnight;
//   - cameras that look for a way through address translation, and mostly fail.
//
// What it promises: the same settings give the same records, byte for byte, on
// every machine (integers only, one seeded generator per terminal); the life of
// a terminal does not change when others are attacked, but for the numbers that
// sources count. Records come in order of occurredAt, but for late ones of a
// lifelike fleet, which are at most MaxLate behind. A user plane record names its
// terminal by address only, and a session record has bound that address before.
// An open flow is reported when it had packets, at most once a ReportInterval.
// Each source numbers its records over all partitions: whoever feeds them into a
// log of several numbers them anew. Memory is bounded by the number of terminals,
// whatever the duration. Every remote address lies in a range kept for
// documentation or benchmarks, every subscriber in the test network 001-01, every
// type allocation code in the range of test equipment.
//
// What it does not: it knows nothing of detectors and shares no number with
// them, and it is no proof of them either, for its authors are theirs; real
// captures are. A terminal keeps its address for life. Signalling and flows of one
// terminal are not made of one plan: it may speak while it seems to sleep.
package simulate
