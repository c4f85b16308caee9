package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cordon/internal/failure"
)

// runKeys runs cordonctl keys new and returns what it wrote.
func runKeys(args ...string) (stdout, stderr string, err error) {
	var out, told bytes.Buffer
	c := root()
	c.SetOut(&out)
	c.SetErr(&told)
	c.SetArgs(append([]string{"keys", "new"}, args...))
	err = c.Execute()
	return out.String(), told.String(), err
}

func TestKeysNewNeverOverwrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pseudonym.key")
	for i, step := range []struct {
		args  []string
		out   string
		usage bool
	}{
		{args: []string{"--if-absent", path}, out: "wrote " + path},
		{args: []string{"--if-absent", path}, out: "left as it is"},
		{args: []string{"--if-absent", "--json", path}, out: `"made":false`},
		{args: []string{path}, usage: true},
	} {
		before, _ := os.ReadFile(path)
		out, told, err := runKeys(step.args...)
		if !strings.Contains(out, step.out) || errors.Is(err, failure.ErrUsage) != step.usage || told != "" {
			t.Errorf("step %d, keys new %q: wrote %q, %q on standard error, error %v; want %q and nothing, usage error %v", i, step.args, out, told, err, step.out, step.usage)
		}
		if after, _ := os.ReadFile(path); before != nil && !bytes.Equal(before, after) {
			t.Errorf("step %d, keys new %q: the key was changed", i, step.args)
		}
	}
}

func TestKeysNewIfAbsentLooksIntoTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pseudonym.key")
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _, err := runKeys("--if-absent", path); !errors.Is(err, failure.ErrUsage) || out != "" {
		t.Errorf("keys new --if-absent on a broken file: wrote %q, error %v; want nothing and a usage error", out, err)
	}
}

func TestKeysNewNamesDevKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "DEV-pseudonym.key")
	if _, told, err := runKeys(path); err != nil || !strings.Contains(told, "DEV key") {
		t.Errorf("keys new %s: %q on standard error, error %v; want a warning of a DEV key", path, told, err)
	}
	if _, told, err := runKeys("--quiet", "--if-absent", path); err != nil || told != "" {
		t.Errorf("keys new --quiet %s: %q on standard error, error %v; want neither", path, told, err)
	}
}
