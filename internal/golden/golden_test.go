package golden

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReadGivesBackWhatWasWritten(t *testing.T) {
	name := filepath.Join(t.TempDir(), "golden.txt")
	want := []Line{{"piece", [][]byte{{1, 255}, nil}}, {"mark", nil}, {"input", [][]byte{[]byte("x")}}}
	if err := Write(name, want); err != nil {
		t.Fatal(err)
	}
	got, err := Read(name)
	if d := Difference(got, want); err != nil || d != "" {
		t.Errorf("%v, %s", err, d)
	}
	if Difference(got, want[:2]) == "" || Difference(nil, want) == "" || Difference(got[1:], want) == "" {
		t.Error("no difference is seen between lists that differ")
	}
}

func TestReadRefuses(t *testing.T) {
	for _, text := range []string{"piece 0g\n", "piece 01\n\npiece 02\n", ""} {
		name := filepath.Join(t.TempDir(), "golden.txt")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if lines, err := Read(name); err == nil {
			t.Errorf("%q: read as %v, want an error", text, lines)
		}
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that is not there: no error")
	}
}
