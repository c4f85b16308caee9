package main

import (
	"fmt"
	"io"
	"time"
)

// progress shows how far long work is, on standard error: nothing in the first
// second, then at most five times a second, on one line.
type progress struct {
	w       io.Writer
	began   time.Time
	last    time.Time
	written bool
}

func newProgress(w io.Writer) *progress {
	if shown.quiet {
		w = io.Discard
	}
	return &progress{w: w, began: time.Now()}
}

// at shows a share of work done and what it is about.
func (p *progress) at(done, total int64, what string) {
	now := time.Now()
	if now.Sub(p.began) < time.Second || now.Sub(p.last) < 200*time.Millisecond {
		return
	}
	p.last, p.written = now, true
	share := ""
	if total > 0 {
		share = fmt.Sprintf("%3d %%  ", 100*done/total)
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s%s", share, what)
}

// end removes the line.
func (p *progress) end() {
	if p.written {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
