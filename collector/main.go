// Command collector takes the subscriber identity out of network telemetry: it
// reads telemetry.raw and writes telemetry, pseudonymised as the schemas say.
//
// It promises that each raw record has exactly one outcome, forwarded or dead
// letter, also over a crash; and that no identity leaves it, in no topic, log,
// metric or error. It does not judge anything.
package main

import (
	"os"

	"cordon/internal/program"
)

func main() { os.Exit(program.Main(collector)) }
