// Package keyfile keeps the pseudonym key in a file: whoever reads it can link
// every pseudonym to its subscriber.
//
// What it promises: a file that others may read is refused; a new key never
// overwrites an old one; no error holds any part of a key.
//
// What it does not: it keeps no copy and no history (rotation comes with key
// epochs).
package keyfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cordon/collector/pseudonym"
	"cordon/internal/failure"
)

// setting is the configuration key that names the file, for error texts.
const setting = "keys.file"

// maxBytes bounds what is read: a key file has about 150.
const maxBytes = 4096

// Read returns the key in the file at path. Every error is the user's to mend.
func Read(path string) (pseudonym.Key, error) {
	if path == "" {
		return pseudonym.Key{}, failure.Usage(fmt.Errorf("%s is not set: make a key with 'cordonctl keys new FILE' and name it there", setting))
	}
	text, err := read(path)
	if err != nil {
		return pseudonym.Key{}, failure.Usage(fmt.Errorf("%s: %w", setting, err))
	}
	key, err := pseudonym.ParseKey(text)
	if err != nil {
		return key, failure.Usage(fmt.Errorf("%s: %s: %w", setting, path, err))
	}
	return key, nil
}

// read returns what the file holds. It is judged by what was opened: a name can
// be given to another file in between.
func read(path string) ([]byte, error) {
	file, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w; make one with 'cordonctl keys new %s'", err, path)
	case err != nil:
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder; name the file that 'cordonctl keys new' wrote", path)
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("%s may be read by others (mode %04o); run: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxBytes+1))
	if err == nil && len(text) > maxBytes {
		err = fmt.Errorf("%s has more than %d bytes, which no key file has; name the file that 'cordonctl keys new' wrote", path, maxBytes)
	}
	return text, err
}

// devName begins the name of a key file that was made for trying things out.
const devName = "DEV"

// Caution says why the key at path protects nobody, in words for the log; empty
// where nothing speaks against it. The mark is in the file's name, so that it
// stays with the key in every listing, and a secret is not needed to see it.
func Caution(path string) string {
	const remedy = "; for subscribers make one with 'cordonctl keys new' and name it in " + setting
	if strings.HasPrefix(filepath.Base(path), devName) {
		return fmt.Sprintf("%s %s is a DEV key, for trying out only: it lies beside what it protects%s", setting, path, remedy)
	}
	if key, err := Read(path); err == nil && key.IsTest() {
		return fmt.Sprintf("%s %s holds the published test key, a DEV key: everybody can resolve its pseudonyms%s", setting, path, remedy)
	}
	return ""
}

// Create writes a new key to path, which must not exist: with an overwritten
// key every pseudonym of its time becomes unresolvable.
func Create(path string, now time.Time) error {
	key, err := pseudonym.NewKey(rand.Reader, now)
	if err != nil {
		return err
	}
	text, err := key.Text()
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return failure.Usage(fmt.Errorf("%s exists: a new key would make all pseudonyms of the old one unresolvable; choose another file", path))
	case err != nil:
		return fmt.Errorf("key file: %w", err)
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(fmt.Errorf("key file %s: %w", path, err), os.Remove(path))
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the new name survive a power cut.
func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	return errors.Join(dir.Sync(), dir.Close())
}
