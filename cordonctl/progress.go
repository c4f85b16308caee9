package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
)

// Pauses between two signs of progress.
const (
	quietFirst  = time.Second            // short work shows nothing
	onTerminal  = 200 * time.Millisecond // one line, written over
	onOtherFile = 5 * time.Second        // a line each, for logs of unattended runs
)

// progress shows how far long work is, on standard error.
type progress struct {
	w        io.Writer
	terminal bool
	began    time.Time
	last     time.Time
	written  bool
}

func newProgress(c *cobra.Command) *progress {
	w := c.ErrOrStderr()
	if quiet(c) {
		w = io.Discard
	}
	return &progress{w: w, terminal: isTerminal(w), began: time.Now()}
}

// isTerminal reports whether a person watches w.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// at shows a share of work done (total 0: not known) and what it is about.
func (p *progress) at(done, total int64, what string) {
	now := time.Now()
	pause := onOtherFile
	if p.terminal {
		pause = onTerminal
	}
	if now.Sub(p.began) < quietFirst || now.Sub(p.last) < pause {
		return
	}
	p.last, p.written = now, true
	share := ""
	if total > 0 {
		share = fmt.Sprintf("%3d %%  ", 100*done/total)
	}
	if p.terminal {
		fmt.Fprintf(p.w, "\r\x1b[K%s%s", share, what)
		return
	}
	fmt.Fprintf(p.w, "%s%s\n", share, what)
}

// end removes the line.
func (p *progress) end() {
	if p.written && p.terminal {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
