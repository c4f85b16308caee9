// Package golden keeps what a release wrote in files of text, for tests that
// hold the present code to it: lines of a word that says what follows, and
// fields of bytes in hex.
//
// What it promises: Read gives back what Write was given. What it does not: it
// knows no format of what it keeps. It is for tests.
package golden

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
)

// Line is one line of a file: what the fields are, and these.
type Line struct {
	Kind   string // one word
	Fields [][]byte
}

// none stands for a field without bytes.
const none = "-"

// Write writes a file anew.
func Write(name string, lines []Line) error {
	var b bytes.Buffer
	for _, l := range lines {
		b.WriteString(l.Kind)
		for _, f := range l.Fields {
			if len(f) == 0 {
				b.WriteString(" " + none)
			} else {
				fmt.Fprintf(&b, " %x", f)
			}
		}
		b.WriteByte('\n')
	}
	return os.WriteFile(name, b.Bytes(), 0o644)
}

// Read reads a file.
func Read(name string) ([]Line, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var lines []Line
	for number, row := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		words := strings.Fields(row)
		if len(words) == 0 {
			return nil, fmt.Errorf("%s:%d: an empty line", name, number+1)
		}
		l := Line{Kind: words[0]}
		for _, word := range words[1:] {
			var field []byte
			if word != none {
				if field, err = hex.DecodeString(word); err != nil {
					return nil, fmt.Errorf("%s:%d: %w", name, number+1, err)
				}
			}
			l.Fields = append(l.Fields, field)
		}
		lines = append(lines, l)
	}
	return lines, nil
}

// Difference says in words where two lists of lines differ; empty where they do
// not.
func Difference(got, want []Line) string {
	for i := range max(len(got), len(want)) {
		if g, w := at(got, i), at(want, i); g != w {
			return fmt.Sprintf("line %d is\n %s\nwant\n %s", i+1, g, w)
		}
	}
	return ""
}

// at returns a line as text.
func at(lines []Line, i int) string {
	if i >= len(lines) {
		return "(none)"
	}
	return fmt.Sprintf("%s %x", lines[i].Kind, lines[i].Fields)
}
