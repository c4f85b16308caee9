// Command enforcer turns verdicts into isolation commands, step by step and
// reversibly: it reads verdicts, acknowledgements and operators' decisions, and
// writes commands (or, in DRY_RUN, rehearsals) and the audit trail.
//
// It promises that every command ends by itself, that limits hold, and that a
// guard it cannot evaluate means no isolation. One instance is active at a time.
package main

import (
	"os"

	"cordon/internal/program"
)

func main() { os.Exit(program.Main(enforcer)) }
