package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"cordon/internal/service"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "print the version of this program", Example: "  cordonctl version --json",
		Args: arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if asJSON(c) {
				return printJSON(c.OutOrStdout(), service.Version())
			}
			_, err := fmt.Fprintln(c.OutOrStdout(), "cordonctl", service.Version())
			return err
		},
	}
}
