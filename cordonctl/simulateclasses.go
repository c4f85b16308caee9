package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"cordon/internal/config"
	"cordon/internal/failure"
	"cordon/internal/simulate"
)

// classFile is what --classes reads.
type classFile struct {
	Classes []simulate.Class `mapstructure:"classes" doc:"The kinds of device that the fleet is made of."`
}

// Validate returns what is wrong with the classes, under the keys of the file.
func (f classFile) Validate() error {
	if len(f.Classes) == 0 {
		return &config.Error{Key: "classes", Problem: "is empty", Remedy: "write '- name: meter' and the like below it; cordonctl simulate --print-classes gives a file to start from"}
	}
	var all []error
	for _, p := range simulate.CheckClasses(f.Classes) {
		key := fmt.Sprintf("classes[%d]", p.Index)
		if p.Key != "" {
			key += "." + p.Key
		}
		all = append(all, &config.Error{Key: key, Problem: p.Problem, Remedy: p.Remedy})
	}
	return errors.Join(all...)
}

// maxClassFile is far above any file of classes: another file, named by mistake,
// is refused instead of read.
const maxClassFile = 1 << 20

// readClasses reads a mix of classes; "-" is standard input.
func readClasses(c *cobra.Command, path string) ([]simulate.Class, error) {
	in, name := c.InOrStdin(), "standard input"
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, failure.Usage(fmt.Errorf("--classes: %w; cordonctl simulate --print-classes gives a file to start from", err))
		}
		defer file.Close()
		in, name = file, path
	}
	content, err := io.ReadAll(io.LimitReader(in, maxClassFile+1))
	if err != nil {
		return nil, failure.Usage(fmt.Errorf("--classes: %w", err))
	}
	if len(content) > maxClassFile {
		return nil, failure.Usage(fmt.Errorf("--classes %s: larger than 1 MiB; name the file with the classes", name))
	}
	file, err := config.ReadDocument[classFile](name, content)
	if err != nil {
		return nil, fmt.Errorf("--classes: %w", err)
	}
	return file.Classes, nil
}

// printClasses writes the built-in classes with all their parameters, as a file
// that --classes reads.
func printClasses(c *cobra.Command) error {
	if asJSON(c) {
		return printJSON(c.OutOrStdout(), classesJSON())
	}
	keys, err := config.DocumentKeys[simulate.Class]()
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(`# The built-in classes of cordonctl simulate, with all that can be changed. The
# fleet consists of the classes that are listed; take out, change and add:
# cordonctl simulate --classes FILE. A class of your own needs a name, what it is
# like, its share, and of the rest only what is different.
#
`)
	for _, k := range classKeys(keys) {
		fmt.Fprintf(&b, "# %s: %s\n", k.Name, keyText(k))
	}
	b.WriteString("\nclasses:\n")
	for _, class := range simulate.BuiltIn() {
		writeClass(&b, &class)
	}
	_, err = io.WriteString(c.OutOrStdout(), b.String())
	return err
}

// keyText is what a key means and may hold.
func keyText(k config.Key) string {
	if k.Allowed == "" {
		return k.Doc
	}
	return fmt.Sprintf("%s (%s)", k.Doc, k.Allowed)
}

// classKeys joins the keys that mean the same in several sections.
func classKeys(keys []config.Key) []config.Key {
	var joined []config.Key
	for _, k := range keys {
		i := slices.IndexFunc(joined, func(other config.Key) bool { return other.Doc == k.Doc })
		if i < 0 {
			joined = append(joined, k)
			continue
		}
		joined[i].Name += ", " + k.Name
	}
	return joined
}

// classesJSON returns the parameters of the built-in classes.
func classesJSON() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, class := range simulate.BuiltIn() {
		all[class.Name] = map[string]string{}
		for _, p := range class.Parameters() {
			all[class.Name][p.Key] = p.Value
		}
	}
	return all
}

// writeClass writes an entry of the list: a line for each key, the keys of a
// section indented below it.
func writeClass(b *strings.Builder, class *simulate.Class) {
	section, indent := "", "  - "
	for _, p := range class.Parameters() {
		key := p.Key
		if outer, inner, nested := strings.Cut(p.Key, "."); nested {
			if outer != section {
				fmt.Fprintf(b, "    %s:\n", outer)
			}
			section, key, indent = outer, inner, "      "
		}
		fmt.Fprintf(b, "%s%s: %s\n", indent, key, scalar(p))
		if section == "" {
			indent = "    "
		}
	}
}

// scalar quotes what YAML would read as a number and is text.
func scalar(p simulate.Parameter) string {
	if p.Key == "type_code" || p.Key == "slice" {
		return fmt.Sprintf("%q", p.Value)
	}
	return p.Value
}

// classHelp teaches the file in the help.
const classHelp = `--classes FILE gives the kinds of device there are, and how many of each; without
it the fleet is a mix of the built-in ones. A class of one's own is like a built-in
one but for what is written:

  classes:
    - name: meter            # built in, as it is
      share: 700             # parts, of whatever sum
    - name: water-meter      # one's own
      like: meter
      share: 300
      hours: 06-22           # UTC; or machines, shops, people
      mobility: stationary   # or moving
      sleep: 6h              # between two connections; never: always connected
      server: {domain: water.example.com, port: 5684, hosts: 2}
      reports: {every: 1h, up: 300..700, down: 60..120}

Trackers, cameras and controllers have keep_alive: {every: 60s}, gateways and
wearables browsing:. --print-classes writes the built-in ones with all their
parameters and what they mean, as a file to start from.
`
