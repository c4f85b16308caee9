package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

func main() {
	// The interrupt ends go test; what it did until then is still told.
	signal.Ignore(os.Interrupt)
	start := time.Now()
	r := newReport(os.Stdout)
	if err := read(os.Stdin, r); err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(1)
	}
	if !r.close(time.Since(start)) {
		os.Exit(1)
	}
}

// event is one line of go test -json; `go doc test2json` describes it.
type event struct {
	Action      string
	Package     string
	ImportPath  string // of build output, instead of Package
	Test        string
	Output      string
	Elapsed     float64 // seconds
	FailedBuild string  // import path of what did not build
}

// read hands every line to the report.
func read(from io.Reader, to *report) error {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) == nil && e.Action != "" {
				to.add(e)
			} else {
				to.pass(line)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("standard input: %w", err)
		}
	}
}
