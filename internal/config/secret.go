package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
)

// Secret is a password or key that was read from a file. Every way to print it
// gives [redacted]; it is not comparable, for == tells by its time how much is
// equal.
type Secret struct {
	value []byte
}

// maxSecret is far above any password or PEM key: a wrong file is refused
// instead of read.
const maxSecret = 64 << 10

// ReadSecret reads the file a key names. A line end behind the secret is not part
// of it: editors and `echo` add one. Errors name the key, never the content.
func ReadSecret(key, path string) (Secret, error) {
	if path == "" {
		return Secret{}, &Error{Key: key, Problem: "is not set", Remedy: "name the file that holds the secret"}
	}
	f, err := os.Open(path)
	if err != nil {
		return Secret{}, unreadable(key, err)
	}
	defer f.Close()
	value, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return Secret{}, unreadable(key, err)
	}
	if len(value) > maxSecret {
		return Secret{}, &Error{Key: key, Problem: path + " is larger than 64 KiB", Remedy: "name the file that holds the secret alone"}
	}
	value = bytes.TrimSuffix(bytes.TrimSuffix(value, []byte("\n")), []byte("\r"))
	if len(value) == 0 {
		return Secret{}, &Error{Key: key, Problem: path + " is empty", Remedy: "write the secret into it"}
	}
	return Secret{value}, nil
}

// Reveal returns the secret itself. What it returns must not be kept longer than
// the connection or the key made of it.
func (s Secret) Reveal() []byte { return s.value }

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return len(s.value) == 0 }

// String returns [redacted].
func (s Secret) String() string { return "[redacted]" }

// Format prints [redacted] for every verb, also those that look into a struct.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText prints [redacted] in JSON and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// unreadable says why a file cannot be read, without repeating the operation.
func unreadable(key string, err error) *Error {
	problem := err.Error()
	var path *fs.PathError
	if errors.As(err, &path) {
		problem = fmt.Sprintf("%s: %v", path.Path, path.Err)
	}
	return &Error{Key: key, Problem: problem, Remedy: "name a file this user may read", cause: err}
}

// secretName matches keys that would hold a secret themselves.
var secretName = regexp.MustCompile(`(^|[._-])(password|passphrase|secret|token|key)$`)

// inlineSecret is the refusal of a secret that was given in place of a file.
func inlineSecret(key string) *Error {
	return &Error{Key: key, Problem: "a secret is not given inline",
		Remedy: fmt.Sprintf("write it to a file and set %s_file to its path", key)}
}
