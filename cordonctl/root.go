package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"cordon/internal/failure"
	"cordon/internal/service"
)

// output says how results are shown; every command honours it.
type output struct {
	json  bool // one JSON object per line on standard output
	quiet bool // no progress, no hints
}

// shown is how this run shows results.
var shown output

func root() *cobra.Command {
	c := &cobra.Command{
		Use:   "cordonctl",
		Short: "replay, backtest and explain; set up and check a Cordon deployment",
		Long: `cordonctl works with Cordon, which watches IoT terminals in 5G networks.

Try it on a capture of your own, with no broker and nothing to set up:

  cordonctl backtest capture.pcap`,
		SilenceUsage: true, SilenceErrors: true, Version: service.Version().String(),
	}
	c.PersistentFlags().BoolVar(&shown.json, "json", false, "print results as JSON, one object per line")
	c.PersistentFlags().BoolVar(&shown.quiet, "quiet", false, "no progress and no hints on standard error")
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return failure.Usage(fmt.Errorf("%w; see %s --help", err, c.CommandPath()))
	})
	c.CompletionOptions.HiddenDefaultCmd = true
	c.AddCommand(backtestCommand(), replayCommand(), tailCommand(), topicsCommand(), keysCommand(), versionCommand())
	return c
}

// arguments wraps a check of positional arguments as a usage error.
func arguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return failure.Usage(fmt.Errorf("%w; see %s --help", err, c.CommandPath()))
		}
		return nil
	}
}

// printJSON writes one value as one line.
func printJSON(w io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", text)
	return err
}
