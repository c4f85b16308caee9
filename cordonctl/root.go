package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"cordon/internal/failure"
	"cordon/internal/service"
)

// Flags that every command honours.
const (
	jsonFlag  = "json"
	quietFlag = "quiet"
)

// asJSON reports whether results are printed as JSON, one object per line.
func asJSON(c *cobra.Command) bool { return c.Flag(jsonFlag).Value.String() == "true" }

// quiet reports whether progress and hints are left out.
func quiet(c *cobra.Command) bool { return c.Flag(quietFlag).Value.String() == "true" }

// errInterrupted ends a command that a signal stopped before its work was done.
var errInterrupted = errors.New("interrupted before the work was done")

// execute runs a command. One that a signal ended says so: as the context's own
// error it would count as a clean end, and a script would believe its work done.
func execute(ctx context.Context, c *cobra.Command) error {
	err := c.ExecuteContext(ctx)
	if errors.Is(err, context.Canceled) {
		return errInterrupted
	}
	return err
}

func root() *cobra.Command {
	cobra.AddTemplateFunc("plainSwitches", plainSwitches)
	c := group(&cobra.Command{
		Use:   "cordonctl",
		Short: "replay, backtest and explain; set up and check a Cordon deployment",
		Long: `cordonctl works with Cordon, which watches IoT terminals in 5G networks.

Try it on a capture of your own, with no broker and nothing to set up:

  cordonctl backtest capture.pcap

On a running deployment, look at how it is first:

  cordonctl doctor

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 a needed system
is not reachable, 4 done but some input was rejected, 5 a gate of evaluate was
missed.`,
		Example: `  cordonctl backtest --out result capture.pcap
  cordonctl explain 3f2a --verdicts result/verdicts.jsonl`,
		SilenceUsage: true, SilenceErrors: true, Version: service.Version().String(),
	})
	c.PersistentFlags().Bool(jsonFlag, false, "print results as JSON, one object per line")
	c.PersistentFlags().Bool(quietFlag, false, "no progress and no hints on standard error")
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return failure.Usage(fmt.Errorf("%w; see %s --help", err, c.CommandPath()))
	})
	c.CompletionOptions.HiddenDefaultCmd = true
	c.SetUsageTemplate(strings.ReplaceAll(c.UsageTemplate(), ".FlagUsages", ".FlagUsages | plainSwitches"))
	c.AddCommand(
		backtestCommand(), evaluateCommand(), replayCommand(), simulateCommand(), tailCommand(), explainCommand(),
		topicsCommand(), keysCommand(), configCommand(), doctorCommand(), versionCommand(),
	)
	return c
}

// plainSwitches leaves the values out that a switch may be given: hardly anybody
// writes --quiet=true, and they hide the names.
func plainSwitches(usages string) string {
	const values = "[=true|false]"
	return strings.ReplaceAll(usages, values, strings.Repeat(" ", len(values)))
}

// group makes a command out of one that only holds others: alone it shows its
// help, and a name it does not know is wrong usage. Cobra by itself prints the
// help and reports success.
func group(c *cobra.Command) *cobra.Command {
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return c.Help()
		}
		c.SuggestionsMinimumDistance = 2
		hint := ""
		if near := c.SuggestionsFor(args[0]); len(near) > 0 {
			hint = " did you mean " + strings.Join(near, " or ") + "?"
		}
		return failure.Usage(fmt.Errorf("%s has no command %q;%s see %s --help", c.CommandPath(), args[0], hint, c.CommandPath()))
	}
	return c
}

// arguments wraps a check of positional arguments as a usage error.
func arguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return failure.Usage(fmt.Errorf("want %s, have %s; see %s --help", c.UseLine(), plural(len(args), "argument"), c.CommandPath()))
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
