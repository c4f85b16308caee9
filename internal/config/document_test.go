package config_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/config"
	"cordon/internal/failure"
)

// ladder is a document with a list of entries that have a section.
type ladder struct {
	Title string `mapstructure:"title" doc:"What it is called."`
	Steps []step `mapstructure:"steps" doc:"From the bottom up."`
}

type step struct {
	Action string        `mapstructure:"action" oneof:"RATE_LIMIT BAR" doc:"What is done."`
	Hold   time.Duration `mapstructure:"hold" range:"1s..1h" doc:"How long."`
	Rate   struct {
		Up int64 `mapstructure:"up" unit:"bytes" doc:"What may go up in a second."`
	} `mapstructure:"rate"`
}

func (l ladder) Validate() error {
	var all []error
	for i, s := range l.Steps {
		if s.Rate.Up == 13 {
			all = append(all, &config.Error{Key: []string{"steps[0]", "steps[1]", "steps[2]"}[i] + ".rate.up", Problem: "is 13", Remedy: "write another"})
		}
	}
	if l.Title == "none" {
		all = append(all, errors.New("no title"))
	}
	return errors.Join(all...)
}

func TestReadDocument(t *testing.T) {
	got, err := config.ReadDocument[ladder]("ladder.yaml", []byte("steps:\n  - action: BAR\n    rate:\n      up: 5\n  - hold: 3s\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Steps) != 2 || got.Steps[0].Rate.Up != 5 || got.Steps[0].Hold != 0 || got.Steps[1].Hold != 3*time.Second || got.Title != "" {
		t.Errorf("read %+v, want BAR with 5 bytes, then 3s, the rest zero", got)
	}
	if empty, err := config.ReadDocument[ladder]("ladder.yaml", nil); err != nil || empty.Steps != nil {
		t.Errorf("an empty document: %+v, %v; want zero values", empty, err)
	}
}

func TestReadDocumentRefuses(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"titel: x\n", []string{"l.yaml:1: titel: is not a key; did you mean title?"}},
		{"steps:\n  - colour: red\n", []string{"l.yaml:2: steps[0].colour: is not a key; take it out, or write one of action, hold, rate.up"}},
		{"steps:\n  - hold: 2h\n    action: JUMP\n", []string{"l.yaml:2: steps[0].hold: 2h is out of bounds; allowed is 1s..1h", "l.yaml:3: steps[0].action:"}},
		{"steps:\n  - hold: 1s\n  - hold: 1s\n    rate:\n      up: 13\n", []string{"l.yaml:5: steps[1].rate.up: is 13; write another"}},
		{"steps:\n  - rate: {up: 13}\n  - rate:\n      up: 13\n", []string{"l.yaml:2: steps[0].rate.up", "l.yaml:4: steps[1].rate.up"}},
		{"title: none\n", []string{"l.yaml: no title"}},
		{"a: [\n", []string{"l.yaml: line"}},
	} {
		_, err := config.ReadDocument[ladder]("l.yaml", []byte(c.text))
		if err == nil {
			t.Errorf("%q: no error, want %q", c.text, c.want)
			continue
		}
		if !errors.Is(err, failure.ErrUsage) {
			t.Errorf("%q: error %v is not one of usage", c.text, err)
		}
		lines := strings.Split(err.Error(), "\n")
		if !slices.EqualFunc(lines, c.want, strings.HasPrefix) {
			t.Errorf("%q: errors %q, want %q", c.text, lines, c.want)
		}
	}
}

func TestDocumentKeys(t *testing.T) {
	keys, err := config.DocumentKeys[step]()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, k := range keys {
		names = append(names, k.Name)
	}
	if want := []string{"action", "hold", "rate.up"}; !slices.Equal(names, want) {
		t.Errorf("keys %v, want %v", names, want)
	}
	if keys[0].Allowed != "RATE_LIMIT, BAR" || keys[2].Unit != "bytes" || keys[1].Allowed != "1s..1h" {
		t.Errorf("keys %+v, want bounds and units", keys)
	}
}
