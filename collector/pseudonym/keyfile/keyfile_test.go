package keyfile_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cordon/collector/pseudonym"
	"cordon/collector/pseudonym/keyfile"
)

func TestWriteThenRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cordon.key")
	key, err := pseudonym.NewKey(bytes.NewReader(bytes.Repeat([]byte{9}, 32)), time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	if err := keyfile.Write(path, key); err != nil {
		t.Fatal(err)
	}
	got, err := keyfile.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	first, _ := key.ID()
	second, _ := got.ID()
	if first != second {
		t.Errorf("read back id %x, want %x", second, first)
	}
	if found, err := os.Stat(path); err != nil || found.Mode().Perm() != 0o600 {
		t.Errorf("permissions of a new key: %v, %v, want 0600", found.Mode(), err)
	}
	if err := keyfile.Write(path, key); !errors.Is(err, keyfile.ErrFile) || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("second write: got %v, want a refusal", err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("files left beside the key: %v, %v", entries, err)
	}
}

func TestBadFiles(t *testing.T) {
	dir := t.TempDir()
	good, err := pseudonym.TestKey().Text()
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, text []byte, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cases := []struct {
		path string
		is   error
		says string
	}{
		{"", keyfile.ErrFile, "keys.file"},
		{filepath.Join(dir, "absent"), keyfile.ErrFile, "cordonctl keys new"},
		{dir, keyfile.ErrFile, "not a plain file"},
		{write("open", good, 0o644), keyfile.ErrFile, "chmod 0600"},
		{write("group", good, 0o640), keyfile.ErrFile, "0640"},
		{write("large", bytes.Repeat([]byte(" "), 5000), 0o600), keyfile.ErrFile, "4096"},
		{write("text", []byte("5e5e5e"), 0o600), pseudonym.ErrKey, "cordonctl keys new"},
	}
	for _, c := range cases {
		_, err := keyfile.Read(c.path)
		if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "5e5e") {
			t.Errorf("Read(%q): got %v, want %v that says %q", c.path, err, c.is, c.says)
		}
	}
	if _, err := keyfile.Read(write("readonly", good, 0o400)); err != nil {
		t.Errorf("a key with permissions 0400: %v", err)
	}
}
