package keyfile_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cordon/collector/keyfile"
	"cordon/collector/pseudonym"
	"cordon/internal/failure"
)

func TestCreateThenRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pseudonym.key")
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if err := keyfile.Create(path, now); err != nil {
		t.Fatal(err)
	}
	key, err := keyfile.Read(path)
	if err != nil || key.IsZero() || key.IsTest() || !key.Created().Equal(now) {
		t.Fatalf("got key made %v, error %v", key.Created(), err)
	}
	before, _ := os.ReadFile(path)
	if err := keyfile.Create(path, now); !errors.Is(err, failure.ErrUsage) {
		t.Errorf("second create: got %v, want a usage error", err)
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Error("the key was overwritten")
	}
}

func TestReadRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	secret := strings.Repeat("ab", 32)
	for name, c := range map[string]struct{ path, want string }{
		"unset":   {"", "keys.file is not set"},
		"absent":  {filepath.Join(dir, "none"), "cordonctl keys new"},
		"open":    {write("open", `{"version":1,"created":"2026-01-01T00:00:00Z","master":"`+secret+`"}`, 0o644), "chmod 600"},
		"folder":  {dir, "is a folder"},
		"garbage": {write("garbage", secret, 0o600), "keys new"},
		"huge":    {write("huge", strings.Repeat(secret, 100), 0o600), "no key file has"},
	} {
		_, err := keyfile.Read(c.path)
		if !errors.Is(err, failure.ErrUsage) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want a usage error with %q", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), secret[:8]) {
			t.Errorf("%s: the error holds the key: %v", name, err)
		}
	}
}

func TestCautionNamesDevKeys(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, name := range []string{"DEV-pseudonym.key", "pseudonym.key"} {
		if err := keyfile.Create(filepath.Join(dir, name), now); err != nil {
			t.Fatal(err)
		}
	}
	text, err := pseudonym.TestKey().Text()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "test.key"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, warned := range map[string]bool{"DEV-pseudonym.key": true, "pseudonym.key": false, "test.key": true, "absent.key": false} {
		got := keyfile.Caution(filepath.Join(dir, name))
		if (got != "") != warned || warned && !strings.Contains(got, "DEV key") {
			t.Errorf("Caution(%s) = %q, want a warning of a DEV key: %v", name, got, warned)
		}
	}
}

func TestCreateWhereNothingCanBeWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "pseudonym.key")
	if err := keyfile.Create(path, time.Now()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want %v", err, os.ErrNotExist)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("something was written")
	}
}

func ExampleCreate() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "pseudonym.key")
	fmt.Println(keyfile.Create(path, time.Now()))
	key, err := keyfile.Read(path)
	fmt.Println(key.IsZero(), err)
	// Output:
	// <nil>
	// false <nil>
}
