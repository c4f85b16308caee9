// Package keyfile keeps the pseudonym key in a file that only its owner can
// read.
//
// What it promises: a key that others can read, or whose folder entry is not a
// plain file, is refused with the remedy; a new key never replaces an old one,
// and is whole or not there; no error holds a part of the key.
//
// What it does not: it protects nothing from the file's owner or from root.
package keyfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"cordon/collector/pseudonym"
)

// ErrFile reports a key file that cannot be used. Its text names the file and
// the remedy.
var ErrFile = errors.New("key file cannot be used")

// maxSize bounds what is read: a key file has about 150 bytes.
const maxSize = 4096

// Read returns the key in a file with permissions 0600 or 0400.
func Read(path string) (pseudonym.Key, error) {
	if path == "" {
		return pseudonym.Key{}, fmt.Errorf("%w: none is named; make one with 'cordonctl keys new FILE' and name it in keys.file", ErrFile)
	}
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return pseudonym.Key{}, fmt.Errorf("%w: %s does not exist; make it with 'cordonctl keys new %s', or name another one in keys.file", ErrFile, path, path)
	}
	if err != nil {
		return pseudonym.Key{}, fmt.Errorf("%w: %w", ErrFile, err)
	}
	defer f.Close()
	if err := checkOwnership(f, path); err != nil {
		return pseudonym.Key{}, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return pseudonym.Key{}, fmt.Errorf("%w: %w", ErrFile, err)
	}
	if len(text) > maxSize {
		return pseudonym.Key{}, fmt.Errorf("%w: %s has more than %d bytes: it is not a key file", ErrFile, path, maxSize)
	}
	key, err := pseudonym.ParseKey(text)
	if err != nil {
		return pseudonym.Key{}, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// checkOwnership looks at the open file, not at its name, so that what was
// checked is what is read. Windows has no such permissions.
func checkOwnership(f *os.File, path string) error {
	found, err := f.Stat()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFile, err)
	}
	if !found.Mode().IsRegular() {
		return fmt.Errorf("%w: %s is not a plain file", ErrFile, path)
	}
	if mode := found.Mode().Perm(); runtime.GOOS != "windows" && mode != 0o600 && mode != 0o400 {
		return fmt.Errorf("%w: %s has permissions %04o, so others may read the key; run 'chmod 0600 %s', and make a new key if somebody may have read it",
			ErrFile, path, mode, path)
	}
	return nil
}

// Write stores a key in a new file with permissions 0600. It refuses a path
// that exists: overwriting a key makes every pseudonym of it unresolvable.
func Write(path string, key pseudonym.Key) error {
	text, err := key.Text()
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // made with 0600
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFile, err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrFile, path, err)
	}
	// A link fails where the name is taken; a rename would replace it.
	if err := os.Link(f.Name(), path); errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%w: %s exists already; a key is never overwritten, choose another name", ErrFile, path)
	} else if err != nil {
		return fmt.Errorf("%w: %w", ErrFile, err)
	}
	return nil
}
