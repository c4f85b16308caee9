package fleet

import (
	"fmt"
	"slices"
	"strings"

	"cordon/internal/config"
	"cordon/internal/record"
	scorer "cordon/scorer/task"
)

// Override sets one key of the scorer, as in scorer.yaml.
type Override struct {
	Key   string // such as decision.families
	Value string // such as 1
}

// String is how a table names it.
func (o Override) String() string { return o.Key + ": " + o.Value }

// scorerSettings are the defaults with overrides, read as a file would be.
func scorerSettings(overrides []Override) (scorer.Settings, error) {
	defaults := config.Default[scorer.Settings]()
	defaults.Settings = scorer.DefaultSettings()
	keys, err := config.Keys(defaults)
	if err != nil {
		return scorer.Settings{}, err
	}
	environ := []string{} // the process's own takes no part
	for _, o := range overrides {
		i := slices.IndexFunc(keys, func(k config.Key) bool { return k.Name == o.Key })
		if i < 0 {
			return scorer.Settings{}, fmt.Errorf("the scorer has no key %s", o.Key)
		}
		environ = append(environ, keys[i].Env+"="+o.Value)
	}
	loaded, err := config.Load(config.Options[scorer.Settings]{Program: "scorer", Defaults: defaults, Environ: environ})
	if err != nil {
		return scorer.Settings{}, fmt.Errorf("%s: %w", title(overrides), err)
	}
	return loaded.Settings, nil
}

// Digest is the configuration digest that verdicts of a run carry.
func Digest(overrides []Override, partitions int32) (record.Digest, error) {
	s, err := scorerSettings(overrides)
	return s.Digest(partitions), err
}

func title(overrides []Override) string {
	var parts []string
	for _, o := range overrides {
		parts = append(parts, o.String())
	}
	return strings.Join(parts, ", ")
}
