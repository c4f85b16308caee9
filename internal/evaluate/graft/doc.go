// Package graft lets something happen to a real device: packets of an attack, or
// of something harmless that looks like one, are put among those of a benign
// capture, at a time that the seed chooses (detection reference, 3.12).
//
// What it promises: the same capture, kind and seed give the same packets, and
// remote addresses that no seed of another shares but by chance. Packets take the
// way of a capture, from Ethernet on; where a server is down, what the device has
// to do with it is taken out of the reports.
//
// What it does not: the device goes on as if nothing happened, and the packets are
// no malware's but this package's idea of it. It is the work of those who wrote
// the detectors, on devices that they have not made up.
package graft
