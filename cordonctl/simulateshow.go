package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"cordon/internal/failure"
	"cordon/internal/simulate"
)

func writeTruth(path string, fleet *simulate.Fleet) error {
	file, err := os.Create(path)
	if err != nil {
		return failure.Usage(fmt.Errorf("--truth: %w", err))
	}
	return errors.Join(fleet.WriteTruth(file), file.Close())
}

// simulation is what simulate tells at its end.
type simulation struct {
	Records   int64  `json:"records"`
	Terminals int    `json:"terminals"`
	Start     string `json:"start"`
	End       string `json:"end"`
	// Attacked is how many terminals are not benign.
	Attacked int    `json:"attacked"`
	File     string `json:"file,omitempty"`
	Truth    string `json:"truth,omitempty"`
}

func (f *simulateFlags) report(c *cobra.Command, made *simulated, truth string) error {
	r := simulation{
		Records: made.records, Terminals: made.settings.Terminals, Attacked: len(made.Truth()), File: f.out, Truth: truth,
		Start: made.settings.Start.String(), End: (made.settings.Start + made.settings.Duration).String(),
	}
	if asJSON(c) {
		return printJSON(c.OutOrStdout(), r)
	}
	where, next := "the deployment", "cordonctl tail verdicts"
	if f.out != "" {
		where, next = f.out, "cordonctl backtest "+f.out
	}
	fmt.Fprintf(c.OutOrStdout(), "%d records of %d terminals, %d of them attacked or broken, %s to %s, written to %s\n", r.Records, r.Terminals, r.Attacked, r.Start, r.End, where)
	if truth != "" {
		fmt.Fprintf(c.OutOrStdout(), "the truth about them: %s\n", truth)
	}
	if !quiet(c) {
		fmt.Fprintf(c.ErrOrStderr(), "see what comes of it with: %s\n", next)
	}
	return nil
}
