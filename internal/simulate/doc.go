// Package simulate makes up the telemetry of a fleet of terminals: meters,
// trackers, cameras, payment terminals, gateways, controllers and wearables
// with their daily life and everyday trouble, and among them terminals that
// were attacked or broke down, with the truth about each. cordonctl simulate
// and the demo run on it.
//
// What it promises: the same settings give the same records, byte for byte, on
// every machine (integers only, one seeded generator per terminal); the life of
// a terminal does not change when others are attacked. Records come in order of
// occurredAt, but for late ones of a lifelike fleet, which are at most MaxLate
// behind. A user plane record names its terminal by address only, and a session
// record has bound that address before. Memory is bounded by the number of
// terminals, whatever the duration. Every remote address lies in a range kept
// for documentation or benchmarks, every subscriber in the test network 001-01,
// every type allocation code in the range of test equipment.
//
// What it does not: it knows nothing of detectors and shares no number with
// them, and it is no proof of them either, for its authors are theirs; real
// captures are. It numbers no records and repeats none: whoever feeds them into
// a log numbers them. Sessions last to the end, so no address is used twice.
package simulate
