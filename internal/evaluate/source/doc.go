// Package source puts telemetry together and rewrites it for the evaluation: a
// capture among a fleet, the same capture with other addresses, ports and times,
// and the runs of GTRI's 5G set, which are no capture.
//
// What it promises: the same input gives the same records in the same order. A
// map of addresses or ports gives two that differ two that differ, and addresses
// keep the prefixes that they share.
//
// What it does not: it sorts nothing; merged sources come by time if each does. A
// source belongs to one goroutine, and what its records point to is valid until
// the next one is asked for.
package source

import "cordon/internal/raw"

// Source hands out telemetry by time; io.EOF ends it.
type Source interface {
	Next(t *raw.Telemetry) error
}
