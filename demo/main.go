// Command demo shows Cordon at work on a machine with nothing but this
// repository: an embedded broker, the three programs as processes, a simulated
// fleet with an outbreak (or a capture), and a table of what was found.
//
// It promises to leave nothing running, also when it is interrupted or one of
// the programs dies, and to leave its data in one folder that the next run
// replaces. It is a demonstration: the broker is a fake, for trying and testing.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/pflag"

	"cordon/internal/config"
	"cordon/internal/service"
)

// options are the flags of the demo.
type options struct {
	capture   string
	terminals int
	speed     int64
	dir       string
	seed      uint64
}

func main() {
	var o options
	flags := pflag.NewFlagSet("demo", pflag.ContinueOnError)
	flags.StringVar(&o.capture, "capture", "", "replay this capture `FILE` (pcap, Zeek conn.log, Avro, JSON lines) instead of a simulated fleet")
	flags.IntVar(&o.terminals, "terminals", 300, "`NUMBER` of terminals of the simulated fleet")
	flags.Int64Var(&o.speed, "speed", 30, "`SECONDS` of the fleet's time per second; 0, and with a capture: as fast as it goes")
	flags.StringVar(&o.dir, "dir", ".cordon/demo", "`FOLDER` for the broker's data, configuration and logs; replaced by each run")
	flags.Uint64Var(&o.seed, "seed", 1, "`NUMBER` of one of the possible fleets")
	flags.Usage = func() {
		fmt.Fprintf(os.Stdout, "demo runs collector, scorer and enforcer on an embedded broker and shows what they find.\n\nUsage: demo [flags]\n\n%s", flags.FlagUsages())
	}
	switch err := flags.Parse(os.Args[1:]); {
	case err == pflag.ErrHelp:
		os.Exit(0)
	case err != nil:
		os.Exit(service.Fail(os.Stderr, "demo", &config.Error{Problem: err.Error(), Remedy: "see demo --help"}))
	case flags.NArg() > 0:
		problem := fmt.Sprintf("%q is no flag", flags.Arg(0))
		os.Exit(service.Fail(os.Stderr, "demo", &config.Error{Problem: problem, Remedy: "a capture is named with --capture; see demo --help"}))
	}
	os.Exit(service.Run(func(ctx context.Context) error { return run(ctx, o) }, service.Options{Program: "demo", Deadline: 20 * time.Second}))
}
