package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"cordon/internal/config"
	"cordon/internal/failure"
)

// configFlags are the flags of config check.
type configFlags struct {
	dir     string
	program string
	all     bool
}

func configCommand() *cobra.Command {
	c := group(&cobra.Command{
		Use: "config", Short: "check the configuration of the programs",
		Example: "  cordonctl config check --dir /etc/cordon",
	})
	c.AddCommand(configCheckCommand())
	return c
}

func configCheckCommand() *cobra.Command {
	var f configFlags
	c := &cobra.Command{
		Use:   "check [FILE...]",
		Short: "say what is wrong with configuration files, and what is in force",
		Long: `check reads configuration files as the programs would, the environment included
(CORDON_KAFKA_BROKERS, ...), and tells every problem with file, line, key and
remedy. It opens the files that are named in them, such as keys and certificates,
but no connection: doctor does that.

A file belongs to the program it is named after: collector.yaml, scorer.yaml,
enforcer.yaml. For other names say --program. With --dir all three are checked
together, and a file that is absent means the defaults.

It prints the keys that were set and where; with --all every key with its
meaning, unit and default, as a file to start from. Exit code 2 tells of a
problem.`,
		Example: `  cordonctl config check collector.yaml
  cordonctl config check --dir /etc/cordon
  cordonctl config check --program scorer --all > scorer.yaml`,
		RunE: func(c *cobra.Command, args []string) error { return runConfigCheck(c, f, args) },
	}
	c.Flags().StringVar(&f.dir, "dir", "", "`DIR` with collector.yaml, scorer.yaml, enforcer.yaml; what is absent has its defaults")
	c.Flags().StringVar(&f.program, "program", "", "`PROGRAM`, collector, scorer or enforcer: whose configuration FILE is; without FILE, whose defaults to show")
	c.Flags().BoolVar(&f.all, "all", false, "print every key with its meaning, not only those that were set")
	return c
}

// target is one configuration to check; without a path it is the defaults.
type target struct{ program, path string }

func runConfigCheck(c *cobra.Command, f configFlags, args []string) error {
	targets, err := f.targets(args)
	if err != nil {
		return err
	}
	var checked []checkedConfig
	problems := 0
	for _, t := range targets {
		one, err := programs[t.program](t.path, os.Environ())
		if err != nil {
			return err
		}
		one.Program, one.File = t.program, t.path
		checked = append(checked, one)
	}
	if f.dir != "" {
		checked = agree(checked)
	}
	for _, one := range checked {
		problems += len(one.Problems)
		if err := one.print(c, f.all); err != nil {
			return err
		}
	}
	if problems > 0 {
		return failure.Usage(fmt.Errorf("%s in the configuration", plural(problems, "problem")))
	}
	return nil
}

// targets says what is to be checked, and as whose configuration.
func (f *configFlags) targets(args []string) ([]target, error) {
	if _, known := programs[f.program]; f.program != "" && !known {
		return nil, failure.Usage(fmt.Errorf("--program %s: want %s", f.program, strings.Join(programNames, ", ")))
	}
	switch {
	case f.dir != "" && (len(args) > 0 || f.program != ""):
		return nil, failure.Usage(errors.New("--dir goes with neither FILE nor --program: it checks all three programs"))
	case f.dir != "":
		return inFolder(f.dir)
	case len(args) == 0 && f.program != "":
		return []target{{program: f.program}}, nil
	case len(args) == 0:
		return nil, failure.Usage(errors.New("nothing to check: name a FILE such as collector.yaml, or a folder with --dir"))
	}
	var targets []target
	for _, path := range args {
		name := f.program
		if name == "" {
			name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		}
		if _, known := programs[name]; !known {
			return nil, failure.Usage(fmt.Errorf("%s: its name is of no program; say whose configuration it is with --program %s", path, strings.Join(programNames, "|")))
		}
		targets = append(targets, target{program: name, path: path})
	}
	return targets, nil
}

// inFolder returns the three configurations of a folder.
func inFolder(dir string) ([]target, error) {
	if err := isFolder(dir); err != nil {
		return nil, failure.Usage(fmt.Errorf("--dir: %w", err))
	}
	var targets []target
	for _, name := range programNames {
		path, err := fileIn(dir, name)
		if err != nil {
			return nil, failure.Usage(fmt.Errorf("--dir: %w", err))
		}
		targets = append(targets, target{program: name, path: path})
	}
	return targets, nil
}

// isFolder returns an error for what is not a folder: a mistyped one would
// else count as one without files, and everything would have its defaults.
func isFolder(dir string) error {
	switch info, err := os.Stat(dir); {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is not a folder", dir)
	}
	return nil
}

// fileIn returns the path of a program's file in a folder, empty where there is
// none.
func fileIn(dir, program string) (string, error) {
	path := filepath.Join(dir, program+".yaml")
	switch _, err := os.Stat(path); {
	case errors.Is(err, os.ErrNotExist):
		return "", nil
	case err != nil:
		return "", err
	}
	return path, nil
}

// print shows one configuration: as JSON, or what is wrong and what is in force.
func (k *checkedConfig) print(c *cobra.Command, all bool) error {
	w := c.OutOrStdout()
	if asJSON(c) {
		return printJSON(w, k)
	}
	if len(k.Problems) == 0 && all {
		fmt.Fprintf(w, "# %s\n", k.title())
		return config.WriteYAML(w, k.Settings)
	}
	fmt.Fprintln(w, k.title())
	for _, p := range k.Problems {
		fmt.Fprintf(w, "  problem  %s\n", p.text)
	}
	for _, text := range k.Cautions {
		fmt.Fprintf(w, "  caution  %s\n", text)
	}
	if len(k.Settings) == 0 {
		return nil
	}
	return k.printSet(w)
}

func (k *checkedConfig) title() string {
	state := "ok"
	if n := len(k.Problems); n > 0 {
		state = plural(n, "problem")
	}
	if k.File == "" {
		return k.Program + ", no file, defaults: " + state
	}
	return k.Program + ", " + k.File + ": " + state
}

// printSet shows the keys that are not at their defaults.
func (k *checkedConfig) printSet(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	set := 0
	for _, s := range k.Settings {
		if s.Origin.Layer == "" || s.Origin.Layer == "default" {
			continue
		}
		set++
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", s.Name, s.Value, unitOf(s.Key), s.From)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "  %d of %d keys set, the others have their defaults; --all shows every key with its meaning\n", set, len(k.Settings))
	return err
}

// unitOf is the unit of a value that does not carry its own.
func unitOf(k config.Key) string {
	if k.Unit == "" {
		return ""
	}
	return "(" + k.Unit + ")"
}
