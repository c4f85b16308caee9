package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"cordon/collector/keyfile"
)

func keysCommand() *cobra.Command {
	c := &cobra.Command{Use: "keys", Short: "make the key that pseudonyms are made with"}
	c.AddCommand(&cobra.Command{
		Use: "new FILE", Short: "write a new pseudonym key to a file that does not exist yet",
		Long: `new writes 32 random bytes to FILE, readable by you alone. Whoever holds this key
can link every pseudonym to its subscriber: give it to the collectors (keys.file)
and to nobody else, and keep a copy in a safe place, for without it pseudonyms
cannot be found again.`,
		Example: "  cordonctl keys new /etc/cordon/pseudonym.key",
		Args:    arguments(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			if err := keyfile.Create(args[0], time.Now()); err != nil {
				return err
			}
			if shown.json {
				return printJSON(c.OutOrStdout(), map[string]string{"file": args[0]})
			}
			_, err := fmt.Fprintf(c.OutOrStdout(), "wrote %s; name it as keys.file in collector.yaml\n", args[0])
			return err
		},
	})
	return c
}
