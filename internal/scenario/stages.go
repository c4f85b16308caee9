package scenario

import (
	"fmt"
	"slices"

	"cordon/collector/pseudonym"
	collector "cordon/collector/task"
	enforcer "cordon/enforcer/task"
	"cordon/internal/config"
	"cordon/internal/identity"
	"cordon/internal/record"
	"cordon/internal/stream"
	scorer "cordon/scorer/task"
)

// cachedStandIns is how many stand-ins a collector remembers here: it has few
// terminals, and is started often.
const cachedStandIns = 1 << 10

// pseudonyms derives who is who.
func (s *Scenario) pseudonyms() (map[record.Pseudonym]string, error) {
	d, err := pseudonym.NewDeriver(pseudonym.TestKey(), 0, 0)
	if err != nil {
		return nil, err
	}
	names := map[record.Pseudonym]string{}
	for _, t := range s.terminals {
		if supi, err := identity.ParseSUPI(t.supi); err == nil {
			names[d.Terminal(supi)] = t.name
		}
	}
	return names, nil
}

// stages makes the three stages with the scenario's settings.
func (s *Scenario) stages() ([]*stream.Stage, error) {
	small := collector.DefaultSettings()
	small.Keys.Cache = cachedStandIns
	c, err := load(s, "collector", small)
	if err != nil {
		return nil, err
	}
	sc, err := load(s, "scorer", scorer.DefaultSettings())
	if err != nil {
		return nil, err
	}
	e, err := load(s, "enforcer", enforcer.DefaultSettings())
	if err != nil {
		return nil, err
	}
	first, err := collector.Stage(c, pseudonym.TestKey())
	if err != nil {
		return nil, err
	}
	second, err := scorer.Stage(sc)
	if err != nil {
		return nil, err
	}
	third, err := enforcer.Stage(e)
	if err != nil {
		return nil, err
	}
	return []*stream.Stage{first, second, third}, nil
}

// load sets keys the way the environment would, so that they are checked as
// strictly as a user's.
func load[T any](s *Scenario, program string, defaults T) (T, error) {
	all := config.Default[T]()
	all.Settings = defaults
	keys, err := config.Keys(all)
	if err != nil {
		return defaults, err
	}
	environ := []string{}
	for _, set := range s.settings {
		if set.program != program {
			continue
		}
		at := slices.IndexFunc(keys, func(k config.Key) bool { return k.Name == set.key })
		if at < 0 {
			return defaults, fmt.Errorf("%s:%d: %s has no key %s", s.Name, set.line, program, set.key)
		}
		environ = append(environ, keys[at].Env+"="+set.value)
	}
	p, err := config.Load(config.Options[T]{Program: program, Defaults: all, Environ: environ})
	if err != nil {
		return defaults, fmt.Errorf("%s: %s: %w", s.Name, program, err)
	}
	return p.Settings, nil
}
