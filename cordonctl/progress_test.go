package main

import (
	"bytes"
	"os"
	"testing"
	"time"
)

// Contracts section 9: "progress on standard error when it takes longer than a
// second".
func TestProgress(t *testing.T) {
	for _, c := range []struct {
		name     string
		began    time.Duration // ago
		last     time.Duration // ago
		terminal bool
		total    int64
		want     string
	}{
		{name: "short work", began: time.Second / 2, last: time.Hour, terminal: true, total: 4},
		{name: "a person", began: 2 * time.Second, last: time.Second, terminal: true, total: 4, want: "\r\x1b[K 25 %  x\r\x1b[K"},
		{name: "not twice", began: 2 * time.Second, last: time.Millisecond, terminal: true, total: 4},
		{name: "size not known", began: 2 * time.Second, last: time.Second, terminal: true, want: "\r\x1b[Kx\r\x1b[K"},
		{name: "a file", began: 2 * time.Second, last: time.Hour, total: 4, want: " 25 %  x\n"},
		{name: "a file, seldom", began: time.Minute, last: 2 * time.Second, total: 4},
	} {
		var out bytes.Buffer
		now := time.Now()
		p := &progress{w: &out, terminal: c.terminal, began: now.Add(-c.began), last: now.Add(-c.last)}
		p.at(1, c.total, "x")
		p.end()
		if out.String() != c.want {
			t.Errorf("%s: wrote %q, want %q", c.name, out.String(), c.want)
		}
	}
}

func TestIsTerminal(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/x")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if isTerminal(file) || isTerminal(&bytes.Buffer{}) {
		t.Error("a file or a buffer is taken for a terminal")
	}
}
