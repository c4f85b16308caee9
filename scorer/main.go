// Command scorer decides which terminals are malicious or malfunctioning: it
// reads telemetry and writes verdicts, early warnings and its progress.
//
// It promises the same verdicts for the same telemetry, whatever restarts,
// batches or disorder within the lateness. It cannot name a subscriber.
package main

import (
	"os"

	"cordon/internal/program"
)

func main() { os.Exit(program.Main(scorer)) }
