package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"cordon/collector/keyfile"
)

func keysCommand() *cobra.Command {
	c := group(&cobra.Command{
		Use: "keys", Short: "make the key that pseudonyms are made with",
		Example: "  cordonctl keys new /etc/cordon/pseudonym.key",
	})
	c.AddCommand(keysNewCommand())
	return c
}

func keysNewCommand() *cobra.Command {
	var ifAbsent bool
	c := &cobra.Command{
		Use: "new FILE", Short: "write a new pseudonym key to a file that does not exist yet",
		Long: `new writes 32 random bytes to FILE, readable by you alone. Whoever holds this key
can link every pseudonym to its subscriber: give it to the collectors (keys.file)
and to nobody else, and keep a copy in a safe place, for without it pseudonyms
cannot be found again.

A file that exists is never overwritten. With --if-absent that is no failure, as
long as there is a key in it: for scripts that prepare a deployment more than once.

A key to try things out with is marked by its file name: the collector warns of a
key whose file name begins with DEV.`,
		Example: "  cordonctl keys new /etc/cordon/pseudonym.key\n  cordonctl keys new --if-absent DEV-pseudonym.key",
		Args:    arguments(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			made, err := newKey(args[0], ifAbsent)
			if err != nil {
				return err
			}
			return tellKey(c, args[0], made)
		},
	}
	c.Flags().BoolVar(&ifAbsent, "if-absent", false, "leave a key that is there already, and succeed")
	return c
}

// newKey makes a key file; it reports false where one was left as it is.
func newKey(path string, ifAbsent bool) (made bool, err error) {
	if _, err := os.Stat(path); ifAbsent && !errors.Is(err, fs.ErrNotExist) {
		_, err := keyfile.Read(path) // one that cannot be used would only be found out by the collector
		return false, err
	}
	return true, keyfile.Create(path, time.Now())
}

func tellKey(c *cobra.Command, path string, made bool) error {
	if text := keyfile.Caution(path); text != "" && !quiet(c) {
		fmt.Fprintln(c.ErrOrStderr(), text)
	}
	if asJSON(c) {
		return printJSON(c.OutOrStdout(), map[string]any{"file": path, "made": made})
	}
	text := "wrote %s; name it as keys.file in collector.yaml\n"
	if !made {
		text = "%s holds a key already: left as it is\n"
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), text, path)
	return err
}
